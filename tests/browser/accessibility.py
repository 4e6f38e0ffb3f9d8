"""What axe-core finds to be in the way of people who do not see, hear or point as others do."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Literal

from playwright.async_api import Page

COLOURS: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WHAT_IT_FINDS = """async () => {
    const { violations, passes } = await axe.run({ resultTypes: ["violations"] });
    return { violations, rules: passes.length };
}"""


@cache
def axe() -> str:
    """The script of axe-core."""
    return (files("axe_playwright_python") / "axe.min.js").read_text()


async def expect_accessible(page: Page, view: str) -> None:
    """Fail with every violation of axe's rules on what the tab shows, in light and dark."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(axe())
    for colours in COLOURS:
        await page.emulate_media(color_scheme=colours, reduced_motion="reduce")
        found = await page.evaluate(WHAT_IT_FINDS)
        assert found["rules"] > 10, "axe has looked at nothing"
        assert not found["violations"], f"{view}, {colours}:\n" + "\n".join(
            told(violation) for violation in found["violations"]
        )


def told(violation: Any) -> str:
    """A violation, and where it is."""
    places = [f"    {node['html'][:200]}\n{node['failureSummary']}" for node in violation["nodes"]]
    return "\n".join([f"{violation['id']}: {violation['help']}", *places])
