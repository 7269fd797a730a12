"""A survey to HTML."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from polyculture import store
from polyculture.report.plain import mended, short
from polyculture.report.render import environment
from polyculture.report.survey_sections import parts
from polyculture.report.survey_sentences import cards, paragraph
from polyculture.surveying.headline import headline
from polyculture.surveying.result import Rows, SurveyResult

NUMBERS = ("divergence", "diversity", "convergence")
"""Fields in which a missing value is a number that is not known."""


def render_survey(found: SurveyResult) -> str:
    """One HTML page: the answer, three numbers, drawings with their numbers, tables, and how to read them.

    It holds its own style and drawings, has no script and asks for nothing from the network; text from outside is
    inert in it. The same result gives the same page. Any part of the result may be empty.

    Parameters
    ----------
    found : SurveyResult

    Examples
    --------
    >>> from polyculture.report.survey import render_survey
    >>> from polyculture.surveying.result import SurveyResult
    >>> page = render_survey(SurveyResult(10, ["<a>", "b"], [2020, 2021], source="<a>"))
    >>> page.splitlines()[0], "&lt;a&gt;" in page, "<a>" in page
    ('<!DOCTYPE html>', True, False)
    """
    numbers: dict[str, Any] = {name: _known(getattr(found, name)) for name in NUMBERS}
    known = replace(found, **numbers)
    return environment().get_template("survey.html").render(
        source=short(known.source, 120),
        answer=headline(known),
        paragraph=paragraph(known),
        figures=cards(known),
        sections=parts(known),
        level=100 * float(known.settings.get("confidence", 0.95)),
    )  # fmt: skip


def write_survey_report(found: SurveyResult, path: str | Path) -> None:
    r"""Write what :func:`render_survey` gives to a file, whole or not at all.

    Parameters
    ----------
    found : SurveyResult
    path : str or Path

    Raises
    ------
    StoreError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from polyculture.report.survey import write_survey_report
    >>> from polyculture.surveying.result import SurveyResult
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_survey_report(SurveyResult(10, ["a"], [2020, 2021]), f"{folder}/report.html")
    ...     pathlib.Path(folder, "report.html").read_text(encoding="utf-8").endswith("</html>\n")
    True
    """
    store.write_text(Path(path), render_survey(found))


def _known(rows: Rows) -> Rows:
    """The same rows with NaN where a number is missing; of an interval nothing being said against it is no number."""
    return [{**mended(row), "interval": row.get("interval")} if None in row.values() else row for row in rows]
