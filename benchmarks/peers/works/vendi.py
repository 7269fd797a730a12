"""The Vendi score of a sample, beside vendi-score."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from work import Work

ITEMS, WIDTH = 1_000, 64


def prepare(path: Path) -> None:
    """Vectors without negative entries, so that no similarity is negative, in a few clusters."""
    rng = np.random.default_rng(0)
    vectors = rng.random((20, WIDTH))[rng.integers(20, size=ITEMS)] + 0.5 * rng.random((ITEMS, WIDTH))
    np.savez(path, vectors=vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def similarities(path: Path) -> np.ndarray:
    """Cosines of all pairs, exactly 1 of each with itself."""
    with np.load(path) as kept:
        found = np.clip(kept["vectors"] @ kept["vectors"].T, 0, 1)
    np.fill_diagonal(found, 1)
    return found


def ours(path: Path, q: float) -> Callable[[], float]:
    """Of equal counts."""
    from polyculture.measure import vendi

    likeness = similarities(path)
    return lambda: float(vendi(np.ones(ITEMS), likeness, q))


def theirs(path: Path, q: float) -> Callable[[], float]:
    """From the matrix of similarities."""
    import scipy.linalg
    import scipy.sparse

    # the package asks whether the matrix is of a type that SciPy no longer keeps there
    scipy.sparse.csr = scipy.sparse
    from vendi_score.vendi import score_K

    likeness = similarities(path)
    return lambda: float(score_K(likeness, q=q))


def work(name: str, q: float) -> Work:
    """The same for either order."""
    return Work(
        name=name,
        peer="vendi-score",
        quantity="Vendi score",
        kind="same",
        prepare=prepare,
        ours=partial(ours, q=q),
        theirs=partial(theirs, q=q),
        protocol=f"{ITEMS:,} made items, cosines in {WIDTH} dimensions given as a matrix, order {q}; one thread.",
        limits=(
            "With SciPy of today the package stops with an AttributeError; it is given back here the name that it asks "
            "for. Both take the same eigenvalues of LAPACK."
        ),
        below="The time of both is that of the same eigenvalues; ours also checks the matrix (finite, symmetric).",
        better="From features narrower than the sample is large it takes the smaller of two equal matrices.",
    )


WORKS = [work("Vendi score", 1), work("Vendi score of order 2", 2)]
