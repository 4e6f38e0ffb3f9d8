"""A bug whose seam the product has lost is told so, and leaves nothing behind."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest

from services.common.storage.errors import MigrationFailed
from services.order import store, transitions
from services.order.model import Order

from .seams import SeamLost, Seams
from .test_planted import make_databases


class Store:
    """A part of a product."""

    def find(self, user_id: str) -> str | None:
        """Find an order."""
        return user_id


def test_what_is_replaced_is_there_again_afterwards() -> None:
    original = Store.find
    with Seams() as seams:

        @seams.replace(Store)
        def find(self: Store, user_id: str) -> None:
            return None

        assert Store().find("ada") is None
        assert Store.find.__doc__ == original.__doc__
    assert Store.find is original


def test_a_function_that_is_gone_cannot_be_replaced() -> None:
    def get(self: Store, user_id: str) -> None:
        return None

    with Seams() as seams, pytest.raises(SeamLost, match="Store has no get"):
        seams.replace(Store)(get)


def test_a_method_that_only_its_base_has_cannot_be_replaced() -> None:
    with Seams() as seams, pytest.raises(SeamLost, match="Store has no __str__"):
        seams.replace(Store, "__str__")(str)


def of_one_more(self: Store, user_id: str, status: str) -> None:
    """Takes one more than the function that it is to replace."""


def by_another_name(self: Store, customer: str) -> None:
    """Has another name for what it takes."""


@pytest.mark.parametrize("replacement", [of_one_more, by_another_name])
def test_a_function_that_is_called_in_another_way_cannot_be_replaced(
    replacement: Callable[..., None],
) -> None:
    with Seams() as seams, pytest.raises(SeamLost, match=r"Store.find takes .*user_id.*, not "):
        seams.replace(Store, "find")(replacement)


def test_a_function_that_another_module_has_imported_cannot_be_replaced_at_home(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transitions, "get_order", store.get_order, raising=False)

    def get_order(conn: sqlite3.Connection, order_id: str) -> Order:
        raise AssertionError

    with Seams() as seams, pytest.raises(SeamLost, match=r"services\.order\.transitions would"):
        seams.replace(store)(get_order)


def test_an_index_that_is_gone_cannot_be_dropped() -> None:
    with Seams() as seams:
        seams.migrate("order", "DROP INDEX orders_without_a_cart")
        with pytest.raises(MigrationFailed, match="no such index"):
            make_databases()


def test_a_check_that_is_gone_cannot_be_removed() -> None:
    with Seams() as seams:
        seams.remove_check("catalog", "products", "available >= 1")
        with pytest.raises(SeamLost, match=r"products has no CHECK \(available >= 1\)"):
            make_databases()
