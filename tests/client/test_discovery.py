"""Discovery: what it hears from its registry, and how it lives without it."""

import asyncio
import logging
from collections.abc import Callable, Iterator

import aiohttp
import pytest

from client.backoff import Backoff
from client.discovery import Discovery
from client.errors import AuthenticationError, PermissionDenied, Unavailable
from client.view import Instance
from tests.client.fakes import FakeRegistry, problem, reply

A = {"instance_id": "cart-1", "url": "http://127.0.0.1:1", "state": "up"}
B = {"instance_id": "cart-2", "url": "http://127.0.0.1:2", "state": "up"}


Said = asyncio.Queue[str]


@pytest.fixture
def said() -> Iterator[Said]:
    """What discovery logs, line by line."""
    lines = Said()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.put_nowait(record.getMessage())

    log, listener = logging.getLogger("client.discovery"), Listener()
    log.addHandler(listener)
    log.setLevel(logging.INFO)
    yield lines
    log.setLevel(logging.NOTSET)
    log.removeHandler(listener)


def names(instances: list[Instance]) -> list[str]:
    return [each.instance_id for each in instances]


def heard(discovery: Discovery) -> Callable[[], "asyncio.Future[None]"]:
    """Return a function whose result is done at the next change of the discovery's view."""
    waiting: list[asyncio.Future[None]] = []

    def tell() -> None:
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def change() -> "asyncio.Future[None]":
        waiting.append(asyncio.get_running_loop().create_future())
        return waiting[-1]

    discovery.on_change(tell)
    return change


async def test_the_first_answer_is_waited_for(
    registry: FakeRegistry, session: aiohttp.ClientSession, backoff: Backoff
) -> None:
    await registry.put("cart", A)
    async with Discovery(session, registry.url, "key", backoff=backoff) as discovery:
        assert names(await discovery.candidates("cart", 5)) == ["cart-1"]
        assert discovery.shop == "shop-1"
        assert await discovery.candidates("order", 5) == []


async def test_a_change_is_heard_through_a_long_poll_that_says_who_asks(
    registry: FakeRegistry, session: aiohttp.ClientSession, backoff: Backoff
) -> None:
    await registry.put("cart", A)
    discovery = Discovery(session, registry.url, "key", name="order/order-1", backoff=backoff)
    change = heard(discovery)
    async with discovery:
        await discovery.candidates("cart", 5)
        await registry.until(lambda: len(registry.polls) == 2)
        changed = change()
        await registry.put("cart", A, B)
        await changed
        assert names(discovery.instances("cart")) == ["cart-1", "cart-2"]
    assert registry.polls[0] == {"as": "order/order-1"}
    assert registry.polls[1] == {
        "as": "order/order-1",
        "epoch": "first",
        "index": "1",
        "wait": "30",
    }


async def test_a_callback_that_raises_is_logged_and_the_watch_goes_on(
    registry: FakeRegistry,
    session: aiohttp.ClientSession,
    backoff: Backoff,
    caplog: pytest.LogCaptureFixture,
) -> None:
    discovery = Discovery(session, registry.url, "key", backoff=backoff)
    discovery.on_change(lambda: print(1 / 0))
    change = heard(discovery)
    async with discovery:
        await registry.until(lambda: len(registry.polls) == 2)
        changed = change()
        await registry.put("cart", A)
        await changed
    assert "division by zero" in caplog.text


async def test_a_watch_that_fails_as_nobody_expected_says_so_and_goes_on(
    registry: FakeRegistry,
    session: aiohttp.ClientSession,
    backoff: Backoff,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await session.close()
    async with Discovery(session, registry.url, "key", backoff=backoff) as discovery:
        with pytest.raises(Unavailable):
            await discovery.candidates("cart", 0.05)
    assert caplog.text.count("RuntimeError: Session is closed") > 1


async def test_the_last_known_is_kept_while_the_registry_is_away(
    registry: FakeRegistry, session: aiohttp.ClientSession, backoff: Backoff, said: Said
) -> None:
    await registry.put("cart", A)
    discovery = Discovery(session, registry.url, "key", backoff=backoff)
    change = heard(discovery)
    async with discovery:
        await discovery.candidates("cart", 5)
        await registry.until(lambda: len(registry.polls) == 2)
        await registry.stop()
        assert "no answer from the registry" in await said.get()
        assert names(await discovery.candidates("cart", 0)) == ["cart-1"]
        changed = change()
        await registry.start()
        await registry.put("cart", B)
        await changed
        assert names(await discovery.candidates("cart", 0)) == ["cart-2"]
    assert "answers again" in await said.get()
    assert said.empty()


async def test_a_registry_that_was_emptied_does_not_empty_the_view(
    registry: FakeRegistry, session: aiohttp.ClientSession, backoff: Backoff
) -> None:
    await registry.put("cart", A)
    discovery = Discovery(session, registry.url, "key", backoff=backoff)
    change = heard(discovery)
    async with discovery:
        await discovery.candidates("cart", 5)
        await registry.until(lambda: len(registry.polls) == 2)
        changed = change()
        await registry.begin_anew()
        await changed
        assert names(await discovery.candidates("cart", 0)) == ["cart-1"]


@pytest.mark.parametrize(
    "answer",
    [reply(b"<html>"), reply({"index": "x"}), reply({}, 500), reply({}, 302, Location="/services")],
)
async def test_an_answer_that_makes_no_sense_is_asked_for_again(
    registry: FakeRegistry, session: aiohttp.ClientSession, backoff: Backoff, answer: object
) -> None:
    await registry.put("cart", A)
    registry.answers = [answer]  # type: ignore[list-item]
    async with Discovery(session, registry.url, "key", backoff=backoff) as discovery:
        assert names(await discovery.candidates("cart", 5)) == ["cart-1"]


async def test_a_registry_never_reached_is_unavailable_at_the_deadline(
    session: aiohttp.ClientSession, backoff: Backoff
) -> None:
    gone = FakeRegistry()
    await gone.start()
    await gone.stop()
    async with Discovery(session, gone.url, "key", backoff=backoff) as discovery:
        with pytest.raises(Unavailable, match="has not answered") as caught:
            await discovery.candidates("cart", 0.05)
    assert caught.value.code == "registry_unavailable"


@pytest.mark.parametrize(("status", "kind"), [(401, AuthenticationError), (403, PermissionDenied)])
async def test_a_key_that_the_registry_refuses_is_raised_where_nothing_is_known(
    registry: FakeRegistry,
    session: aiohttp.ClientSession,
    backoff: Backoff,
    status: int,
    kind: type[Exception],
) -> None:
    registry.answers = [problem(status, "invalid_api_key", "Invalid API Key")] * 1000
    async with Discovery(session, registry.url, "wrong", backoff=backoff) as discovery:
        with pytest.raises(kind, match="Invalid API Key"):
            await discovery.candidates("cart", 5)


async def test_a_registry_that_begins_to_refuse_the_key_leaves_what_is_known(
    registry: FakeRegistry, session: aiohttp.ClientSession, backoff: Backoff
) -> None:
    await registry.put("cart", A)
    async with Discovery(session, registry.url, "key", backoff=backoff) as discovery:
        await discovery.candidates("cart", 5)
        await registry.until(lambda: len(registry.polls) == 2)
        registry.answers = [problem(401, "invalid_api_key")] * 1000
        await registry.begin_anew()
        await registry.until(lambda: len(registry.polls) == 4)
        assert names(await discovery.candidates("cart", 0)) == ["cart-1"]
        with pytest.raises(AuthenticationError):
            await discovery.candidates("order", 0)


async def test_a_failure_is_reported_to_the_registry_once_while_it_is_fresh(
    registry: FakeRegistry, session: aiohttp.ClientSession, backoff: Backoff
) -> None:
    await registry.put("cart", A, B)
    async with Discovery(session, registry.url, "key", backoff=backoff) as discovery:
        first, second = sorted(await discovery.candidates("cart", 5), key=lambda i: i.instance_id)
        discovery.failed(first, "could not be reached")
        discovery.failed(first, "could not be reached")
        discovery.failed(second)
        await registry.until(lambda: len(registry.reports) > 0)
    assert registry.reports == [
        {"service": "cart", "instance_id": "cart-1", "what": "could not be reached"}
    ]


async def test_nothing_runs_on_when_it_is_left(
    registry: FakeRegistry, session: aiohttp.ClientSession, backoff: Backoff
) -> None:
    before = asyncio.all_tasks()
    async with Discovery(session, registry.url, "key", backoff=backoff) as discovery:
        await discovery.candidates("cart", 5)
        during = asyncio.all_tasks() - before
    assert {task.get_name() for task in during} >= {"registry watch", "registry reports"}
    assert all(task.done() for task in during if task.get_name().startswith("registry "))


def test_a_url_that_is_no_registry_s_is_refused_and_a_key_is_not_shown(backoff: Backoff) -> None:
    session = object()
    for url in ("127.0.0.1:8000", "ftp://host", "http://", "http://me:secret@host"):
        with pytest.raises(ValueError, match="looks like") as caught:
            Discovery(session, url, "key")  # type: ignore[arg-type]
        assert "secret" not in str(caught.value)
    shown = repr(Discovery(session, "http://127.0.0.1:8000", "key-1"))  # type: ignore[arg-type]
    assert shown == "Discovery('http://127.0.0.1:8000')"
