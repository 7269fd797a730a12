"""Choosing a method of adaptation without target labels. One criterion a file; higher is better."""

from __future__ import annotations

from polyculture.adapt.selection.choose import Choice, choose
from polyculture.adapt.selection.circular import circular
from polyculture.adapt.selection.density import soft_neighbourhood_density
from polyculture.adapt.selection.dev import dev
from polyculture.adapt.selection.entropy import mutual_information, negative_entropy
from polyculture.adapt.selection.importance import density_ratios, importance_weighted
from polyculture.adapt.selection.source_risk import source_risk
from polyculture.adapt.selection.trial import Scorer, Trial
from polyculture.registry import Part, Registry

__all__ = [
    "SELECTORS",
    "Choice",
    "Scorer",
    "Trial",
    "choose",
    "circular",
    "density_ratios",
    "dev",
    "importance_weighted",
    "mutual_information",
    "negative_entropy",
    "soft_neighbourhood_density",
    "source_risk",
]

_HERE = "polyculture.adapt.selection"

SELECTORS = Registry(
    "selection",
    {
        "circular": Part(
            f"{_HERE}.circular:circular",
            "what the target's answers teach must be right in the source",
            "Bruzzone & Marconcini 2010, IEEE TPAMI 32(5)",
        ),
        "importance_weighted": Part(
            f"{_HERE}.importance:importance_weighted",
            "loss on source items that look like the target's",
            "Sugiyama et al. 2007, JMLR 8",
        ),
        "dev": Part(f"{_HERE}.dev:dev", "the same, with a control variate", "You et al. 2019, ICML"),
        "snd": Part(
            f"{_HERE}.density:soft_neighbourhood_density",
            "answers to the target come in tight groups",
            "Saito et al. 2021, arXiv:2108.10860",
        ),
        "entropy": Part(
            f"{_HERE}.entropy:negative_entropy",
            "answers to the target are sure",
            "Morerio et al. 2018, arXiv:1711.10288",
        ),
        "mutual_information": Part(
            f"{_HERE}.entropy:mutual_information",
            "answers to the target are sure, and not all the same",
            "Shi & Sha 2012, arXiv:1206.6438",
        ),
        "source_risk": Part(f"{_HERE}.source_risk:source_risk", "loss on held-out source items"),
    },
)
