"""What becomes of an attack that is cut short, or has nobody to attack; and who does not end."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from .nemesis import Nemesis
from .processes import SERVICES, Processes
from .proxy import Proxy
from .stand_in import StandIn
from .surroundings import Surroundings, limited, why_no_strace

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the attacks are Linux's")


@pytest.fixture
def nemesis(tmp_path: Path) -> Iterator[Nemesis]:
    """One whose shop was never started."""
    processes = Processes(tmp_path, 0)
    yield Nemesis(processes, random.Random(0))
    processes.clean_up()


async def test_an_attack_on_a_process_that_ends_meanwhile_can_be_cancelled() -> None:
    import resource  # not on every system where the tests are collected

    process = await asyncio.create_subprocess_exec("sleep", "60")
    ended = asyncio.Event()

    async def attack() -> None:
        with limited(process.pid, resource.RLIMIT_NOFILE, 10):
            process.kill()
            await process.wait()
            ended.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(attack())
    await ended.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_has_nobody_to_attack_is_not_counted(
    nemesis: Nemesis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Processes, "pids", lambda _self: {})
    for attack in (nemesis.kill_one, nemesis.kill_all, nemesis.stop_and_go_on, nemesis.tell_to_end):
        await nemesis.do(attack)
    assert not nemesis.faults
    assert not nemesis.kills


async def test_one_that_does_not_end_when_it_is_told_to_is_a_breach(
    nemesis: Nemesis, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", "trap '' TERM; echo; read line"), stdin=PIPE, stdout=PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()  # from now on it is deaf
    monkeypatch.setattr("tests.chaos.nemesis.GRACE", 0.05)
    monkeypatch.setattr(Processes, "pids", lambda _self: {"cart": process.pid})
    nemesis.targets, nemesis.registry = ["cart"], []
    await nemesis.do(nemesis.tell_to_end)
    process.kill()
    await process.wait()
    assert nemesis.breaches == ["promise 11: cart did not end in 0.05 s on SIGTERM"]


async def test_a_strace_that_is_not_let_in_has_killed_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strace = tmp_path / "strace"
    strace.write_text("#!/bin/sh\ncase $* in *-p*) exit 1;; esac\n")  # as Yama has it on Ubuntu
    strace.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert why_no_strace() == "strace is not allowed here"

    monkeypatch.setattr(Processes, "pids", lambda _self: dict.fromkeys(SERVICES, os.getpid()))
    processes, rng, kills = Processes(tmp_path, 0), random.Random(0), Counter[str]()
    stand_in = StandIn(processes.registry_url, Proxy(rng), rng)
    surroundings = Surroundings(processes, stand_in, kills, rng)
    assert surroundings.not_run.endswith("strace is not allowed here")
    assert not await surroundings.end_in_fsync()
    assert not kills.total()
    processes.clean_up()
