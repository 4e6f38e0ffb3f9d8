"""What attacks the shop's surroundings: its registry, its disk, its clock, its file handles."""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.end_to_end.real_shop import is_running

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

    async def keep_registry_away(self) -> bool:
        """No service hears of the registry for a while; each goes on with what it knows."""
        self._stand_in.keep_away()
        try:
            await asyncio.sleep(self._rng.uniform(1.0, 10.0))
        finally:
            self._stand_in.away = False
        return True

    async def empty_registry(self) -> bool:
        """The registry dies, and starts on nothing: another shop's, for all it knows."""
        run = self._processes.run_pid
        self._processes.signal_pid(run, signal.SIGSTOP)  # or it would be started too soon
        try:
            killed = self._processes.signal("registry", signal.SIGKILL)
            self._kills["registry"] += killed
            await asyncio.sleep(0.1)
            for left in self._processes.data.glob("registry.db*"):
                if left.suffix != ".lock":
                    left.unlink()
        finally:
            self._processes.signal_pid(run, signal.SIGCONT)
        return killed

    async def fill_disk(self) -> bool:
        """A database can have no more pages than it has."""
        with self._instructed(f"full-{self._rng.choice(self.targets)}", "1"):
            await asyncio.sleep(self._rng.uniform(0.5, 3.0))
        return True

    async def put_clock_off(self) -> bool:
        """A service's clock is an hour off: fast, and every order is past its deadline; or slow.

        It is put off from the inside, in `utc_now`, and not with faketime: that would have to be
        there when a process starts, and bends the clock that time-outs are measured by as well.
        A service decides nothing else by the wall clock but whether a token has ended, which is
        days away; the registry decides by the monotonic one, and only tells what time it was.
        """
        off = self._rng.choice([HOUR, -HOUR])
        with self._instructed(f"clock-{self._rng.choice(self.targets)}", str(off)):
            await asyncio.sleep(self._rng.uniform(1.0, 5.0))
        return True

    async def take_file_handles(self) -> bool:
        """A service can open no file and take no connection."""
        import resource  # not on every system where the tests are collected

        name = self._rng.choice(TARGETS)
        pid = self._processes.pids().get(name)
        if pid is None or not self._processes.listens(name):
            return False  # one that still opens its modules could only fail with a traceback
        with suppress(ProcessLookupError, FileNotFoundError):
            most = _handles(pid) + self._rng.randint(0, 4)
            with limited(pid, resource.RLIMIT_NOFILE, most):
                await asyncio.sleep(self._rng.uniform(0.5, 2.0))
                return True
        return False

    async def fail_writes(self) -> bool:
        """A service can write to no file: the disk fails in the write of a COMMIT."""
        import resource  # not on every system where the tests are collected

        pid = self._processes.pids().get(self._rng.choice(self.targets))
        if pid is None:
            return False
        with suppress(ProcessLookupError), limited(pid, resource.RLIMIT_FSIZE, 0):
            await asyncio.sleep(self._rng.uniform(0.5, 2.0))
            return True
        return False

    async def end_in_fsync(self) -> bool:
        """A service is killed in the fsync of a COMMIT: what it wrote may be there, or not."""
        name = self._rng.choice(self.targets)
        killed = await self._inject(name, "signal=SIGKILL:when=2", 3.0)
        self._kills[name] += killed
        return killed

    async def fail_fsync(self) -> bool:
        """The disk fails in the fsync of a COMMIT."""
        return await self._inject(self._rng.choice(self.targets), "error=EIO:when=2", 3.0)

    async def slow_fsync(self) -> bool:
        """Each fsync takes a fifth of a second."""
        seconds = self._rng.uniform(1.0, 3.0)
        return await self._inject(self._rng.choice(self.targets), "delay_enter=200000", seconds)

    async def _inject(self, name: str, fault: str, seconds: float) -> bool:
        """Have a service's fsyncs meet a fault for so long; whether one did, or it has ended."""
        pid = self._processes.pids().get(name)
        if pid is None:
            return False
        calls, trace = "fsync,fdatasync", self._processes.folder / "fsyncs"
        tracer = await asyncio.create_subprocess_exec(
            *("strace", "-f", "-qq", "-o", str(trace), "-p", str(pid)),
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
        finally:
            if tracer.returncode is None:
                tracer.kill()
                await tracer.wait()
        # That strace has ended says nothing: it does so as well where it is not let in.
        told = trace.read_text(errors="replace") if trace.exists() else ""
        trace.unlink(missing_ok=True)
        return "(INJECTED)" in told or "(DELAYED)" in told or not is_running(pid)

    @contextmanager
    def _instructed(self, name: str, text: str) -> Iterator[None]:
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
    # On a process that is not its child, which is what the attacks are on: less is allowed there.
    with _running("sleep", "60") as other, _running("strace", "-p", str(other.pid)) as tracer:
        give_up_at = time.monotonic() + 5.0
        while tracer.poll() is None and time.monotonic() < give_up_at:
            if "\nTracerPid:\t0\n" not in Path(f"/proc/{other.pid}/status").read_text():
                return None
            time.sleep(0.01)
    return "strace is not allowed here"


@contextmanager
def _running(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    silent = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=silent, stdout=silent, stderr=silent) as process:
        try:
            yield process
        finally:
            process.kill()


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
