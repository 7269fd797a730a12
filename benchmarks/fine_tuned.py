"""A fine-tuned base model beside its frozen self, and what experts, merging and other families add to it.

Run it with ``python benchmarks/fine_tuned.py --seeds 0 1 2``; ``--data fdu_mtl`` reads the folder that
``POLYCULTURE_DATA`` names. ``--sample 2000`` takes so many items of each part. ``--keep FOLDER`` keeps the fine-tuned
weights of each seed and starts from those that are there.
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
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.metrics import f1_score

from polyculture import load_dataset, store
from polyculture.arrays import Array, Mask
from polyculture.data import DomainData
from polyculture.features.base_model import BaseModel
from polyculture.features.encoders import make_encoder
from polyculture.features.encoders.base import held_out
from polyculture.features.text_backbone import TextBackbone
from polyculture.fuse import Combination, merge
from polyculture.preprocess import Preprocessor, split
from polyculture.progress import LOG
from polyculture.training import Epoch

FAMILIES = ("lexical", "pretrained", "pretrained:wordllama")
KIND = "fine-tuned backbone"


@dataclass
class Parts:
    """What is learnt from, with a part held out of it, and what is judged."""

    learnt: DomainData
    test: DomainData
    classes: list[object]
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def y(self) -> Array:
        """Classes of the items to learn from."""
        return self.codes(self.learnt)

    def codes(self, data: DomainData) -> Array:
        """Position of each label among the classes."""
        return np.array([self.classes.index(value) for value in data.label.tolist()])

    @property
    def held(self) -> Mask:
        """The held-out part of the items to learn from."""
        return self.learnt.within("validation")

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Keep how long a step took."""
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


def vader(seed: int) -> Parts:
    """Packaged social media, films, editorials and products: 70 % to learn from."""
    data = Preprocessor(test=0.3, random_state=seed).fit_transform(load_dataset("vader-domains"))
    return Parts(data.take(data.within("train", "validation")), data.take(data.within("test")), data.classes)


def fdu_mtl(seed: int) -> Parts:
    """Reviews of 16 domains; their own test part, the held-out part taken out of their training part."""
    frame = pl.read_parquet(Path(os.environ["POLYCULTURE_DATA"]) / "fdu_mtl" / "fdu_mtl.parquet")
    learnt, test = (_reviews(frame.filter(pl.col("split") == part)) for part in ("train", "test"))
    return Parts(split(learnt, test=0.0, validation=0.15, seed=seed), test, learnt.classes)


def _reviews(frame: pl.DataFrame) -> DomainData:
    texts, labels, domain = (frame[name].to_list() for name in ("text", "label", "domain"))
    return DomainData.of(texts, label=labels, domain=domain, source="fdu_mtl")


def sample(parts: Parts, most: int, seed: int) -> Parts:
    """At most so many items of each part, drawn at random."""
    rng = np.random.RandomState(seed)
    some = [data.take(np.sort(rng.permutation(len(data))[:most])) for data in (parts.learnt, parts.test)]
    return Parts(some[0], some[1], parts.classes)


def families(parts: Parts, seed: int) -> tuple[dict[str, Array], dict[str, Array]]:
    """Answers of each frozen family for the held-out part and for the test part."""
    held, test = {}, {}
    for name in FAMILIES:
        encoder = make_encoder(name).fit(parts.learnt.texts[~parts.held], parts.y[~parts.held])
        view = encoder.transform(parts.learnt.texts)
        model = BaseModel(random_state=seed).fit(view, parts.y, validation=parts.held, classes=len(parts.classes))
        held[name], test[name] = (
            model.predict_proba(view[np.flatnonzero(parts.held)]),
            model.predict_proba(encoder.transform(parts.test.texts)),
        )
    return held, test


def backbone_of(parts: Parts, settings: Mapping[str, object], keep: Path | None) -> TextBackbone:
    """The base model fine-tuned on all domains, or the one that was kept."""
    if keep is not None and (keep / "manifest.json").is_file():
        facts = store.facts(keep, kind=KIND)
        parts.seconds["fine-tuning"] = float(facts["seconds"])
        kept = TextBackbone.from_state(store.load(keep, kind=KIND))
        kept.history_ = [Epoch(*one) for one in facts.get("history", [])]
        return kept
    with parts.timed("fine-tuning"):
        found = TextBackbone(**settings).fit(  # type: ignore[arg-type]
            parts.learnt.texts, parts.y, validation=parts.held, classes=len(parts.classes)
        )
    if keep is not None:
        facts: dict[str, object] = {"seconds": parts.seconds["fine-tuning"]}
        if parts.held.any():
            facts["history"] = [astuple(one) for one in found.history_]
        store.save(keep, found.state(), kind=KIND, facts=facts)
    return found


def refitted(
    parts: Parts, backbone: TextBackbone, settings: Mapping[str, object], keep: Path | None, seed: int
) -> TextBackbone:
    """Fine-tuned again on all there is to learn from, for as many epochs as the held-out part chose before."""
    losses = [epoch.validation_loss for epoch in backbone.history_]
    epochs = int(np.argmin(losses)) + 1 if losses else settings["epochs"]
    whole = Parts(parts.learnt.with_split(["train"] * len(parts.learnt)), parts.test, parts.classes)
    found = backbone_of(whole, {**settings, "epochs": epochs}, None if keep is None else keep / f"seed{seed}-all")
    parts.seconds["refitting"] = whole.seconds["fine-tuning"]
    return found


def experts_of(
    backbone: TextBackbone, parts: Parts, layers: str, rate: float, epochs: int
) -> dict[str, dict[str, Array]]:
    """One expert a domain; its own held-out items decide whether it leaves the backbone."""
    found = {}
    for name in parts.learnt.domains:
        own = np.where(parts.learnt.domain == name, parts.y, -1)
        rows, stop = held_out(own, parts.held, share=0.1, seed=backbone.random_state)
        if len(rows) < 4 or len(np.unique(parts.y[rows])) < 2:
            found[name] = dict(backbone.weights_)
            continue
        found[name], _ = backbone.trained(
            backbone.weights_,
            parts.learnt.texts,
            parts.y,
            rows,
            stop,
            learning_rate=rate,
            epochs=epochs,
            frozen=backbone.frozen_layers(layers),
            name=f"expert {name}",
        )
    return found


def routed(backbone: TextBackbone, experts: Mapping[str, Mapping[str, Array]], data: DomainData) -> Array:
    """Each domain's items answered by its expert."""
    found = np.zeros((len(data), backbone.coding_.width))
    for name, weights in experts.items():
        rows = np.flatnonzero(data.domain == name)
        found[rows] = backbone.answers(data.texts[rows], weights)
    return found


def judged(answers: Array, truth: Array, domain: Array) -> dict[str, float]:
    """Macro-F1 of each domain, in per cent, their mean and the worst."""
    said = answers.argmax(axis=1)
    each = {
        d: 100 * f1_score(truth[domain == d], said[domain == d], average="macro") for d in sorted(set(domain.tolist()))
    }
    return each | {"mean": float(np.mean(list(each.values()))), "worst": min(each.values())}


def one_seed(parts: Parts, seed: int, chosen: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Scores of every row for one seed."""
    held_items = parts.learnt.take(parts.held)
    with parts.timed("families"):
        held, test = families(parts, seed)
    settings = {
        "model": chosen.model,
        "tune": chosen.tune,
        "epochs": chosen.epochs,
        "learning_rate": chosen.learning_rate,
        "max_tokens": chosen.max_tokens,
        "random_state": seed,
    }
    backbone = backbone_of(parts, settings, None if chosen.keep is None else chosen.keep / f"seed{seed}")
    networks = {"held": {}, "test": {}}  # type: dict[str, dict[str, Array]]
    both = {"held": held_items, "test": parts.test}
    with parts.timed("answers"):
        for part, items in both.items():
            networks[part]["backbone"] = backbone.answers(items.texts)
    with parts.timed("experts"):
        experts = experts_of(backbone, parts, chosen.expert_layers, chosen.expert_rate, chosen.expert_epochs)
    stop = np.flatnonzero(parts.held)
    with parts.timed("merging"):
        merges = merge(
            backbone,  # type: ignore[arg-type]
            experts,
            parts.learnt.texts,
            parts.y,
            parts.learnt.domain,
            rows=np.flatnonzero(~parts.held),
            stop=stop,
            methods=tuple(chosen.merges),
            refit_head=False,
        )
    with parts.timed("answers"):
        for part, items in both.items():
            networks[part]["experts"] = routed(backbone, experts, items)
            networks[part]["merged"] = backbone.answers(items.texts, merges[0].weights)
    stacks = {}
    for method in ("stacking", "auto"):
        order = {part: {n: found[n] for n in ("experts", "merged", "backbone")} for part, found in networks.items()}
        stack = Combination(method, seed).fit(order["held"], held, parts.y[stop], held_items.domain)
        stacks[method] = stack.predict_proba(order["test"], test, parts.test.domain)
        chosen_by = stack.method_
    alone = np.stack([test[name] for name in FAMILIES])
    rows = {
        "n-grams": test["lexical"],
        "frozen": test["pretrained"],
        "frozen families together": Combination.ensemble(alone),
        "fine-tuned, pooled": networks["test"]["backbone"],
        "experts": networks["test"]["experts"],
        f"merged ({merges[0].method}, {merges[0].setting})": networks["test"]["merged"],
        "experts and families, ensemble": Combination.ensemble(np.stack([networks["test"]["experts"], *alone])),
        "experts and families, stack": stacks["stacking"],
        f"chosen on held-out items ({chosen_by})": stacks["auto"],
    }
    if chosen.refit:
        last = refitted(parts, backbone, settings, chosen.keep, seed)
        known = order["test"] | dict.fromkeys(order["test"], last.answers(parts.test.texts))
        rows |= {
            "refitted, pooled": known["backbone"],
            "refitted, combined as chosen": stack.predict_proba(known, test, parts.test.domain),
        }
    truth = parts.codes(parts.test)
    # what a row chose stands in the log, so that rows of several seeds have one name
    LOG.info("seed %d: %s", seed, "; ".join(name for name in rows if "(" in name))
    return {name.split(" (")[0]: judged(answers, truth, parts.test.domain) for name, answers in rows.items()}


def table(found: list[dict[str, dict[str, float]]]) -> str:
    """Means over seeds, one row a line."""
    columns = list(found[0]["frozen"])
    lines = [f"{'macro-F1, %':34}" + "".join(f"{name[:11]:>12}" for name in columns)]
    for row in found[0]:
        means = [np.mean([one[row][name] for one in found]) for name in columns]
        lines.append(f"{row:34}" + "".join(f"{value:12.1f}" for value in means))
    return "\n".join(lines)


def arguments() -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", choices=("vader-domains", "fdu_mtl"), default="vader-domains")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--tune", choices=("full", "upper", "head", "lora"), default="full")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--learning-rate", type=float, default=5e-5)
    parser.add_argument("--max-tokens", type=int, default=128)
    parser.add_argument("--expert-layers", choices=("all", "upper", "head"), default="upper")
    parser.add_argument("--expert-rate", type=float, default=3e-5)
    parser.add_argument("--expert-epochs", type=int, default=1)
    parser.add_argument("--merges", nargs="+", default=["average", "task_arithmetic"])
    parser.add_argument("--refit", action="store_true", help="train once more with the held-out part")
    parser.add_argument("--sample", type=int, default=0, help="items of each part at most; 0 for all")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def main() -> None:
    """Print the table, the seconds of each step and the most memory that was held."""
    chosen = arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    found, seconds = [], []
    for seed in chosen.seeds:
        parts = vader(seed) if chosen.data == "vader-domains" else fdu_mtl(seed)
        parts = sample(parts, chosen.sample, seed) if chosen.sample else parts
        found.append(one_seed(parts, seed, chosen))
        seconds.append(parts.seconds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    taken = ", ".join(f"{name} {np.mean([s[name] for s in seconds]):.0f} s" for name in seconds[0])
    sys.stdout.write(f"{table(found)}\n\neach of seeds {chosen.seeds}: {taken}; at most {peak:.1f} GB of memory\n")
    if chosen.out:
        chosen.out.write_text(json.dumps({"rows": found, "seconds": seconds, "gigabytes": peak}, indent=1))


if __name__ == "__main__":
    main()
