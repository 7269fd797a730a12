"""Similarity of items to domains, in closed form from sums: clouds of one shape, each round its own mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.fuse.changes import check_setting


class Moments(NamedTuple):
    """Sums over the items of a domain: all that routing needs of them. Sums of two parts of a domain add up."""

    items: int
    total: Floats
    squares: Floats


def moments(X: Floats, domain: Array) -> dict[str, Moments]:
    """Sums of each domain, sorted by name.

    Parameters
    ----------
    X : array of shape (n, d)
    domain : array of str, shape (n,)

    Raises
    ------
    ShapeError
        If there is not one name for each item.
    DataError
        If a value is no number.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.similarity import moments
    >>> moments(np.array([[1.0], [3.0], [5.0]]), np.array(["a", "a", "b"]))["a"].total
    array([4.])
    """
    X, domain = np.asarray(X, dtype=np.float64), np.asarray(domain)
    if X.ndim != 2 or domain.shape != (len(X),):
        raise ShapeError(f"X has shape {X.shape} and domain {domain.shape}; give a row and a name for each item")
    if not np.isfinite(X).all():
        row = int(np.flatnonzero(~np.isfinite(X).all(axis=1))[0])
        raise DataError(f"row {row + 1} holds values that are not numbers; leave it out or fill them in")
    parts = {name: X[domain == name] for name in sorted(set(domain.tolist()))}
    return {name: Moments(len(part), part.sum(axis=0), part.T @ part) for name, part in parts.items()}


@dataclass(frozen=True)
class Similarity:
    r"""Domains as clouds of one shape, each round its own mean.

    .. math:: \delta_d(x) = (x - \mu_d)^\top \Sigma^{-1} (x - \mu_d)

    with :math:`\Sigma` the covariance within domains and a ridge. :math:`\operatorname{softmax}(-\delta / 2)` is the
    probability of each domain where clouds are normal and domains equally frequent, in closed form and from sums.

    Parameters
    ----------
    domains : tuple of str
    means : array of shape (domains, d)
        Whitened.
    centre : array of shape (d,)
        Mean of all items, whitened.
    whitening : array of shape (d, d)
        Makes the covariance within domains the unit matrix.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.similarity import Similarity, moments
    >>> x, domain = np.array([[0.0], [2.0], [10.0], [12.0]]), np.array(["a", "a", "b", "b"])
    >>> Similarity.of(moments(x, domain), ridge=0.0).distances(np.array([[3.0]]))
    array([[ 2., 32.]])
    """

    domains: tuple[str, ...]
    means: Floats
    centre: Floats
    whitening: Floats

    @classmethod
    def of(cls, sums: Mapping[str, Moments], *, ridge: float = 0.1) -> Self:
        """From the sums of each domain; leave one out to have what was never told of it.

        Parameters
        ----------
        sums : mapping of domain to Moments
        ridge : float >= 0
            Added to the covariance's diagonal, relative to its mean.

        Raises
        ------
        ParameterError
            If there is no domain, one without items, or the ridge is negative.
        """
        check_setting("ridge", ridge, 0, np.inf, below=True)
        if not sums or min(each.items for each in sums.values()) < 1:
            raise ParameterError(
                "a domain has no items, or there is none at all; give the sums of those that have some"
            )
        counts = np.array([each.items for each in sums.values()], dtype=np.float64)
        means = np.stack([each.total / each.items for each in sums.values()])
        # the denominator of an unbiased covariance, but for domains of one item each
        within = sum(each.squares for each in sums.values()) - (means.T * counts) @ means
        within = within / max(counts.sum() - len(counts), 1.0)
        floor = max(ridge, 1e-10) * (float(np.trace(within)) / len(within) or 1.0)
        whitening = np.linalg.inv(np.linalg.cholesky(within + floor * np.eye(len(within)))).T
        return cls(tuple(sums), means @ whitening, (counts / counts.sum()) @ means @ whitening, whitening)

    def distances(self, X: Floats) -> Floats:
        """Squared distance of each item from each domain, shape (n, domains)."""
        moved = np.asarray(X, dtype=np.float64) @ self.whitening
        return np.stack([((moved - mean) ** 2).sum(axis=1) for mean in self.means], axis=1)

    def strangeness(self, X: Floats) -> Floats:
        r"""How much farther each item is from its nearest domain than from the middle of all, shape (n,).

        :math:`\min_d \delta_d(x) - \delta_{\text{all}}(x)`: what makes an item odd in every domain is no sign of a new
        one (Ren et al. 2021, arXiv:2106.09022). It sees directions in which the known domains differ, and no others.
        """
        moved = np.asarray(X, dtype=np.float64) @ self.whitening
        return np.asarray(self.distances(X).min(axis=1) - ((moved - self.centre) ** 2).sum(axis=1))
