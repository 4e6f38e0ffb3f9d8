"""One call's attempts: where the next one goes, and when, and what the call comes to at its end."""

import asyncio
import math
from collections import Counter

from .backoff import Backoff
from .discovery import Discovery, Instance
from .errors import OutcomeUnknown, ShopError, Unavailable

_LEAST = 0.01
"""Seconds without which no attempt is begun: it would only make the outcome unknown."""
_NO_ROOM = 507


class Attempts:
    """What has been tried and learnt during one call, up to its deadline."""

    def __init__(
        self,
        discovery: Discovery,
        backoff: Backoff,
        service: str,
        *,
        deadline: float,
        patience: float,
        repeatable: bool,
        retries: bool,
    ) -> None:
        """Begin a call to `service` that ends `deadline` seconds from now.

        For an instance that can take it, it waits until `patience` seconds from now at most, or
        to the end if it may have been carried out already. `repeatable` allows another attempt
        after one that may have been; without `retries` there is one attempt only.
        """
        self._discovery = discovery
        self._backoff = backoff
        self._service = service
        self._repeatable = repeatable
        self._retries = retries
        self._loop = asyncio.get_running_loop()
        self._ends = self._now() + deadline
        self._patient_until = min(self._ends, self._now() + patience)
        self._made = Counter[str]()
        self._opens: dict[str, float] = {}
        self._paused_until = 0.0
        self._last: ShopError | None = None
        self._maybe_done = False

    def remaining(self, most: float = math.inf) -> float:
        """Return the seconds that are left, or `most` if that is less."""
        return min(self._ends - self._now(), most)

    async def next_instance(self) -> Instance:
        """Return whom to try now, having waited as long as the last failures ask for.

        The best that was tried least, whoever is ready now before whoever has to be waited for.
        Raises what the call has come to if there is no room for another attempt.
        """
        while self.remaining() > _LEAST:
            waits_until = self._ends if self._maybe_done else self._patient_until
            found = await self._discovery.candidates(self._service, waits_until - self._now())
            opens = self._paused_until
            if found:
                instance = min(found, key=self._readiness)
                opens = max(opens, self._opens.get(instance.url, 0.0))
                if opens <= self._now():
                    return instance
            elif opens <= self._now():
                detail = f"No instance of {self._service} is known"
                self._note(Unavailable(detail, code="no_instance"))
                if not self._retries:
                    break
                opens = self._paused_until
            if opens >= waits_until - _LEAST:
                break
            # Waiting in small steps lets an instance that appears meanwhile be seen.
            await asyncio.sleep(min(opens - self._now(), self._backoff.most))
        raise self._verdict()

    def failed(self, instance: Instance, error: ShopError) -> None:
        """Take in how an attempt failed; raises what the call has come to if that was the last."""
        self._note(error, instance)
        if not (self._retries and self._may_repeat(error)):
            raise self._verdict()

    def _now(self) -> float:
        return self._loop.time()

    def _note(self, error: ShopError, instance: Instance | None = None) -> None:
        self._last = error
        self._maybe_done |= error.maybe_done
        url = instance.url if instance else ""
        self._made[url] += 1
        wait = max(self._backoff.delay(self._made[url]), error.retry_after or 0.0)
        # After a 409 or 429 it is the caller who has to wait: any instance would say the same.
        if instance is None or error.status in (409, 429):
            self._paused_until = self._now() + wait
        else:
            self._opens[url] = self._now() + wait

    def _may_repeat(self, error: ShopError) -> bool:
        if error.code == "request_in_progress" or is_inconclusive(error):
            return self._repeatable
        return is_untouched(error)

    def _readiness(self, instance: Instance) -> tuple[float, int]:
        opens = self._opens.get(instance.url, 0.0)
        return (opens if opens > self._now() else 0.0), self._made[instance.url]

    def _verdict(self) -> ShopError:
        last = self._last or Unavailable("There was no time for an attempt", code="timeout")
        last.maybe_done = self._maybe_done
        settled = last.is_refusal or last.code == "request_in_progress"
        if not self._maybe_done or settled or isinstance(last, OutcomeUnknown):
            return last
        unknown = OutcomeUnknown(
            f"The call was sent to {self._service} and may have been carried out. Lastly: {last}",
            code="outcome_unknown",
            request_id=last.request_id,
            maybe_done=True,
        )
        unknown.__cause__ = last
        return unknown


def is_untouched(error: ShopError) -> bool:
    """Whether nothing was done, and the same may be done later or elsewhere."""
    if error.status == 503:
        return error.retry_after is not None
    return error.status in (421, 429) or (error.status is None and isinstance(error, Unavailable))


def is_inconclusive(error: ShopError) -> bool:
    """Whether the failure says nothing about what was done: no answer, a redirect, a 5xx."""
    if error.status is None:
        return isinstance(error, OutcomeUnknown)
    odd = error.status < 400 or error.status >= 500
    return odd and error.status != _NO_ROOM and not is_untouched(error)
