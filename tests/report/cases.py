"""Results of every kind as the program itself makes them, in which no name from outside has three letters in a row.

What is left of three letters on a Chinese page is then the program's own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import made
import numpy as np
import polars as pl
from kinds import renamed

from polyculture import DomainData, audit, close_the_loop
from polyculture.ancestry import lineage
from polyculture.data.answers import ModelFile
from polyculture.evaluation.classes import by_class
from polyculture.evaluation.judge import evaluate
from polyculture.features.backbone import Backbone
from polyculture.loop import QUESTIONS
from polyculture.surveying import survey

FEW = {"draws": 40, "nulls": 20, "least": 10}


def long_table(models: int = 8, items: int = 300, *, shared: float = 0.8, seed: int = 0) -> pl.DataFrame:
    """Answers of models in two families, a few of them missing, with labels and groups."""
    rng = np.random.default_rng(seed)
    hard = rng.normal(size=(items, 1)) + shared * rng.normal(size=(items, 2))[:, np.arange(models) % 2]
    right = hard + 0.5 * rng.normal(size=(items, models)) < 0.7
    label = rng.integers(4, size=items)
    given = np.where(right, label[:, None], (label[:, None] + rng.integers(1, 4, size=(items, models))) % 4)
    rows = [
        {
            "item": f"I{i}",
            "model": f"M{m}",
            "prediction": f"O{given[i, m]}",
            "label": f"O{label[i]}",
            "group": f"G{i % 3}",
        }
        for i in range(items)
        for m in range(models)
        if (i + 7 * m) % 97
    ]
    return pl.DataFrame(rows)


def without_labels() -> Any:
    return audit(long_table().drop("label"), cache=False)


def with_cards() -> Any:
    cards = {f"M{m}": {"CC": f"C{m % 2}", "SS": float(m)} for m in range(7)}
    return audit(long_table(), cards=cards, cache=False)


def alike_and_rare() -> Any:
    """A copy, a model that is never right, an item without a label, a group too small to measure, repeated rows."""
    table = long_table(6)
    copy = table.filter(pl.col("model") == "M0").with_columns(model=pl.lit("M9"))
    never = table.filter(pl.col("model") == "M1").with_columns(model=pl.lit("M8"), prediction=pl.lit("O9"))
    odd = table.head(6).with_columns(item=pl.lit("I999"), label=pl.lit(None, dtype=pl.String), group=pl.lit("G9"))
    return audit(pl.concat([table, copy, never, odd.unique("model"), table.head(2)]), cache=False)


def hardly_answered() -> Any:
    """Two thirds of the answers are missing, so that no item was answered by all."""
    return audit(long_table().gather_every(3), cache=False)


def scattered_answers(kept: float) -> Callable[[], Any]:
    """Answers that are missing at random, so many that pairs of models have few items in common."""

    def made_of() -> Any:
        table = long_table()
        return audit(table.filter(pl.Series(np.random.default_rng(0).random(table.height) < kept)), cache=False)

    return made_of


def outcomes(models: int, items: int = 200, shared: float = 0.0) -> Callable[[], Any]:
    def made_of() -> Any:
        rng = np.random.default_rng(1)
        hard = shared * rng.normal(size=(items, 1))
        return audit(
            {f"M{m}": (hard[:, 0] + rng.normal(size=items) < 0.5).astype(int).tolist() for m in range(models)},
            kind="outcomes",
            cache=False,
        )

    return made_of


def probabilities() -> Any:
    rng = np.random.default_rng(2)
    table = long_table(4, 120)
    shares = rng.dirichlet(np.ones(4), size=table.height)
    return audit(table.with_columns(**{f"p_O{k}": shares[:, k] for k in range(4)}), cache=False)


def many_items_for_few() -> Any:
    return audit(long_table(3, 60, shared=0.0), largest_portfolio=2, cache=False)


def embeddings(models: int = 3, layers: int = 1) -> Callable[[], Any]:
    def made_of() -> Any:
        rng = np.random.default_rng(0)
        base = rng.normal(size=(120, 6))
        each = {
            f"M{m}": {f"L{k}": (base + m * rng.normal(size=base.shape)).astype(np.float32) for k in range(layers)}
            for m in range(models)
        }
        given = each if layers > 1 else {name: next(iter(parts.values())) for name, parts in each.items()}
        return audit(given, kind="embeddings", cache=False)

    return made_of


def model_files() -> Any:
    weights = {"W": ((2, 3), "F32"), "B": ((3,), "F32")}
    files = [ModelFile(f"M{i}", weights, {"MM": 1}, {"W": "1F", "B": f"{i}E"}) for i in range(3)]
    from polyculture.auditing.of_models import audit_models
    from polyculture.auditing.settings import Settings

    return audit_models(files, Settings())


def ecosystem(*, told: bool = True) -> dict[str, list[Any]]:
    rng = np.random.default_rng(0)
    names = [f"M{i}" for i in range(60)]
    parents: list[Any] = [["none"], *([names[int(rng.random() * i * 0.5)]] for i in range(1, 60))]
    parents[5] += ["M1", "X9"]
    parents[7], parents[8], parents[3] = [], ["M8"], ["M11"]
    parents[11], parents[12] = ["M3"], ["M-0", "M-0", "unknown"]
    more = {
        "organisation": ["A", "B"] * 30,
        "architecture": ["T", "U", "V"] * 20,
        "date": [f"20{20 + i // 20}-0{1 + i % 9}" for i in range(59)] + ["??"],
        "downloads": list(range(60)),
    }
    return {"name": names, "parents": parents} | (more if told else {})


def with_an_audit() -> Any:
    given = with_cards()
    return lineage(ecosystem(), audit=given)


def papers(seed: int = 0, *, alike: bool = False, years: int = 5, each: int = 40, odd: bool = False) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(6), size=4)
    if alike:
        shares[:] = shares[0]
    rows = []
    for c, y, i in product(range(4), range(years), range(each)):
        if c == 3 and i >= 4:
            continue
        named = rng.choice(6, size=rng.integers(3), replace=False, p=shares[c])
        words = " ".join(f"MM{k}" for k in named)
        title = "P Q R S TT UU VV" if i == 0 else f"P{c} {words} {y}{i} TT{rng.integers(99)} UU{rng.integers(99)} WW{i}"
        rows.append({"id": f"P{c}-{y}-{i}", "community": "ABCD"[c], "year": str(2010 + y), "title": title})
        rows[-1]["abstract"] = f"{words} SS{i % 3}" if c < 2 else None
    strange = [
        {"id": "P0-0-1", "community": "A", "year": "2010", "title": "T", "abstract": None},
        {"id": "Z1", "community": "A", "year": "soon", "title": "T", "abstract": None},
        {"id": "Z2", "community": "A", "year": "1492", "title": "T", "abstract": None},
        {"id": "Z3", "community": None, "year": "2011", "title": "T", "abstract": None},
        {"id": "Z4", "community": "A", "year": "2011", "title": "", "abstract": None},
        {"id": None, "community": "A", "year": "in 2011", "title": "T\x07", "abstract": None},
    ]
    return pl.DataFrame(rows + (strange if odd else []))


def vocabulary(families: int = 3) -> Path:
    lines = ["schema = 1"]
    for k in range(6):
        lines += [f"[family.F{k % families}.MM{k}]", f"patterns = ['MM{k}']", f"first_known = {2005 + k}"]
    for k in range(3):
        lines += [f"[topics.SS{k}]", f"patterns = ['SS{k}']", f"[beside.tool.TT{k}]", f"patterns = ['TT{k}']"]
    path = Path(tempfile.mkdtemp()) / "V.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def surveyed(families: int = 3, **given: Any) -> Callable[[], Any]:
    how = {key: given.pop(key) for key in ("questions", "batch", "least", "abstracts") if key in given}
    return lambda: survey(papers(**given), vocabulary=vocabulary(families), **(FEW | how))


def cut_short() -> Any:
    return replace(surveyed()(), partial="V.csv: is cut in line 12; the lines before it were read")


WORDS = {"+": ["A1", "A2", "A3", "A4"], "-": ["B1", "B2", "B3", "B4"]}
SMALL = {"encoders": ("lexical",), "components": 20, "explained": 4}


def domains(n: int = 240, *, neutral: bool = False) -> DomainData:
    """Three domains; in the third the words mean the opposite."""
    rng = np.random.default_rng(0)
    texts, labels, where = [], [], []
    for i in range(n):
        domain, label = "ABC"[i % 3], "+-"[(i // 3) % 2]
        spoken = label if domain != "C" else {"+": "-", "-": "+"}[label]
        texts.append(
            " ".join([*(f"F{k}" for k in rng.integers(10, size=5)), *rng.choice(WORDS[spoken], 2), f"{domain}{i}"])
        )
        labels.append("O" if neutral and i % 5 == 0 else label)
        where.append(domain)
    return DomainData.of(texts, label=labels, domain=where, ids=[f"I{i}" for i in range(n)], source="D1")


def loop() -> Any:
    backbone = Backbone((16,), (0, 0), learning_rate=0.02, epochs=3)
    questions = [question for question in QUESTIONS if question != "fine_tuning"]
    found = close_the_loop(
        domains(), seeds=(0,), questions=questions, tasks={"T1": domains(neutral=True)}, backbone=backbone, **SMALL
    )
    # a Transformer is not fine-tuned here: its rows are described as they are where it is
    from polyculture.evaluation.fine_tuning import ROWS

    scores = found.accuracy["fused"]
    told = {name: scores | {"about": about} for name, about in ROWS.items()}
    frozen = {
        "pooled, frozen vectors": "a network on frozen vectors",
        "fused, frozen vectors": "all steps on frozen vectors",
    }
    return replace(found, fine_tuning=told | {name: scores | {"about": about} for name, about in frozen.items()})


def one_model() -> Any:
    from polyculture import CrossDomainClassifier

    data = domains(120)
    backbone = Backbone((16,), (0, 0), epochs=2)
    model = CrossDomainClassifier(("lexical",), components=5, backbone=backbone).fit(
        list(data.texts), list(data.label), domain=data.domain
    )
    return evaluate(model, data)


def of_a_neat_evaluation() -> Any:
    """Intervals that are missing, and a population that moved no more than its interval."""
    truth, told = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])
    found = made.full(("D1", "D2"), classes=by_class(truth, told, np.array(["D1", "D2"] * 2), ["N1", "P1"]))
    names = {f"what {name} is": "all steps" for name in ("whole", "without adapt", "without fuse", "without cleaning")}
    names |= {f"what {name} is": "all steps" for name in ("fused, frozen vectors", "backbone", "experts", "fused")}
    names |= {
        "who they are": "from one backbone",
        "stars": "T1",
        "positive": "P1",
        "vader-domains": "V1",
    }
    names |= {f"{word} ": f"{word[:2].upper()} " for word in made.TEXT} | {word: word[:2].upper() for word in made.TEXT}
    return renamed(found, names)


CASES: Mapping[str, Callable[[], Any]] = {
    "audit of answers and cards": cache(with_cards),
    "audit without labels": without_labels,
    "audit of copies and odd rows": alike_and_rare,
    "audit of missing answers": hardly_answered,
    "audit of few answers in common": scattered_answers(0.15),
    "audit of some answers in common": scattered_answers(0.35),
    "audit of two models": outcomes(2),
    "audit of independent models": outcomes(6),
    "audit of models alike": outcomes(6, 400, 1.5),
    "audit of few items": outcomes(3, 12),
    "audit of models of one mind": outcomes(4, 300, 30.0),
    "audit with probabilities": probabilities,
    "audit of three models": many_items_for_few,
    "audit of embeddings": embeddings(),
    "audit of layers": embeddings(4, 3),
    "audit of two embeddings": embeddings(2, 2),
    "audit of files": model_files,
    "lineage": lambda: lineage(ecosystem()),
    "lineage of names alone": lambda: lineage(ecosystem(told=False)),
    "lineage of two": lambda: lineage({"name": ["A", "B"], "parents": [None, "A"]}),
    "lineage and audit": with_an_audit,
    "survey": surveyed(odd=True),
    "survey of communities alike": surveyed(alike=True),
    "survey of one family": surveyed(1),
    "survey of few papers": surveyed(each=5, years=2),
    "survey in batches": surveyed(batch=100),
    "survey of one question": surveyed(questions=("adoption",)),
    "survey of titles": surveyed(abstracts=False, least=20),
    "survey cut short": cut_short,
    "evaluation of the loop": loop,
    "evaluation of one model": one_model,
    "evaluation": of_a_neat_evaluation,
}
"""Each kind in several settings."""
