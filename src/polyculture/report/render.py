"""An evaluation to HTML."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from polyculture import store
from polyculture.errors import DataError
from polyculture.evaluation import Evaluation
from polyculture.report.figures import figures
from polyculture.report.plain import filled, short, visible
from polyculture.report.sections import sections
from polyculture.report.sentences import answer


def render(evaluation: Evaluation) -> str:
    """One HTML page: the answer, three figures, and a section for each question that was asked.

    It holds its own style and drawings, has no script and asks for nothing from the network; text from outside is
    inert in it. The same evaluation gives the same page.

    Parameters
    ----------
    evaluation : Evaluation
        With at least one row of accuracy.

    Raises
    ------
    DataError
        If no row of accuracy is there.

    Examples
    --------
    >>> from polyculture.evaluation import Evaluation
    >>> from polyculture.report import render
    >>> row = {"mean": 80.0, "worst": 80.0, "by_domain": {"<a>": 80.0}}
    >>> page = render(Evaluation(accuracy={"fused": {"macro_f1": row, "accuracy": row}}))
    >>> page.splitlines()[0], "&lt;a&gt;" in page, "<a>" in page
    ('<!DOCTYPE html>', True, False)
    """
    if not evaluation.accuracy:
        raise DataError(
            "the evaluation has no row of accuracy, expected at least one; evaluate a model on labelled items"
        )
    found = filled(evaluation)
    return environment().get_template("page.html").render(
        source=short(str(found.data.get("source", "")), 120),
        answer=answer(found),
        figures=figures(found),
        sections=sections(found),
    )  # fmt: skip


def write_report(evaluation: Evaluation, path: str | Path) -> None:
    r"""Write what :func:`render` gives to a file, whole or not at all.

    Parameters
    ----------
    evaluation : Evaluation
        With at least one row of accuracy.
    path : str or Path

    Raises
    ------
    DataError
        If no row of accuracy is there.
    StoreError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from polyculture.evaluation import Evaluation
    >>> from polyculture.report import write_report
    >>> row = {"mean": 80.0, "worst": 80.0, "by_domain": {"a": 80.0}}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_report(Evaluation(accuracy={"fused": {"macro_f1": row, "accuracy": row}}), f"{folder}/report.html")
    ...     pathlib.Path(folder, "report.html").read_text(encoding="utf-8").endswith("</html>\n")
    True
    """
    store.write_text(Path(path), render(evaluation))


@cache
def environment() -> Environment:
    """Where templates are found, and how text from outside is kept from being more than text."""
    return Environment(
        loader=PackageLoader("polyculture.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=visible,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
