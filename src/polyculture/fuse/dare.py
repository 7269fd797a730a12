"""DARE: drop changes at random and scale up the rest."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from polyculture.arrays import Array
from polyculture.fuse.changes import change_of, check_setting
from polyculture.fuse.weights import Stretches, Weights, check_experts


def dare(
    base: Weights, experts: Sequence[Weights], *, drop: float = 0.9, scale: float | None = None, seed: int = 0
) -> dict[str, Array]:
    r"""Base plus the scaled sum of changes of which a random share was dropped.

    .. math:: \theta = \theta_0 + \lambda \sum_i \frac{m_i \odot \tau_i}{1 - p}, \qquad m_i \sim \mathrm{Bernoulli}(1-p)

    What is drawn depends on the seed, the place of the expert and the name of the tensor alone: the same whether a
    model is merged whole or tensor by tensor, and in whatever order.

    Parameters
    ----------
    base : mapping of name to array
    experts : sequence of such mappings
    drop : float in [0, 1)
        p, the share of changes that are dropped.
    scale : float or None
        λ; 1 / (number of experts) when None, which is the plain average in expectation.
    seed : int >= 0

    Raises
    ------
    ParameterError
        If a setting is out of range, or there is no expert.
    ShapeError
        If an expert does not fit the base model.

    References
    ----------
    Yu et al. 2024, arXiv:2311.03099.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.dare import dare
    >>> merged = dare({"w": np.zeros(6)}, [{"w": np.ones(6)}], drop=0.5)["w"]
    >>> sorted(set(merged.tolist()))
    [0.0, 2.0]
    """
    check_experts(base, experts)
    return dropping(base, experts, drop=drop, scale=scale, seed=seed)(base, experts, 0)


def dropping(
    base: Weights,  # noqa: ARG001 - as all merges by stretches are asked
    experts: Sequence[Weights],
    *,
    drop: float = 0.9,
    scale: float | None = None,
    seed: int = 0,
) -> Stretches:
    """DARE by stretches: what is drawn for a number depends on its place in the tensor, and not on how it is cut.

    Parameters
    ----------
    base, experts, drop, scale, seed
        As in :func:`dare`.

    Raises
    ------
    ParameterError
        If a setting is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.dare import dare, dropping
    >>> base, one = {"w": np.zeros(4)}, {"w": np.ones(4)}
    >>> half = dropping(base, [one], drop=0.5)({"w": base["w"][2:]}, [{"w": one["w"][2:]}], 2)
    >>> np.array_equal(half["w"], dare(base, [one], drop=0.5)["w"][2:])
    True
    """
    check_setting("drop", drop, 0, 1, below=True)
    check_setting("seed", seed, 0, 2**63)
    if scale is not None:
        check_setting("scale", scale, -np.inf, np.inf, above=True, below=True)
    factor = (1 / max(len(experts), 1) if scale is None else scale) / (1 - drop)

    def merge(base: Weights, experts: Sequence[Weights], begin: int) -> dict[str, Array]:
        merged = {}
        for name, value in base.items():
            start = np.asarray(value)
            total = np.zeros(start.shape)
            for place, expert in enumerate(experts):
                change = change_of(expert[name], start)
                drawn = _draws(int(seed), place, name, begin).random(change.shape)
                total += np.multiply(change, drawn >= drop, out=change)
            merged[name] = np.asarray(start + factor * total).astype(start.dtype)
        return merged

    return merge


def _draws(seed: int, place: int, name: str, begin: int) -> np.random.Generator:
    """Draws for an expert's tensor, from a number of it on."""
    told = int.from_bytes(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest())
    bits = np.random.PCG64([seed, place, told])
    return np.random.Generator(bits.advance(begin))
