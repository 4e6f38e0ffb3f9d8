"""What an audit finds: one row that breaks a promise."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Breach:
    """A row of a service's database, what of it is wrong, how it is and how it should be."""

    service: str
    row: str
    what: str
    found: str
    expected: str

    @property
    def place(self) -> tuple[str, str, str]:
        """Tells the same breach again at another look, when its numbers may have moved on."""
        return (self.service, self.row, self.what)

    def __str__(self) -> str:
        return f"{self.row}: {self.what} is {self.found}, and should be {self.expected}"
