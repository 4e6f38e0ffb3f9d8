"""What is known of the shop's instances: what the registry told, and how calls went since.

Plain objects with an injected clock; nothing here waits or does I/O.
"""

import itertools
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

KEPT_UNCONFIRMED = 600.0
"""Seconds for which an instance is kept that a registry in a new epoch does not know."""

_PREFERENCE = {"up": 0, "suspect": 1, "draining": 2, "unconfirmed": 3, "down": 4}
_FIRST_AVOIDANCE, _MAX_AVOIDANCE = 1.0, 5.0
"""Seconds for which an instance that failed is avoided: doubled with each failure in a row."""


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
    """The registry's answer: all instances of each service that it names.

    With `reset` it names every service: one that is missing has no instances.
    """

    index: int
    epoch: str | int
    reset: bool = False
    shop: str | None = None
    services: dict[str, list[Instance]] = {}


class View:
    """The instances of every service, in the order in which to try them."""

    def __init__(self, clock: Callable[[], float], *, round_robin_start: int = 0) -> None:
        """`clock` returns monotonic seconds; the round robin begins at `round_robin_start`."""
        self._clock = clock
        self._turns = Counter[str]()
        self._round_robin_start = round_robin_start
        self._confirmed: dict[str, list[Instance]] = {}
        self._unconfirmed: dict[tuple[str, str], tuple[Instance, float]] = {}
        self._failures: dict[str, tuple[int, float]] = {}
        self.epoch: str | int | None = None
        self.index = 0
        self.shop: str | None = None

    def apply(self, snapshot: Snapshot) -> bool:
        """Take in the registry's answer; return whether its index or epoch has changed."""
        new_epoch = self.epoch is not None and snapshot.epoch != self.epoch
        changed = (snapshot.epoch, snapshot.index) != (self.epoch, self.index)
        if snapshot.reset or self.epoch is None or new_epoch:
            if new_epoch:
                self._mark_all_unconfirmed()
            self._confirmed = {}
        self._confirmed.update(snapshot.services)
        self.epoch, self.index = snapshot.epoch, snapshot.index
        self.shop = snapshot.shop or self.shop
        self._forget()
        return changed

    def instances(self, service: str) -> list[Instance]:
        """Return the instances that the registry knows, in any state."""
        return list(self._confirmed.get(service, ()))

    def candidates(self, service: str) -> list[Instance]:
        """Return the instances to try, best first; those that are up take turns.

        The order is up, suspect, draining, unconfirmed, down, and after all of these, in the same
        order, those that have just failed. Unconfirmed instances are returned only while every
        other one is down.
        """
        known = self.instances(service)
        if len(known) == 1 and known[0].state != "down":
            return known
        if all(each.state == "down" for each in known):
            known += [each for each, _ in self._unconfirmed.values() if each.service == service]
        up = [each for each in known if each.state == "up"]
        if up:
            turn = (self._round_robin_start + self._turns[service]) % len(up)
            self._turns[service] += 1
            known = up[turn:] + up[:turn] + [each for each in known if each.state != "up"]
        return sorted(known, key=self._rank)

    def failed(self, instance: Instance) -> bool:
        """Avoid an instance for one second, and longer each time it fails again, up to five.

        Returns False if it is being avoided already, so that failures at the same moment count
        once.
        """
        now = self._clock()
        failures, until = self._failures.get(instance.url, (0, now))
        if now < until:
            return False
        avoided = min(_FIRST_AVOIDANCE * 2.0 ** min(failures, 8), _MAX_AVOIDANCE)
        self._failures[instance.url] = failures + 1, now + avoided
        return True

    def worked(self, instance: Instance) -> None:
        """Forget the failures of an instance."""
        self._failures.pop(instance.url, None)

    def _rank(self, instance: Instance) -> tuple[bool, int]:
        _, avoided_until = self._failures.get(instance.url, (0, 0.0))
        preference = _PREFERENCE.get(instance.state, _PREFERENCE["suspect"])
        return self._clock() < avoided_until, preference

    def _mark_all_unconfirmed(self) -> None:
        until = self._clock() + KEPT_UNCONFIRMED
        for each in itertools.chain.from_iterable(self._confirmed.values()):
            unconfirmed = msgspec.structs.replace(each, state="unconfirmed")
            self._unconfirmed[each.service, each.instance_id] = unconfirmed, until

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
