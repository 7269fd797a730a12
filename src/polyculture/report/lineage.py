"""A lineage to HTML."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from polyculture import store
from polyculture.ancestry.result import LineageResult
from polyculture.ancestry.tables import headline
from polyculture.report.plain import label
from polyculture.report.lineage_sections import parts
from polyculture.report.lineage_sentences import cards, paragraph
from polyculture.report.plain import mended, short, visible
from polyculture.report.render import environment

NUMBERS = (
    "effective_founders",
    "diversity",
    "kinship",
    "depth",
    "concentration",
    "months",
    "withdrawn",
    "shared_errors",
)
"""Fields in which a missing value is a number that is not known."""


def render_lineage(found: LineageResult) -> str:
    """One HTML page: the answer, the main numbers, the map and the trees of ancestry, tables, and how to read them.

    It holds its own style and drawings, has no script and asks for nothing from the network; text from outside is
    inert in it. The same result gives the same page. Any part of the result may be empty.

    Parameters
    ----------
    found : LineageResult

    Examples
    --------
    >>> from polyculture.ancestry import lineage
    >>> from polyculture.report.lineage import render_lineage
    >>> page = render_lineage(lineage({"name": ["<a>", "b"], "parents": [None, "<a>"]}))
    >>> page.splitlines()[0], "&lt;a&gt;" in page, "<a>" in page
    ('<!DOCTYPE html>', True, False)
    """
    known = _known(found)
    return environment().get_template("lineage.html").render(
        source=short(known.source, 120),
        answer=headline(known),
        paragraph=paragraph(known),
        figures=cards(known),
        sections=parts(known),
        level=100 * float(known.settings.get("level", 0.95)),
    )  # fmt: skip


def write_lineage_report(found: LineageResult, path: str | Path) -> None:
    r"""Write what :func:`render_lineage` gives to a file, whole or not at all.

    Parameters
    ----------
    found : LineageResult
    path : str or Path

    Raises
    ------
    StoreError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from polyculture.ancestry import lineage
    >>> from polyculture.report.lineage import write_lineage_report
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_lineage_report(lineage({"name": ["a"], "parents": ["b"]}), f"{folder}/report.html")
    ...     pathlib.Path(folder, "report.html").read_text(encoding="utf-8").endswith("</html>\n")
    True
    """
    store.write_text(Path(path), render_lineage(found))


def _known(found: LineageResult) -> LineageResult:
    """The same result with NaN for every number that is missing, and with names that fit a line."""
    numbers = {name: mended(getattr(found, name)) for name in NUMBERS}
    roots = [{**mended(root), "name": label(str(root["name"]), 80)} for root in found.roots]
    return replace(found, **numbers, roots=roots, source=str(visible(found.source)))
