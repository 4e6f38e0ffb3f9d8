"""The lease table: which instances there are, and the state of each.

Plain objects without I/O; times are monotonic seconds, given as `now`. Time alone changes a state
only in `expire`, which is due at `next_deadline`. `records` gives what has to be stored.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from services.common.core.clock import utc_now

from .entry import DOWN_SECONDS, Entry
from .model import (
    DEFAULT_TTL,
    Changes,
    DesiredState,
    Event,
    EventName,
    Instance,
    InstanceRecord,
    Name,
    Registration,
    Superseded,
    UnknownInstance,
    UnknownService,
)

MAX_GONE_SERVICES = 1000
MAX_OLD_LEASES = 1000


class LeaseTable:
    """Every instance, by service and id. `index` counts the changes that others can see."""

    def __init__(
        self,
        epoch: str,
        *,
        new_lease: Callable[[], str] = secrets.token_urlsafe,
        wall_clock: Callable[[], str] = utc_now,
    ) -> None:
        self.epoch = epoch
        self.index = 0
        self._new_lease = new_lease
        self._wall_clock = wall_clock
        self._services: dict[str, dict[str, Entry]] = {}
        self._drained: set[Name] = set()
        # The leases of superseded instances, which must stop and not register again.
        self._old_leases: dict[str, None] = {}
        # The index of each service's last change, the latest last. Services without instances are
        # kept, so that watchers learn of it; one who asks from below the floor may have missed it.
        self._changed: dict[str, int] = {}
        self._floor = 0

    def register(
        self,
        service: str,
        instance_id: str,
        url: str,
        *,
        now: float,
        version: str | None = None,
        meta: Mapping[str, Any] | None = None,
        ttl: float = DEFAULT_TTL,
    ) -> tuple[Registration, list[Event]]:
        """Give an instance a new lease of `ttl` seconds.

        It replaces the instance with the same id, and any instance of its service at the same URL.
        """
        registration = Registration(
            service=service,
            instance_id=instance_id,
            url=url,
            lease=self._new_lease(),
            registered_at=self._wall_clock(),
            version=version,
            meta=dict(meta or {}),
            ttl=ttl,
        )
        events = []
        for other in list(self._services.get(service, {}).values()):
            if other.registration.instance_id == instance_id:
                self._remember_old_lease(other)
            elif other.registration.url == url:
                self._remember_old_lease(other)
                events.append(self._drop(other, "superseded", f"by {instance_id} at {url}"))
        entry = self._insert(registration, now)
        detail = f"at {url}; {entry.reason}" if entry.reason else f"at {url}"
        return registration, [*events, self._event("registered", registration.name, detail)]

    def heartbeat(self, service: str, instance_id: str, lease: str, *, now: float) -> list[Event]:
        """Renew a lease. Raises UnknownInstance or Superseded."""
        entry = self._holder(service, instance_id, lease)
        entry.renewed_at = now
        entry.reported = None
        return self._settle(entry, now, "heartbeat")

    def set_own_state(
        self, service: str, instance_id: str, lease: str, state: DesiredState, *, now: float
    ) -> list[Event]:
        """Drain an instance, or make it `up` again, at its own request.

        Raises UnknownInstance or Superseded.
        """
        entry = self._holder(service, instance_id, lease)
        entry.registration = replace(entry.registration, draining=state == "draining")
        return self._settle(entry, now, "its own request")

    def set_override(
        self, service: str, instance_id: str, state: DesiredState, *, now: float
    ) -> list[Event]:
        """Drain an instance, or make it `up` again, by the operator's override, which stays while
        the instance is not registered.

        Raises UnknownInstance if there is neither an instance nor an override.
        """
        name = (service, instance_id)
        entry = self._find(*name) if name in self._drained else self._entry(*name)
        if state == "draining":
            self._drained.add(name)
        else:
            self._drained.discard(name)
        if entry is None:
            return [self._event(state, name, "the operator's override, for when it is back")]
        entry.drained = state == "draining"
        return self._settle(entry, now, "the operator's override")

    def suspect(self, service: str, instance_id: str, why: str, *, now: float) -> list[Event]:
        """Make an instance that could not be reached suspect until its next heartbeat.

        Raises UnknownInstance.
        """
        entry = self._entry(service, instance_id)
        entry.reported = entry.reported or why  # the first counts; a thousand would fill history
        return self._settle(entry, now, why)

    def remove(self, service: str, instance_id: str) -> list[Event]:
        """Remove an instance. Raises UnknownInstance."""
        return [self._drop(self._entry(service, instance_id), "removed", "taken out")]

    def expire(self, *, now: float) -> list[Event]:
        """Apply the deadlines that have passed: suspect, down, removed."""
        events = []
        for entry in self._entries():
            if entry.forgotten_at is not None and now >= entry.forgotten_at:
                why = f"it was down for {DOWN_SECONDS / 60:g} minutes"
                events.append(self._drop(entry, "removed", why))
            else:
                events += self._settle(entry, now, "")
        return events

    def excuse(self, seconds: float, *, now: float) -> None:
        """Extend every lease by `seconds` in which the registry could not receive heartbeats.

        Its machine slept, or it was stopped or had no processor time; heartbeats sent then may
        still be waiting to be read.
        """
        for entry in self._entries():
            entry.renewed_at = min(now, entry.renewed_at + seconds)

    def next_deadline(self) -> float | None:
        """When `expire` will have something to do; None if never."""
        deadlines = [entry.next_deadline for entry in self._entries()]
        return min((each for each in deadlines if each is not None), default=None)

    def instances(self, service: str, *, now: float) -> list[Instance]:
        """The instances of a service, sorted by id. Raises UnknownService if it has none."""
        if service not in self._services:
            raise UnknownService(f"No instance of {service} is registered")
        return self._views(service, now)

    def instance(self, service: str, instance_id: str, *, now: float) -> Instance:
        """One instance. Raises UnknownInstance."""
        return self._entry(service, instance_id).view(now)

    def changed_since(self, epoch: str | None, index: int, *, now: float) -> Changes:
        """The services that changed after `index`; if that is not known, all, as a reset."""
        reset = epoch != self.epoch or not self._floor <= index <= self.index
        names = [name for name, at in self._changed.items() if at > index]
        services = {name: self._views(name, now) for name in (self._services if reset else names)}
        return Changes(self.index, self.epoch, reset, services)

    def records(self, names: Iterable[Name]) -> list[InstanceRecord]:
        """What has to be stored about the instances with these names."""
        records = []
        for name in names:
            entry = self._find(*name)
            registration = entry.registration if entry else None
            records.append(InstanceRecord(name, registration, name in self._drained))
        return records

    def restore(
        self, registrations: Iterable[Registration], drained: Iterable[Name], *, now: float
    ) -> None:
        """Load what was stored. Every lease is renewed for its whole ttl."""
        self._drained.update(drained)
        for registration in registrations:
            self._insert(registration, now)

    def _insert(self, registration: Registration, now: float) -> Entry:
        entry = Entry(registration, now, drained=registration.name in self._drained)
        entry.settle(now)
        self._services.setdefault(registration.service, {})[registration.instance_id] = entry
        self._touch(registration.service)
        return entry

    def _drop(self, entry: Entry, what: EventName, why: str) -> Event:
        service, instance_id = name = entry.registration.name
        del self._services[service][instance_id]
        if not self._services[service]:
            del self._services[service]
        self._touch(service)
        return self._event(what, name, why)

    def _settle(self, entry: Entry, now: float, cause: str) -> list[Event]:
        if not entry.settle(now):
            return []
        self._touch(entry.registration.service)
        return [self._event(entry.state, entry.registration.name, entry.reason or cause)]

    def _touch(self, service: str) -> None:
        self.index += 1
        self._changed.pop(service, None)
        self._changed[service] = self.index
        if len(self._changed) - len(self._services) > MAX_GONE_SERVICES:
            oldest = next(name for name in self._changed if name not in self._services)
            self._floor = self._changed.pop(oldest)

    def _remember_old_lease(self, entry: Entry) -> None:
        self._old_leases[entry.registration.lease] = None
        if len(self._old_leases) > MAX_OLD_LEASES:
            del self._old_leases[next(iter(self._old_leases))]

    def _holder(self, service: str, instance_id: str, lease: str) -> Entry:
        """The instance that holds a lease. Raises UnknownInstance or Superseded."""
        entry = self._find(service, instance_id)
        replaced = entry is not None and entry.registration.lease != lease
        if replaced or lease in self._old_leases:
            raise Superseded(f"Another instance has taken the place of {service}/{instance_id}")
        return self._entry(service, instance_id)

    def _find(self, service: str, instance_id: str) -> Entry | None:
        return self._services.get(service, {}).get(instance_id)

    def _entry(self, service: str, instance_id: str) -> Entry:
        entry = self._find(service, instance_id)
        if entry is None:
            raise UnknownInstance(f"No instance {service}/{instance_id} is registered")
        return entry

    def _entries(self) -> list[Entry]:
        return [entry for instances in self._services.values() for entry in instances.values()]

    def _views(self, service: str, now: float) -> list[Instance]:
        instances = self._services.get(service, {})
        return [instances[instance_id].view(now) for instance_id in sorted(instances)]

    def _event(self, what: EventName, name: Name, detail: str) -> Event:
        return Event(what, *name, self._wall_clock(), detail)
