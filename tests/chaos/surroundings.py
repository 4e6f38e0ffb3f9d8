"""What attacks the shop's surroundings: its registry, its disk, its clock, its file handles."""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from .nemesis import Attack, attack_name
from .processes import SERVICES, TARGETS, Processes
from .stand_in import StandIn

HOUR = 3600


class Surroundings:
    """Faults around one shop; each ends by itself, and leaves all as it was."""

    def __init__(
        self,
        processes: Processes,
        stand_in: StandIn,
        kills: Counter[str],
        rng: random.Random,
    ) -> None:
        self.attacks: list[tuple[int, Attack]] = [
            (5, self.keep_registry_away),
            (2, self.empty_registry),
            (5, self.fill_disk),
            (2, self.put_clock_off),
            (4, self.take_file_handles),
            (3, self.fail_writes),
        ]
        on_fsync: list[tuple[int, Attack]] = [
            (8, self.end_in_fsync),
            (3, self.fail_fsync),
            (3, self.slow_fsync),
        ]
        self.not_run = ""
        """Which attacks are not possible here, and why."""
        if (reason := why_no_strace()) is None:
            self.attacks += on_fsync
        else:
            names = ", ".join(attack_name(attack) for _, attack in on_fsync)
            self.not_run = f"{names}: {reason}"
        self.targets: Sequence[str] = SERVICES
        """Whose disks and clocks are attacked."""
        self._processes = processes
        self._stand_in = stand_in
        self._kills = kills
        self._rng = rng

    async def keep_registry_away(self) -> None:
        """No service hears of the registry for a while; each goes on with what it knows."""
        self._stand_in.keep_away()
        try:
            await asyncio.sleep(self._rng.uniform(1.0, 10.0))
        finally:
            self._stand_in.away = False

    async def empty_registry(self) -> None:
        """The registry dies, and starts on nothing: another shop's, for all it knows."""
        run = self._processes.run_pid
        self._processes.signal_pid(run, signal.SIGSTOP)  # or it would be started too soon
        try:
            if self._processes.signal("registry", signal.SIGKILL):
                self._kills["registry"] += 1
            await asyncio.sleep(0.1)
            for left in self._processes.data.glob("registry.db*"):
                if left.suffix != ".lock":
                    left.unlink()
        finally:
            self._processes.signal_pid(run, signal.SIGCONT)

    async def fill_disk(self) -> None:
        """A database can have no more pages than it has."""
        with self._order(f"full-{self._rng.choice(self.targets)}", "1"):
            await asyncio.sleep(self._rng.uniform(0.5, 3.0))

    async def put_clock_off(self) -> None:
        """A service's clock is an hour off: fast, and every order is past its deadline; or slow.

        It is put off from the inside, in `utc_now`, and not with faketime: that would have to be
        there when a process starts, and bends the clock that time-outs are measured by as well.
        A service decides nothing else by the wall clock but whether a token has ended, which is
        days away; the registry decides by the monotonic one, and only tells what time it was.
        """
        off = self._rng.choice([HOUR, -HOUR])
        with self._order(f"clock-{self._rng.choice(self.targets)}", str(off)):
            await asyncio.sleep(self._rng.uniform(1.0, 5.0))

    async def take_file_handles(self) -> None:
        """A service can open no file and take no connection."""
        import resource  # not on every system where the tests are collected

        pid = self._processes.pids().get(self._rng.choice(TARGETS))
        if pid is None:
            return
        with suppress(ProcessLookupError, FileNotFoundError):
            most = _handles(pid) + self._rng.randint(0, 4)
            with limited(pid, resource.RLIMIT_NOFILE, most):
                await asyncio.sleep(self._rng.uniform(0.5, 2.0))

    async def fail_writes(self) -> None:
        """A service can write to no file: the disk fails in the write of a COMMIT."""
        import resource  # not on every system where the tests are collected

        pid = self._processes.pids().get(self._rng.choice(self.targets))
        if pid is None:
            return
        with suppress(ProcessLookupError), limited(pid, resource.RLIMIT_FSIZE, 0):
            await asyncio.sleep(self._rng.uniform(0.5, 2.0))

    async def end_in_fsync(self) -> None:
        """A service is killed in the fsync of a COMMIT: what it wrote may be there, or not."""
        name = self._rng.choice(self.targets)
        if await self._inject(name, "signal=SIGKILL:when=2", 3.0):
            self._kills[name] += 1

    async def fail_fsync(self) -> None:
        """The disk fails in the fsync of a COMMIT."""
        await self._inject(self._rng.choice(self.targets), "error=EIO:when=2", 3.0)

    async def slow_fsync(self) -> None:
        """Each fsync takes a fifth of a second."""
        seconds = self._rng.uniform(1.0, 3.0)
        await self._inject(self._rng.choice(self.targets), "delay_enter=200000", seconds)

    async def _inject(self, name: str, fault: str, seconds: float) -> bool:
        """Have a service's fsyncs meet a fault for so long; whether it ended meanwhile."""
        pid = self._processes.pids().get(name)
        if pid is None:
            return False
        calls = "fsync,fdatasync"
        tracer = await asyncio.create_subprocess_exec(
            *("strace", "-f", "-qq", "-o", "/dev/null", "-p", str(pid)),
            *("-e", f"trace={calls}", "-e", f"inject={calls}:{fault}"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(seconds):
                await tracer.wait()
        except TimeoutError:
            tracer.terminate()  # it lets go of the service
            await tracer.wait()
            return False
        else:
            return True
        finally:
            if tracer.returncode is None:
                tracer.kill()
                await tracer.wait()

    @contextmanager
    def _order(self, name: str, text: str) -> Iterator[None]:
        file = self._processes.folder / name
        file.write_text(text)
        try:
            yield
        finally:
            file.unlink()


def why_no_strace() -> str | None:
    """Why no system call can be made to fail here, in words; None where it can."""
    if shutil.which("strace") is None:
        return "strace is not installed here"
    tried = subprocess.run(["strace", "-o", "/dev/null", "true"], check=False, capture_output=True)
    return None if tried.returncode == 0 else "strace is not allowed here"


@contextmanager
def limited(pid: int, kind: int, most: int) -> Iterator[None]:
    """Let a process have no more than so much of a resource; it may end meanwhile.

    Raises ProcessLookupError where it has ended before.
    """
    import resource  # not on every system where the tests are collected

    soft, hard = resource.prlimit(pid, kind)
    resource.prlimit(pid, kind, (most, hard))
    try:
        yield
    finally:
        # Of its end nothing is told: it would take the place of a cancellation on its way out.
        with suppress(ProcessLookupError):
            resource.prlimit(pid, kind, (soft, hard))


def _handles(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
