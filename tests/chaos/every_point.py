"""Has every service end itself at each of its points once, all services at the same time, while the
clients go on."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from .crash_points import POINTS, CrashPoints

_LOOK_EVERY = 0.02
_REACHED_WITHIN = 25.0
"""Seconds in which the clients bring a service to any point, the 10 before it lets orders expire
among them."""


async def end_at_each_point(
    points: CrashPoints,
    rng: random.Random,
    end_by: Callable[[], bool],
) -> None:
    """Aim at each point of each service, least hit ones first, until `end_by` says that it is over.

    A service may be at its next point before it is ready again.
    """

    async def through(service: str) -> None:
        left = rng.sample(POINTS[service], len(POINTS[service]))
        hits = points.hits()
        left.sort(key=lambda point: hits[service, point])  # the one hit least often comes first
        while left and not end_by():
            point = left.pop(0)
            points.aim(service, point)
            try:
                async with asyncio.timeout(_REACHED_WITHIN):
                    while points.is_aimed(service):  # noqa: ASYNC110  a file has no event
                        await asyncio.sleep(_LOOK_EVERY)
            except TimeoutError:
                points.clear(service)
                left.append(point)

    await asyncio.gather(*(through(service) for service in POINTS))
