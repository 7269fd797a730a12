"""The layers of many models in one row, and what is highest over those of a pair of models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyculture.arrays import Array, Floats, Ints
from polyculture.errors import ShapeError
from polyculture.measure.checks import representation, same_rows


class Layers:
    """Layers of all models, of the same items.

    Parameters
    ----------
    models : for each model, its layers: arrays of shape (n, d)
    at_least : int
        Fewest items.

    Attributes
    ----------
    models : as given, as arrays
    flat : all K layers, one model after the other
    of : int array of shape (K,)
        The model that each layer belongs to.
    counts : list of int
        Layers of each model.
    items : int

    Raises
    ------
    ShapeError
        If there are no models, a model has no layers, numbers of items differ, or there are too few.
    DataError
        If a value is not finite.

    Examples
    --------
    >>> x = np.eye(8)
    >>> layers = Layers([[x, x], [x]], at_least=8)
    >>> layers.of, layers.highest(np.arange(9.0).reshape(3, 3))
    (array([0, 0, 1]), array([[4., 5.],
           [7., 8.]]))
    """

    def __init__(self, models: Sequence[Sequence[Array]], *, at_least: int) -> None:
        self.counts = [len(model) for model in models]
        if not self.counts or not min(self.counts):
            raise ShapeError(f"The models have {self.counts} layers; pass one or more models with one or more each.")
        self.models = [[np.asarray(layer) for layer in model] for model in models]
        self.flat = [layer for model in self.models for layer in model]
        names = [f"layer {k} of model {m}" for m, count in enumerate(self.counts) for k in range(count)]
        for layer, name in zip(self.flat, names, strict=True):
            representation(layer, name, at_least=at_least)
        self.items = same_rows(*self.flat, names=tuple(names))
        self.of = np.repeat(np.arange(len(self.counts)), self.counts)
        self._starts = np.cumsum([0, *self.counts[:-1]])

    def by_model(self, values: Array) -> list[Array]:
        """Values of all layers (K, ...) as one array for each model."""
        return np.split(values, self._starts[1:])

    def highest(self, values: Floats) -> Floats:
        """Highest defined value (K, K) over pairs of layers, for all pairs of models."""
        rows = np.fmax.reduceat(values, self._starts, axis=0)
        return np.asarray(np.fmax.reduceat(rows, self._starts, axis=1))

    def best(self, values: Floats) -> tuple[Ints, Ints]:
        """The pair of layers that has it, for all pairs of models: two arrays of shape (models, models)."""
        counts = np.array(self.counts)[:, None]
        # Models with fewer layers than others repeat their last one.
        places = self._starts[:, None] + np.minimum(np.arange(counts.max()), counts - 1)
        m, width = places.shape
        known = np.where(np.isnan(values), -np.inf, values)[places[:, None, :, None], places[None, :, None, :]]
        first, second = np.divmod(known.reshape(m, m, width**2).argmax(axis=2), width)
        model = np.arange(m)
        return places[model[:, None], first], places[model, second]
