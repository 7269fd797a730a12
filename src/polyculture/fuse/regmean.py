"""RegMean: the merge that keeps every linear layer's outputs on every expert's own data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from polyculture.arrays import Array
from polyculture.errors import ParameterError
from polyculture.features.grams import gram_sums
from polyculture.fuse.average import average
from polyculture.fuse.changes import check_setting
from polyculture.fuse.sums import solve_sums
from polyculture.fuse.weights import Weights, check_experts

__all__ = ["gram_sums", "regmean"]

Grams = Mapping[str, Array]


def regmean(
    base: Weights, experts: Sequence[Weights], *, grams: Sequence[Grams], ridge: float = 0.1
) -> dict[str, Array]:
    r"""Merge linear layers by the regression that has each expert's outputs as its target.

    .. math::
        \tau^*_\ell =
        \Big(\sum_i \tau_{i\ell} G_{i\ell} / n_i\Big)\Big(\sum_i G_{i\ell} / n_i + \rho \bar c I\Big)^{-1}

    Weights and bias of a layer are solved for together. Tensors without a Gram matrix are averaged.

    Parameters
    ----------
    base : mapping of name to array
        Names ``"<layer>.weight"`` of shape (out, in) and ``"<layer>.bias"`` of shape (out,).
    experts : sequence of such mappings
    grams : sequence of mapping of layer to array of shape (in + 1, in + 1)
        See :func:`gram_sums`; each is divided by its number of items, so that a large domain does not drown a small
        one.
    ridge : float >= 0
        Pull towards the base model, relative to the mean of the diagonal.

    Raises
    ------
    ParameterError
        If the numbers of experts and Gram sums differ, a Gram matrix does not fit its layer, or the ridge is negative.

    References
    ----------
    Jin et al. 2023, arXiv:2212.09849.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse import gram_sums, regmean
    >>> base = {"0.weight": np.zeros((1, 2)), "0.bias": np.zeros(1)}
    >>> one = {"0.weight": np.array([[1.0, 0.0]]), "0.bias": np.zeros(1)}
    >>> two = {"0.weight": np.array([[0.0, 1.0]]), "0.bias": np.zeros(1)}
    >>> items = [np.array([[1.0, 0.0], [-1.0, 0.0]]), np.array([[0.0, 1.0], [0.0, -1.0]])]
    >>> sums = [gram_sums({"0": x}) for x in items]
    >>> regmean(base, [one, two], grams=sums, ridge=0.0)["0.weight"].round(6)
    array([[1., 1.]])
    """
    check_experts(base, experts)
    if len(grams) != len(experts):
        raise ParameterError(f"{len(experts)} experts and {len(grams)} Gram sums; give one for each expert")
    check_setting("ridge", ridge, 0, np.inf, below=True)
    _check_layers(base, grams)
    merged: dict[str, Array] = {}
    for name, value in base.items():
        layer, _, kind = name.rpartition(".")
        if kind == "weight" and all(layer in g for g in grams):
            merged |= _layer(layer, base, experts, grams, ridge)
        elif name not in merged:
            merged |= average({name: value}, [{name: e[name]} for e in experts])
    return {name: merged[name] for name in base}


def _check_layers(base: Weights, grams: Sequence[Grams]) -> None:
    """A Gram matrix that belongs to no layer would be passed over in silence, and its layer averaged."""
    odd = sorted({name for g in grams for name in g if f"{name}.weight" not in base})
    if odd:
        raise ParameterError(
            f"the Gram matrix {odd[0]!r} belongs to no tensor {odd[0] + '.weight'!r} of the base model; name it so"
        )


def _layer(
    layer: str, base: Weights, experts: Sequence[Weights], grams: Sequence[Grams], ridge: float
) -> dict[str, Array]:
    start = _joined(layer, base)
    # sums are kept running, so that memory does not grow with the number of experts
    moved, total = np.zeros_like(start), np.zeros((start.shape[1], start.shape[1]))
    for expert, sums in zip(experts, grams, strict=True):
        gram = _per_item(layer, sums[layer], len(total))
        total += gram
        moved += (_joined(layer, expert) - start) @ gram
    weights = start + solve_sums(moved, total, ridge)
    kind = np.asarray(base[f"{layer}.weight"]).dtype
    merged = {f"{layer}.weight": weights[:, :-1].astype(kind)}
    if f"{layer}.bias" in base:
        merged[f"{layer}.bias"] = weights[:, -1].astype(kind)
    return merged


def _per_item(layer: str, gram: Array, side: int) -> Array:
    """The last entry counts the items; a domain without any has a sum of zeros, and no say."""
    if np.shape(gram) != (side, side):
        raise ParameterError(f"the Gram matrix {layer!r} is {np.shape(gram)}, expected {(side, side)}")
    if not np.isfinite(gram).all():
        raise ParameterError(f"the Gram matrix {layer!r} holds values that are not numbers; gather it again")
    return np.asarray(gram, dtype=np.float64) / (gram[-1, -1] or 1.0)


def _joined(layer: str, weights: Weights) -> Array:
    matrix = np.asarray(weights[f"{layer}.weight"], dtype=np.float64)
    bias = np.asarray(weights.get(f"{layer}.bias", np.zeros(len(matrix))), dtype=np.float64)
    return np.hstack([matrix, bias[:, None]])
