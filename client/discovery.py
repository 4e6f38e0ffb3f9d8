"""Finds the instances of every service through the registry, and keeps working while it is away.

A background task holds a long poll open, so that looking up an instance costs no request.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import aiohttp
import msgspec
from yarl import URL

from .backoff import Backoff
from .errors import ShopError, Unavailable, error_from_answer
from .view import Instance, Snapshot, View

__all__ = ["Discovery", "Instance"]

log = logging.getLogger(__name__)

_FAILURES_BEFORE_WARNING = 4
"""Failures in a row that are worth a warning: at a common start the registry may come up last."""
_LONG_POLL = 30
"""Seconds for which the registry may hold a long poll open."""
_ANSWER_TIMEOUT = 5.0
"""Seconds to connect, and to answer what is no long poll; a long poll may take so much longer."""
_MAX_PENDING_REPORTS = 64

_EXPECTED = (aiohttp.ClientError, OSError, ValueError, RecursionError, ShopError)


class Discovery:
    """The instances of every service, kept up to date inside `async with`."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        registry_url: str,
        api_key: str,
        *,
        name: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        backoff: Backoff | None = None,
    ) -> None:
        """Watch the registry at `registry_url` (http://host:port) with the operator key.

        `name` (service/instance_id) tells the registry who is asking. `clock` returns monotonic
        seconds. `backoff` gives the pauses between requests to a registry that does not answer.
        Raises ValueError for a URL that is not http(s)://host.
        """
        self._url = _parsed(registry_url)
        self._session = session
        self._headers = {"X-API-Key": api_key}
        self._name = name
        self._backoff = backoff or Backoff(0.2, 5.0)
        self._view = View(clock, round_robin_start=self._backoff.random.getrandbits(16))
        self._callbacks: list[Callable[[], None]] = []
        self._reports = asyncio.Queue[dict[str, str]](maxsize=_MAX_PENDING_REPORTS)
        self._tasks: list[asyncio.Task[None]] = []
        self._answered = asyncio.Event()
        self._key_error: Callable[[], ShopError] | None = None
        self._last_problem = "it has not been asked yet"

    def __repr__(self) -> str:
        return f"Discovery({str(self._url)!r})"

    async def __aenter__(self) -> Self:
        self._tasks = [
            asyncio.create_task(self._watch(), name="registry watch"),
            asyncio.create_task(self._send_reports(), name="registry reports"),
        ]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def shop(self) -> str | None:
        """The shop's id; None until the registry has answered."""
        return self._view.shop

    def instances(self, service: str) -> list[Instance]:
        """Return the service's instances in any state, as the registry last told them."""
        return self._view.instances(service)

    def on_change(self, callback: Callable[[], None]) -> None:
        """Have `callback` called after each change in what the registry tells."""
        self._callbacks.append(callback)

    async def candidates(self, service: str, deadline: float) -> list[Instance]:
        """Return the service's instances, best first; an empty list if none is known.

        Waits at most `deadline` seconds for the registry's first answer, and never after that.
        Raises Unavailable `registry_unavailable` if the answer does not come, and
        AuthenticationError, PermissionDenied or RateLimited (too many wrong keys) if no instance is
        known because the registry rejects the key.
        """
        if not self._answered.is_set():
            try:
                async with asyncio.timeout(deadline):
                    await self._answered.wait()
            except TimeoutError:
                detail = f"The registry at {self._url} has not answered: {self._last_problem}"
                raise Unavailable(detail, code="registry_unavailable") from None
        found = self._view.candidates(service)
        if not found and self._key_error:
            raise self._key_error()
        return found

    def failed(self, instance: Instance, report: str | None = None) -> None:
        """Avoid an instance for a while if there are others; `report` tells the registry why."""
        if self._view.failed(instance) and report and not self._reports.full():
            self._reports.put_nowait(
                {"service": instance.service, "instance_id": instance.instance_id, "what": report}
            )

    def worked(self, instance: Instance) -> None:
        """Note that an instance has answered, so that it is no longer avoided."""
        self._view.worked(instance)

    async def _watch(self) -> None:
        failures = 0
        while True:
            try:
                changed = await self._poll()
            except _EXPECTED as error:
                failures += 1
                self._last_problem = str(error) or type(error).__name__
                if failures == _FAILURES_BEFORE_WARNING:
                    log.warning(
                        "no answer from the registry at %s: %s", self._url, self._last_problem
                    )
            except Exception:
                failures += 1
                log.exception("watching the registry at %s failed; trying again", self._url)
            else:
                if failures >= _FAILURES_BEFORE_WARNING:
                    log.info("the registry at %s answers again", self._url)
                failures = 0
                if changed:
                    self._notify()
                    continue
            # An answer without news is followed by a pause, too: a registry that answers at once
            # instead of waiting is not asked without end.
            await asyncio.sleep(self._backoff.delay(max(failures, 1)))

    async def _poll(self) -> bool:
        query = {"as": self._name} if self._name else {}
        if self._view.epoch is not None:
            query |= {"epoch": str(self._view.epoch), "index": str(self._view.index)}
            query["wait"] = str(_LONG_POLL)
        async with self._session.get(
            self._url / "services",
            params=query,
            headers=self._headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(
                total=_LONG_POLL + _ANSWER_TIMEOUT, connect=_ANSWER_TIMEOUT
            ),
        ) as answer:
            body = await answer.read()
        if answer.status != 200:
            status, headers = answer.status, answer.headers
            if status in (401, 403, 429):
                self._key_error = lambda: error_from_answer(status, headers, body)
                self._answered.set()
            raise error_from_answer(status, headers, body)
        changed = self._view.apply(msgspec.json.decode(body, type=Snapshot))
        self._key_error = None
        self._answered.set()
        return changed

    def _notify(self) -> None:
        for callback in self._callbacks:
            try:
                callback()
            except Exception:
                log.exception("a callback for changes in the registry failed")

    async def _send_reports(self) -> None:
        while True:
            report = await self._reports.get()
            try:
                async with self._session.post(
                    self._url / "reports",
                    json=report,
                    headers=self._headers,
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=_ANSWER_TIMEOUT),
                ):
                    pass
            except (aiohttp.ClientError, OSError) as error:
                log.debug("could not report %s to the registry: %s", report["instance_id"], error)
            except Exception:
                log.exception("reporting to the registry failed; going on")


def _parsed(registry_url: str) -> URL:
    url = URL(registry_url)
    if url.scheme not in ("http", "https") or not url.host or url.user or url.query_string:
        shown = str(url.with_user(None)) if url.user else registry_url
        raise ValueError(f"A registry's URL looks like http://127.0.0.1:8000, not {shown!r}")
    return url
