"""The log file: it rotates, and a disk that is full loses lines and stops nothing."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue

import pytest

from services.operations import OperationError
from services.operations.run.console import Console
from services.operations.run.logfile import LogFile
from services.operations.run.loglines import LogLine

FULL = Path("/dev/full")
needs_full_disk = pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")


def line(message: str) -> LogLine:
    return LogLine(service="cart", level="info", message=message, time=datetime.now(UTC))


def log(file: LogFile, *messages: str) -> None:
    console = Console(file, lasting=True)
    for message in messages:
        console.log(line(message))
    console.close()


class Watched(io.RawIOBase):
    """A stream that tells of each write whether it was done."""

    def __init__(self, file: LogFile, tried: Queue[bool]) -> None:
        super().__init__()
        self._file, self._tried = file, tried

    def write(self, lines: bytes | memoryview) -> int:  # type: ignore[override]
        done = False
        try:
            written = self._file.write(lines)
            done = True
        finally:
            self._tried.put(done)
        return written


def messages_in(path: Path) -> list[str]:
    return [row.split()[-1] for row in path.read_text().splitlines()]


def test_what_is_logged_comes_after_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "shop.log"
    for message in ("one", "two"):
        with LogFile(path) as file:
            log(file, message)
    assert messages_in(path) == ["one", "two"]


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    with LogFile(tmp_path / "shop.log"):
        assert (tmp_path / "shop.log").stat().st_mode & 0o777 == 0o600


def test_a_full_file_is_set_aside_and_only_so_many_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "shop.log"
    with LogFile(path, file_bytes=200, older_files=2) as file:
        for number in range(50):
            log(file, f"number-{number}")
    files = sorted(tmp_path.iterdir())
    assert [each.name for each in files] == ["shop.log", "shop.log.1", "shop.log.2"]
    assert all(each.stat().st_size <= 200 for each in files)
    kept = [message for each in reversed(files) for message in messages_in(each)]
    assert kept == [f"number-{number}" for number in range(50 - len(kept), 50)]


@needs_full_disk
def test_a_full_disk_loses_lines_and_how_many_is_told_once_there_is_room(tmp_path: Path) -> None:
    path = tmp_path / "shop.log"
    path.symlink_to(FULL)
    with LogFile(path) as file:
        tried = Queue[bool]()
        console = Console(Watched(file, tried), lasting=True)
        for message in ("lost", "lost-too"):
            console.log(line(message))
            assert not tried.get(timeout=10)
        path.unlink()
        console.log(line("kept"))
        console.close()
    kept, note = path.read_text().splitlines()
    assert kept.endswith("kept")
    assert "2 lines were dropped" in note


@pytest.mark.parametrize("place", ["no-folder/shop.log", "."])
def test_a_file_that_cannot_be_opened_is_a_sentence(tmp_path: Path, place: str) -> None:
    with pytest.raises(OperationError, match=r"The log file .* cannot be written \(.+\): mend"):
        LogFile(tmp_path / place)
