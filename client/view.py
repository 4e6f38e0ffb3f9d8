"""What is known of the shop's instances: the registry's word, and what calls have met since.

Plain objects with an injected clock; nothing here waits or calls anybody.
"""

import itertools
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

KEPT_UNCONFIRMED = 600.0
"""Seconds for which an instance is remembered that a registry begun anew does not know."""

_PREFERENCE = {"up": 0, "suspect": 1, "draining": 2, "unconfirmed": 3, "down": 4}
_AVOIDED_FIRST, _AVOIDED_MOST = 1.0, 5.0


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    """One running service, as the registry describes it; its base address is `url`."""

    service: str
    instance_id: str
    url: str
    state: str
    version: str | None = None
    meta: dict[str, Any] = {}
    ttl: float | None = None
    expires_in: float | None = None
    registered_at: datetime | None = None
    reason: str | None = None


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The registry's answer: each service named in it is there whole.

    With `reset` all services are, and one that is not named has no instances.
    """

    index: int
    epoch: str | int
    reset: bool = False
    shop: str | None = None
    services: dict[str, list[Instance]] = {}


class View:
    """The instances of every service, in the order in which they are worth trying."""

    def __init__(self, clock: Callable[[], float], *, first_turn: int = 0) -> None:
        """`clock` returns monotonic seconds; `first_turn` is where the round robin begins."""
        self._clock = clock
        self._turns = Counter[str]()
        self._first_turn = first_turn
        self._confirmed: dict[str, list[Instance]] = {}
        self._unconfirmed: dict[tuple[str, str], tuple[Instance, float]] = {}
        self._failures: dict[str, tuple[int, float]] = {}
        self.epoch: str | int | None = None
        self.index = 0
        self.shop: str | None = None

    def apply(self, snapshot: Snapshot) -> bool:
        """Take in the registry's answer; return whether its index or epoch has moved on."""
        began_anew = self.epoch is not None and snapshot.epoch != self.epoch
        moved = (snapshot.epoch, snapshot.index) != (self.epoch, self.index)
        if snapshot.reset or self.epoch is None or began_anew:
            if began_anew:
                self._doubt_everything()
            self._confirmed = {}
        self._confirmed.update(snapshot.services)
        self.epoch, self.index = snapshot.epoch, snapshot.index
        self.shop = snapshot.shop or self.shop
        self._forget()
        return moved

    def instances(self, service: str) -> list[Instance]:
        """Return the instances that the registry vouches for, whatever their state."""
        return list(self._confirmed.get(service, ()))

    def candidates(self, service: str) -> list[Instance]:
        """Return whom to try, best first, those that are up taking turns.

        Up, suspect, draining, unconfirmed, down; and after all of these, in the same order,
        those that have just failed. Unconfirmed ones are there only while no other is alive.
        """
        known = self.instances(service)
        if all(each.state == "down" for each in known):
            known += [each for each, _ in self._unconfirmed.values() if each.service == service]
        up = [each for each in known if each.state == "up"]
        if up:
            turn = (self._first_turn + self._turns[service]) % len(up)
            self._turns[service] += 1
            known = up[turn:] + up[:turn] + [each for each in known if each.state != "up"]
        return sorted(known, key=self._rank)

    def failed(self, instance: Instance) -> bool:
        """Avoid an instance for a second, and longer each time it fails again, up to five.

        Returns whether this is news: False while it is being avoided already.
        """
        now = self._clock()
        failures, until = self._failures.get(instance.url, (0, now))
        if now < until:
            return False
        avoided = min(_AVOIDED_FIRST * 2.0 ** min(failures, 8), _AVOIDED_MOST)
        self._failures[instance.url] = failures + 1, now + avoided
        return True

    def worked(self, instance: Instance) -> None:
        """Forget that an instance has failed."""
        self._failures.pop(instance.url, None)

    def _rank(self, instance: Instance) -> tuple[bool, int]:
        _, avoided_until = self._failures.get(instance.url, (0, 0.0))
        preference = _PREFERENCE.get(instance.state, _PREFERENCE["suspect"])
        return self._clock() < avoided_until, preference

    def _doubt_everything(self) -> None:
        until = self._clock() + KEPT_UNCONFIRMED
        for each in itertools.chain.from_iterable(self._confirmed.values()):
            doubted = msgspec.structs.replace(each, state="unconfirmed")
            self._unconfirmed[each.service, each.instance_id] = doubted, until

    def _forget(self) -> None:
        now = self._clock()
        known = list(itertools.chain.from_iterable(self._confirmed.values()))
        confirmed = {(each.service, each.instance_id) for each in known}
        self._unconfirmed = {
            key: (instance, until)
            for key, (instance, until) in self._unconfirmed.items()
            if until > now and key not in confirmed
        }
        urls = {each.url for each in known} | {each.url for each, _ in self._unconfirmed.values()}
        self._failures = {url: was for url, was in self._failures.items() if url in urls}
