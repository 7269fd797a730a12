"""Why a model answered as it did for one item, in one record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Explanation:
    """The answer for one item and its reasons; None where a kind was not asked for, or says nothing of this model.

    Parameters
    ----------
    item : int
        Position among the items that were asked about.
    domain : str or None
    predicted : object
        The predicted class, or the most probable label.
    probability : float
        Of the predicted class, by the fused model.
    words : sequence of {"word", "weight"}, or None
        All words in their order: how much the log-odds of the predicted class fall without each. All log-odds are
        those before the temperature of calibration.
    features : sequence of {"name", "weight"}, or None
        Columns, groups or patches, the largest weight first: how much the log-odds fall with them at their mean.
    patches : sequence of {"row", "column", "size", "weight"}, or None
        Squares of an image, the largest weight first, by the pixel at their upper left and their side: how much the
        log-odds fall with each covered by the image's mean colour.
    neighbours : sequence of {"item", "effect", "weight"}, or None
        Fitted items on the graph by their position in what was given to ``fit``, the largest effect first.
    edges : sequence of {"from", "to", "weight"}, or None
        Edges of a graph whose layers were learnt, the largest weight first; -1 is the item itself.
    domains, modalities : mapping of name to {"share", "error"}, or None
        Shapley shares in the log-odds, by domain and by encoder.
    prototypes : sequence of {"item", "class", "similarity"}, or None
        Known items that the network sees as most like this one.

    Examples
    --------
    >>> from polyculture.explain import Explanation
    >>> found = Explanation(0, None, "+", 0.9, words=[{"word": "good", "weight": 2.0}])
    >>> found.to_dict()["words"]
    [{'word': 'good', 'weight': 2.0}]
    """

    item: int
    domain: str | None
    predicted: Any
    probability: float
    words: Sequence[Mapping[str, Any]] | None = None
    features: Sequence[Mapping[str, Any]] | None = None
    patches: Sequence[Mapping[str, Any]] | None = None
    neighbours: Sequence[Mapping[str, Any]] | None = None
    edges: Sequence[Mapping[str, Any]] | None = None
    domains: Mapping[str, Mapping[str, float]] | None = None
    modalities: Mapping[str, Mapping[str, float]] | None = None
    prototypes: Sequence[Mapping[str, Any]] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The reasons that there are, as plain values."""
        return {key: value for key, value in asdict(self).items() if value is not None or key == "domain"}
