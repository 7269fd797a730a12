"""Made data whose reasons are known."""

from __future__ import annotations

import numpy as np

from polyculture.features.backbone import Backbone

GOOD, BAD = ["splendid", "lovely", "grand"], ["awful", "dreary", "poor"]
FILLER = ["film", "day", "meal", "street", "house", "song", "river", "hill"]
SMALL = Backbone((16,), (0, 0), epochs=10)


def sentences(n: int = 120) -> tuple[list[str], np.ndarray]:
    """Texts of five words, one of which tells the class."""
    rng = np.random.default_rng(0)
    words = {"+": GOOD, "-": BAD}
    labels = rng.choice(["+", "-"], n)
    texts = [" ".join(rng.permutation([rng.choice(words[k]), *rng.choice(FILLER, 4)])) for k in labels]
    return texts, labels


def numbers(n: int = 240) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns with a mean of 3, of which the first two tell the class; the second the other way in the domain b."""
    rng = np.random.default_rng(0)
    x, domain = rng.normal(3.0, 1.0, size=(n, 5)), np.repeat(["a", "b"], n // 2)
    y = (x[:, 0] - 3) + np.where(domain == "a", 2.0, -2.0) * (x[:, 1] - 3) > 0
    return x, y.astype(int), domain
