"""The supervisor, with real processes that behave well and badly."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from services.operations import OperationError
from services.operations.run.loglines import LogLine
from services.operations.run.processes import LONGEST_LINE
from services.operations.run.supervisor import TRIES, Backoff, Child, Running, Supervisor, Timing

QUICK = Timing(first_pause=0.01, longest_pause=0.02, poll_every=0.01)
FAKE_PART = str(Path(__file__).with_name("fake_service.py"))


def fake(name: str, *behaviour: str, stops_last: bool = False) -> Child:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = (sys.executable, "-S", FAKE_PART, "--port", str(port), *behaviour)
    return Child(name, command, "127.0.0.1", port, stops_last=stops_last)


def ending(folder: Path, *codes: int) -> Child:
    """A child whose first starts end so, one after the other: by a signal where it is below 0."""
    told = folder / "ends"
    told.write_text(" ".join(map(str, codes)))
    return fake("cart", "--ends", str(told))


class Watched:
    """A supervisor at work, and all that was heard from it."""

    def __init__(self, children: tuple[Child, ...], timing: Timing) -> None:
        self.lines: list[LogLine] = []
        self.all_ready = asyncio.Event()
        self._heard = asyncio.Event()
        self.supervisor = Supervisor(children, self._hear, timing)
        self.work = asyncio.create_task(self.supervisor.run(lambda _: self.all_ready.set()))

    def _hear(self, line: LogLine) -> None:
        self.lines.append(line)
        self._heard.set()

    def __getitem__(self, name: str) -> Running:
        return next(one for one in self.supervisor.running if one.child.name == name)

    async def heard(self, text: str) -> LogLine:
        """The first line that has this text, once there is one."""
        while not (found := [line for line in self.lines if text in line.message]):
            self._heard.clear()
            await self._heard.wait()
        return found[0]

    def said(self, text: str) -> list[str]:
        """Who said this, in order."""
        return [line.service for line in self.lines if text in line.message]

    async def kill_once_ready(self, name: str) -> None:
        """Kill -9 this child as soon as it is ready, and return when that has been noticed."""
        await self.all_ready.wait()
        if self[name].ready_since is None:
            await self.heard(f"{name} is ready again")
        pid = self[name].pid
        assert pid is not None
        self.lines.clear()
        os.kill(pid, signal.SIGKILL)
        await self.heard(f"{name} was ended by SIGKILL and is started again")

    async def stop(self) -> bool:
        self.supervisor.interrupt()
        return await self.work


@asynccontextmanager
async def watched(*children: Child, timing: Timing = QUICK) -> AsyncIterator[Watched]:
    one = Watched(children, timing)
    try:
        yield one
    finally:
        one.supervisor.interrupt()
        one.supervisor.interrupt()
        await asyncio.gather(one.work, return_exceptions=True)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_nothing_is_called_ready_before_the_last_child_is(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    async with watched(fake("quick"), fake("slow", "--ready-once", str(gate))) as shop:
        await shop["quick"].was_ready.wait()
        assert not shop.all_ready.is_set()
        gate.touch()
        await shop.all_ready.wait()
        assert shop["slow"].ready_in > 0


async def test_a_child_that_is_long_in_getting_ready_is_mentioned_with_its_reason(
    tmp_path: Path,
) -> None:
    gate = tmp_path / "gate"
    timing = replace(QUICK, mention_after=0.01)
    async with watched(fake("slow", "--ready-once", str(gate)), timing=timing) as shop:
        await shop.heard("slow is not ready yet: 503 still thinking")
        gate.touch()
        await shop.all_ready.wait()


async def test_a_child_that_is_killed_is_started_again_at_once() -> None:
    async with watched(fake("cart"), fake("order")) as shop:
        await shop.all_ready.wait()
        first, other = shop["cart"].pid, shop["order"].pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await shop.heard("cart was ended by SIGKILL and is started again now")
        await shop.heard("cart is ready again")
        assert shop["cart"].pid not in (None, first)
        assert shop["order"].pid == other


async def test_a_child_that_keeps_dying_is_started_again_for_ever() -> None:
    async with watched(fake("cart")) as shop:
        for _ in range(TRIES + 2):
            await shop.kill_once_ready("cart")


def test_the_first_restart_is_immediate_and_the_pauses_then_double_up_to_a_bound() -> None:
    backoff = Backoff(Timing())
    assert [backoff.after(1.0) for _ in range(8)] == [0, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_after_half_a_minute_of_health_the_pauses_begin_anew() -> None:
    backoff = Backoff(Timing())
    pauses = [backoff.after(ready_for) for ready_for in (1.0, 1.0, 29.9, 30.0, 1.0)]
    assert pauses == [0, 0.2, 0.4, 0, 0.2]


async def test_a_child_that_never_comes_up_ends_the_start_with_its_own_last_error() -> None:
    async with watched(fake("registry"), fake("cart", "--fail", "carts.db is corrupt.")) as shop:
        with pytest.raises(OperationError, match=r"^cart could not start: carts\.db is corrupt\.$"):
            await shop.work
        assert shop.said("carts.db is corrupt") == ["cart"] * TRIES
        assert shop["registry"].pid is None
        assert not shop.all_ready.is_set()


async def test_a_child_is_not_ready_because_another_program_answers_on_its_port() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n{}")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as other:
        port = other.sockets[0].getsockname()[1]
        child = replace(fake("cart", "--fail", "the port is taken."), port=port)
        async with watched(child) as shop:
            with pytest.raises(
                OperationError, match=r"^cart could not start: the port is taken\.$"
            ):
                await shop.work


async def test_the_last_line_of_a_traceback_is_an_error_as_well() -> None:
    child = replace(fake("cart"), command=(sys.executable, "-S", "-c", "import no_such_thing"))
    async with watched(child) as shop:
        with pytest.raises(OperationError, match="ModuleNotFoundError: No module named"):
            await shop.work


async def test_a_child_that_ends_in_silence_is_told_by_its_exit_code() -> None:
    child = replace(fake("cart"), command=(sys.executable, "-S", "-c", "raise SystemExit(7)"))
    async with watched(child) as shop:
        with pytest.raises(OperationError, match="cart could not start: it ended with exit code 7"):
            await shop.work


@pytest.mark.parametrize("code", [-signal.SIGKILL, -signal.SIGTERM, 128 + signal.SIGKILL])
async def test_a_child_that_is_killed_before_it_was_ever_ready_does_not_end_the_start(
    tmp_path: Path, code: int
) -> None:
    async with watched(ending(tmp_path, *[code] * (TRIES + 1))) as shop:
        await shop.all_ready.wait()
        pauses = [line.message.rpartition("again ")[2] for line in shop.lines]
        assert [pause for pause in pauses if pause.startswith(("now", "in "))] == [
            *("now", "in 0.01 s", "in 0.02 s", "in 0.02 s")
        ]


@pytest.mark.parametrize("fault", [signal.SIGSEGV, signal.SIGABRT, signal.SIGILL])
async def test_a_child_that_crashes_by_a_fault_of_its_own_ends_the_start(
    tmp_path: Path, fault: signal.Signals
) -> None:
    async with watched(ending(tmp_path, *[-fault] * TRIES)) as shop:
        with pytest.raises(
            OperationError, match=rf"^cart could not start: it was ended by {fault.name}\.$"
        ):
            await shop.work


async def test_a_kill_takes_back_no_failure_before_it(tmp_path: Path) -> None:
    async with watched(ending(tmp_path, 1, -signal.SIGKILL, 1, -signal.SIGKILL, 1)) as shop:
        with pytest.raises(OperationError, match=r"^cart could not start: it ended with exit code"):
            await shop.work


async def test_a_program_that_is_not_there_ends_the_start() -> None:
    child = replace(fake("cart"), command=("/no/such/program",))
    async with watched(fake("registry"), child) as shop:
        with pytest.raises(OperationError, match="cart could not be started"):
            await shop.work
        assert shop["registry"].pid is None


async def test_a_child_that_cannot_be_started_again_now_is_tried_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def no_memory(*_: object) -> NoReturn:
        monkeypatch.undo()
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    async with watched(fake("registry"), fake("cart")) as shop:
        await shop.all_ready.wait()
        monkeypatch.setattr("services.operations.run.supervisor.spawn", no_memory)
        await shop.kill_once_ready("cart")
        line = await shop.heard("cart could not be started ([Errno 12] Cannot allocate memory)")
        assert line.message.endswith("and is started again in 0.01 s")
        await shop.kill_once_ready("cart")
        assert shop["registry"].pid is not None


async def test_the_last_child_is_stopped_only_when_the_others_have_ended() -> None:
    registry = fake("registry", stops_last=True)
    async with watched(registry, fake("cart"), fake("order")) as shop:
        await shop.all_ready.wait()
        pids = [one.pid for one in shop.supervisor.running]
        assert await shop.stop() is True
        ended = shop.said("ended when asked")
        assert ended[-1] == "registry"
        assert sorted(ended) == ["cart", "order", "registry"]
        assert not any(is_running(pid) for pid in pids if pid)


async def test_a_child_that_does_not_end_within_its_grace_is_killed() -> None:
    timing = replace(QUICK, grace=0.05)
    async with watched(fake("cart", "--ignore-sigterm"), fake("order"), timing=timing) as shop:
        await shop.all_ready.wait()
        assert await shop.stop() is False
        await shop.heard("cart did not end in 0.05 s and is killed")
        assert shop.said("ended when asked") == ["order"]


async def test_a_second_interrupt_ends_everything_now() -> None:
    children = (
        fake("registry", "--ignore-sigterm", stops_last=True),
        fake("cart", "--ignore-sigterm"),
    )
    async with watched(*children, timing=replace(QUICK, grace=3600.0)) as shop:
        await shop.all_ready.wait()
        shop.supervisor.interrupt()
        assert await asyncio.wait_for(shop.stop(), 5) is False


async def test_an_interrupt_before_anything_is_ready_stops_everything_as_well(
    tmp_path: Path,
) -> None:
    async with watched(fake("slow", "--ready-once", str(tmp_path / "never"))) as shop:
        await shop.heard("listening")
        assert await shop.stop() is True
        assert not shop.all_ready.is_set()


async def test_an_interrupt_during_the_very_start_leaves_nothing_running() -> None:
    async with watched(fake("cart"), fake("order")) as shop:
        await asyncio.sleep(0)
        await shop.stop()
        assert [one.pid for one in shop.supervisor.running] == [None, None]


async def test_an_interrupt_ends_the_pause_before_a_restart() -> None:
    timing = replace(QUICK, first_pause=3600.0, longest_pause=3600.0)
    async with watched(fake("cart"), timing=timing) as shop:
        for _ in range(2):
            await shop.kill_once_ready("cart")
        await shop.heard("is started again in 3600 s")
        assert await asyncio.wait_for(shop.stop(), 5) is True


@pytest.mark.parametrize("length", [100 * 1024, LONGEST_LINE + 100_000])
async def test_a_line_of_any_length_arrives_and_its_writer_goes_on(length: int) -> None:
    async with watched(fake("cart", "--say", str(length))) as shop:
        await shop.all_ready.wait()
        await shop.stop()
        pieces = [line.message for line in shop.lines if line.message.startswith("x")]
        assert "".join(pieces) == "x" * length


async def test_the_last_line_of_a_child_is_shown() -> None:
    async with watched(fake("cart")) as shop:
        await shop.all_ready.wait()
        await shop.stop()
        assert shop.said("ended when asked") == ["cart"]
