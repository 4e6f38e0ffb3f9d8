"""`python -m tests.bench.load`: does each job that comes in, and tells its result."""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict, deque

import msgspec
import uvloop

from services.common.process.handles import raise_limit

from .client import Order
from .job import Job
from .run import run


def main() -> None:
    """Until there are no more."""
    raise_limit()
    unpaid: dict[str, deque[Order]] = defaultdict(deque)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for line in sys.stdin.buffer:
            job = msgspec.json.decode(line, type=Job)
            result = runner.run(run(job, unpaid[job.target.name]))
            sys.stdout.buffer.write(msgspec.json.encode(result) + b"\n")
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
