"""Alignment of experts that do not share an initialisation: hidden units are put in one order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from polyculture.arrays import Array, Floats, Ints
from polyculture.errors import ParameterError, ShapeError
from polyculture.fuse.weights import Weights, check_experts

_ROUNDS = 100


def align(
    reference: Weights,
    expert: Weights,
    *,
    layers: Sequence[str],
    tied: Mapping[str, Sequence[str]] | None = None,
    activations: tuple[Mapping[str, Array], Mapping[str, Array]] | None = None,
) -> dict[str, Array]:
    r"""The same network with its hidden units in the order that fits the reference best.

    Units of a hidden layer can change places without a change of what the network computes: two networks that learnt
    the same from different first weights have theirs in different orders, and only after alignment does a merge of
    their weights mean something. Without data, permutations are sought that maximise

    .. math:: \sum_\ell \langle W^{\mathrm{ref}}_\ell,\; P_\ell W_\ell P_{\ell-1}^\top \rangle

    by one exact assignment a layer in turn until none changes anything; with activations on shared items each layer
    is matched by the covariance of its units.

    Parameters
    ----------
    reference, expert : mapping of name to array
        ``"<layer>.weight"`` of shape (out, in, ...) and, where there is one, ``"<layer>.bias"`` of shape (out,).
    layers : sequence of str
        A chain: what one gives, after anything that treats units alike, is what the next receives. The last layer's
        outputs keep their places.
    tied : mapping of layer to names, or None
        Further tensors with one entry for each unit of that layer along the first axis: of a norm, for example.
    activations : two mappings of layer to array of shape (n, out), or None
        What each hidden layer gives for the same n items in the reference and in the expert.

    Returns
    -------
    dict of name to array, in the expert's types

    Raises
    ------
    ParameterError
        If a layer, a tied tensor or its activations are missing.
    ShapeError
        If the networks do not have the same shapes, or layers do not make a chain.

    References
    ----------
    Ainsworth et al. 2023, arXiv:2209.04836.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.align import align
    >>> reference = {"0.weight": np.array([[1.0], [-2.0]]), "1.weight": np.array([[3.0, 4.0]])}
    >>> expert = {"0.weight": np.array([[-2.1], [1.0]]), "1.weight": np.array([[4.2, 3.0]])}
    >>> align(reference, expert, layers=["0", "1"])["1.weight"]
    array([[3. , 4.2]])
    """
    check_experts(reference, [expert])
    _check_chain(reference, layers, tied or {})
    if activations is None:
        orders = _by_weights(reference, expert, layers)
    else:
        orders = [_by_activations(*activations, layer, len(reference[f"{layer}.weight"])) for layer in layers[:-1]]
    return _reordered(expert, layers, orders, tied or {})


def _check_chain(weights: Weights, layers: Sequence[str], tied: Mapping[str, Sequence[str]]) -> None:
    if not layers:
        raise ParameterError("there are no layers to align; name them in the order in which items pass through them")
    for name in (*(f"{layer}.weight" for layer in layers), *(name for names in tied.values() for name in names)):
        if name not in weights:
            raise ParameterError(f"there is no tensor {name!r}; its tensors are {', '.join(list(weights)[:5])}")
    for before, after in pairwise(layers):
        given, received = np.shape(weights[f"{before}.weight"])[0], np.shape(weights[f"{after}.weight"])[1]
        if given != received:
            raise ShapeError(f"{before} gives {given} units and {after} receives {received}; name layers that follow")


def _by_weights(reference: Weights, expert: Weights, layers: Sequence[str]) -> list[Ints]:
    """Coordinate ascent; the first round goes down the chain by what comes in alone, which finds a mere reordering."""
    orders: list[Ints] = [np.arange(len(reference[f"{layer}.weight"])) for layer in layers[:-1]]
    for turn in range(_ROUNDS):
        before = [order.copy() for order in orders]
        for place in range(len(orders)):
            likeness = _incoming(reference, expert, layers, orders, place)
            if turn:
                likeness += _outgoing(reference, expert, layers, orders, place)
            orders[place] = _assigned(likeness)
        if turn and all(np.array_equal(old, new) for old, new in zip(before, orders, strict=True)):
            break
    return orders


def _incoming(reference: Weights, expert: Weights, layers: Sequence[str], orders: Sequence[Ints], place: int) -> Floats:
    weight, bias = f"{layers[place]}.weight", f"{layers[place]}.bias"
    theirs = _cube(expert[weight])
    if place:
        theirs = theirs[:, orders[place - 1]]
    likeness: Floats = np.einsum("rik,eik->re", _cube(reference[weight]), theirs, optimize=True)
    return likeness + np.outer(reference[bias], expert[bias]) if bias in reference else likeness


def _outgoing(reference: Weights, expert: Weights, layers: Sequence[str], orders: Sequence[Ints], place: int) -> Floats:
    weight = f"{layers[place + 1]}.weight"
    theirs = _cube(expert[weight])
    if place + 1 < len(orders):
        theirs = theirs[orders[place + 1]]
    return np.asarray(np.einsum("ork,oek->re", _cube(reference[weight]), theirs, optimize=True))


def _cube(weight: Array) -> Floats:
    """Outputs, inputs, and all else in one axis: a filter's places, or one."""
    weight = np.asarray(weight, dtype=np.float64)
    return weight.reshape(*weight.shape[:2], -1)


def _by_activations(ours: Mapping[str, Array], theirs: Mapping[str, Array], layer: str, units: int) -> Ints:
    if layer not in ours or layer not in theirs:
        raise ParameterError(f"there are no activations of layer {layer!r}; give those of all layers but the last")
    one, two = (np.asarray(side[layer], dtype=np.float64) for side in (ours, theirs))
    if one.shape != two.shape or one.ndim != 2 or one.shape[1] != units:
        raise ShapeError(f"activations of {layer} are {one.shape} and {two.shape}; give (items, {units}) of each")
    return _assigned((one - one.mean(axis=0)).T @ (two - two.mean(axis=0)))


def _assigned(likeness: Floats) -> Ints:
    """For each unit of the reference the expert's that takes its place."""
    from scipy.optimize import linear_sum_assignment

    return np.asarray(linear_sum_assignment(likeness, maximize=True)[1])


def _reordered(
    expert: Weights, layers: Sequence[str], orders: Sequence[Ints], tied: Mapping[str, Sequence[str]]
) -> dict[str, Array]:
    moved = {name: np.array(value) for name, value in expert.items()}
    for (layer, after), order in zip(pairwise(layers), orders, strict=True):
        for name in (f"{layer}.weight", f"{layer}.bias", *tied.get(layer, ())):
            if name in moved:
                moved[name] = moved[name][order]
        moved[f"{after}.weight"] = moved[f"{after}.weight"][:, order]
    return moved
