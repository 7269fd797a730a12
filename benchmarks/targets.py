"""Several labels at once, and values: the same five steps on other targets.

Run ``POLYCULTURE_DATA=FOLDER python benchmarks/targets.py``, default options.

*labels*: which of six families of methods a paper names in its title or its abstract, from the title alone; the domains
are the four communities with most papers that name one, at most 1,500 of each. Macro-F1 over the labels that a
domain has; a label is said at one half.

*values*: the mean rating (-4 to 4) of the texts of `vader-domains`, at most 1,500 of each of its four domains. R².
"""

from __future__ import annotations

import argparse
import io
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from _rows import RESAMPLED, Runs, Score, answers_of, arguments, halves, judged, simple_rows, split_by_groups, tell
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import f1_score, r2_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline

from polyculture import CrossDomainClassifier, CrossDomainRegressor
from polyculture.data import DomainData
from polyculture.data.fetch import fetch
from polyculture.data.vader_domains import DISTRIBUTION, FILES
from polyculture.features.encoders.lexical import WORD

COMMUNITIES = ("CV", "ML", "NLP", "Robotics")
FAMILIES = ("S.cnn", "S.rnn", "S.transformer", "S.gnn", "S.diffusion", "S.gan")
EACH = 1500


def labels(folder: Path) -> DomainData:
    """Titles with the families of methods that their papers name."""
    papers = pl.read_parquet(folder / "papers" / "papers.parquet", columns=["paper_id", "title"])
    flags = pl.read_parquet(folder / "papers" / "method_flags.parquet")
    names_one = pl.col("has_abs") & (pl.sum_horizontal(FAMILIES) > 0) & pl.col("community").is_in(COMMUNITIES)
    frame = flags.filter(names_one).join(papers, on="paper_id").sort("paper_id")
    mixed = frame[np.random.default_rng(0).permutation(len(frame))]
    cells = mixed.group_by("community", maintain_order=True).head(EACH)
    sets = [tuple(int(value) for value in row) for row in cells.select(FAMILIES).iter_rows()]
    return DomainData.of(
        cells["title"].to_list(), label=sets, domain=cells["community"].to_list(), ids=cells["paper_id"].to_list()
    )


def values() -> DomainData:
    """Texts with their mean rating."""
    rng, rows = np.random.default_rng(0), []
    with tarfile.open(fileobj=io.BytesIO(fetch(DISTRIBUTION)), mode="r:gz") as outer:
        inner = next(m for m in outer if m.name.endswith("hutto_ICWSM_2014.tar.gz"))
        with tarfile.open(fileobj=outer.extractfile(inner), mode="r:gz") as tar:
            wanted = {Path(m.name).name: m for m in tar if Path(m.name).name in FILES.values()}
            read = {name: tar.extractfile(member).read().decode("utf-8") for name, member in wanted.items()}
    for domain, name in FILES.items():
        lines = [line.rstrip("\r").split("\t") for line in read[name].split("\n") if line.strip()]
        rows += [
            (text, float(rating), domain) for _, rating, text in (lines[i] for i in rng.permutation(len(lines))[:EACH])
        ]
    text, rating, domain = zip(*rows, strict=True)
    # put in afterwards: what reads classes takes a rating of -1 for no label
    return replace(DomainData.of(list(text), domain=domain), label=np.array(rating, dtype=object))


def linear(learner: Any, answer: str) -> Callable[[DomainData, np.ndarray], np.ndarray]:
    """A linear model of word n-grams, trained on training and held-out items together."""

    def fit_and_answer(part: DomainData, texts: np.ndarray) -> np.ndarray:
        terms = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=WORD)
        model = make_pipeline(terms, learner).fit(part.texts, np.array(part.label.tolist()))
        return np.asarray(getattr(model, answer)(texts))

    return fit_and_answer


def runs_of(
    chosen: argparse.Namespace,
    data: DomainData,
    kind: type,
    simple: Callable[[DomainData, np.ndarray], np.ndarray],
    score: Score,
) -> Runs:
    """Every row for each seed, items shared out within each domain at random."""
    runs, samples = [], RESAMPLED if chosen.ablation else 0
    for seed in chosen.seeds:
        learnt, test = halves(split_by_groups(data, np.arange(len(data)), data.domain, seed))
        model = kind(random_state=seed, clean=False)
        found = answers_of(model, learnt, test, ablation=chosen.ablation)
        answers = {name: model.target_.decode(answer) for name, answer in found.items()}
        answers |= simple_rows(learnt, test, simple)
        runs.append(judged(answers, np.array(test.label.tolist()), test.domain, score, samples=samples))
    return runs


def macro_f1(truth: np.ndarray, answer: np.ndarray) -> float:
    """Mean over the labels that occur."""
    occurs = truth.any(axis=0)
    return float(f1_score(truth[:, occurs], answer[:, occurs] >= 0.5, average="macro", zero_division=0.0))


def main() -> None:
    """Fit, judge, print."""
    chosen = arguments(__doc__, parts=["labels", "values"])
    if "labels" in chosen.only:
        one_each = OneVsRestClassifier(LogisticRegression(C=5.0, max_iter=1000))
        data = labels(Path(chosen.data_dir))
        runs = runs_of(chosen, data, CrossDomainClassifier, linear(one_each, "predict_proba"), macro_f1)
        tell("several labels", "macro-F1, %", runs, chosen.json)
    if "values" in chosen.only:
        runs = runs_of(chosen, values(), CrossDomainRegressor, linear(Ridge(alpha=1.0), "predict"), r2_score)
        tell("values", "R², %", runs, chosen.json)


if __name__ == "__main__":
    main()
