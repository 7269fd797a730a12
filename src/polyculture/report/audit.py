"""An audit to HTML."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from polyculture import store
from polyculture.auditing.result import AuditResult
from polyculture.auditing.tables import headline
from polyculture.report.audit_sections import parts
from polyculture.report.audit_sentences import cards, paragraph
from polyculture.report.plain import NAN, mended, short
from polyculture.report.render import environment

NUMBERS = (
    "accuracy", "accuracy_intervals", "effective_models", "joint_failure", "systemic_failure", "agreement_both_wrong",
    "multiplicity", "groups", "pairs", "summary", "families", "near_twins", "portfolio", "regressions", "maps",
)  # fmt: skip
"""Fields in which a missing value is a number that is not known."""


def render_audit(found: AuditResult) -> str:
    """One HTML page: the answer, the main numbers, drawings with their numbers, every table, and how to read them.

    It holds its own style and drawings, has no script and asks for nothing from the network; text from outside is
    inert in it. The same result gives the same page. Any part of the result may be empty.

    Parameters
    ----------
    found : AuditResult

    Examples
    --------
    >>> from polyculture.auditing.result import AuditResult
    >>> from polyculture.report import render_audit
    >>> page = render_audit(AuditResult("answers", ["<a>", "b"], 10, source="<a>"))
    >>> page.splitlines()[0], "&lt;a&gt;" in page, "<a>" in page
    ('<!DOCTYPE html>', True, False)
    """
    known = _known(found)
    return environment().get_template("audit.html").render(
        source=short(known.source, 120),
        answer=headline(known),
        paragraph=paragraph(known),
        figures=cards(known),
        sections=parts(known),
        level=100 * float(known.settings.get("level", 0.95)),
    )  # fmt: skip


def write_audit_report(found: AuditResult, path: str | Path) -> None:
    r"""Write what :func:`render_audit` gives to a file, whole or not at all.

    Parameters
    ----------
    found : AuditResult
    path : str or Path

    Raises
    ------
    StoreError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from polyculture.auditing.result import AuditResult
    >>> from polyculture.report import write_audit_report
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_audit_report(AuditResult("answers", ["a", "b"], 10), f"{folder}/report.html")
    ...     pathlib.Path(folder, "report.html").read_text(encoding="utf-8").endswith("</html>\n")
    True
    """
    store.write_text(Path(path), render_audit(found))


def _known(found: AuditResult) -> AuditResult:
    """The same result with NaN for every number that is missing, and an interval for every accuracy."""
    numbers = {name: mended(getattr(found, name)) for name in NUMBERS}
    unknown = {"low": NAN, "high": NAN}
    numbers["accuracy_intervals"] = dict.fromkeys(numbers["accuracy"], unknown) | numbers["accuracy_intervals"]
    return replace(found, **numbers)
