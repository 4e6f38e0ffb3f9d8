"""What was made of rows, kept in memory for as long as the rows are what they were."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

OVERHEAD = 400
"""Bytes of an entry besides its bodies, or so."""


class Memory(Generic[K, V]):
    """Values by their keys, up to `most_bytes`: what was not asked for the longest goes first.

    `is_as_of` says whether what was made of a snapshot that began at a generation is still exact
    (changes.py). A stale value is never returned.
    """

    def __init__(self, most_bytes: int, is_as_of: Callable[[K, int], bool]) -> None:
        self._most_bytes = most_bytes
        self._is_as_of = is_as_of
        self._bytes = 0
        self._entries: OrderedDict[K, tuple[V, int, int]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """The value that was kept, if it is exact."""
        entry = self._entries.get(key)
        if entry is None or not self._is_as_of(key, entry[2]):
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def keep(self, key: K, value: V, size: int, generation: int) -> None:
        """Keep a value of `size` bytes. `generation` was read before the snapshot began from which
        it was made.
        """
        known = self._entries.pop(key, None)
        if known is not None:
            self._bytes -= known[1]
        size += OVERHEAD
        if size > self._most_bytes:
            return
        self._entries[key] = value, size, generation
        self._bytes += size
        while self._bytes > self._most_bytes:
            _, (_, freed, _) = self._entries.popitem(last=False)
            self._bytes -= freed
