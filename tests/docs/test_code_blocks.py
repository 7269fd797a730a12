"""Every block of the tutorial, of the how-to pages and of the README runs, on small made data."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from code_blocks import PAGES, ROOT, SHELL, Block, blocks
from prepared import named, prepare
from typer.testing import CliRunner

from polyculture.cli import app
from polyculture.features.encoders.choice import TEXTS


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the reader's files, one thread, and n-grams alone where no base model is named."""
    prepare(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POLYCULTURE_CACHE", str(tmp_path / "cache"))
    for name in [name for name, packages in TEXTS.items() if packages]:
        monkeypatch.delitem(TEXTS, name)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield tmp_path
    torch.set_num_threads(before)


def run(block: Block, names: dict[str, Any]) -> None:
    """A block of Python in the names of its page, or the commands of a shell, each as it is typed."""
    if block.language == "python":
        exec(compile(block.code, f"{block.page}:{block.line}", "exec"), names)  # noqa: S102 - our own pages
        return
    assert block.language in SHELL, f"{block.page}:{block.line}: {block.language!r} is not run here"
    for command in block.commands:
        program, *arguments = shlex.split(command)
        assert program == "polyculture", (
            f"{block.page}:{block.line}: {command} is not run here; say why above the block"
        )
        done = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert done.exit_code == 0, f"{block.page}:{block.line}: {command}\n{done.output}"


def run_page(page: str) -> dict[str, Any]:
    names = {"__name__": "__page__", **named(page)}
    for block in blocks(page):
        if block.reason is None:
            run(block, names)
    return names


@pytest.mark.parametrize("page", [page for page in PAGES if page != "docs/tutorial.md"])
def test_every_block_of_a_page_runs(page: str, reader: Path) -> None:
    run_page(page)


def test_the_tutorial_finds_what_it_says(reader: Path) -> None:
    """Its figures stand in its text: by how much the fused model is ahead, and how alike the models are."""
    names = run_page("docs/tutorial.md")
    said = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
    accuracy = names["scores"].accuracy
    at_home = 100 * (names["at_home"] == names["test"].label).mean()
    fused = accuracy["fused"]["accuracy"]["mean"]
    assert f"{at_home:.0f} % are right" in said
    assert fused - at_home == pytest.approx(11, abs=2)
    assert abs(float(re.findall(r"(\d+\.\d) % are right, 11 points", said)[0]) - fused) < 2
    assert accuracy["backbone"]["accuracy"]["mean"] < accuracy["experts"]["accuracy"]["mean"] < fused
    for result, kish in ((names["before"], 3.5), (names["after"], 1.0)):
        assert result.effective_models["kish"]["estimate"] == pytest.approx(kish, abs=0.1)
    assert (reader / "CARD.md").read_text(encoding="utf-8").startswith("---\n")


def test_what_is_not_run_is_counted_and_says_why() -> None:
    left_out = [block for page in PAGES for block in blocks(page) if block.reason is not None]
    all_of_them = [block for page in PAGES for block in blocks(page)]
    assert len(left_out) <= len(all_of_them) / 5
    assert all(len(block.reason or "") >= 8 for block in left_out)
    assert Counter(block.page for block in left_out)["docs/tutorial.md"] == 1


def test_a_block_that_fails_is_found(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        run(Block("page", 1, "python", "1 / 0", None), {})
    with pytest.raises(AssertionError, match="say why above"):
        run(Block("page", 1, "sh", "make demo", None), {})
    with pytest.raises(AssertionError, match="list nothing"):
        run(Block("page", 1, "sh", "polyculture list nothing", None), {})
