"""Fisher merging: each number is the mean of the experts', weighed by how much each expert's answers hang on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.errors import ParameterError, ShapeError
from polyculture.fuse.changes import check_setting
from polyculture.fuse.weights import Weights, check_experts, shares

Fishers = Mapping[str, Array]


def fisher(
    base: Weights,
    experts: Sequence[Weights],
    *,
    fishers: Sequence[Fishers],
    weights: Sequence[float] | None = None,
    floor: float = 1e-6,
) -> dict[str, Array]:
    r"""Mean of the experts' weights, weighed by the diagonals of their Fisher information.

    .. math::
        \theta = \frac{\sum_i w_i F_i \theta_i}{\sum_i w_i F_i}, \qquad
        F_i = \frac{1}{n_i} \sum_x \mathbb E_{y \sim p_i(y \mid x)} \big(\nabla_\theta \log p_i(y \mid x)\big)^2

    Parameters
    ----------
    base : mapping of name to array
        Only its names, shapes and types matter here.
    experts : sequence of such mappings
    fishers : sequence of mapping of name to array
        A diagonal each, of the experts' shapes; tensors that not all have are averaged. For a linear layer under a
        softmax :func:`linear_fisher` gives it.
    weights : sequence of float >= 0, or None
        Share of each expert; equal when None.
    floor : float >= 0
        Added to every diagonal, relative to the mean over experts and numbers of a tensor, so that numbers on which no
        answer hangs are averaged.

    Raises
    ------
    ParameterError
        If the numbers of experts and diagonals differ, or a diagonal is negative.
    ShapeError
        If an expert, or a diagonal, does not fit the base model.

    References
    ----------
    Matena & Raffel 2022, arXiv:2111.09832.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.fisher import fisher
    >>> base, one, two = ({"w": np.array([w])} for w in (0.0, 1.0, 5.0))
    >>> fisher(base, [one, two], fishers=[{"w": np.array([3.0])}, {"w": np.array([1.0])}], floor=0.0)
    {'w': array([2.])}
    """
    check_experts(base, experts)
    check_setting("floor", floor, 0, np.inf, below=True)
    if len(fishers) != len(experts):
        raise ParameterError(f"{len(experts)} experts and {len(fishers)} diagonals; give one for each expert")
    parts = shares(weights, len(experts)).tolist()
    odd = sorted({name for diagonal in fishers for name in diagonal if name not in base})
    if odd:
        raise ParameterError(
            f"the diagonal {odd[0]!r} belongs to no tensor of the base model; name it as the tensor is"
        )
    return {
        name: _weighed(name, np.asarray(value), experts, fishers, parts, floor).astype(np.asarray(value).dtype)
        for name, value in base.items()
    }


def _weighed(
    name: str, like: Array, experts: Sequence[Weights], fishers: Sequence[Fishers], parts: Sequence[float], floor: float
) -> Floats:
    known = all(name in diagonal for diagonal in fishers)
    least = _least(name, like, fishers, floor) if known else 1.0
    total, mass = np.zeros(like.shape), np.zeros(like.shape)
    for expert, diagonal, part in zip(experts, fishers, parts, strict=True):
        weight = part * (np.asarray(diagonal[name], dtype=np.float64) + least if known else np.ones(like.shape))
        total += weight * expert[name]
        mass += weight
    plain = sum(part * np.asarray(e[name], dtype=np.float64) for e, part in zip(experts, parts, strict=True))
    return np.asarray(np.divide(total, mass, out=np.array(plain), where=mass > 0))


def _least(name: str, like: Array, fishers: Sequence[Fishers], floor: float) -> float:
    """The floor of a tensor, when all its diagonals are in order."""
    means = []
    for number, diagonal in enumerate(fishers, start=1):
        values = np.asarray(diagonal[name])
        if values.shape != like.shape:
            raise ShapeError(f"diagonal {number}: {name} is {values.shape}, the base model's is {like.shape}")
        if not (np.isfinite(values) & (values >= 0)).all():
            raise ParameterError(f"diagonal {number}: {name} holds values that are negative or no numbers")
        means.append(float(values.mean(dtype=np.float64)) if values.size else 0.0)
    return floor * float(np.mean(means))


def linear_fisher(inputs: Floats, probabilities: Floats, layer: str = "") -> dict[str, Array]:
    r"""Diagonal of the Fisher information of a linear layer under a softmax, exactly and without gradients.

    .. math:: F_{kj} = \frac{1}{n} \sum_i p_{ik} (1 - p_{ik})\, x_{ij}^2

    Parameters
    ----------
    inputs : array of shape (n, in)
        What the layer receives.
    probabilities : array of shape (n, classes)
        What the softmax gives.
    layer : str
        Name of the layer, which the tensors' names begin with.

    Returns
    -------
    dict with the diagonals of ``"<layer>.weight"``, shape (classes, in), and ``"<layer>.bias"``, shape (classes,)

    Raises
    ------
    ShapeError
        If the numbers of items differ, or there are none.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.fisher import linear_fisher
    >>> linear_fisher(np.array([[2.0]]), np.array([[0.5, 0.5]]), "head")["head.weight"]
    array([[1.],
           [1.]])
    """
    if len(inputs) != len(probabilities) or not len(inputs):
        raise ShapeError(
            f"{len(inputs)} inputs and {len(probabilities)} answers; give one of each for at least one item"
        )
    spread = probabilities * (1 - probabilities)
    prefix = f"{layer}." if layer else ""
    return {
        f"{prefix}weight": spread.T @ np.square(inputs) / len(inputs),
        f"{prefix}bias": spread.mean(axis=0),
    }
