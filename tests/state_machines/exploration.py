"""How far a machine is run: a short way every time, far with `-m chaos`, and very far with
`-m chaos --hypothesis-profile=long`.
"""

from __future__ import annotations

from collections.abc import Callable
from traceback import walk_tb

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
SHORT = settings(
    stateful_step_count=30,
    derandomize=True,
    suppress_health_check=SLOW,
)
FAR = settings(
    max_examples=100,
    stateful_step_count=50,
    print_blob=True,
    suppress_health_check=SLOW,
)
UNTIL_FOUND = settings(
    SHORT,
    max_examples=1000,
    stateful_step_count=40,
    phases=[Phase.generate],
    report_multiple_bugs=False,
)


def explore(machine: type[RuleBasedStateMachine], *, runs: int = 15) -> None:
    """Run a machine a short way, the same every time."""
    run_state_machine_as_test(machine, settings=settings(SHORT, max_examples=runs))


def explore_far(machine: type[RuleBasedStateMachine]) -> None:
    """Run a machine further, another way every time; what fails prints how to do it again."""
    long = settings.get_current_profile_name() == "long"
    run_state_machine_as_test(machine, settings=settings() if long else FAR)


def find(machine: type[RuleBasedStateMachine], *checks: Callable[..., object]) -> None:
    """Run a machine until a promise is broken, and see that it is one of these checks that says so:
    what another one finds may be that the bug fails by itself, since it has gone out of date.
    """
    with pytest.raises(AssertionError) as found:
        run_state_machine_as_test(machine, settings=UNTIL_FOUND)
    *_, last = walk_tb(found.value.__traceback__)
    code = last[0].f_code
    assert code in [check.__code__ for check in checks], f"found in {code.co_name}: {found.value}"
