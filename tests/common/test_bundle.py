"""Bundles: modules and style sheets put together, and what cannot be part of one."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from services.common.bundle import Bundle, BundleError

PAGE = {
    "assets/main.js": """import { add as plus, Sum } from "./parts/sum.js";
import { html } from "/vendor/tiny/tiny.js";
import "./parts/effect.js";
import {
  NAME,
  later,
} from "../shared/names.js";

export const answer = plus(40, 2);
console.log(NAME, answer, html`x`, new Sum().total, sound(), typeof later);
function sound() {
  const add = "no other module's"; // imports nothing
  return add.length;
}
""",
    "assets/parts/sum.js": """import { NAME } from "/shared/names.js";
export function add(a, b) {
  return a + b;
}
export class Sum {
  total = NAME.length;
}
""",
    "assets/parts/effect.js": 'globalThis.console.log("effect");\n',
    "shared/names.js": """export const NAME = "ada";
export async function later() {}
const local = 1;
export { local as renamed };
""",
    "vendor/tiny/tiny.js": "var e=1,t=function(s){return s[0]+e};export{t as html,e as one};",
}


def bundle(root: Path, files: Mapping[str, str], url: str) -> Bundle:
    """The bundle of `url`, from a page that consists of `files`."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Bundle({name: root / name for name in ("assets", "shared", "vendor")}, url)


@pytest.mark.skipif(shutil.which("node") is None, reason="No node here to run a script with.")
def test_a_bundle_does_what_its_modules_do(tmp_path: Path) -> None:
    text = bundle(tmp_path, PAGE, "/assets/main.js").text
    script = tmp_path / "bundle.mjs"
    script.write_text(text)
    ran = subprocess.run(
        ["node", str(script)], capture_output=True, text=True, timeout=30, check=True
    )
    assert ran.stdout.splitlines() == ["effect", "ada 42 x1 3 17 function"]


def test_each_module_is_there_once_and_after_what_it_needs(tmp_path: Path) -> None:
    text = bundle(tmp_path, PAGE, "/assets/main.js").text
    assert re.findall(r"^// (/.*)$", text, re.MULTILINE) == [
        "/shared/names.js",
        "/assets/parts/sum.js",
        "/vendor/tiny/tiny.js",
        "/assets/parts/effect.js",
        "/assets/main.js",
    ]
    assert not re.search(r"^(?:import|export)\b", text, re.MULTILINE)


def test_style_sheets_are_there_in_the_order_of_their_imports(tmp_path: Path) -> None:
    files = {
        "assets/page.css": '@import "/shared/base.css";\n@import "./css/cart.css";\nx { top: 3 }\n',
        "assets/css/cart.css": '@import "../../shared/base.css";\nh1 { top: 2 }\n',
        "shared/base.css": 'h1 { top: 1; background: url("data:,") }\n',
    }
    text = bundle(tmp_path, files, "/assets/page.css").text
    assert re.findall(r"top: (\d)", text) == ["1", "2", "3"]
    assert "@import" not in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('import * as all from "./other.js";', "import * as all"),
        ('import other from "./other.js";', "import other"),
        ("export default 1;", "export default"),
        ("export let changing = 1;", "export let"),
        ('export * from "./other.js";', "export *"),
        ('const other = await import("./other.js");', "import("),
        ("fetch(import.meta.url);", "import.meta"),
        ("await later();", "await later"),
        ('import { a } from "./nothing.js";', "/assets/nothing.js: No such file"),
        ('import { a } from "/elsewhere/a.js";', "/elsewhere/a.js: this is in no folder"),
        ('import { a } from "./main.js";', "circle"),
    ],
)
def test_what_would_not_work_together_is_refused_by_name(
    tmp_path: Path, text: str, said: str
) -> None:
    files = {"assets/main.js": f"{text}\n", "assets/other.js": "export const a = 1;\n"}
    with pytest.raises(BundleError, match=re.escape(said)):
        bundle(tmp_path, files, "/assets/main.js")


@pytest.mark.parametrize("text", ["a { b: url(c.png) }", "@import url(c.css);", "@import 'c.css';"])
def test_a_sheet_that_would_mean_something_else_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BundleError, match="something else"):
        bundle(tmp_path, {"assets/page.css": text}, "/assets/page.css")


def test_a_bundle_knows_when_it_is_out_of_date(tmp_path: Path) -> None:
    made = bundle(tmp_path, PAGE, "/assets/main.js")
    assert made.is_current
    (tmp_path / "shared" / "names.js").unlink()
    assert not made.is_current
