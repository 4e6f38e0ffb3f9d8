"""HTML descriptions as plain text."""

import pytest

from services.operations.shopify.plain_text import plain_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Linen,  and\n dries <b>well</b>.</p><p>60 cm</p>", "Linen, and dries well.\n60 cm"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<ul>\n <li>oak</li>\n <li>\n <p>ash</p></li>\n <li> </li>\n</ul>", "- oak\n- ash"),
        ("<table><tr><td>wide</td><td>12</td></tr><tr><td>deep</td></tr></table>", "wide 12\ndeep"),
        ("<h2>Care</h2>By hand<hr>only", "Care\nBy hand\nonly"),
    ],
)
def test_each_block_is_a_line_of_its_own(html: str, text: str) -> None:
    assert plain_text(html) == text


def test_entities_become_their_characters() -> None:
    assert plain_text("Caf&eacute;&nbsp;&amp; cr&#232;me &#x1F36C;") == "Café & crème \U0001f36c"


def test_scripts_styles_and_comments_are_dropped() -> None:
    html = "a<script>if (a < b) alert('<p>')</script><style>p {}</style><!-- note -->b"
    assert plain_text(html) == "ab"


def test_a_picture_s_own_text_is_dropped_with_it() -> None:
    assert plain_text("<svg><g><text>1:1</text></g></svg>kept<svg/> too") == "kept too"


def test_text_without_markup_comes_back_as_it_is() -> None:
    assert plain_text("3 < 5 & 7 > 2, AT&T") == "3 < 5 & 7 > 2, AT&T"


@pytest.mark.parametrize("html", ["", "<p></p>", " \n ", "<script>never closed"])
def test_markup_around_nothing_is_nothing(html: str) -> None:
    assert plain_text(html) == ""


def test_broken_markup_loses_no_text() -> None:
    assert plain_text("</p><b>bold <i>both</b> on</div><p>next") == "bold both on\nnext"
