"""The Python examples of the guide, `client/README.md`."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "client" / "README.md").read_text()
FIRST_PURCHASE: str
SNIPPETS: list[str]
FIRST_PURCHASE, *SNIPPETS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
"""A whole program, and what runs one after the other inside its `async with` block."""

_REGISTRY_URL = "http://127.0.0.1:8000"


def first_purchase(registry_url: str) -> str:
    """Return the program, for the shop whose registry is at this URL."""
    assert FIRST_PURCHASE.count(_REGISTRY_URL) == 1
    return FIRST_PURCHASE.replace(_REGISTRY_URL, registry_url)
