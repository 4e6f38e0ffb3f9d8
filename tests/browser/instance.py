"""An instance of a service as a process of its own, which can be killed."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from types import TracebackType

from tests.end_to_end.real_shop import ROOT, environment


class Instance:
    """`python -m services.<service>`, from entering to leaving; started again, on the same data."""

    def __init__(
        self, service: str, instance_id: str, registry_url: str, folder: Path, *, port: int = 0
    ) -> None:
        self._command = [
            *(sys.executable, "-m", f"services.{service}", "--stop-with-parent"),
            *("--port", str(port)),
            *("--instance-id", instance_id, "--registry", registry_url),
            *("--data-dir", str(folder)),
        ]
        self._process: Process | None = None

    async def start(self) -> None:
        """Start it; it registers when it is ready."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command, cwd=ROOT, env=environment(), stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL
        )

    async def kill(self) -> None:
        """End it with SIGKILL: it says goodbye to nobody."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def __aenter__(self) -> Instance:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.kill()
