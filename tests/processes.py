"""One service as a process of its own, and what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from signal import Signals
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
OPERATOR = "secret-key-123"


class Process:
    """`python -m MODULE` with its data in `folder`; its log is read as far as a test needs it."""

    def __init__(self, module: str, folder: Path, *flags: str, **environ: str) -> None:
        inherited = {name: text for name, text in os.environ.items() if name != "API_KEY"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, "--data-dir", str(folder), *flags],
            cwd=ROOT,
            env={**inherited, **environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[dict[str, Any]] = []

    @property
    def pid(self) -> int:
        return self.process.pid

    def until(self, message: str) -> dict[str, Any]:
        """The log line whose message begins so; every line before it is in `lines`."""
        assert self.process.stderr is not None
        for text in self.process.stderr:
            self.lines.append(json.loads(text))
            if self.lines[-1]["message"].startswith(message):
                return self.lines[-1]
        raise AssertionError(f"{message!r} was not said; but: {self.lines}")

    def url(self) -> str:
        """Where it listens, once it does."""
        return str(self.until("listening")["url"])

    def tell(self, number: Signals) -> None:
        self.process.send_signal(number)

    def end(self, number: Signals | None = Signals.SIGTERM) -> int:
        """Its exit code, once it has ended and `lines` hold all that it said."""
        if number is not None:
            self.tell(number)
        assert self.process.stderr is not None
        self.lines += [json.loads(text) for text in self.process.stderr]
        return self.process.wait(20)

    def result(self) -> tuple[int, list[dict[str, Any]]]:
        """Exit code and log of one that ends by itself."""
        return self.end(None), self.lines

    def kill(self) -> None:
        """End it now, if it has not ended."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stderr):
            if pipe is not None:
                pipe.close()


def call(method: str, url: str, body: Any = None) -> tuple[int, Any]:
    """Status and JSON of an answer, asked with the operator key; raises OSError for none."""
    request = urllib.request.Request(
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"X-API-Key": OPERATOR, "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as rejection:
        with rejection:
            return rejection.code, json.loads(rejection.read())
