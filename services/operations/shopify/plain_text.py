"""Turns a product's HTML description into text that reads well without any markup."""

from html.parser import HTMLParser

_DROPPED = frozenset({"script", "style", "template", "iframe", "svg"})
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption"}
    | {"figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li"}
    | {"main", "nav", "ol", "p", "pre", "section", "table", "tr", "ul"}
)
_CELLS = frozenset({"td", "th"})


def plain_text(html: str) -> str:
    """The text of a piece of HTML, one line for each paragraph, heading, table row or list item.

    Scripts and styles are dropped, entities become their characters, list items begin with a
    hyphen, and each run of white space becomes one space, as in a browser. Text without markup
    stays the same, except for its white space.
    """
    reader = _TextReader()
    reader.feed(html)
    reader.close()
    return reader.text()


class _TextReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[list[str]] = [[]]
        self._dropped: list[str] = []

    def text(self) -> str:
        lines = (" ".join("".join(pieces).split()) for pieces in self._lines)
        return "\n".join(line for line in lines if line not in {"", "-"})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED:
            self._dropped.append(tag)
        elif tag == "li":
            self._lines.append(["- "])
        elif tag in _BLOCKS:
            self._break_line()
        elif tag in _CELLS:
            self._lines[-1].append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _DROPPED:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._dropped:
            while self._dropped.pop() != tag:
                pass
        elif tag in _BLOCKS:
            self._break_line()

    def handle_data(self, data: str) -> None:
        if not self._dropped:
            self._lines[-1].append(data)

    def _break_line(self) -> None:
        # A paragraph that opens a list item belongs on the item's own line.
        if "".join(self._lines[-1]).strip() != "-":
            self._lines.append([])
