"""What the numbers of a benchmark say of each part: the full system less the system without it, and an interval."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from polyculture.measure import t_interval

Numbers = Mapping[str, float]
"""Score of one row for each domain, pair or transfer."""
FEW = 3
"""Seeds from which on the interval is over seeds, and not over the items of the first."""

LOOP = {
    "without adapt": "without experts (step 3)",
    "without fuse": "without fusion: each domain's expert alone (step 4)",
    "without optimise": "without step 5",
    "without refitting": "without base models refitted on held-out items (step 5)",
}
SEVEN = "vader-domains, seven encoders"
COMMITTEE = "self-training of the committee"
AMAZON = {
    "without adapting: the committee on the source": "source only, committee",
    "without the committee: self-training of words": "self-training of words",
    "without the committee: self-training of words by ratio": "self-training of words by ratio",
    "without taking classes to be as frequent as in the source": f"{COMMITTEE}, classes as found",
    "with denoising beside it": f"{COMMITTEE} with denoising",
    "penalty chosen on the source": f"{COMMITTEE}, strength chosen on the source",
    "method chosen by circular validation": "chosen of the first four by circular",
}
AVERAGED = "  the three averaged (the default)"
DEPTHS = "+ several depths on either side"
SPREAD = "+ answers spread over the target's graph"
NO_GRAPH = "source-only network, no graph"
TWO_HOPS = "source-only, two hops on either side"
CITATION = {
    "without the graph, and so without all that goes over it": (AVERAGED, NO_GRAPH),
    "without self-training": (AVERAGED, SPREAD),
    "without averaging: classes as found alone": (
        AVERAGED,
        "+ three rounds of self-training, classes as they are found",
    ),
    "without averaging: classes halfway alone": (AVERAGED, "  the same, classes halfway to the source's"),
    "without averaging: classes as in the source alone": (AVERAGED, "  the same, classes as in the source"),
    "before self-training: without spreading answers": (SPREAD, DEPTHS),
    "before that: without several depths": (DEPTHS, "+ deeper in the target (2 and 15 hops)"),
    "before that: without more depth in the target": (
        "+ deeper in the target (2 and 15 hops)",
        TWO_HOPS,
    ),
    "before that: without the graph, with one network and not two": (TWO_HOPS, NO_GRAPH),
    "choosing with or without graph by circular validation": (AVERAGED, "chosen by circular validation (automatic)"),
}
TWITCH = {
    "no graph": "none",
    "two hops on either side": "same depth",
    "deeper in the target": "depth",
    "self-training over the graph": "self-training",
}


@dataclass(frozen=True)
class Gain:
    """What one part adds: the full system less the other, points of the benchmark's own measure.

    Parameters
    ----------
    benchmark, measure, part : str
    whole : float
        The full system.
    estimate, low, high : float
    over : str
        What the interval of 95 % is over.
    """

    benchmark: str
    measure: str
    part: str
    whole: float
    estimate: float
    low: float
    high: float
    over: str

    @property
    def verdict(self) -> str:
        """Whether the interval holds zero."""
        if self.low == self.high == 0:
            return "same answers"
        return "ahead" if self.low > 0 else "behind" if self.high < 0 else "nothing shown"


def paired(benchmark: str, measure: str, part: str, pair: tuple[Numbers, Numbers], over: str) -> Gain:
    """Differences for each domain or pair, by Student's t."""
    whole, less = pair
    found = t_interval(np.array([whole[key] - less[key] for key in whole]))
    return Gain(benchmark, measure, part, float(np.mean([*whole.values()])), **vars(found), over=f"{len(whole)} {over}")


def of_rows(folders: Sequence[Path]) -> Iterator[Gain]:
    """Benchmarks of `_rows`: over seeds by Student's t, or over the items of the first seed where there are few."""
    files = sorted({path.name for folder in folders for path in folder.glob("*.json")} - {"run.json"})
    for name in files:
        parts = [json.loads((folder / name).read_text("utf-8")) for folder in folders if (folder / name).exists()]
        runs = [run for part in parts for run in part["seeds"]]
        whole, title, metric = runs[0]["fused"]["mean"], parts[0]["title"], parts[0]["metric"]
        for row in (row for row in runs[0] if row.startswith("without") or row == "fused, domain not told"):
            if len(runs) < FEW:
                ahead = runs[0][row]["ahead"]
                ends = {end: ahead[end] for end in ("estimate", "low", "high")}
                yield Gain(title, metric, row, whole, **ends, over=f"{ahead['items']} items, one seed")
            else:
                seeds = [{str(i): run[each]["mean"] for i, run in enumerate(runs)} for each in ("fused", row)]
                yield paired(title, metric, row, (seeds[0], seeds[1]), "seeds")


def of_fdu(folders: Sequence[Path]) -> Iterator[Gain]:
    """Sixteen domains of reviews, the official test."""
    rows = _read(folders[0] / "fdu_mtl.json")["rows"]
    each = {name: row["official"]["by_domain"] for name, row in rows.items()}
    for row in (row for row in each if row.startswith("without") or row == "fused, domain not told"):
        yield paired("FDU-MTL", "accuracy, %", row, (each["fused"], each[row]), "domains")


def of_loop(folders: Sequence[Path]) -> Iterator[Gain]:
    """The loop on four domains: steps left out, and domains left out."""
    found = _read(folders[0] / "vader_domains.json")
    steps = {name: row["macro_f1"]["by_domain"] for name, row in found["ablation"].items()}
    for row, part in LOOP.items():
        yield paired(SEVEN, "macro-F1, %", part, (steps["whole"], steps[row]), "domains, one seed")
    reference = "reference of the rows below"
    for row in list(steps)[list(steps).index(reference) + 1 :]:
        said = f"{row} (step {'2' if 'graph' in row else '1'}), 1,000 training items"
        yield paired(SEVEN, "macro-F1, %", said, (steps[reference], steps[row]), "domains, one seed")
    for how, rows in found["generalisation"].items():
        each = {name: row["by_domain"] for name, row in rows.items()}
        for row, said in (("merged", "merged weights alone"), ("pooled", "the backbone alone"), ("ngrams", "n-grams")):
            name = f"unseen domains, {how} their items"
            if row in each:
                yield paired(name, "macro-F1, %", f"{said} instead", (each["fused"], each[row]), "domains, one seed")


def of_citation(folders: Sequence[Path]) -> Iterator[Gain]:
    """Six transfers, both protocols, means over seeds; their target scores were in sight when settings were found."""
    for path in sorted(folders[0].glob("s*.json")):
        runs = _read(path)

        def each(row: str, runs: Any = runs) -> Numbers:
            return {pair: float(np.mean([run[pair][row]["micro"] for run in runs])) for pair in runs[0]}

        for part, (whole, less) in CITATION.items():
            name = f"citation networks, {path.stem}"
            over = f"transfers, {len(runs)} seed(s); settings saw target scores"
            yield paired(name, "micro-F1, %", part, (each(whole), each(less)), over)


def of_amazon(folders: Sequence[Path]) -> Iterator[Gain]:
    """Twelve pairs, and the ten on which nothing was settled."""
    from amazon_pairs import SETTLED_ON  # it brings torch, which reading numbers does not need

    rows = _read(folders[0] / "amazon_pairs.json")["accuracy"]
    free = {pair: row for pair, row in rows.items() if pair not in SETTLED_ON}
    for name, some, over in (
        ("Amazon, all pairs", rows, "pairs, two of which settled the committee and its penalty"),
        ("Amazon, the pairs on which nothing was settled", free, "pairs"),
    ):
        for part, less in AMAZON.items():
            whole, other = ({pair: row[each] for pair, row in some.items()} for each in (COMMITTEE, less))
            yield paired(name, "accuracy, %", part, (whole, other), over)


def of_twitch(folders: Sequence[Path]) -> Iterator[Gain]:
    """Pairs of countries, or sources with the mean over their targets: what is chosen, less each way."""
    rows = _read(folders[0] / "twitch.json")
    over = "pairs" if "→" in next(iter(rows)) else "sources, each the mean over its targets"
    for metric in ("AUC", "macro-F1"):
        for part, less in TWITCH.items():
            whole, other = ({pair: row[name][metric] for pair, row in rows.items()} for name in ("automatic", less))
            yield paired("Twitch", f"{metric}, %", f"{part} instead of the choice", (whole, other), over)


def of_few_labels(folders: Sequence[Path]) -> Iterator[Gain]:
    """Domains that arrive with few labels: the choice, less the model as it is, and less each method."""
    runs = _read(folders[0] / "few_labels.json")["runs"]
    for shots in next(iter(runs.values())):

        def each(row: str, shots: str = shots) -> Numbers:
            return {d: 100 * float(np.mean([draw[row] for draw in run[shots]])) for d, run in runs.items()}

        for row in (row for row in next(iter(runs.values()))[shots][0] if row != "choice"):
            said = "without learning its labels" if row == "as_it_is" else f"{row} instead of the choice"
            name = f"few labels, {shots} a class"
            yield paired(name, "accuracy, %", said, (each("choice"), each(row)), "domains")


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


Reader = Callable[[Sequence[Path]], Iterator[Gain]]
