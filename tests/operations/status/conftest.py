"""Fixtures for the status: the same data folder as for the audit."""

from tests.operations.audit.conftest import filled, folder

__all__ = ["filled", "folder"]
