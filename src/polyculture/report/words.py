"""Examples of reasons: words marked by what they did for the answer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polyculture.report.language import say
from polyculture.report.plain import short
from polyculture.tables import cell

EXAMPLES, WORDS, NAMED, LEVELS, LONG = 12, 150, 5, 4, 80


@dataclass(frozen=True)
class Word:
    """A word, the white space after it, its weight in figures, and a class: the side and strength of the weight."""

    text: str
    space: str
    weight: str
    mark: str


@dataclass(frozen=True)
class Example:
    """One item with its reasons."""

    domain: str
    predicted: str
    words: Sequence[Word]
    more: int
    sides: Sequence[tuple[str, str]]
    neighbours: str


def examples(found: Mapping[str, Any]) -> list[Example]:
    """The first examples of an evaluation's ``interpretability``.

    Examples
    --------
    >>> from polyculture.report.words import examples
    >>> weights = {"dull ": -0.5, "but ": 0.0, "charming": 1.2}
    >>> words = [{"word": word, "weight": weight} for word, weight in weights.items()]
    >>> shown = examples({"examples": [{"domain": "films", "predicted": "positive", "words": words}]})[0]
    >>> [(w.text, w.weight, w.mark) for w in shown.words]
    [('dull', '-0.500', 'm2'), ('but', '0.000', ''), ('charming', '+1.200', 'p4')]
    """
    return [_example(each) for each in found.get("examples", [])[:EXAMPLES]]


def signed(value: float) -> str:
    """A weight with its sign."""
    return f"+{cell(value)}" if value > 0 else cell(value)


def _example(found: Mapping[str, Any]) -> Example:
    weighed = [(str(w["word"]), float(w["weight"])) for w in found.get("words", [])]
    top = max((abs(v) for _, v in weighed if math.isfinite(v)), default=0.0)
    words = [
        Word(short(w.rstrip(), LONG), w[len(w.rstrip()) :], signed(v), _mark(v, top) if w.strip() else "")
        for w, v in weighed[:WORDS]
    ]
    sides = [(say("For it"), _strongest(weighed, 1)), (say("Against it"), _strongest(weighed, -1))]
    near = ", ".join(
        say("item {name} ({effect})", name=n["item"], effect=signed(float(n["effect"])))
        for n in found.get("neighbours", [])
    )
    more = max(0, len(weighed) - WORDS)
    return Example(
        short(str(found.get("domain", "")), LONG),
        short(str(found.get("predicted", "")), LONG),
        words,
        more,
        [s for s in sides if s[1]],
        near,
    )


def _mark(weight: float, top: float) -> str:
    level = round(LEVELS * abs(weight) / top) if top and math.isfinite(weight) else 0
    return f"{'p' if weight > 0 else 'm'}{level}" if level else ""


def _strongest(weighed: Sequence[tuple[str, float]], sign: int) -> str:
    kept = sorted(((w.strip(), v) for w, v in weighed if sign * v > 0 and w.strip()), key=lambda each: -abs(each[1]))
    return ", ".join(f"{short(w, LONG)} {signed(v)}" for w, v in kept[:NAMED])
