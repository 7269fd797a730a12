"""The next item by attention over the user's items in order."""

from __future__ import annotations

from functools import partial

import scipy.sparse as sp

from polyculture.errors import ParameterError
from polyculture.recommend.learn_sequence import learn_sequence
from polyculture.recommend.next_item import NextItem
from polyculture.recommend.ranges import check_network, check_whole
from polyculture.recommend.sequence_networks import HEADS, CausalReader


def sasrec(
    matrix: sp.csr_array,
    *,
    times: sp.csr_array,
    dimensions: int = 64,
    layers: int = 2,
    length: int = 50,
    dropout: float = 0.3,
    epochs: int = 40,
    learning_rate: float = 0.003,
    random_state: int = 0,
) -> NextItem:
    r"""Read each history with a Transformer whose places see what came before them, and tell the next item.

    .. math:: h_t = \mathrm{Transformer}(e_{i_1} + p_1, \dots, e_{i_t} + p_t)_t, \qquad s_{ui} = h_u^\top e_i + b_i

    The vectors that are read are those that are told. It is trained by a softmax over all items (over 4,096 drawn ones
    where there are more) in place of the sampled pairs of the paper, which makes it much better (Klenitskiy and Vasilev
    2023). An epoch takes about interactions × items × dimensions × 6 operations, items no more than those drawn.

    Parameters
    ----------
    matrix : sparse array of shape (users, items), not negative
        What an interaction counts as a target.
    times : sparse array of the same shape
        When a user took an item: only the order within a user counts.
    dimensions : int >= 2, even
    layers : int >= 1
        Of two heads each.
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
    Kang and McAuley 2018, Self-attentive sequential recommendation, ICDM, arXiv:1808.09781. Klenitskiy and Vasilev
    2023, Turning dross into gold loss: is BERT4Rec really better than SASRec?, RecSys, arXiv:2309.07602.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> from polyculture.recommend.sasrec import sasrec
    >>> times = sp.csr_array([[1.0, 2.0, 3.0], [2.0, 3.0, 1.0], [3.0, 1.0, 2.0], [1.0, 0.0, 0.0]])
    >>> taken = sp.csr_array((times.toarray() > 0).astype(np.float32))
    >>> model = sasrec(taken, times=times, dimensions=8, layers=1, dropout=0.0, epochs=60, learning_rate=0.02)
    >>> scores = model.scores(np.array([3]))
    >>> bool(scores[0, 1] > scores[0, 2])
    True
    """
    check_network(dimensions, dropout)
    check_whole("layers", layers, 1)
    if dimensions % HEADS:
        raise ParameterError(f"dimensions is {dimensions}; use a multiple of {HEADS}, as there are so many heads")
    return learn_sequence(
        matrix,
        times,
        partial(CausalReader, dimensions=dimensions, dropout=dropout, length=length, layers=layers),
        name="sasrec",
        length=length,
        epochs=epochs,
        learning_rate=learning_rate,
        random_state=random_state,
    )
