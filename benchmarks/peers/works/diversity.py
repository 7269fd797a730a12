"""Diversity within and between communities, beside scikit-bio; of the fields that papers cite, beside pyscisci."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from work import Work

COMMUNITIES, CATEGORIES = 400, 500
PAPERS, CITED, FIELDS = 3_000, 20_000, 40


def prepare(path: Path) -> None:
    """Counts of categories in communities, most of them 0."""
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.full(CATEGORIES, 0.05), size=COMMUNITIES)
    np.savez(path, counts=np.stack([rng.multinomial(2_000, share) for share in shares]))


def read(path: Path) -> np.ndarray:
    """Counts, a row for each community."""
    with np.load(path) as kept:
        return kept["counts"]


def our_hill(path: Path) -> Callable[[], np.ndarray]:
    """Orders 0, 1 and 2 of all communities at once."""
    from polyculture.measure import hill

    counts = read(path)
    return lambda: np.stack([hill(counts, q) for q in (0, 1, 2)])


def their_hill(path: Path) -> Callable[[], np.ndarray]:
    """One community at a time."""
    from skbio.diversity import alpha_diversity

    counts = read(path)
    return lambda: np.stack([alpha_diversity("hill", counts, order=q).to_numpy() for q in (0, 1, 2)])


def our_overlap(path: Path) -> Callable[[], np.ndarray]:
    """All pairs."""
    from polyculture.measure.diversity.overlap import bray_curtis_matrix

    counts = read(path)
    return lambda: bray_curtis_matrix(counts)


def their_overlap(path: Path) -> Callable[[], np.ndarray]:
    """All pairs, by scipy's distances."""
    from skbio.diversity import beta_diversity

    counts = read(path)
    return lambda: np.asarray(beta_diversity("braycurtis", counts).data)


def prepare_papers(path: Path) -> None:
    """Which paper cites which, and the field of each."""
    rng = np.random.default_rng(0)
    citing = np.repeat(np.arange(PAPERS), rng.integers(5, 50, size=PAPERS))
    fields = rng.choice(FIELDS, size=CITED, p=rng.dirichlet(np.full(FIELDS, 0.5)))
    np.savez(path, citing=citing, cited=PAPERS + rng.integers(CITED, size=len(citing)), fields=fields)


def our_simpson(path: Path) -> Callable[[], np.ndarray]:
    """Counts of the fields that each paper cites, then 1 less their concentration."""
    from polyculture.measure import hhi

    with np.load(path) as kept:
        citing, cited, fields = kept["citing"], kept["cited"], kept["fields"]

    def ask() -> np.ndarray:
        places = citing * FIELDS + fields[cited - PAPERS]
        counts = np.bincount(places, minlength=PAPERS * FIELDS).reshape(PAPERS, FIELDS)
        return 1 - hhi(counts)

    return ask


def their_simpson(path: Path) -> Callable[[], np.ndarray]:
    """From two tables."""
    import pandas as pd
    from pyscisci.methods.diversity import simpson_interdisciplinarity

    with np.load(path) as kept:
        cites = pd.DataFrame({"CitingPublicationId": kept["citing"], "CitedPublicationId": kept["cited"]})
        of = pd.DataFrame({"PublicationId": PAPERS + np.arange(CITED), "FieldId": kept["fields"]})

    def ask() -> np.ndarray:
        return simpson_interdisciplinarity(cites, of)["SimpsonInterdisciplinarity"].to_numpy()

    return ask


SIZE = f"{COMMUNITIES} made communities of {CATEGORIES} categories, 2,000 counts each; one thread."

scikit_bio = partial(Work, peer="scikit-bio", kind="same", prepare=prepare, close=1e-9)

WORKS = [
    scikit_bio(
        name="Hill numbers",
        quantity="mean over communities and orders 0, 1, 2",
        ours=our_hill,
        theirs=their_hill,
        protocol=SIZE,
        limits="The peer checks and wraps its answer in a table for each order.",
        better="It has phylogenetic diversity (Faith, UniFrac), ordination and many more indices of communities.",
    ),
    scikit_bio(
        name="Bray-Curtis of all pairs",
        quantity="mean over pairs",
        ours=our_overlap,
        theirs=their_overlap,
        protocol=f"{SIZE[:-13]}, all pairs; one thread.",
        limits="The peer divides by totals of counts, which here are equal, ours by those of shares.",
        below="The peer hands the loop over pairs to SciPy, in C; ours takes blocks of pairs with NumPy.",
        better="As above.",
    ),
    Work(
        name="Fields that papers cite",
        peer="pyscisci",
        quantity="mean Simpson index",
        kind="same",
        prepare=prepare_papers,
        ours=our_simpson,
        theirs=their_simpson,
        needs=("pyscisci",),
        close=1e-9,
        protocol=f"{PAPERS:,} made papers citing 5 to 49 of {CITED:,} others in {FIELDS} fields; one thread.",
        limits=(
            "One index that both have. The peer's are of single papers and their citations; ours of communities and "
            "their methods, with coverage, intervals and chance, which it has not."
        ),
        better=(
            "It reads OpenAlex, Web of Science, DBLP and PubMed, and measures citations, disruption, novelty and "
            "careers, none of which is here."
        ),
    ),
]
