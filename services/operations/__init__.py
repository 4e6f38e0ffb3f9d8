"""What `run.py` does: installing, starting, watching and stopping the shop, and its tools."""


class OperationError(Exception):
    """A command cannot go on; the message is one sentence that says why and what to do."""
