"""Step 4: experts and base models to one model. One family a file; those on weights work on bare mappings of arrays."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from polyculture.fuse.average import average
from polyculture.fuse.ensemble import logit_ensemble
from polyculture.fuse.entry import fuse
from polyculture.fuse.files import fuse_files
from polyculture.fuse.regmean import gram_sums, regmean
from polyculture.fuse.solve import merge_linear
from polyculture.fuse.task_arithmetic import task_arithmetic
from polyculture.registry import Part, Registry

if TYPE_CHECKING:
    from polyculture.fuse.combine import Combination
    from polyculture.fuse.log_pool import LogPool
    from polyculture.fuse.merging import merge
    from polyculture.fuse.stacking import Stacking

__all__ = [
    "FUSIONS",
    "WEIGHT_MERGES",
    "Combination",
    "LogPool",
    "Stacking",
    "average",
    "fuse",
    "fuse_files",
    "gram_sums",
    "logit_ensemble",
    "merge",
    "merge_linear",
    "regmean",
    "task_arithmetic",
]

_HERE = "polyculture.fuse"

FUSIONS = Registry(
    "fusion",
    {
        "average": Part(
            f"{_HERE}.average:average", "mean of the experts' weights", "Wortsman et al. 2022, arXiv:2203.05482"
        ),
        "task_arithmetic": Part(
            f"{_HERE}.task_arithmetic:task_arithmetic",
            "base plus the scaled sum of changes",
            "Ilharco et al. 2023, arXiv:2212.04089",
        ),
        "regmean": Part(
            f"{_HERE}.regmean:regmean",
            "keeps each layer's outputs on each expert's data",
            "Jin et al. 2023, arXiv:2212.09849",
        ),
        "logit_ensemble": Part(f"{_HERE}.ensemble:logit_ensemble", "mean of log-probabilities", "Hinton 2002"),
        "stacking": Part(f"{_HERE}.stacking:Stacking", "a linear model over the models' answers", "Wolpert 1992"),
        "log_pool": Part(
            f"{_HERE}.log_pool:LogPool", "log-probabilities, one learnt weight a model", "Genest & Zidek 1986"
        ),
        "auto": Part(f"{_HERE}.combine:Combination", "whichever does best on held-out items, the backbone among them"),
    },
)

WEIGHT_MERGES = Registry(
    "merge",
    {
        **{name: FUSIONS[name] for name in ("average", "task_arithmetic", "regmean")},
        "ties": Part(
            f"{_HERE}.ties:ties",
            "trims changes, elects a sign, averages those that have it",
            "Yadav et al. 2023, arXiv:2306.01708",
        ),
        "dare": Part(
            f"{_HERE}.dare:dare", "drops changes at random, scales up the rest", "Yu et al. 2024, arXiv:2311.03099"
        ),
        "wudi": Part(
            f"{_HERE}.wudi:wudi", "regression with changes in place of data", "Cheng et al. 2025, arXiv:2503.08099"
        ),
        "tsv_m": Part(
            f"{_HERE}.tsv_m:tsv_m",
            "strongest singular directions, orthogonalised",
            "Gargiulo et al. 2025, arXiv:2412.00081",
        ),
        "iso_c": Part(
            f"{_HERE}.iso_c:iso_c", "sum of changes with a flat spectrum", "Marczak et al. 2025, arXiv:2502.04959"
        ),
        "fisher": Part(
            f"{_HERE}.fisher:fisher", "mean weighed by Fisher information", "Matena & Raffel 2022, arXiv:2111.09832"
        ),
        "regmean_plus_plus": Part(
            f"{_HERE}.regmean_plus_plus:regmean_plus_plus",
            "RegMean on what merged layers pass on",
            "Nguyen et al. 2025, arXiv:2508.03121",
        ),
        "greedy_soup": Part(
            f"{_HERE}.greedy_soup:greedy_soup",
            "average of experts that help held-out items",
            "Wortsman et al. 2022, arXiv:2203.05482",
        ),
    },
)
"""Merges of weights: what ``polyculture fuse`` does to files. The classifier tries the first three."""

_LATER = {"Combination": "combine", "LogPool": "log_pool", "merge": "merging", "Stacking": "stacking"}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{_HERE}.{_LATER[name]}"), name)


class _Callable(ModuleType):
    """``polyculture.fuse(...)`` is :func:`polyculture.fuse.fuse`."""

    __call__ = staticmethod(fuse)


sys.modules[__name__].__class__ = _Callable
