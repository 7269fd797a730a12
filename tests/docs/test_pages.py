"""Links of pages that no site holds, the two READMEs side by side, and the check of the built site itself."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from code_blocks import ROOT, blocks

from polyculture import __version__

LINK = re.compile(r"\]\((?!https?:)(?P<path>[^)#\s]+)(?:#[^)]*)?\)")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@pytest.mark.parametrize("page", ["README.md", "README.zh.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_to_files_lead_somewhere(page: str) -> None:
    said = (ROOT / page).read_text(encoding="utf-8")
    assert [found["path"] for found in LINK.finditer(said) if not (ROOT / found["path"]).exists()] == []


def without_comments(code: str) -> list[str]:
    return [re.sub(r"\s+#.*", "", line) for line in code.splitlines()]


def test_both_readmes_hold_the_same_code() -> None:
    ours, theirs = (list(blocks(page)) for page in ("README.md", "README.zh.md"))
    assert [without_comments(block.code) for block in ours] == [without_comments(block.code) for block in theirs]


def test_both_readmes_hold_the_same_numbers_and_links() -> None:
    ours, theirs = ((ROOT / page).read_text(encoding="utf-8") for page in ("README.md", "README.zh.md"))
    table = [[NUMBER.findall(line) for line in said.splitlines() if line.startswith("|")] for said in (ours, theirs)]
    assert table[0] == table[1]
    to = [[found["path"] for found in LINK.finditer(said) if "README" not in found["path"]] for said in (ours, theirs)]
    assert to[0] == to[1]
    assert "README.zh.md" in ours
    assert "README.md" in theirs


def test_every_page_of_a_task_is_in_the_list_of_them() -> None:
    listed = (ROOT / "docs/howto/index.md").read_text(encoding="utf-8").split("```")[1].splitlines()
    there = {path.stem for path in (ROOT / "docs/howto").glob("*.md")} - {"index"}
    assert there == {name for name in listed if name and not name.startswith((":", "{"))}


def test_the_citation_is_of_this_version_and_licence() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (cited["version"], cited["license"]) == (__version__, project["license"])
    assert set(cited["keywords"]) == set(project["keywords"])


@pytest.fixture
def check() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_site", ROOT / "docs/check_site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<a href="b.html">', "links to b.html"),
        ('<a href="#b">', "links to #b"),
        ('<script src="https://a.b/c.js">', "asks the network for https://a.b/c.js"),
        ('<link rel="stylesheet" href="//a.b/c.css">', "asks the network"),
        ('<img src="http://a.b/c.png">', "asks the network"),
    ],
)
def test_the_check_of_the_site_finds_faults(check: ModuleType, tmp_path: Path, body: str, fault: str) -> None:
    (tmp_path / "a.html").write_text(body, encoding="utf-8")
    (said,) = check.faults(tmp_path)
    assert fault in said


def test_the_check_of_the_site_lets_others_pass(check: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "s.css").write_text("a { background: url(data:x) }", encoding="utf-8")
    page = '<p id="b"><a href="#b"><a href="a.html#b"><a href="https://a.b"><link rel="stylesheet" href="s.css">'
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    assert list(check.faults(tmp_path)) == []
    (tmp_path / "s.css").write_text("a { background: url(https://a.b/c.png) }", encoding="utf-8")
    assert len(list(check.faults(tmp_path))) == 1
