"""Time that passes in an instant, for deadlines that nobody wants to wait for."""

import asyncio


def let_pass(seconds: float) -> None:
    """Have it be so much later for all that waits in this loop: a deadline that ends by then has
    ended. The clocks of the shop itself, which say what time it is, do not jump.
    """
    loop = asyncio.get_running_loop()
    before = loop.time
    loop.time = lambda: before() + seconds  # type: ignore[method-assign]
