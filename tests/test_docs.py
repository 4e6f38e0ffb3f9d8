"""The pages are true: their links, and the paths, commands, flags and numbers that they name."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from services.operations.commandline import COMMANDS
from services.operations.run.deployment import SERVICES
from tests.chaos.crash_points import POINTS
from tests.chaos.planted.bugs import BUGS

from .markdown import ROOT, broken_links, without_blocks

PLACES = ("client", "registry", "services", "tests")
NOT_OURS = ("node_modules", "vendor", "dist", "__pycache__", ".venv", "data")
SOURCES = (".py", ".js", ".css", ".sql", ".md")
PROMISES = ROOT / "services" / "README.md"
CONTRACT = ROOT / "services" / "contract.md"
TESTS_PAGE = ROOT / "tests" / "README.md"
OPERATORS_GUIDE = ROOT / "services" / "operations" / "README.md"


@cache
def files() -> tuple[Path, ...]:
    """Every file of the repository that is ours."""
    top = [path for path in ROOT.iterdir() if path.is_file()]
    below = [path for place in (*PLACES, ".ci") for path in (ROOT / place).rglob("*")]
    return tuple(
        path
        for path in (*top, *below)
        if path.is_file() and not set(path.relative_to(ROOT).parts[:-1]) & set(NOT_OURS)
    )


def pages() -> list[Path]:
    return [path for path in files() if path.suffix == ".md"]


def texts() -> Iterator[tuple[Path, str]]:
    """The pages, and the sources with their comments and docstrings, but for this one."""
    for path in files():
        if path.suffix in SOURCES and path != Path(__file__).resolve():
            yield path.relative_to(ROOT), path.read_text()


def paths_in(text: str) -> Iterator[str]:
    """What stands in backticks and looks like a path of this repository."""
    for span in re.findall(r"(?<!`)`([^`\n]+)`(?!`)", without_blocks(text)):
        inside = re.match(rf"(?:{'|'.join(PLACES)}|\.ci)/[^\s`]*$", span)
        if inside or re.fullmatch(r"[\w./-]*\w\.(?:py|js|css|toml|md)", span):
            yield span.partition("::")[0]


def is_there(path: str, page: Path) -> bool:
    """Whether a path is there: from the top, from its page, or as the end of one. Of a path with a
    placeholder, such as `services/<name>/` or `NNNN_what.sql`, what comes before it.
    """
    known = re.split(r"[^/]*(?:[<>{}*…]|NNNN).*", path)[0]
    if (ROOT / known).exists() or (page.parent / known).exists():
        return True
    return any(each.as_posix().endswith(f"/{known}") for each in files())


def listed(wrong: Iterable[tuple[object, object]]) -> list[str]:
    return [f"{place}: {what}" for place, what in wrong]


def test_every_link_leads_to_a_file_and_a_heading() -> None:
    wrong = ((page.relative_to(ROOT), link) for page in pages() for link in broken_links(page))
    assert listed(wrong) == []


def test_every_path_that_a_page_names_is_there() -> None:
    wrong = (
        (page.relative_to(ROOT), path)
        for page in pages()
        for path in paths_in(page.read_text())
        if not is_there(path, page)
    )
    assert listed(wrong) == []


def test_every_module_that_a_page_runs_is_there() -> None:
    wrong = [
        (page.relative_to(ROOT), module)
        for page in pages()
        for module in re.findall(r"python -m ([\w.]*\w)", page.read_text())
        if module.islower()
        and module.partition(".")[0] in PLACES
        and not (ROOT / module.replace(".", "/")).with_suffix(".py").exists()
        and not (ROOT / module.replace(".", "/") / "__main__.py").exists()
    ]
    assert listed(wrong) == []


def test_what_is_cited_is_a_page_of_this_repository() -> None:
    """Who writes of the contract or the protocol names its page; there is nothing else to cite."""
    cited = {r"\bthe seed\b": None, r"\bthe contract\b": CONTRACT, r"\bthe protocol\b": PROMISES}
    wrong = [
        (path, words)
        for path, text in texts()
        for words, page in cited.items()
        if re.search(words, text, re.IGNORECASE)
        and (page is None or (page.name not in text and ROOT / path != page))
    ]
    assert listed(wrong) == []


def test_every_promise_that_is_cited_is_in_the_list() -> None:
    section = re.split(r"^## ", PROMISES.read_text(), flags=re.MULTILINE)
    (promises,) = [text for text in section if text.startswith("The promises\n")]
    numbers = re.findall(r"^(?:\| *)?\**(\d+)\**(?:\. | \|)", promises, re.MULTILINE)
    assert numbers == [str(number) for number in range(1, 13)]
    wrong = [
        (path, number)
        for path, text in texts()
        for cited in re.findall(r"\bpromises? (\d+(?:(?:, | and | to )\d+)*)", text, re.IGNORECASE)
        for number in re.findall(r"\d+", cited)
        if number not in numbers
    ]
    assert listed(wrong) == []


def test_the_operators_guide_has_every_flag_and_every_variable() -> None:
    commands = [["run.py"], *(["run.py", name] for name in COMMANDS)]
    commands += [["-m", service.module] for service in SERVICES]
    running = [
        subprocess.Popen(
            [sys.executable, *command, "--help"], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        for command in commands
    ]
    help_texts = [process.communicate(timeout=60)[0] for process in running]
    assert all(process.returncode == 0 for process in running)
    guide = OPERATORS_GUIDE.read_text()
    for command, text in zip(commands, help_texts, strict=True):
        flags = set(re.findall(r"--[a-z][a-z-]+", text)) - {"--help"}
        variables = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", text)) - {"DATA_DIR", "INSTANCE_ID"}
        missing = [name for name in sorted(flags | variables) if name not in guide]
        assert not missing, command


def test_the_tests_page_has_every_mark_and_the_numbers_of_today() -> None:
    text = " ".join(TESTS_PAGE.read_text().split())
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    marks = [marker.partition(":")[0] for marker in options["markers"]]
    assert [mark for mark in marks if f"python run.py test -m {mark}" not in text] == []
    assert f"plants {len(BUGS)} bugs" in text
    assert f"{sum(map(len, POINTS.values()))} named points" in text


def test_the_lines_of_a_report_are_explained() -> None:
    _, _, text = TESTS_PAGE.read_text().partition("\n### A report\n")
    report, _, explanation = text.partition("\n### How to read it\n")
    explained = re.findall(r"^\| `([a-z ]+)` \|", explanation, re.MULTILINE)
    shown = re.findall(r"^([a-z][a-z ]{0,17}[a-z]) {2,}\S", report, re.MULTILINE)
    assert explained == [name for name in shown if name in explained]
    sources = [*(ROOT / "tests" / "chaos").glob("*.py"), ROOT / "tests" / "power_cut" / "replay.py"]
    code = "".join(path.read_text() for path in sources)
    assert [name for name in explained if f'"{name}"' not in code] == []
