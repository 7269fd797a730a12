"""A fine-tuned base model as the backbone, beside all steps on its frozen vectors: what each step adds to it.

Run it with ``python benchmarks/fine_tuned.py --seeds 0 1 2``; ``--data fdu_mtl`` reads the folder that
``POLYCULTURE_DATA`` names. ``--keep FOLDER`` keeps each seed's fine-tuned weights and scores, and goes on from those
that are there.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from fdu_mtl import data_of

from polyculture import CrossDomainClassifier, load_dataset, store
from polyculture.arrays import Array, Mask
from polyculture.data import DomainData
from polyculture.evaluation.accuracy import by_domain
from polyculture.evaluation.baselines import ngrams
from polyculture.evaluation.fine_tuning import fine_tuned
from polyculture.features.text_backbone import TextBackbone
from polyculture.preprocess import Preprocessor

KIND = "fine-tuned backbone"
PARTS = ("backbone", "experts", "merged", "ensemble", "fused")


def vader(seed: int) -> tuple[DomainData, DomainData, Mask]:
    """Packaged social media, films, editorials and products without their duplicates: 70 % to learn from."""
    data = Preprocessor(test=0.3, random_state=seed).fit_transform(load_dataset("vader-domains"))
    test = data.take(data.within("test"))
    return data.take(data.within("train", "validation")), test, np.ones(len(test), dtype=bool)


def fdu_mtl(seed: int) -> tuple[DomainData, DomainData, Mask]:
    """Reviews of 16 domains; their own test part, and which of it do not stand in train."""
    (train, test), clean = data_of(Path(os.environ["POLYCULTURE_DATA"]))
    return Preprocessor(test=0.0, random_state=seed).fit_transform(train), test, clean


def one_seed(
    learnt: DomainData, test: DomainData, seed: int, settings: dict[str, Any], keep: Path | None
) -> tuple[dict[str, Array], dict[str, Any]]:
    """Answers of every row, and what was chosen."""
    start = time.perf_counter()
    frozen = CrossDomainClassifier(random_state=seed, clean=False)
    prepared = frozen.preprocess(learnt.texts, learnt.label, domain=learnt.domain, split=learnt.split)
    encoded = frozen.encode_fit(prepared)
    frozen.learn(encoded, prepared)
    later = frozen.encode(test.texts)
    before = frozen.answers(later, test.domain)
    between = time.perf_counter()
    backbone = backbone_of(frozen, prepared, settings, keep)
    fitting = time.perf_counter() - between
    tuned = fine_tuned(frozen, prepared, encoded, settings, backbone)
    answers = {f"{name}, frozen": before[name] for name in (*PARTS, "encoder:pretrained") if name in before}
    answers |= {
        f"{name}, fine-tuned": found for name, found in tuned.answers(later, test.domain).items() if name in PARTS
    }
    answers["fused, fine-tuned, domain not told"] = tuned.answers(later)["fused"]
    answers["n-grams"] = ngrams(learnt, frozen.classes_, test.texts)
    chosen = {
        "merge": f"{tuned.merges_[0].method}, {tuned.merges_[0].setting}",
        "fused": tuned.routed_.method_,
        "losses": tuned.routed_.losses_,
        "seconds": {"frozen": between - start, "fine-tuning": fitting, **dict(tuned.steps_)},
    }
    return answers, chosen


def backbone_of(
    frozen: CrossDomainClassifier, prepared: DomainData, settings: dict[str, Any], keep: Path | None
) -> TextBackbone:
    """The base model fine-tuned on all domains together, or the one that was kept."""
    if keep is not None and (keep / "manifest.json").is_file():
        return TextBackbone.from_state(store.load(keep, kind=KIND))
    found = TextBackbone(**settings, random_state=frozen.random_state).fit(
        prepared.texts,
        frozen.codes(prepared.label),
        validation=prepared.within("validation"),
        classes=len(frozen.classes_),
    )
    if keep is not None:
        store.save(keep, found.state(), kind=KIND, facts=settings)
    return found


def scores(answers: dict[str, Array], truth: Array, domain: Array) -> dict[str, Any]:
    """Macro-F1 and accuracy of every row."""
    return {name: by_domain(truth, answer.argmax(axis=1), domain) for name, answer in answers.items()}


def of_seed(chosen: argparse.Namespace, seed: int) -> dict[str, Any]:
    """All that is kept of one seed, made or read."""
    kept = None if chosen.keep is None else chosen.keep / f"{chosen.data}-{seed}.json"
    if kept is not None and kept.is_file():
        return dict(json.loads(kept.read_text()))
    learnt, test, clean = {"vader-domains": vader, "fdu_mtl": fdu_mtl}[chosen.data](seed)
    settings = {
        name: getattr(chosen, name)
        for name in ("model", "tune", "epochs", "learning_rate", "max_tokens", "adversarial")
    }
    place = None if chosen.keep is None else chosen.keep / f"{chosen.data}-{seed}"
    answers, about = one_seed(learnt, test, seed, settings, place)
    classes = sorted(set(learnt.label.tolist()))
    truth = np.array([classes.index(value) for value in test.label.tolist()])
    found = {"rows": scores(answers, truth, test.domain), "about": about}
    if not clean.all():
        part = {name: answer[clean] for name, answer in answers.items()}
        found["clean"] = scores(part, truth[clean], test.domain[clean])
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(found, indent=1))
    return found


def tell(found: list[dict[str, Any]], part: str, metric: str) -> None:
    """Means over seeds, one row a line."""
    domains = list(found[0][part]["fused, frozen"][metric]["by_domain"])
    shown = domains if len(domains) < 8 else []
    sys.stdout.write(
        f"{part}: {metric}, %".ljust(38) + "".join(f"{d[:11]:>12}" for d in [*shown, "mean", "worst"]) + "\n"
    )
    for row in sorted(found[0][part], key=lambda row: -found[0][part][row][metric]["mean"]):
        each = [one[part][row][metric] for one in found]
        means = [np.mean([e["by_domain"][d] for e in each]) for d in shown]
        means += [np.mean([e[end] for e in each]) for end in ("mean", "worst")]
        sys.stdout.write(f"{row:38}" + "".join(f"{value:12.2f}" for value in means) + "\n")


def arguments() -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", choices=("vader-domains", "fdu_mtl"), default="vader-domains")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--tune", choices=("full", "upper", "head", "lora"), default="full")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--learning-rate", type=float, default=1e-4)
    parser.add_argument("--max-tokens", type=int, default=128)
    parser.add_argument("--adversarial", type=float, default=1.0)
    parser.add_argument("--keep", type=Path)
    return parser.parse_args()


def main() -> None:
    """Print the tables, the seconds of each step and the most memory that was held."""
    chosen = arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    found = [of_seed(chosen, seed) for seed in chosen.seeds]
    for part in ("rows", "clean"):
        if part in found[0]:
            tell(found, part, "accuracy" if chosen.data == "fdu_mtl" else "macro_f1")
    for seed, one in zip(chosen.seeds, found, strict=True):
        seconds = ", ".join(f"{name} {taken:.0f} s" for name, taken in one["about"]["seconds"].items())
        sys.stdout.write(f"seed {seed}: {one['about']['merge']}; {one['about']['fused']}; {seconds}\n")
    sys.stdout.write(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GiB\n")


if __name__ == "__main__":
    main()
