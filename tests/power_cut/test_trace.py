"""Reading a trace: each system call becomes what it did, and none is passed over."""

from __future__ import annotations

from pathlib import Path, PurePath

import pytest

from .operations import Heard, MakeFolder, Open, Operation, Sync, Truncate, Unlink, Write
from .trace import NotUnderstood, Trace

HOME = Path("/home")
DB = PurePath("a.db")


def in_hex(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


FD = f"7<{in_hex('/home/a.db')}>"
NAME = f'AT_FDCWD<{in_hex("/")}>, "{in_hex("/home/a.db")}"'
TOLD = f'write(5<{in_hex("/home/heard")}>, "{in_hex("{}")}", 2'


def read(*lines: str) -> list[Operation]:
    trace = Trace(HOME, PurePath("heard"), {PurePath("a.db-shm")})
    return list(trace.operations(lines))


def test_each_call_becomes_what_it_did() -> None:
    heard = in_hex('{"3": 1}\n')
    assert read(
        f'1 mkdir("{in_hex("/home/data")}", 0777) = 0',
        f"1 openat({NAME}, O_RDWR|O_CREAT|O_CLOEXEC, 0644) = {FD}",
        f"1 openat({NAME}, O_RDONLY|O_CLOEXEC) = {FD}",
        f'1 pwrite64({FD}, "{in_hex("tea")}", 3, 4096) = 3',
        f"1 ftruncate({FD}, 20480)        = 0",
        f"1 fdatasync({FD})                 = 0",
        f"1 fsync(9<{in_hex('/home')}>)                     = 0",
        f'2 write(5<{in_hex("/home/heard")}>, "{heard}", 9) = 9',
        f'1 unlink("{in_hex("/home/a.db")}")    = 0',
        "1 +++ exited with 0 +++",
    ) == [
        MakeFolder(PurePath("data")),
        Open(DB),
        Write(DB, 4096, b"tea"),
        Truncate(DB, 20480),
        Sync(DB),
        Sync(PurePath()),
        Heard({3: 1}),
        Unlink(DB),
    ]


def test_arm64_has_the_calls_that_take_a_folder_and_no_others() -> None:
    folder = f'AT_FDCWD<{in_hex("/")}>, "{in_hex("/home/data")}"'
    assert read(
        f"1 mkdirat({folder}, 0777) = 0",
        f"1 unlinkat({NAME}, 0)    = 0",
    ) == [MakeFolder(PurePath("data")), Unlink(DB)]


def test_a_call_counts_when_it_is_through_and_an_answer_when_it_begins() -> None:
    assert read(
        f"1 fdatasync({FD} <unfinished ...>",
        f"2 {TOLD} <unfinished ...>",
        "1 <... fdatasync resumed>)               = 0",
        "2 <... write resumed>)                   = 2",
    ) == [Heard({}), Sync(DB)]


def test_a_call_that_failed_or_never_ended_did_nothing() -> None:
    assert not read(
        f"1 fdatasync({FD})                 = -1 EIO (Input/output error)",
        f"2 fdatasync({FD})                 = ?",
        f"3 fdatasync({FD} <unfinished ...>",
        "3 +++ killed by SIGKILL +++",
    )


def test_a_short_write_counts_as_far_as_it_went() -> None:
    assert read(f'1 pwrite64({FD}, "{in_hex("tea")}", 3, 0) = 2') == [Write(DB, 0, b"te")]


def test_calls_on_other_paths_and_reads_are_passed_over() -> None:
    shm = f"8<{in_hex('/home/a.db-shm')}>"
    assert not read(
        f'1 pwrite64(7<{in_hex("/other/a.db")}>, "{in_hex("tea")}", 3, 0) = 3',
        f"1 mmap(NULL, 32768, PROT_READ|PROT_WRITE, MAP_SHARED, {shm}, 0) = 0x7fba076bf000",
        f'1 pread64({FD}, "{in_hex("tea")}", 3, 0) = 3',
        f"1 fcntl({FD}, F_SETLK, {{l_type=F_RDLCK, l_whence=SEEK_SET, l_start=1, l_len=1}}) = 0",
    )


@pytest.mark.parametrize(
    "line",
    [
        f"1 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, {FD}, 0) = 0x7fba076bf000",
        f'1 write({FD}, "{in_hex("tea")}", 3) = 3',
        f"1 openat({NAME}, O_RDWR|O_TRUNC) = {FD}",
        f'1 rename("{in_hex("/home/a.db")}", "{in_hex("/home/b.db")}") = 0',
        f"1 unlinkat({NAME}, AT_REMOVEDIR) = 0",
        f"1 fallocate({FD}, 0, 0, 4096) = 0",
        f'1 pwrite64({FD}(deleted), "{in_hex("tea")}", 3, 0) = 3',
        f'1 pwrite64({FD}, "{in_hex("tea")}"..., 3000, 0) = 3000',
    ],
)
def test_an_unknown_call_raises(line: str) -> None:
    with pytest.raises(NotUnderstood):
        read(line)
