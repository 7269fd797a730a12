"""Fitted networks over depths, as arrays that can be kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.targets import Classes, Labels

Views = Sequence[Floats]
"""The same items, each time shape (n, d), at several depths."""
ASKED = 2**16
"""Rows that are answered at once."""


@dataclass(frozen=True, eq=False)
class DepthAnswer:
    """Items at any number of depths to the mean of what networks answer at each, shape (n, width).

    Parameters
    ----------
    networks : tuple of mapping of str to array
        Linear layers with ReLU between them, named as torch names them: ``1.weight``, ``1.bias``, ``4.weight``, ...
    scale : float
        What inputs are divided by.
    several : bool
        Whether an item may have several labels at once.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.depth_answer import DepthAnswer
    >>> one = {"1.weight": np.array([[-1.0], [1.0]]), "1.bias": np.zeros(2)}
    >>> DepthAnswer((one,), scale=1.0, several=True)([np.array([[2.0]])]).round(2)
    array([[0.12, 0.88]])
    """

    networks: tuple[Mapping[str, Array], ...]
    scale: float
    several: bool

    def __call__(self, views: Views) -> Floats:
        """Probabilities of items at these depths."""
        starts = range(0, max(1, len(views[0])), ASKED)
        return np.concatenate([self._mean([view[start : start + ASKED] for view in views]) for start in starts])

    def _mean(self, views: Views) -> Floats:
        said = Labels.answer if self.several else Classes.answer
        scores = (_scores(network, view / np.float32(self.scale)) for view in views for network in self.networks)
        return np.asarray(sum(said(each.astype(np.float64)) for each in scores) / (len(views) * len(self.networks)))

    @classmethod
    def together(cls, made: Sequence[DepthAnswer]) -> DepthAnswer:
        """One answer that is the mean of several, which were taught on the same scale."""
        networks = tuple(network for each in made for network in each.networks)
        return cls(networks, made[0].scale, made[0].several)

    def state(self) -> dict[str, Any]:
        """All that is needed to build it again."""
        return {"networks": [dict(each) for each in self.networks], "scale": self.scale, "several": self.several}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild from :meth:`state`."""
        return cls(tuple(state["networks"]), state["scale"], state["several"])


def _scores(network: Mapping[str, Array], items: Floats) -> Floats:
    names = sorted({int(name.partition(".")[0]) for name in network})
    for place, name in enumerate(names):
        items = items @ network[f"{name}.weight"].T + network[f"{name}.bias"]
        if place < len(names) - 1:
            items = np.maximum(items, 0)
    return items
