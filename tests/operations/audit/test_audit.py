"""The audit as a person meets it: what it prints, when it is content, and what it refuses."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from services.operations import OperationError
from services.operations.audit.command import look, main
from services.operations.commandline import main as run

from .planted import Folder

CLEAN = "Clean: orders, money and stock agree, to the last digit and the last unit."


def test_a_real_shops_data_is_clean(filled: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data-dir", str(filled.path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "orders      5: 1 CANCELLED, 1 CREATED, 1 PAID, 1 REFUNDED, 1 REJECTED",
        "payments    3: 1 COMPLETED, 1 FAILED, 1 REFUNDED",
        "money USD   8.50 taken, 2.50 refunded, 6.00 held",
        "units       144 available, 3 reserved, 3 sold",
        CLEAN,
    ]


def test_breaches_are_named_and_the_exit_code_is_1(
    folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.plant("orders", "UPDATE orders SET total_minor = 601 WHERE order_id = :paid")
    assert main(["--data-dir", str(folder.path)]) == 1
    *_, first, second, third, verdict = capsys.readouterr().out.splitlines()
    paid, payment = folder.ids["paid"], folder.ids["payment"]
    assert first == (
        f"WRONG       order service, order {paid}: its payment {payment} is of 6.00 USD, and should"
        " be of 6.01 USD"
    )
    assert second.endswith("its total is 6.01, and should be 6.00, by its items")
    assert third.endswith("its total at the catalog is 6.00 USD, and should be 6.01 USD")
    assert verdict == "1 row wrong."


def test_on_a_terminal_it_is_in_color(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout", terminal := Terminal())
    main(["--data-dir", str(folder.path)])
    assert f"\x1b[1;32m{CLEAN}\x1b[0m\n" in terminal.getvalue()


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match=r"nowhere is not there; give the shop's data folder"):
        main(["--data-dir", str(tmp_path / "nowhere")])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_a_shop_in_it_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match=r"has no carts.db in it; give the data folder of a"):
        main(["--data-dir", str(tmp_path)])
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_another_kind_is_named(folder: Folder) -> None:
    (folder.path / "orders.db").write_bytes((folder.path / "carts.db").read_bytes())
    with pytest.raises(OperationError, match=r"orders.db is not the order service's database\.$"):
        folder.look()


def test_a_file_that_is_no_database_is_named(folder: Folder) -> None:
    (folder.path / "payments.db").write_text("Dear Sir or Madam, " * 1000)
    with pytest.raises(OperationError, match=r"payments.db is corrupt \(SQLITE_NOTADB\)"):
        folder.look()


def test_damage_on_any_page_of_a_database_is_found(folder: Folder) -> None:
    path = folder.path / "payments.db"
    whole = path.read_bytes()
    for page in range(0, len(whole), 4096):
        path.write_bytes(whole[:page] + b"\xff" * 4096 + whole[page + 4096 :])
        try:
            message = " ".join(map(str, folder.look().breaches))
        except OperationError as rejection:  # where it cannot be read past
            message = str(rejection)
        assert "payments.db: what it holds" in message or "payments.db is corrupt" in message


def test_damage_that_can_be_read_past_is_named(folder: Folder) -> None:
    with (folder.path / "carts.db").open("r+b") as file:
        file.seek(36)  # how many pages are free
        file.write(b"\x00\x00\x00\x07")
    (breach,) = folder.look().breaches
    assert str(breach).startswith("carts.db: what it holds is")
    assert "size is 0 but should be 7" in str(breach)


def test_a_row_that_points_to_nothing_is_named(folder: Folder) -> None:
    folder.plant("products", "DELETE FROM reservations WHERE order_id = :held")
    message = "reservation_lines 3: its row of reservations is nowhere, and should be there"
    assert message in [str(breach) for breach in folder.look().breaches]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--data-dri", "x"],
            "Unrecognized arguments: --data-dri x",
        ),
        (
            ["--data-dir"],
            "--data-dir: expected one argument",
        ),
        (["data"], "Unrecognized arguments: data"),
    ],
)
def test_a_bad_flag_is_one_sentence(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["audit", *arguments]) == 1
    assert capsys.readouterr() == ("", f"run.py: {message}; see python run.py audit --help.\n")


def test_every_breach_names_a_service_and_its_row(folder: Folder) -> None:
    folder.plant("payments", "DELETE FROM payments")
    assert {(breach.service, breach.row) for breach in look(folder.path).breaches} == {
        ("order", f"order {folder.ids[name]}") for name in ("paid", "refunded")
    }
