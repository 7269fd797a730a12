"""Sums over items of what a linear layer receives: all that a merge by regression needs of the data."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.errors import ParameterError


def gram_sums(inputs: Mapping[str, Floats]) -> dict[str, Array]:
    r"""Gram matrix of each linear layer's inputs, with a column of ones for the bias.

    .. math:: G_\ell = \tilde X_\ell^\top \tilde X_\ell, \qquad \tilde X = [X, 1]

    Sums are additive: those of two parts of the data add up to that of the whole, so that they can be gathered in
    pieces, and parties can share them without sharing a row. For a layer of a graph network X is the *aggregated*
    message ÂX.

    Parameters
    ----------
    inputs : mapping of layer to array of shape (n, in)
        What each linear layer receives; see :meth:`Backbone.layer_inputs`.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse import gram_sums
    >>> gram_sums({"0": np.array([[2.0], [4.0]])})["0"]
    array([[20.,  6.],
           [ 6.,  2.]])
    """
    if not isinstance(inputs, Mapping):
        raise ParameterError(
            f"inputs is a {type(inputs).__name__}; give a mapping of each layer's name to what it receives"
        )
    sums = {}
    for name, x in inputs.items():
        extended = np.hstack([np.asarray(x, dtype=np.float64), np.ones((len(x), 1))])
        sums[name] = extended.T @ extended
    return sums
