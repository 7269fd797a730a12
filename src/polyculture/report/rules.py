"""How findings are made: a question, a rule with its threshold, and a status that follows from the numbers alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from polyculture.report.language import say
from polyculture.report.page import Finding


def judged(concern: bool, title: str, sentence: str, reason: str) -> Finding:
    """A question that was asked, and that raises a concern or does not.

    Examples
    --------
    >>> from polyculture.report.rules import judged
    >>> judged(False, "Alike?", "No.", "Below 0.5.").status
    'passed'
    """
    return Finding("concern" if concern else "passed", title, sentence, reason)


def not_checked(title: str, reason: str) -> Finding:
    """A question that could have been asked, and was not."""
    return Finding("not checked", title, say("It was not checked."), reason)


def not_applicable(title: str, reason: str) -> Finding:
    """A question that has no meaning here."""
    return Finding("not applicable", title, say("It does not apply."), reason)


def known(found: Mapping[str, Any] | None, *parts: str) -> bool:
    """Whether an estimate has all these numbers, the estimate and its ends if none are named.

    Examples
    --------
    >>> from polyculture.report.rules import known
    >>> known({"estimate": 1.0, "low": 0.5, "high": float("nan")}), known({"estimate": 1.0}, "estimate"), known(None)
    (False, True, False)
    """
    values = [] if not found else [found.get(part) for part in parts or ("estimate", "low", "high")]
    return bool(values) and all(value is not None and math.isfinite(value) for value in values)
