"""Translates the errors of the storage into errors of a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from services.common.storage.errors import CannotOpen

from . import OperationError


@contextmanager
def sentences() -> Iterator[None]:
    """Turn CannotOpen into an OperationError with the same sentence."""
    try:
        yield
    except CannotOpen as rejection:
        raise OperationError(str(rejection)) from None
