"""The next item by a recurrent network over the user's items in order."""

from __future__ import annotations

from functools import partial

import scipy.sparse as sp

from polyculture.recommend.learn_sequence import learn_sequence
from polyculture.recommend.next_item import NextItem
from polyculture.recommend.ranges import check_network
from polyculture.recommend.sequence_networks import RecurrentReader


def gru4rec(
    matrix: sp.csr_array,
    *,
    times: sp.csr_array,
    dimensions: int = 64,
    length: int = 50,
    dropout: float = 0.3,
    epochs: int = 20,
    learning_rate: float = 0.003,
    random_state: int = 0,
) -> NextItem:
    r"""Read each history in order with gated recurrent units, and tell the next item from the state.

    .. math:: h_t = \mathrm{GRU}(e_{i_t}, h_{t-1}), \qquad s_{ui} = h_u^\top e_i + b_i

    The vectors that are read are those that are told. It is trained by a softmax over all items (over 4,096 drawn ones
    where there are more) in place of the sampled pairs of the paper, as what is drawn badly costs more than a product.
    An epoch takes about interactions × items × dimensions × 6 operations, items no more than those drawn.

    Parameters
    ----------
    matrix : sparse array of shape (users, items), not negative
        What an interaction counts as a target.
    times : sparse array of the same shape
        When a user took an item: only the order within a user counts.
    dimensions : int >= 1
    length : int >= 2
        Places that are read at once: a beginning, and the items before the one to tell.
    dropout : float in [0, 1)
    epochs : int >= 1
    learning_rate : float > 0
    random_state : int

    Raises
    ------
    ParameterError
        If a setting is out of range.

    References
    ----------
    Hidasi et al. 2016, Session-based recommendations with recurrent neural networks, ICLR, arXiv:1511.06939.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> from polyculture.recommend.gru4rec import gru4rec
    >>> times = sp.csr_array([[1.0, 2.0, 3.0], [2.0, 3.0, 1.0], [3.0, 1.0, 2.0], [1.0, 0.0, 0.0]])
    >>> taken = sp.csr_array((times.toarray() > 0).astype(np.float32))
    >>> model = gru4rec(taken, times=times, dimensions=8, dropout=0.0, epochs=60, learning_rate=0.02)
    >>> scores = model.scores(np.array([3]))
    >>> bool(scores[0, 1] > scores[0, 2])
    True
    """
    check_network(dimensions, dropout)
    return learn_sequence(
        matrix,
        times,
        partial(RecurrentReader, dimensions=dimensions, dropout=dropout),
        name="gru4rec",
        length=length,
        epochs=epochs,
        learning_rate=learning_rate,
        random_state=random_state,
    )
