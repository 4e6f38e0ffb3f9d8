"""One instance in the lease table, and its state: by its silence, by reports and by requests."""

from __future__ import annotations

from dataclasses import dataclass

from .model import Instance, Registration, State

DOWN_SECONDS = 600.0
"""How long a down instance stays in the table, unless the operator has drained it."""


@dataclass(slots=True)
class Entry:
    """An instance whose lease was last renewed at `renewed_at`, in monotonic seconds."""

    registration: Registration
    renewed_at: float
    drained: bool = False
    """The operator's override."""
    reported: str | None = None
    """What a report said about it since the last heartbeat."""
    silence: int = 0
    """For how many times its ttl it has been silent: 0, 1 or 2."""
    state: State = "up"
    reason: str | None = None

    @property
    def suspect_at(self) -> float:
        return self.renewed_at + self.registration.ttl

    @property
    def down_at(self) -> float:
        return self.suspect_at + self.registration.ttl

    @property
    def forgotten_at(self) -> float | None:
        """When it leaves the table; None if it stays."""
        return None if self.drained else self.down_at + DOWN_SECONDS

    @property
    def next_deadline(self) -> float | None:
        """When its silence will next have an effect; None if never."""
        return (self.suspect_at, self.down_at, self.forgotten_at)[self.silence]

    def settle(self, now: float) -> bool:
        """Bring `state` and `reason` up to date; returns whether one of them has changed."""
        before = (self.state, self.reason)
        self.silence = (now >= self.suspect_at) + (now >= self.down_at)
        reasons = []
        if self.silence:
            reasons.append(f"no heartbeat for {self.silence * self.registration.ttl:g} s")
        elif self.reported:
            reasons.append(self.reported)
        self.state = "suspect" if reasons else "up"
        if self.registration.draining:
            reasons.append("draining at its own request")
        if self.drained:
            reasons.append("drained by the operator")
        if self.registration.draining or self.drained:
            self.state = "draining"
        if self.silence == 2:
            self.state = "down"
        self.reason = "; ".join(reasons) or None
        return (self.state, self.reason) != before

    def view(self, now: float) -> Instance:
        """The instance as others see it."""
        registration = self.registration
        return Instance(
            service=registration.service,
            instance_id=registration.instance_id,
            url=registration.url,
            state=self.state,
            version=registration.version,
            meta=registration.meta,
            ttl=registration.ttl,
            expires_in=max(0.0, round(self.suspect_at - now, 3)),
            registered_at=registration.registered_at,
            reason=self.reason,
        )
