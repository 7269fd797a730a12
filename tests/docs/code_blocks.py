"""Blocks of code of a page in Markdown, and why some of them are not run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [
    "README.md",
    "docs/install.md",
    "docs/tutorial.md",
    *(f"docs/howto/{path.name}" for path in (ROOT / "docs/howto").glob("*.md")),
]
"""Pages whose blocks are run."""
SHELL = ("", "sh")
SHOWN = ("text", "json", "yaml", "bibtex")
"""What is printed or written, and not run."""

_FENCE = re.compile(r"^(?P<ticks>`{3,})(?P<language>[^`\n]*)\n(?P<code>.*?)^(?P=ticks)[ ]*$", re.MULTILINE | re.DOTALL)
_REASON = re.compile(r"<!-- not run: (?P<reason>[^>]+) -->\s*$")


@dataclass(frozen=True)
class Block:
    """A block of code, the line where it begins, and the reason not to run it; none if it is."""

    page: str
    line: int
    language: str
    code: str
    reason: str | None

    @property
    def commands(self) -> list[str]:
        """Lines of a shell, long ones joined, without comments."""
        joined = re.sub(r"\\\n\s*", " ", self.code)
        return [line.partition(" #")[0].strip() for line in joined.splitlines() if line.strip()]


def blocks(page: str) -> Iterator[Block]:
    """The blocks of a page, directives of the site left out."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        language = found["language"].strip()
        if language.startswith("{") or language in SHOWN:
            continue
        before = text[: found.start()]
        reason = _REASON.search(before)
        yield Block(page, before.count("\n") + 1, language, found["code"], reason["reason"] if reason else None)
