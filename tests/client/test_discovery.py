"""Discovery: what it learns from the registry, and what it does while the registry is away."""

import asyncio
import logging
from collections.abc import Callable, Iterator

import aiohttp
import pytest

from client.backoff import Backoff
from client.discovery import Discovery
from client.errors import AuthenticationError, PermissionDenied, RateLimited, Unavailable
from client.view import Instance
from tests.client.fakes import FakeRegistry, problem, reply

A = {"instance_id": "cart-1", "url": "http://127.0.0.1:1", "state": "up"}
B = {"instance_id": "cart-2", "url": "http://127.0.0.1:2", "state": "up"}


Logged = asyncio.Queue[str]


@pytest.fixture
def logged() -> Iterator[Logged]:
    """The messages that discovery logs."""
    lines = Logged()

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


def next_change_of(discovery: Discovery) -> Callable[[], "asyncio.Future[None]"]:
    """Return a function that returns a future, done at the next change that discovery tells."""
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


async def test_a_change_arrives_through_a_long_poll_that_says_who_is_asking(
    registry: FakeRegistry, session: aiohttp.ClientSession, backoff: Backoff
) -> None:
    await registry.put("cart", A)
    discovery = Discovery(session, registry.url, "key", name="order/order-1", backoff=backoff)
    next_change = next_change_of(discovery)
    async with discovery:
        await discovery.candidates("cart", 5)
        await registry.wait_until(lambda: len(registry.polls) == 2)
        changed = next_change()
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


async def test_a_callback_that_raises_is_logged_and_the_watch_continues(
    registry: FakeRegistry,
    session: aiohttp.ClientSession,
    backoff: Backoff,
    caplog: pytest.LogCaptureFixture,
) -> None:
    discovery = Discovery(session, registry.url, "key", backoff=backoff)
    discovery.on_change(lambda: print(1 / 0))
    next_change = next_change_of(discovery)
    async with discovery:
        await registry.wait_until(lambda: len(registry.polls) == 2)
        changed = next_change()
        await registry.put("cart", A)
        await changed
    assert "division by zero" in caplog.text


async def test_an_unexpected_failure_of_the_watch_is_logged_and_it_continues(
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


async def test_the_last_known_instances_are_kept_while_the_registry_is_away(
    registry: FakeRegistry, session: aiohttp.ClientSession, backoff: Backoff, logged: Logged
) -> None:
    await registry.put("cart", A)
    discovery = Discovery(session, registry.url, "key", backoff=backoff)
    next_change = next_change_of(discovery)
    async with discovery:
        await discovery.candidates("cart", 5)
        await registry.wait_until(lambda: len(registry.polls) == 2)
        await registry.stop()
        assert "no answer from the registry" in await logged.get()
        assert names(await discovery.candidates("cart", 0)) == ["cart-1"]
        changed = next_change()
        await registry.start()
        await registry.put("cart", B)
        await changed
        assert names(await discovery.candidates("cart", 0)) == ["cart-2"]
    assert "answers again" in await logged.get()
    assert logged.empty()


async def test_instances_that_an_emptied_registry_has_lost_are_kept(
    registry: FakeRegistry, session: aiohttp.ClientSession, backoff: Backoff
) -> None:
    await registry.put("cart", A)
    discovery = Discovery(session, registry.url, "key", backoff=backoff)
    next_change = next_change_of(discovery)
    async with discovery:
        await discovery.candidates("cart", 5)
        await registry.wait_until(lambda: len(registry.polls) == 2)
        changed = next_change()
        await registry.start_new_epoch()
        await changed
        assert names(await discovery.candidates("cart", 0)) == ["cart-1"]


@pytest.mark.parametrize(
    "answer",
    [reply(b"<html>"), reply({"index": "x"}), reply({}, 500), reply({}, 302, Location="/services")],
)
async def test_a_registry_answer_that_cannot_be_read_is_asked_for_again(
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


@pytest.mark.parametrize(
    ("status", "kind"), [(401, AuthenticationError), (403, PermissionDenied), (429, RateLimited)]
)
async def test_a_key_that_the_registry_rejects_raises_its_error_while_nothing_is_known(
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


async def test_known_instances_are_kept_when_the_registry_begins_to_reject_the_key(
    registry: FakeRegistry, session: aiohttp.ClientSession, backoff: Backoff
) -> None:
    await registry.put("cart", A)
    async with Discovery(session, registry.url, "key", backoff=backoff) as discovery:
        await discovery.candidates("cart", 5)
        await registry.wait_until(lambda: len(registry.polls) == 2)
        registry.answers = [problem(401, "invalid_api_key")] * 1000
        await registry.start_new_epoch()
        await registry.wait_until(lambda: len(registry.polls) == 4)
        assert names(await discovery.candidates("cart", 0)) == ["cart-1"]
        with pytest.raises(AuthenticationError):
            await discovery.candidates("order", 0)


async def test_a_failure_is_reported_to_the_registry_once_while_the_instance_is_avoided(
    registry: FakeRegistry, session: aiohttp.ClientSession, backoff: Backoff
) -> None:
    await registry.put("cart", A, B)
    async with Discovery(session, registry.url, "key", backoff=backoff) as discovery:
        first, second = sorted(await discovery.candidates("cart", 5), key=lambda i: i.instance_id)
        discovery.failed(first, "could not be reached")
        discovery.failed(first, "could not be reached")
        discovery.failed(second)
        await registry.wait_until(lambda: len(registry.reports) > 0)
    assert registry.reports == [
        {"service": "cart", "instance_id": "cart-1", "what": "could not be reached"}
    ]


async def test_leaving_the_block_ends_its_tasks(
    registry: FakeRegistry, session: aiohttp.ClientSession, backoff: Backoff
) -> None:
    before = asyncio.all_tasks()
    async with Discovery(session, registry.url, "key", backoff=backoff) as discovery:
        await discovery.candidates("cart", 5)
        during = asyncio.all_tasks() - before
    assert {task.get_name() for task in during} >= {"registry watch", "registry reports"}
    assert all(task.done() for task in during if task.get_name().startswith("registry "))


def test_a_bad_registry_url_is_a_value_error_and_no_secret_is_shown(backoff: Backoff) -> None:
    session = object()
    for url in ("127.0.0.1:8000", "ftp://host", "http://", "http://me:secret@host"):
        with pytest.raises(ValueError, match="looks like") as caught:
            Discovery(session, url, "key")  # type: ignore[arg-type]
        assert "secret" not in str(caught.value)
    shown = repr(Discovery(session, "http://127.0.0.1:8000", "key-1"))  # type: ignore[arg-type]
    assert shown == "Discovery('http://127.0.0.1:8000')"
