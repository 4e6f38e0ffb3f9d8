"""One call's attempts: which instance to try next, when, and which error the call ends with."""

import asyncio
import math

from .backoff import Backoff
from .discovery import Discovery, Instance
from .errors import OutcomeUnknown, ShopError, Unavailable

_MIN_ATTEMPT = 0.01
"""Seconds. With less time left no attempt is begun: it would only make the outcome unknown."""
_INSUFFICIENT_STORAGE = 507


class Attempts:
    """What has been tried and learnt during one call, up to its deadline."""

    def __init__(
        self,
        discovery: Discovery,
        backoff: Backoff,
        service: str,
        *,
        deadline: float,
        max_wait: float,
        repeatable: bool,
        retries: bool,
    ) -> None:
        """Begin a call to `service` that ends `deadline` seconds from now.

        The call waits at most `max_wait` seconds for an instance that can take it, and up to the
        deadline once it may have been carried out. `repeatable` allows another attempt after one
        that may have been carried out. Without `retries` there is only one attempt.
        """
        self._discovery = discovery
        self._backoff = backoff
        self._service = service
        self._repeatable = repeatable
        self._retries = retries
        self._loop = asyncio.get_running_loop()
        # All times below are on the event loop's clock.
        self._ends_at = self._now() + deadline
        self._waits_until = min(self._ends_at, self._now() + max_wait)
        self._failures: dict[str, int] = {}
        self._retry_at: dict[str, float] = {}
        self._paused_until = 0.0
        self._last_error: ShopError | None = None
        self._may_have_been_done = False

    def remaining(self, at_most: float = math.inf) -> float:
        """Return the seconds left until the deadline, or `at_most` if that is less."""
        return min(self._ends_at - self._now(), at_most)

    async def next_instance(self) -> Instance:
        """Return the instance to try now, after the wait that the last failures ask for.

        Instances that are ready now come before those that have to be waited for, and among them
        those that failed least often in this call. Raises the ShopError that the call ends with if
        there is no time for another attempt.
        """
        while self.remaining() > _MIN_ATTEMPT:
            waits_until = self._ends_at if self._may_have_been_done else self._waits_until
            found = await self._discovery.candidates(self._service, waits_until - self._now())
            retry_at = self._paused_until
            if found:
                instance = min(found, key=self._readiness)
                retry_at = max(retry_at, self._retry_at.get(instance.url, 0.0))
                if retry_at <= self._now():
                    return instance
            elif retry_at <= self._now():
                detail = f"No instance of {self._service} is known"
                self._note(Unavailable(detail, code="no_instance"))
                if not self._retries:
                    break
                retry_at = self._paused_until
            if retry_at >= waits_until - _MIN_ATTEMPT:
                break
            # The wait is cut into short ones, so that an instance that appears meanwhile is seen.
            await asyncio.sleep(min(retry_at - self._now(), self._backoff.maximum))
        raise self._final_error()

    def failed(self, instance: Instance, error: ShopError) -> None:
        """Note how an attempt failed. Raises the call's final ShopError if it was the last one."""
        self._note(error, instance)
        if not (self._retries and self._may_repeat(error)):
            raise self._final_error()

    def _now(self) -> float:
        return self._loop.time()

    def _note(self, error: ShopError, instance: Instance | None = None) -> None:
        self._last_error = error
        self._may_have_been_done |= error.may_have_been_done
        url = instance.url if instance else ""
        self._failures[url] = failures = self._failures.get(url, 0) + 1
        wait = max(self._backoff.delay(failures), error.retry_after or 0.0)
        # After a 409 or 429 the caller has to wait: any other instance would answer the same.
        if instance is None or error.status in (409, 429):
            self._paused_until = self._now() + wait
        else:
            self._retry_at[url] = self._now() + wait

    def _may_repeat(self, error: ShopError) -> bool:
        if error.code == "request_in_progress" or is_inconclusive(error):
            return self._repeatable
        return was_not_processed(error)

    def _readiness(self, instance: Instance) -> tuple[float, int]:
        retry_at = self._retry_at.get(instance.url, 0.0)
        return (retry_at if retry_at > self._now() else 0.0), self._failures.get(instance.url, 0)

    def _final_error(self) -> ShopError:
        last = self._last_error or Unavailable("There was no time for an attempt", code="timeout")
        last.may_have_been_done = self._may_have_been_done
        settled = last.is_rejection or last.code == "request_in_progress"
        if not self._may_have_been_done or settled or isinstance(last, OutcomeUnknown):
            return last
        unknown = OutcomeUnknown(
            f"The call was sent to {self._service} and may have been done. Last error: {last}",
            code="outcome_unknown",
            request_id=last.request_id,
            may_have_been_done=True,
        )
        unknown.__cause__ = last
        return unknown


def was_not_processed(error: ShopError) -> bool:
    """Whether nothing was done, and the same request may be sent later or to another instance."""
    if error.status == 503:
        return error.retry_after is not None
    return error.status in (421, 429) or (error.status is None and isinstance(error, Unavailable))


def is_inconclusive(error: ShopError) -> bool:
    """Whether the failure leaves open what was done: no answer, a redirect, or a 5xx."""
    if error.status is None:
        return isinstance(error, OutcomeUnknown)
    unexpected = error.status < 400 or error.status >= 500
    return unexpected and error.status != _INSUFFICIENT_STORAGE and not was_not_processed(error)
