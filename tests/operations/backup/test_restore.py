"""A restore as a person meets it: what is asked, what is said, and what it refuses."""

from __future__ import annotations

import io
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from services.common.core.token_keys import TokenKeys
from services.common.storage.filelock import FileLock
from services.common.storage.token_keys import load_token_keys
from services.common.web.keys import KEYRING
from services.operations import OperationError
from services.operations.audit.command import look
from services.operations.backup.files import MANIFEST
from services.operations.backup.restore import main
from services.operations.commandline import main as run
from services.operations.databases import DATABASES
from tests.operations.audit.planted import Folder
from tests.operations.audit.test_audit_files import contents
from tests.shop import Shop, open_shop


class Terminal(io.StringIO):
    """Somebody who types this."""

    def isatty(self) -> bool:
        return True


def restored(backup: Path, data: Path, *flags: str) -> int:
    return main([str(backup), "--data-dir", str(data), *flags])


def types(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(text))


def keys_in(database: Path) -> TokenKeys:
    with closing(sqlite3.connect(database)) as conn:
        conn.row_factory = sqlite3.Row
        return load_token_keys(conn)


async def test_a_restored_shop_has_the_keys_of_tokens_that_the_backup_has(
    backed_up: Path, tmp_path: Path
) -> None:
    kept = {name: keys_in(backed_up / name) for name in DATABASES}
    assert {each.keys for each in kept.values()} == {kept["registry.db"].keys}
    assert kept["registry.db"].keys
    assert restored(backed_up, tmp_path / "data") == 0
    async with open_shop(tmp_path / "data") as shop:
        await shop.open("registry")
        assert shop.app("registry")[KEYRING].token_keys == kept["registry.db"]


@pytest.fixture
def other(folder: Folder) -> Folder:
    """A shop's folder that is not as the backup is: it has one payment less."""
    folder.plant("payments", "DELETE FROM payments WHERE payment_id = :failed")
    return folder


def test_a_restore_into_a_new_folder_asks_nothing(
    backed_up: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert restored(backed_up, tmp_path / "new" / "data") == 0
    message, *figures, verdict = capsys.readouterr().out.splitlines()
    assert message.startswith(f"Restored: {tmp_path / 'new' / 'data'} is the shop of 20")
    assert figures == [
        "orders      5: 1 CANCELLED, 1 CREATED, 1 PAID, 1 REFUNDED, 1 REJECTED",
        "payments    3: 1 COMPLETED, 1 FAILED, 1 REFUNDED",
        "money USD   8.50 taken, 2.50 refunded, 6.00 held",
        "units       144 available, 3 reserved, 3 sold",
    ]
    assert verdict.startswith("Clean: ")
    assert {path.name for path in (tmp_path / "new" / "data").glob("*.db*")} == {
        *DATABASES,
        *(f"{name}.lock" for name in DATABASES),
    }


def test_the_present_shop_is_shown_and_moved_aside_after_a_yes(
    backed_up: Path,
    other: Folder,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = {name: (other.path / name).read_bytes() for name in DATABASES}
    types(monkeypatch, "Yes\n")
    assert restored(backed_up, other.path) == 0
    out = capsys.readouterr().out
    now, _, coming = out.partition("The backup, of 20")
    assert now.startswith(f"There now, in {other.path}:\norders      5: 1 CANCELLED, ")
    assert "payments    2: 1 COMPLETED, 1 REFUNDED" in now
    assert f"Z, in {backed_up}:\norders      5: 1 CANCELLED, " in coming
    assert "payments    3: 1 COMPLETED, 1 FAILED, 1 REFUNDED" in coming
    assert "Type yes to put the backup in its place: Restored: " in out
    (aside,) = other.path.glob("before-restore-20*Z")
    assert f"What was there before is in {aside}: delete that folder" in out
    assert contents(aside) == before
    for name in DATABASES:
        assert (other.path / name).read_bytes() == (backed_up / name).read_bytes()


@pytest.mark.parametrize("answer", ["no\n", "y\n", "\n", ""])
def test_nothing_is_changed_after_a_no(
    backed_up: Path, other: Folder, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    before = contents(other.path)
    types(monkeypatch, answer)
    with pytest.raises(OperationError, match=r"^Nothing was changed\.$"):
        restored(backed_up, other.path)
    assert contents(other.path) == before


def test_without_a_terminal_a_restore_needs_a_flag(
    backed_up: Path, other: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(other.path)
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    with pytest.raises(OperationError, match="nobody is here to be asked: give --yes"):
        restored(backed_up, other.path)
    assert contents(other.path) == before
    assert restored(backed_up, other.path, "--yes") == 0
    assert len(list(other.path.glob("before-restore-*"))) == 1


def test_a_corrupt_database_is_shown_as_corrupt_and_replaced(
    backed_up: Path, folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder.path / "payments.db").write_text("Dear Sir or Madam, " * 1000)
    assert restored(backed_up, folder.path, "--yes") == 0
    message = capsys.readouterr().out.splitlines()[1]
    assert message.startswith(f"It cannot be read: {folder.path / 'payments.db'} is corrupt")
    assert look(folder.path).breaches == []
    (aside,) = folder.path.glob("before-restore-*/payments.db")
    assert aside.read_text().startswith("Dear Sir or Madam")


def test_a_folder_of_which_a_part_is_missing_is_made_whole(
    backed_up: Path, folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder.path / "carts.db").unlink()
    (folder.path / "carts.db-wal").write_text("of another database")
    assert restored(backed_up, folder.path, "--yes") == 0
    assert "It cannot be read: " in capsys.readouterr().out
    assert not (folder.path / "carts.db-wal").exists()


@pytest.mark.parametrize("held", ["run.lock", "orders.db.lock"])
def test_a_shop_that_runs_is_left_alone_and_its_process_is_named(
    backed_up: Path, folder: Folder, held: str
) -> None:
    with FileLock(folder.path / held):
        before = contents(folder.path)
        with pytest.raises(OperationError, match=f"is in use by process {os.getpid()}: stop"):
            restored(backed_up, folder.path, "--yes")
        assert contents(folder.path) == before


def test_a_backup_is_not_restored_onto_itself(backed_up: Path) -> None:
    before = contents(backed_up)
    with pytest.raises(OperationError, match="is the backup itself: give the shop's folder"):
        restored(backed_up, backed_up / ".." / backed_up.name, "--yes")
    assert contents(backed_up) == before


def test_a_loop_of_links_is_one_sentence(backed_up: Path, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OperationError, match=r"^Symlink loop .*: nothing was changed\.$"):
        restored(backed_up, tmp_path / "loop")


def test_a_database_that_is_a_link_is_left_where_it_is(
    backed_up: Path, folder: Folder, tmp_path: Path
) -> None:
    (folder.path / "orders.db").rename(tmp_path / "orders.db")
    (folder.path / "orders.db").symlink_to(tmp_path / "orders.db")
    before = contents(folder.path)
    with pytest.raises(OperationError, match=r"data/orders\.db is a link, and a database has to"):
        restored(backed_up, folder.path, "--yes")
    assert contents(folder.path) == before


def test_the_data_belongs_to_whom_the_folder_belongs_to(backed_up: Path, folder: Folder) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root restores for another user")
    os.chown(folder.path, 65534, 65534)
    assert restored(backed_up, folder.path, "--yes") == 0
    made = [*folder.path.glob("*.db"), *folder.path.glob("*.lock")]
    made += folder.path.glob("before-restore-*")
    assert {(path.stat().st_uid, path.stat().st_gid) for path in made} == {(65534, 65534)}


def test_files_of_the_system_in_the_draft_are_no_hindrance(backed_up: Path, folder: Folder) -> None:
    (folder.path / "restore.partial").mkdir()
    (folder.path / "restore.partial" / ".DS_Store").touch()
    assert restored(backed_up, folder.path, "--yes") == 0
    assert not (folder.path / "restore.partial").exists()


def test_a_folder_that_cannot_be_read_is_left_unchanged(
    backed_up: Path, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> bool:
        raise PermissionError(13, "Permission denied", "data")

    monkeypatch.setattr("services.operations.backup.restore.is_cut_short", refuse)
    with pytest.raises(OperationError, match=r"^Permission denied \(data\): nothing was changed"):
        restored(backed_up, folder.path, "--yes")


def test_a_shop_started_during_the_question_is_left_alone(
    backed_up: Path, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FileLock(folder.path / "run.lock"):
        monkeypatch.setattr("services.operations.backup.restore.require_free", lambda _: None)
        before = contents(folder.path)
        with pytest.raises(OperationError, match=f"in use by process {os.getpid()}: stop"):
            restored(backed_up, folder.path, "--yes")
        assert contents(folder.path) == before


def test_interrupted_at_the_question_nothing_is_changed(
    backed_up: Path,
    folder: Folder,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupt(_: str) -> str:
        raise KeyboardInterrupt

    types(monkeypatch, "")
    monkeypatch.setattr("builtins.input", interrupt)
    before = contents(folder.path)
    assert run(["restore", str(backed_up), "--data-dir", str(folder.path)]) == 130
    assert capsys.readouterr().err == "Interrupted: nothing was changed.\n"
    assert contents(folder.path) == before


async def test_a_restored_shop_opens_as_the_one_it_was(shop: Shop, backed_up: Path) -> None:
    """Its registry has the id that all others remember."""
    await shop.stop("registry")
    for path in shop.folder.glob("registry.db*"):
        path.unlink()
    assert restored(backed_up, shop.folder) == 0
    await shop.start("registry", "catalog", "cart", "order", "payment")
    (product, *_) = (await shop.call("catalog", "GET", "/products?in_stock=true")).json
    assert (await shop.pay(await shop.order(product["id"]))).status == 200
    listed = (await shop.call("registry", "GET", "/services")).json
    assert f'"shop": "{listed["shop"]}"' in (backed_up / MANIFEST).read_text()
