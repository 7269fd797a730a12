"""A card as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from polyculture import store
from polyculture.report.card.front_matter import front_matter
from polyculture.report.card.inert import NAME, Ready, fenced, inert
from polyculture.report.card.record import Card
from polyculture.report.card.tables import tables_of
from polyculture.tables import Table

ROWS = 40
"""Rows of a table that are shown; the JSON holds all."""


def render_card(card: Card) -> str:
    """The card as Markdown with YAML at its head, as a model page takes it; text from outside is inert in both.

    Examples
    --------
    >>> from polyculture.report.card import Card, render_card
    >>> print(render_card(Card("a <b>", limits=["It is small."])).split("---")[2].strip().splitlines()[0])
    # a &lt;b&gt;
    """
    tables = {name: _table(table) for name, table in tables_of(card).items()}
    commands = fenced(list(card.repeat["commands"])) if card.repeat.get("commands") else ""
    page = _environment().get_template("card.md").render(
        head=Ready(front_matter(card)), card=card, tables=tables, commands=commands
    )  # fmt: skip
    # sections that are not there leave their blank lines behind
    while "\n\n\n" in page:
        page = page.replace("\n\n\n", "\n\n")
    return page.rstrip("\n") + "\n"


def write_card(card: Card, path: str | Path) -> None:
    r"""Write what :func:`render_card` gives to a file, whole or not at all.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from polyculture.report.card import Card, write_card
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_card(Card("small"), pathlib.Path(folder, "CARD.md"))
    ...     pathlib.Path(folder, "CARD.md").read_text(encoding="utf-8").startswith("---\nlibrary_name")
    True
    """
    store.write_text(Path(path), render_card(card))


def _table(table: Table) -> Ready:
    """A table of Markdown; what is cut off is said below it."""
    lines = [_line(table.columns), "|" + "---|" * len(table.columns), *(_line(row) for row in table.rows[:ROWS])]
    if len(table.rows) > ROWS:
        lines += ["", f"({len(table.rows) - ROWS} more rows are in the JSON.)"]
    return Ready("\n".join(lines))


def _line(cells: Sequence[Any] | Mapping[str, Any]) -> str:
    return "| " + " | ".join(inert(cell, NAME) for cell in cells) + " |"


@cache
def _environment() -> Environment:
    """Where the template is found; every value that it shows passes `inert`."""
    return Environment(
        loader=PackageLoader("polyculture.report"),
        # what escapes HTML alone is not enough in Markdown, and would be escaped twice
        autoescape=False,  # noqa: S701
        finalize=inert,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
