"""Values as a report can take them: no None among numbers, no character that hides or reorders others."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from markupsafe import Markup

from polyculture.evaluation import Evaluation

NAN = float("nan")
NAME = 40
"""Letters of a name at most that stand in a cell."""
INTERVALS = (
    "error_consistency",
    "joint_failure",
    "joint_failure_expected",
    "joint_failure_ratio",
    "kish",
    "cka",
    "margin",
)
"""Keys under which an interval stands; where it is missing, each of its parts is."""

# Controls, marks that turn the direction of what follows, halves of surrogate pairs: none of them has a picture of its
# own, so a name that holds them would look like another name.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


_DIGEST = re.compile("[0-9a-f]{64}")


def visible(value: Any) -> Any:
    r"""Text with unseen characters spelt out; anything else as it is.

    Examples
    --------
    >>> from polyculture.report.plain import visible
    >>> print(visible("abc\u202efed"), visible(3))
    abc\u202efed 3
    """
    if not isinstance(value, str):
        return value
    seen = _UNSEEN.sub(lambda found: f"\\u{ord(found.group()):04x}", value)
    # Nothing that is put in has a meaning in HTML, so markup stays markup.
    return Markup(seen) if isinstance(value, Markup) else seen  # noqa: S704


def short(text: str, most: int) -> str:
    """Text of at most so many characters: its beginning and its end, which is where long names differ.

    Examples
    --------
    >>> from polyculture.report.plain import short
    >>> short("a name", 20), short("abcdefghijklmnopqrstuvwxyz", 10)
    ('a name', 'abcdef…xyz')
    """
    tail = most // 3
    return text if len(text) <= most else f"{text[: most - tail - 1]}…{text[-tail:]}"


def middle(text: str) -> str:
    """A name without its middle if it is long; what has spaces or wide letters can be broken and stays as it is.

    A digest stays, too: a part of it identifies nothing.

    Examples
    --------
    >>> from polyculture.report.plain import middle
    >>> middle("organisation/a-model-with-a-name-of-many-parts-v2"), middle("some words " * 9) == "some words " * 9
    ('organisation/a-model-with-…many-parts-v2', True)
    """
    if len(text) <= NAME or len(text.split(maxsplit=1)) != 1 or _wide(text) or _DIGEST.fullmatch(text):
        return text
    return short(text, NAME)


def label(text: str, letters: int) -> str:
    r"""Text on one line, with unseen characters spelt out, short enough for so many letters.

    Examples
    --------
    >>> from polyculture.report.plain import label
    >>> label("a\nname", 20), label("漢字漢字漢字漢字", 8)
    ('a name', '漢字…字')
    """
    # of a text of a million letters only the ends can be seen
    seen = visible(" ".join(short(text, 4 * letters + 8).split()))
    return short(seen, letters // 2 if _wide(seen) else letters)


def _wide(text: str) -> bool:
    return any(unicodedata.east_asian_width(letter) in "WF" for letter in text)


def filled(evaluation: Evaluation) -> Evaluation:
    """The same evaluation with NaN where a number is missing, and with plain Python numbers.

    Examples
    --------
    >>> from polyculture.evaluation import Evaluation
    >>> from polyculture.report.plain import filled
    >>> filled(Evaluation(accuracy={}, calibration={"test": {"before": None, "after": 0.1}})).calibration
    {'test': {'before': nan, 'after': 0.1}}
    """
    given = {part.name: getattr(evaluation, part.name) for part in fields(evaluation)}
    values = {name: mended(_question(name, value), name) for name, value in given.items() if value is not None}
    return Evaluation(**values)


def _question(name: str, value: Any) -> Any:
    if name == "lead":
        return {row: _kept(found) for row, found in _kept(value).items()}
    if name == "homogenization" and value:
        return {"sentence": "likeness of the models", "populations": {}} | _kept(value)
    return value


def _kept(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def mended(value: Any, key: str = "") -> Any:
    """A value, or all that it holds, as plain Python with NaN where a number is missing; `key` is where it stands."""
    if value is None:
        return {"estimate": NAN, "low": NAN, "high": NAN} if key in INTERVALS else NAN
    if isinstance(value, np.generic | np.ndarray):
        return mended(value.tolist(), key)
    if isinstance(value, Mapping):
        return {str(k): mended(v, str(k)) for k, v in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [mended(v, "") for v in value]
    return value
