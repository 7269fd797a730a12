"""Sixteen domains of reviews (FDU-MTL): accuracy of every row, and what each step adds.

Run ``POLYCULTURE_DATA=FOLDER python benchmarks/fdu_mtl.py``: the default options of ``polyculture fit``; each choice is
made on the held-out part of train. *Official* is the whole test, of which 560 rows stand in train; *clean* leaves these
out.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import resource
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from _ablations import without_encoders, without_steps

from polyculture import CrossDomainClassifier
from polyculture.data import DomainData, from_frame
from polyculture.evaluation.accuracy import by_domain
from polyculture.evaluation.baselines import ngrams
from polyculture.preprocess import Preprocessor


def data_of(folder: Path) -> tuple[tuple[DomainData, ...], np.ndarray]:
    """Train without its duplicates, the official test, and which test rows are not in train."""
    frame = pl.read_parquet(folder / "fdu_mtl" / "fdu_mtl.parquet").with_columns(pl.col("label").cast(pl.String))
    train, test = (frame.filter(pl.col("split") == part).drop("split") for part in ("train", "test"))
    known = {plain(text) for text in train["text"]}
    clean = np.array([plain(text) not in known for text in test["text"]])
    return tuple(from_frame(part, text="text", label="label", domain="domain") for part in (train, test)), clean


def plain(text: str) -> str:
    """Letters and digits alone, in lower case."""
    return " ".join(re.findall(r"\w+", text.lower()))


def baselines(learnt: DomainData, test: DomainData, classes: np.ndarray) -> dict[str, np.ndarray]:
    """Word n-grams: one model for all domains, and one model a domain."""
    own = np.empty((len(test), len(classes)))
    for domain in test.domains:
        rows = np.flatnonzero(test.domain == domain)
        own[rows] = ngrams(learnt.take(np.flatnonzero(learnt.domain == domain)), classes, test.texts[rows])
    return {"n-grams, pooled": ngrams(learnt, classes, test.texts), "n-grams, a specialist a domain": own}


def main() -> None:
    """Fit, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=os.environ.get("POLYCULTURE_DATA"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--no-ablation", action="store_true")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    (train, test), clean = data_of(Path(chosen.data_dir))
    start = time.perf_counter()
    learnt = Preprocessor(test=0.0, random_state=chosen.seed).fit_transform(train)
    model = CrossDomainClassifier(random_state=chosen.seed, clean=False)
    prepared = model.preprocess(learnt.texts, learnt.label, domain=learnt.domain, split=learnt.split)
    encoded = model.encode_fit(prepared)
    model.learn(encoded, prepared)
    seconds = time.perf_counter() - start
    later = model.encode(test.texts)
    answers = dict(model.answers(later, test.domain))
    answers["fused, domain not told"] = model.answers(later)["fused"]
    answers |= baselines(learnt, test, model.classes_)
    if not chosen.no_ablation:
        parts = model, encoded, prepared, later, test.domain
        answers |= without_steps(*parts) | dict(without_encoders(*parts, altogether=False))
    rows = table(answers, model.codes(test.label), test.domain, clean)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    if chosen.json:
        chosen.json.write_text(json.dumps({"rows": rows, "seconds": seconds, "peak_gib": peak}, indent=1))
    tell(rows)
    sys.stdout.write(
        f"\nfit in {seconds:.0f} s; at most {peak:.1f} GiB; {clean.sum()} of {len(clean)} test rows are clean\n"
    )


def table(
    answers: Mapping[str, np.ndarray], truth: np.ndarray, domain: np.ndarray, clean: np.ndarray
) -> dict[str, Any]:
    """Accuracy of each row: mean and worst over domains, official and clean."""
    found = {}
    for name, answer in answers.items():
        said = answer.argmax(axis=1)
        official = by_domain(truth, said, domain)["accuracy"]
        without = by_domain(truth[clean], said[clean], domain[clean])["accuracy"]
        found[name] = {"official": official, "clean": without}
    return found


def tell(rows: Mapping[str, Any]) -> None:
    """Print the rows."""
    sys.stdout.write(f"{'accuracy, %':38}{'official':>10}{'worst':>8}{'clean':>8}{'worst':>8}\n")
    for name, row in sorted(rows.items(), key=lambda item: -item[1]["official"]["mean"]):
        parts = (row[kind][which] for kind in ("official", "clean") for which in ("mean", "worst"))
        sys.stdout.write(
            f"{name:38}"
            + "".join(f"{part:>{width}.2f}" for part, width in zip(parts, (10, 8, 8, 8), strict=True))
            + "\n"
        )


if __name__ == "__main__":
    main()
