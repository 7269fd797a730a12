"""A new domain with few labels: each of FDU-MTL's sixteen left out in turn, then learnt from 1, 4, 16 and 64 a class.

Run ``POLYCULTURE_DATA=FOLDER python benchmarks/few_labels.py``. A model of word n-grams and MiniLM is fitted on the
labels of fifteen domains and asked for the sixteenth, which arrives with few labels drawn from its train split;
accuracy is on its whole official test. Encoders are fitted once, on all train texts without their labels, those of the
new domain among them; no experts are made, as a domain that nobody knows is served by none. Nothing is chosen with test
labels, with one exception: that the choice asks for a gain of two standard errors, and not of one, was decided when
this table had been seen. With ``--keep`` an interrupted run goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from fdu_mtl import data_of
from scipy.stats import t as student
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from polyculture import CrossDomainClassifier
from polyculture.classify.arriving import fused, learn_new_domain, seen_by_heads, served
from polyculture.data import DomainData
from polyculture.features.encoders.lexical import WORD
from polyculture.optimise.few_labels import FEW_LABELS, method_named
from polyculture.optimise.few_labels.choose import choose
from polyculture.preprocess import Preprocessor
from polyculture.progress import LOG

SHOTS = (1, 4, 16, 64)
Arrays = dict[str, np.ndarray]
Scores = dict[str, float]


def known(folder: Path, names: list[str] | None, most: int, seed: int, keep: Path | None) -> Iterator[tuple[str, Any]]:
    """For each domain left out, what the heads are fed and what the others' accuracy was before and after."""
    (train, test), _ = data_of(folder)
    names = names or list(train.domains)
    there = {name: keep / f"{name}.npz" for name in names} if keep else {}
    fit = None
    for name in names:
        if name in there and there[name].exists():
            yield name, dict(np.load(there[name], allow_pickle=False))
            continue
        fit = fit or encoded_once(train, test, seed)
        found = left_out(name, *fit, test, most)
        if name in there:
            there[name].parent.mkdir(parents=True, exist_ok=True)
            np.savez(there[name], **found)
        yield name, found


def encoded_once(train: DomainData, test: DomainData, seed: int) -> tuple[Any, ...]:
    """An unfitted model with encoders that saw no label, its training items, and both splits as vectors."""
    learnt = Preprocessor(test=0.0, random_state=seed).fit_transform(train)
    model = CrossDomainClassifier(
        ("lexical:words", "pretrained"), graph="none", adapt="none", clean=False, random_state=seed
    )
    data = model.preprocess(learnt.texts, learnt.label, domain=learnt.domain, split=learnt.split)
    return model, data, model.encode_fit(data), model.encode(test.texts)


def left_out(name: str, model: Any, data: DomainData, encoded: Any, later: Any, test: DomainData, most: int) -> Arrays:
    """Fit on the others; vectors, answers, labels and texts of the domain; and what 16 labels a class change."""
    start, fresh = time.process_time(), clone(model)
    fresh.features_ = model.features_
    kept = np.flatnonzero((data.domain != name) & few_of_each(data, most, model.random_state))
    fresh.learn(encoded.take(kept), data.take(kept))
    found: Arrays = {"seconds": np.array(time.process_time() - start)}
    for part, items, vectors in (("pool", data, encoded), ("test", test, later)):
        own, here = items.take(items.domain == name), vectors.take(items.domain == name)
        found |= {f"{part}_y": fresh.codes(own.label), f"{part}_texts": own.texts.astype(str)}
        found |= {f"{part}_x": seen_by_heads(fresh, here), f"{part}_p": fused(fresh, here)}
        found |= {f"{part}_vectors": here.vectors}
    return found | others(fresh, name, data, test, later, found)


def few_of_each(data: DomainData, most: int, seed: int) -> np.ndarray:
    """At most so many items of each domain, drawn at random."""
    kept = np.zeros(len(data), dtype=bool)
    mixed = np.random.default_rng(seed).permutation(len(data))
    for name in data.domains:
        kept[mixed[data.domain[mixed] == name][:most]] = True
    return kept


def others(model: Any, name: str, data: DomainData, test: DomainData, later: Any, found: Arrays) -> Arrays:
    """Accuracy on all other domains' tests before the new one is learnt, and after; answers that changed."""
    own, rows = data.take(data.domain == name), drawn(found["pool_y"], 16, 0)
    before = model.answers(later, test.domain)["fused"]
    arrived = learn_new_domain(model, own.texts[rows].tolist(), own.label[rows].tolist(), name)
    after = served(model, later, test.domain, model.answers(later, test.domain)["fused"], {name: arrived})
    elsewhere, truth = test.domain != name, model.codes(test.label)
    right = [(p[elsewhere].argmax(axis=1) == truth[elsewhere]).mean() for p in (before, after)]
    changed = int((before[elsewhere] != after[elsewhere]).any(axis=1).sum())
    return {"others": np.array(right), "changed": np.array(changed)}


def drawn(y: np.ndarray, shots: int, seed: int) -> np.ndarray:
    """Rows of so many items of each class."""
    mixed = np.random.default_rng([seed, shots]).permutation(len(y))
    return np.concatenate([mixed[y[mixed] == c][:shots] for c in np.unique(y)])


def curve_point(found: Mapping[str, np.ndarray], shots: int, seed: int) -> Scores:
    """Accuracy on the domain's test of every row, for one draw of labels."""
    rows = drawn(found["pool_y"], shots, seed)
    rest = np.setdiff1d(np.arange(len(found["pool_y"])), rows)
    x, y, p = (found[f"pool_{part}"][rows] for part in ("x", "y", "p"))
    u, up = found["pool_x"][rest], found["pool_p"][rest]
    asked = found["test_x"], found["test_p"]
    answers = {name: choose(x, y, p, methods=[name], seed=seed).answers(*asked) for name in FEW_LABELS}
    answers["choice"] = choose(x, y, p, seed=seed).answers(*asked)
    answers["choice, with unlabelled items"] = choose(x, y, p, unlabelled=u, unlabelled_prior=up, seed=seed).answers(
        *asked
    )
    answers |= specialists(found, rows)
    return {name: float((each.argmax(axis=1) == found["test_y"]).mean()) for name, each in answers.items()}


def specialists(found: Mapping[str, np.ndarray], rows: np.ndarray) -> Arrays:
    """The same labels and nothing else: word n-grams, and the encoders' vectors."""
    y = found["pool_y"][rows]
    words = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=WORD), LogisticRegression(C=5.0)
    ).fit(found["pool_texts"][rows], y)
    linear = LogisticRegression(C=0.03, max_iter=1000).fit(found["pool_vectors"][rows], y)
    return {
        "specialist, n-grams": words.predict_proba(found["test_texts"]),
        "specialist, the same vectors": linear.predict_proba(found["test_vectors"]),
    }


def curves(found: Mapping[str, np.ndarray], draws: int, seed: int) -> dict[int, list[Scores]]:
    """All draws of all numbers of labels."""
    return {shots: [curve_point(found, shots, seed + i) for i in range(draws)] for shots in SHOTS}


def over_domains(values: np.ndarray) -> tuple[float, float]:
    """Mean, and half of its 95 % interval over domains."""
    if len(values) < 2:
        return float(values.mean()), float("nan")
    wide = student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean()), float(wide)


def markdown(runs: Mapping[str, Mapping[int, list[Scores]]]) -> Iterator[str]:
    """Accuracy, and in brackets what is gained over the model as it is, with its interval over domains."""
    yield (
        "| accuracy, % (gain over zero-shot ± 95 % over domains) | " + " | ".join(f"{s} a class" for s in SHOTS) + " |"
    )
    yield "|---" * (len(SHOTS) + 1) + "|"
    for name in next(iter(runs.values()))[SHOTS[0]][0]:
        cells = [cell(runs, name, shots) for shots in SHOTS]
        yield f"| {titled(name)} | " + " | ".join(cells) + " |"


def cell(runs: Mapping[str, Mapping[int, list[Scores]]], name: str, shots: int) -> str:
    """Accuracy, gain and interval of one row and one number of labels."""
    each = [[(100 * draw[name], 100 * draw["as_it_is"]) for draw in run[shots]] for run in runs.values()]
    own, before = (np.array([[pair[i] for pair in draws] for draws in each]).mean(axis=1) for i in (0, 1))
    if name == "as_it_is":
        return f"{own.mean():.1f}"
    gain, wide = over_domains(own - before)
    return f"{own.mean():.1f} ({gain:+.1f} ± {wide:.1f})"


def titled(name: str) -> str:
    """Name of a row."""
    if name == "as_it_is":
        return "zero-shot: the model as it is"
    return f"{name} (transductive)" if name in FEW_LABELS and method_named(name).transductive else name


def main() -> None:
    """Fit, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=os.environ.get("POLYCULTURE_DATA"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--draws", type=int, default=5, help="of labels, for each domain and number of labels")
    parser.add_argument("--most", type=int, default=2000, help="labelled items of each other domain at most")
    parser.add_argument("--domains", nargs="+", help="domains to leave out; all when not given")
    parser.add_argument("--keep", type=Path, help="folder of vectors and answers, to go on after an interruption")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    runs, facts = {}, {}
    for name, found in known(Path(chosen.data_dir), chosen.domains, chosen.most, chosen.seed, chosen.keep):
        runs[name] = curves(found, chosen.draws, chosen.seed)
        facts[name] = {"others": found["others"].tolist(), "changed": int(found["changed"])}
        LOG.info("%s: %s", name, {shots: draws[0] for shots, draws in runs[name].items()})
        if chosen.json:
            chosen.json.write_text(json.dumps({"runs": runs, "facts": facts}, indent=1))
    tell(runs, facts, chosen)


def tell(runs: Mapping[str, Any], facts: Mapping[str, Any], chosen: argparse.Namespace) -> None:
    """Print the table and what it was made of."""
    before, after = 100 * np.array([fact["others"] for fact in facts.values()]).mean(axis=0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    sys.stdout.write("\n".join(markdown(runs)) + "\n\n")
    sys.stdout.write(
        f"{len(runs)} domains left out in turn; official test; seed {chosen.seed}, {chosen.draws} draws of labels; "
        f"at most {chosen.most} items of each other domain\n"
        f"other domains' accuracy before and after: {before:.2f} and {after:.2f}, "
        f"{sum(fact['changed'] for fact in facts.values())} answers changed\n"
        f"{time.process_time():.0f} s of processor time; at most {peak:.1f} GiB\n"
    )


if __name__ == "__main__":
    main()
