"""What keeps a service from opening a database keeps a command from it as well."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from services.common.database_errors import CannotOpen

from . import OperationError


@contextmanager
def sentences() -> Iterator[None]:
    """Make an OperationError, with the same sentence, of CannotOpen."""
    try:
        yield
    except CannotOpen as refusal:
        raise OperationError(str(refusal)) from None
