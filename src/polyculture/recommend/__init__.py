"""Recommendation over the graph of users and items of all domains. One method a file."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from polyculture.registry import Part, Registry

if TYPE_CHECKING:
    from polyculture.recommend.recommender import CrossDomainRecommender
    from polyculture.recommend.result import Recommendations

__all__ = ["MODELS", "CrossDomainRecommender", "Recommendations"]

MODELS = Registry(
    "model of interactions",
    {
        "popularity": Part("polyculture.recommend.popularity:popularity", "what most users take"),
        "co_occurrence": Part(
            "polyculture.recommend.co_occurrence:co_occurrence",
            "what those take who share items with a user",
            "Sarwar et al. 2001",
        ),
        "spectral": Part(
            "polyculture.recommend.spectral:spectral",
            "low frequencies of the graph of users and items",
            "Shen et al. 2021, arXiv:2108.07567",
        ),
        "ease": Part(
            "polyculture.recommend.ease:ease",
            "how much each item speaks for each other one",
            "Steck 2019, arXiv:1905.03375",
        ),
        "user_ease": Part(
            "polyculture.recommend.user_ease:user_ease",
            "how much each user speaks for each other one",
            "Steck 2019, arXiv:1905.03375",
        ),
        "timed_ease": Part(
            "polyculture.recommend.timed_ease:timed_ease",
            "how much each item speaks for each other one that was taken at about the same time",
            "Steck 2019, arXiv:1905.03375",
        ),
        "light_gcn": Part(
            "polyculture.recommend.light_gcn:light_gcn",
            "vectors spread over the graph of users and items, learnt by a softmax of cosines",
            "He et al. 2020, arXiv:2002.02126",
        ),
        "markov": Part(
            "polyculture.recommend.markov:markov",
            "what others took soon after a user's last items",
            "Shani et al. 2005, JMLR 6",
        ),
        "gru4rec": Part(
            "polyculture.recommend.gru4rec:gru4rec",
            "the next item by a recurrent network over a user's items in order",
            "Hidasi et al. 2016, arXiv:1511.06939",
            "train",
        ),
        "sasrec": Part(
            "polyculture.recommend.sasrec:sasrec",
            "the next item by attention over a user's items in order",
            "Kang and McAuley 2018, arXiv:1808.09781",
            "train",
        ),
    },
)

_LATER = {"CrossDomainRecommender": "recommender", "Recommendations": "result"}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'polyculture.recommend' has no attribute {name!r}")
    return getattr(import_module(f"polyculture.recommend.{_LATER[name]}"), name)
