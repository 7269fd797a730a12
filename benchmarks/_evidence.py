"""Made items of three modalities whose signal is known, so that the best possible accuracy is known too.

Four classes are equally frequent. Each modality *shows* the item's own class, or none, or another one, with known
probabilities and independently of the other modalities. What it shows is easy to see: four words of twelve (``text``),
a shape at a random place (``picture``), or where six numbers lie (``numbers``). No model can then be right more often
than the one that knows these probabilities and multiplies them: :func:`best_accuracy`.

In the second kind, ``together``, text and numbers show the class together and neither of them alone: the text shows a
random a, and the numbers y - a (modulo 4), each right with probability 0.97; the picture shows y as above. What text
and numbers say has to be multiplied, as no sum of two opinions holds it.

Two domains: in ``shop`` pictures are bright on dark, in ``library`` dark on bright; each has filler words of its own
and numbers that are shifted.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import product
from typing import Any

import numpy as np

CLASSES = 4
SHOWS = {"text": (0.60, 0.30), "picture": (0.55, 0.30), "numbers": (0.50, 0.30)}
"""Probability that a modality shows the item's own class, and that it shows none."""
NONE = CLASSES
SURE = 0.97
SIDE = 16


def made(n: int, seed: int, kind: str = "alone") -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    """Items of each modality, their classes and their domains."""
    rng = np.random.default_rng(seed)
    y, domain = rng.integers(0, CLASSES, n), np.where(rng.random(n) < 0.5, "shop", "library")
    shown = {name: _shown(y, *how, rng) for name, how in SHOWS.items()}
    if kind == "together":
        a = rng.integers(0, CLASSES, n)
        shown["text"], shown["numbers"] = _shown(a, SURE, 0, rng), _shown((y - a) % CLASSES, SURE, 0, rng)
    items = {
        "text": [_text(s, d, rng) for s, d in zip(shown["text"], domain, strict=True)],
        "picture": np.stack([_picture(s, d, rng) for s, d in zip(shown["picture"], domain, strict=True)]),
        "numbers": np.stack([_numbers(s, d, rng) for s, d in zip(shown["numbers"], domain, strict=True)]),
    }
    return items, y, domain


def best_accuracy(has: Collection[str]) -> float:
    """The highest accuracy there can be of items that have these modalities, each showing a class on its own."""
    total, truth = 0.0, np.arange(CLASSES)
    for shown in product(range(CLASSES + 1), repeat=len(has)):
        each = [_chance(each == truth, each == NONE, *SHOWS[name]) for each, name in zip(shown, has, strict=True)]
        total += np.prod(each, axis=0).max() / CLASSES
    return float(total)


def _chance(own: np.ndarray, none: bool, right: float, mute: float) -> np.ndarray:
    """Of showing what is shown, for each class that the item may be of."""
    other = (1 - right - mute) / (CLASSES - 1)
    return np.full(CLASSES, mute) if none else np.where(own, right, other)


def _shown(y: np.ndarray, right: float, mute: float, rng: np.random.Generator) -> np.ndarray:
    other, drawn = (y + rng.integers(1, CLASSES, len(y))) % CLASSES, rng.random(len(y))
    return np.where(drawn < right, y, np.where(drawn < right + mute, NONE, other))


def _text(shown: int, domain: str, rng: np.random.Generator) -> str:
    telling = [f"c{shown}{'abcdefghij'[i]}" for i in rng.integers(0, 10, 4 * (shown != NONE))]
    filler = [f"{domain[0]}{i}" if rng.random() < 0.3 else f"w{i}" for i in rng.integers(0, 100, 12 - len(telling))]
    return " ".join(rng.permutation(telling + filler))


def _picture(shown: int, domain: str, rng: np.random.Generator) -> np.ndarray:
    row, column = rng.integers(5, SIDE - 5, 2)
    down, across = np.abs(np.arange(SIDE) - row)[:, None], np.abs(np.arange(SIDE) - column)[None]
    shapes = (
        np.maximum(down, across) <= 3,
        np.minimum(down, across) + 2 * (np.maximum(down, across) > 4) <= 1,
        np.abs(np.hypot(down, across) - 4) <= 0.8,
        (down <= 1) & (across <= 5),
        np.zeros((SIDE, SIDE), dtype=bool),
    )
    image = rng.uniform(0, 60, (SIDE, SIDE, 3))
    image[shapes[shown]] += rng.uniform(80, 190, 3)
    return (255 - image if domain == "library" else image).astype(np.uint8)


_CENTRES = 2.5 * np.array(
    [[1, 1, 0, 0, 1, 0], [-1, 1, 0, 1, 0, 0], [1, -1, 1, 0, 0, 0], [-1, -1, 0, 0, 0, 1], [0.0] * 6]
)


def _numbers(shown: int, domain: str, rng: np.random.Generator) -> np.ndarray:
    return _CENTRES[shown] + rng.normal(0, 0.7, 6) + np.array([0, 0, 0, 0, 1, 1]) * (domain == "library")
