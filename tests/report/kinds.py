"""A result of every kind, and the same with one text wherever a text from outside can stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

import audited
import made
import numpy as np
import polars as pl
from surveyed import surveyed

from polyculture.ancestry import LineageResult, lineage

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></style></svg><iframe src=//evil.example>",
    "{{ 7 * 7 }}{% raw %}",
    "-->]]><!--",
    "&lt;b&gt;&amp;",
    "a\u202egnp.exe\u2066\u200f",
    "שלום|עולם",
    "two\nlines | a bar",
    "nul\x00bell\x07half\ud800",
    "z" * 10_000,
    "漢" * 10_000,
)


def ecosystem(name: str = "base", models: int = 120) -> dict[str, list[Any]]:
    """One name wherever a text from outside can stand."""
    rng = np.random.default_rng(0)
    names = [name, *(f"m{i}" for i in range(1, models))]
    parents = [["none"], *([names[int(rng.random() * i * 0.5)]] for i in range(1, models))]
    parents[5] += ["m1", f"{name} lost"]
    parents[7] = []
    return {
        "name": names,
        "parents": parents,
        "organisation": [name, "x"] * (models // 2),
        "architecture": [name, "t", "u"] * (models // 3),
        "date": [f"20{20 + i // 40}-0{1 + i % 9}" for i in range(models)],
        "downloads": list(range(models)),
        "relation": [name] * models,
        "kind": ["model"] * models,
    }


def descended(name: str = "base", models: int = 120) -> LineageResult:
    terms = [
        {"name": term, "estimate": 0.5, "low": 0.5, "high": 0.6, "interval": {"low": 0.1, "high": 0.9}, "p": 0.01}
        | {"p_permuted": None}
        for term in ("constant", "kinship")
    ]
    errors = {"measure": "capa", "pairs": 3, "terms": terms, "explained": 0.5}
    return replace(lineage(ecosystem(name, models)), shared_errors=errors)


KINDS: Mapping[str, Callable[[], Any]] = {
    "evaluation": made.full,
    "answers": audited.answers,
    "embeddings": audited.embeddings,
    "models": audited.models,
    "survey": surveyed,
    "lineage": descended,
}


def spoilt(kind: str, text: str) -> Any:
    """The same result with this text instead of names."""
    if kind == "evaluation":
        names = dict.fromkeys(("amazon", "encoder:cnn", "stars", "3", "positive", "vader-domains", "regmean"), text)
        return renamed(made.full(), names | {"joke ": f"{text} ", "who they are": text, "without fuse": text})
    if kind in {"answers", "embeddings", "models"}:
        found = KINDS[kind]()
        first, second = found.models[:2]
        names = {first: text, second: f"{text} 2", "item 1": text, "day": text, "capa": text, f"{first}|{second}": text}
        return renamed(replace(found, source=text), names)
    if kind == "survey":
        names = {"c0": text, "family0": text, "family0_method0": f"{text} m", "papers.csv": text, "set29": text}
        return renamed(surveyed(), names)
    return replace(descended(text.replace("\ud800", "")), source=text, cycles=[[text, "b"]], not_measured={text: text})


def renamed(found: Any, names: Mapping[str, str]) -> Any:
    return type(found)(**{f.name: _renamed(getattr(found, f.name), names) for f in fields(found)})


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {_renamed(key, names): _renamed(v, names) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_renamed(v, names) for v in value]
    # names of models are an enumeration of their own in the table of pairs, which the lists of pairs replace
    if isinstance(value, pl.DataFrame):
        return None
    return names.get(value, value) if isinstance(value, str) else value
