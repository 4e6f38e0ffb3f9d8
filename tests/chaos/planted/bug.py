"""What a planted bug is, and what a campaign is like that is after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .seams import Seams

LOST = "answer lost after the effect"


@dataclass(frozen=True, kw_only=True)
class Focus:
    """What a short campaign keeps to.

    `actions` are what the clients do, and how often: all that they can if none are named. `attacks`
    are what the nemesis does, and to which `targets`; `points` where services end themselves, each
    as service and point, in turn; `faults` what happens to the share `proxied` of the requests.
    What comes late is not among them, since it has to be waited for. Times are seconds.
    """

    actions: Mapping[str, int] = field(default_factory=dict)
    attacks: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    points: tuple[tuple[str, str], ...] = ()
    faults: tuple[str, ...] = (LOST, "delayed", "answer delayed", "dropped", "duplicated")
    proxied: float = 0.05
    seconds_to_pay: float = 900.0


@dataclass(frozen=True, kw_only=True)
class Bug:
    """A bug as a programmer would write it, the rule that it breaks, and how it is found.

    `plant` puts it into the process of a service, whichever that is. `caught_as` is a pattern that
    the violation has: the promise, and in what way it is broken.
    """

    name: str
    breaks: str
    plant: Callable[[Seams], object]
    caught_as: str
    focus: Focus
