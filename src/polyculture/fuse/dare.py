"""DARE: drop changes at random and scale up the rest."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.fuse.changes import Changes, add_to_base, check_setting
from polyculture.fuse.weights import Weights


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
    check_setting("drop", drop, 0, 1, below=True)
    check_setting("seed", seed, 0, 2**63)
    if scale is not None:
        check_setting("scale", scale, -np.inf, np.inf, above=True, below=True)
    factor = (1 / max(len(experts), 1) if scale is None else scale) / (1 - drop)
    return add_to_base(base, experts, lambda changes: factor * _kept(changes, drop, int(seed)))


def _kept(changes: Changes, drop: float, seed: int) -> Floats:
    name = int.from_bytes(blake2b(changes.name.encode("utf-8", "surrogatepass"), digest_size=8).digest())
    total = np.zeros_like(changes.start)
    for place, change in enumerate(changes):
        drawn = np.random.default_rng([seed, place, name]).random(change.shape)
        total += np.where(drawn >= drop, change, 0.0)
    return total
