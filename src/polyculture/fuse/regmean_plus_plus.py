"""RegMean++: RegMean layer by layer, each on what the layers merged before pass on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from polyculture.arrays import Array
from polyculture.errors import ParameterError
from polyculture.fuse.average import average
from polyculture.fuse.regmean import regmean
from polyculture.fuse.weights import Weights

Gather = Callable[[int, dict[str, Array]], Mapping[str, Array]]


def regmean_plus_plus(
    base: Weights,
    experts: Sequence[Weights],
    *,
    gather: Gather,
    layers: Sequence[str],
    ridge: float = 0.1,
) -> dict[str, Array]:
    r"""Merge linear layers one after the other, so that each is fitted to the inputs that it will get.

    .. math::
        \tau^*_\ell =
        \Big(\sum_i \tau_{i\ell} \hat G_{i\ell} / n_i\Big)\Big(\sum_i \hat G_{i\ell} / n_i + \rho \bar c I\Big)^{-1}

    with :math:`\hat G_{i\ell}` the Gram matrix of what layer ℓ receives for the items of expert i in the network whose
    earlier layers are merged already. Tensors of other layers are averaged.

    Parameters
    ----------
    base : mapping of name to array
        Names ``"<layer>.weight"`` of shape (out, in) and ``"<layer>.bias"`` of shape (out,).
    experts : sequence of such mappings
    gather : function of (place of the expert, weights) to mapping of layer to Gram matrix
        Passes the items of that expert through a network with those weights; see :func:`gram_sums`. Only the layer that
        comes next is looked at. Parties who share no rows each answer for their own expert, once a layer.
    layers : sequence of str
        In the order in which items pass through them.
    ridge : float >= 0
        Pull towards the base model, relative to the mean of the diagonal.

    Raises
    ------
    ParameterError
        If a layer is not among the base model's, or `gather` gives no Gram matrix for it.
    ShapeError
        If an expert does not fit the base model.

    References
    ----------
    Nguyen et al. 2025, arXiv:2508.03121.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse import gram_sums
    >>> from polyculture.fuse.regmean_plus_plus import regmean_plus_plus
    >>> base, one, two = ({"0.weight": np.array([[w]])} for w in (0.0, 1.0, 3.0))
    >>> gather = lambda place, weights: gram_sums({"0": np.array([[1.0], [-1.0]])})
    >>> regmean_plus_plus(base, [one, two], gather=gather, layers=["0"], ridge=0.0)["0.weight"].round(6)
    array([[2.]])
    """
    merged = average(base, experts)
    for layer in layers:
        names = [name for name in (f"{layer}.weight", f"{layer}.bias") if name in base]
        if names[:1] != [f"{layer}.weight"]:
            raise ParameterError(f"the base model has no tensor {layer + '.weight'!r}; name its linear layers")
        grams = [_gathered(gather(place, dict(merged)), layer, place) for place in range(len(experts))]
        merged |= regmean(
            {name: base[name] for name in names},
            [{name: expert[name] for name in names} for expert in experts],
            grams=grams,
            ridge=ridge,
        )
    return merged


def _gathered(grams: Mapping[str, Array], layer: str, place: int) -> dict[str, Array]:
    if layer not in grams:
        raise ParameterError(f"expert {place + 1} gathered no Gram matrix of layer {layer!r}; gather one")
    return {layer: grams[layer]}
