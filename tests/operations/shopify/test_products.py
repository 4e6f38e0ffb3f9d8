"""Shopify exports as products to sell, without a shop to load them into."""

from decimal import Decimal
from pathlib import Path

import pytest

from services.operations.shopify.products import (
    Export,
    ExportError,
    Remark,
    Variant,
    read_export,
)

DATA = Path(__file__).parent / "data"
HEADER = (
    "Handle,Title,Body (HTML),Type,Product Category,Tags,Published,Status,"
    "Option1 Value,Option2 Value,Variant SKU,Variant Inventory Qty,Variant Price,Image Src"
)


def read(*rows: str, header: str = HEADER) -> Export:
    return read_export("\n".join([header, *rows]).encode())


def row(handle: str = "mug", title: str = "Mug", **cells: str) -> str:
    names = (
        "body",
        "type",
        "category",
        "tags",
        "published",
        "status",
        "one",
        "two",
        "sku",
        "stock",
    )
    values = [handle, title, *(cells.get(name, "") for name in names)]
    return ",".join([*values, cells.get("price", "5"), cells.get("image", "")])


def only(export: Export) -> Variant:
    assert not export.refused
    assert not export.left_out
    [variant] = export.variants
    return variant


def why_refused(export: Export) -> str:
    [remark] = export.refused
    return remark.why


def test_each_variant_is_a_product_and_the_first_row_describes_it() -> None:
    small, large, white, *_ = read_export((DATA / "older-header.csv").read_bytes()).variants

    assert small == Variant(
        line=2,
        sku="MUG-BS",
        name="Enamel Mug \N{EN DASH} Blue / Small",
        description="A mug of enamelled steel.\n- Holds 350 ml\n- Not for the microwave",
        category="Kitchen",
        image="https://pictures.example/mug-blue.jpg",
        price=Decimal("9.50"),
        stock=12,
    )
    assert (large.name, large.price, large.stock) == (
        "Enamel Mug \N{EN DASH} Blue / Large",
        Decimal(11),
        4,
    )
    assert large.description == small.description
    assert white.image == "https://pictures.example/mug-1.jpg"


def test_rows_of_pictures_alone_and_empty_rows_are_no_variants() -> None:
    export = read_export((DATA / "older-header.csv").read_bytes())
    assert [variant.sku for variant in export.variants] == [
        "MUG-BS",
        "MUG-BL",
        "enamel-mug-white-large",
        "tea-towel",
        "CND-1",
    ]


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    export = read_export((DATA / "older-header.csv").read_bytes())
    assert [variant.line for variant in export.variants] == [2, 7, 8, 11, 13]
    assert export.left_out == [Remark(12, "Old Apron", "not published")]


def test_the_newer_header_is_read_as_well() -> None:
    export = read_export((DATA / "newer-header.csv").read_bytes())
    assert export.variants == [
        Variant(
            line=2,
            sku="SPN-1",
            name="Birch Spoon",
            description="Carved from one piece.",
            category="Spoons",
            image="https://pictures.example/spoon.jpg",
            price=Decimal("3.40"),
            stock=20,
        )
    ]
    assert [(remark.line, remark.why) for remark in export.left_out] == [
        (3, "its status is draft"),
        (4, "its status is draft"),
        (5, "its status is archived"),
    ]


def test_rows_of_a_handle_belong_together_wherever_they_stand() -> None:
    export = read(row(one="Red"), row("cup", "Cup"), row(title="", one="Blue"))
    assert [variant.name for variant in export.variants] == [
        "Mug \N{EN DASH} Red",
        "Cup",
        "Mug \N{EN DASH} Blue",
    ]


@pytest.mark.parametrize(
    ("cells", "category"),
    [
        ({"type": "Kitchen", "category": "Home > Cups", "tags": "red"}, "Kitchen"),
        ({"category": "Home > Kitchen > Cups", "tags": "red"}, "Cups"),
        ({"category": "2169", "tags": '"red, blue"'}, "red"),
        ({"tags": "red"}, "red"),
        ({}, "other"),
    ],
)
def test_the_category_is_the_type_else_the_taxonomy_else_the_first_tag(
    cells: dict[str, str], category: str
) -> None:
    assert only(read(row(**cells))).category == category


@pytest.mark.parametrize(
    ("written", "price"),
    [
        ("55", "55"),
        ("9.99", "9.99"),
        ("9.9", "9.9"),
        ("1.255", "1.255"),
        ("0.00", "0"),
        (" 7 ", "7"),
    ],
)
def test_prices_are_exact(written: str, price: str) -> None:
    assert only(read(row(price=written))).price == Decimal(price)


@pytest.mark.parametrize(
    "written", ["9.9.9", "$5", "free", "-1", "1e3", '"1,000"', "٣", "NaN", ".5"]
)
def test_a_price_of_any_other_kind_is_refused(written: str) -> None:
    assert why_refused(read(row(price=written))).startswith("its price is ")


def test_a_variant_without_a_price_is_refused() -> None:
    assert why_refused(read(row(price="", one="Red"))) == "it has no price"


@pytest.mark.parametrize(("written", "stock"), [("", 0), ("0", 0), ("-3", 0), ("12", 12)])
def test_missing_and_negative_stock_are_zero(written: str, stock: int) -> None:
    assert only(read(row(stock=written))).stock == stock


@pytest.mark.parametrize("written", ["many", "1.5", "9" * 5000])
def test_stock_that_is_no_whole_number_is_refused(written: str) -> None:
    assert why_refused(read(row(stock=written))).startswith("its inventory quantity is ")


@pytest.mark.parametrize("written", ["true", "TRUE", ""])
def test_a_product_is_sold_unless_it_says_it_is_not_published(written: str) -> None:
    assert only(read(row(published=written, status="active")))


def test_a_word_for_published_that_is_not_known_is_refused() -> None:
    export = read(row(published="FALSCH"), row("cup", "Cup", status="Aktiv"))
    assert [remark.why for remark in export.refused] == [
        "its published is 'FALSCH', not true or false",
        "its status is 'Aktiv', not active, draft or archived",
    ]


def test_a_sku_that_two_variants_share_is_replaced_in_both() -> None:
    export = read(row(sku="X", one="Red"), row(title="", sku="X", one="Blue"), row("cup", "Cup"))
    assert [variant.sku for variant in export.variants] == ["mug-red", "mug-blue", "cup"]


def test_skus_that_would_come_out_alike_are_told_apart_for_good() -> None:
    rows = [row(one="S/M"), row(title="", one="S-M"), row("cup", "Cup", sku="mug-s-m")]
    skus = {variant.name: variant.sku for variant in read(*rows).variants}
    assert len(set(skus.values())) == 3
    assert skus["Cup"] == "mug-s-m"

    again = read(rows[2], rows[0], row("jug", "Jug"), rows[1]).variants
    assert skus.items() <= {variant.name: variant.sku for variant in again}.items()


def test_a_very_long_handle_still_makes_a_short_sku() -> None:
    one, other = read(row("m" * 200, one="Red"), row("m" * 200, "", one="Blue")).variants
    assert len(one.sku) == len(other.sku) == 64
    assert one.sku != other.sku


def test_options_in_any_script_make_a_sku() -> None:
    export = read(row(one="红色"), row(title="", one="★"), row("★", "Star"))
    skus = [variant.sku for variant in export.variants]
    assert skus[:2] == ["mug-红色", "mug"]
    assert len(skus[2]) == 8


def test_the_same_variant_twice_is_refused_the_second_time() -> None:
    export = read(row(sku="A", one="Red"), row(title="", sku="A", one="Red"))
    assert [variant.sku for variant in export.variants] == ["A"]
    assert export.refused == [
        Remark(3, "Mug \N{EN DASH} Red", "the same variant is on line 2 already")
    ]


def test_a_row_without_a_handle_is_refused() -> None:
    assert why_refused(read(row(""))) == "the row has no handle"


def test_a_handle_without_a_title_is_refused() -> None:
    assert why_refused(read(row(title=""))) == "its product has no title"


def test_a_row_longer_than_the_header_is_refused_and_a_shorter_one_is_read() -> None:
    export = read(row() + ",stray", row("cup", "Cup", image="") + ",,", "jug,Jug,,,,,,,,,,,3")
    assert [(remark.line, remark.why) for remark in export.refused] == [
        (2, "the row has 15 cells, the header 14")
    ]
    assert [variant.name for variant in export.variants] == ["Cup", "Jug"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b"\xef\xbb\xbf\r\n \r\n", "it is empty"),
        (HEADER.encode(), "it has a header line and no products"),
        (f"{HEADER}\nmug,Mug\xe9".encode("latin-1"), "line 2 is not text in UTF-8"),
        (HEADER.encode("utf-16"), "line 1 is not text in UTF-8"),
        (b"PK\x03\x04\x00\x00", "it is not a text file"),
        (b"Handle,Title\nmug,Mug\n", "its first line has no column Variant Price"),
        (b"Handle;Title;Variant Price\nmug;Mug;5\n", "with commas between the columns?"),
        (f'{HEADER}\nmug,Mug,"never\nclosed'.encode(), "begins on line 2 do not match"),
    ],
)
def test_a_file_that_is_no_export_is_refused_with_what_it_is(data: bytes, reason: str) -> None:
    with pytest.raises(ExportError, match=reason.replace("?", r"\?")):
        read_export(data)
