"""Any result to a page, to HTML, and to a file."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from polyculture import store
from polyculture.report.language import speaking
from polyculture.report.page import KINDS, Page, Provenance
from polyculture.report.render import compact
from polyculture.report.render import render as to_html


def page_of(found: Any, *, provenance: Provenance | None = None) -> Page:
    """A result as a page, in the language that is spoken.

    Parameters
    ----------
    found : AuditResult, SurveyResult, LineageResult or Evaluation
        Its schema says what it is.
    provenance : Provenance, optional
        What it was made of, where that is known.

    Examples
    --------
    >>> from polyculture import audit
    >>> from polyculture.report import page_of
    >>> found = audit({"a": [1, 1, 0, 0], "b": [1, 1, 0, 0], "c": [1, 0, 1, 0]}, kind="outcomes")
    >>> page = page_of(found)
    >>> page.kind, len(page.figures)
    ('audit', 3)
    """
    kind = found.schema.partition("/")[0].removeprefix("polyculture.")
    # only the kind that is shown is loaded: what makes evaluations needs torch
    made: Page = import_module(f"polyculture.report.{_known(kind)}").page(found, provenance or Provenance())
    return made


def render(found: Any, *, language: str = "en", provenance: Provenance | None = None) -> str:
    """A result as one HTML page that holds its own charts and asks for nothing from the network.

    The same result gives the same page; the time stands in it only if `provenance` tells it.

    Parameters
    ----------
    found : AuditResult, SurveyResult, LineageResult or Evaluation
    language : {"en", "zh"}
    provenance : Provenance, optional

    Raises
    ------
    ParameterError
        If there is no such language.
    DataError
        If an evaluation has no row of accuracy.

    Examples
    --------
    >>> from polyculture.auditing.result import AuditResult
    >>> from polyculture.report import render
    >>> page = render(AuditResult("answers", ["<a>", "b"], 10, source="<a>"))
    >>> page.splitlines()[0], "&lt;a&gt;" in page, "<a>" in page
    ('<!DOCTYPE html>', True, False)
    """
    with speaking(language):
        return to_html(page_of(found, provenance=provenance))


def notebook(found: Any) -> str:
    """The answer, the figures and the findings of a result as HTML without a script.

    Examples
    --------
    >>> from polyculture.auditing.result import AuditResult
    >>> from polyculture.report import notebook
    >>> "<script" in notebook(AuditResult("answers", ["a", "b"], 10))
    False
    """
    return compact(page_of(found))


def write_report(found: Any, path: str | Path, *, language: str = "en", provenance: Provenance | None = None) -> None:
    r"""Write what :func:`render` gives to a file, whole or not at all.

    Parameters
    ----------
    found : AuditResult, SurveyResult, LineageResult or Evaluation
    path : str or Path
    language : {"en", "zh"}
    provenance : Provenance, optional

    Raises
    ------
    ParameterError
        If there is no such language.
    StoreError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from polyculture.auditing.result import AuditResult
    >>> from polyculture.report import write_report
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_report(AuditResult("answers", ["a", "b"], 10), f"{folder}/report.html")
    ...     pathlib.Path(folder, "report.html").read_text(encoding="utf-8").endswith("</html>\n")
    True
    """
    store.write_text(Path(path), render(found, language=language, provenance=provenance))


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"{kind}: no report is made of it")
    return kind
