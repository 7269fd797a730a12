"""How uncertain it is which category a draw falls into."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.errors import ParameterError
from polyculture.measure.diversity.hill import renyi
from polyculture.measure.diversity.inputs import abundances, plain, shares
from polyculture.measure.outcome.counts import defined_ratio
from polyculture.measure.registry import measure


@measure(
    kind="counts",
    bounds=(0, np.inf),
    symmetric=True,
    more_alike="lower",
    invariant_to=("scale", "empty category"),
    null=None,
    cost="S",
    paper="Shannon 1948; Miller 1955; Chao and Shen 2003, Environmental and Ecological Statistics 10",
)
def entropy(counts: Array, *, method: str = "plugin") -> Floats:
    r"""Uncertainty of which category a draw falls into, in nats (Shannon).

    .. math::
        H = -\sum_i p_i \log p_i, \qquad H + \frac{S - 1}{2 N}, \qquad
        -\sum_i \frac{C p_i \log(C p_i)}{1 - (1 - C p_i)^N}

    as it is in the sample, with Miller and Madow's correction for the S categories seen in N draws, and as Chao and
    Shen estimate it: with shares shrunk to the coverage :math:`C = 1 - f_1 / N` of a sample that holds :math:`f_1`
    categories once, and each divided by the chance that it is seen. The first is too low for a small sample, by about
    (S - 1) / 2N.

    Parameters
    ----------
    counts : array of shape (..., categories)
        Counts, or shares; whole numbers for any method but the first.
    method : {"plugin", "miller_madow", "chao_shen"}
        In the order of the formulas.

    Returns
    -------
    float64 array of shape (...), 0 or more: at most the logarithm of the number of categories for the first. NaN where
    all counts are 0, and for the last where there is one draw.

    Raises
    ------
    ShapeError
        If there are no categories.
    DataError
        If a count is no finite number, or negative, or is not whole where it must be.
    ParameterError
        If the method is not known.

    Examples
    --------
    >>> [round(float(entropy([4, 2, 1, 1], method=name)), 3) for name in ("plugin", "miller_madow", "chao_shen")]
    [1.213, 1.401, 1.578]
    """
    if method not in METHODS:
        raise ParameterError(f"No estimate of entropy is called {method!r}; pass one of {sorted(METHODS)}.")
    return plain(METHODS[method](abundances(counts, whole=method != "plugin")))


def _plugin(counts: Floats) -> Floats:
    return renyi(shares(counts), 1)


def _miller_madow(counts: Floats) -> Floats:
    return _plugin(counts) + defined_ratio((counts > 0).sum(axis=-1) - 1, 2 * counts.sum(axis=-1))


def _chao_shen(counts: Floats) -> Floats:
    total = counts.sum(axis=-1, keepdims=True)
    once = (counts == 1).sum(axis=-1, keepdims=True)
    # With nothing but single draws the coverage would be 0 and the estimate infinite; one of them counts as seen twice.
    covered = 1 - np.where(once == total, once - 1, once) / np.maximum(total, 1)
    p = covered * shares(counts)
    filled = np.where(counts > 0, p, 0.5)
    seen = -np.expm1(total * np.log1p(-np.minimum(filled, 1 - 1e-16)))
    found = -np.where(counts > 0, filled * np.log(filled) / seen, 0).sum(axis=-1)
    return np.where(total[..., 0] > 1, found, np.nan)


METHODS: Mapping[str, Callable[[Floats], Floats]] = MappingProxyType(
    {"plugin": _plugin, "miller_madow": _miller_madow, "chao_shen": _chao_shen}
)
