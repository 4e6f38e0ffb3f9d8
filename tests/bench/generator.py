"""The load generator, as whoever measures sees it."""

from __future__ import annotations

import subprocess
import sys
from types import TracebackType

import msgspec

from tests.end_to_end.real_shop import ROOT

from .load.job import Job, Result


class Generator:
    """A process that does one job at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.load"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> Generator:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def begin(self, job: Job) -> None:
        """Have it begin; `result` waits for the end."""
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(job) + b"\n")
        self._process.stdin.flush()

    def result(self) -> Result:
        """What came of the job that was begun."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the load generator has ended, and said why above"
        return msgspec.json.decode(line, type=Result)

    def do(self, job: Job) -> Result:
        """Have a job done."""
        self.begin(job)
        return self.result()
