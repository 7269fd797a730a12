"""Learning to tell the next item of a history, by any network that reads items in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn
from torch.nn import functional

from polyculture.arrays import Floats, Ints
from polyculture.device import back, lent, moved
from polyculture.errors import ParameterError
from polyculture.recommend.next_item import NextItem
from polyculture.recommend.ranges import check_whole
from polyculture.recommend.sequence_networks import Reader
from polyculture.recommend.times import histories
from polyculture.recommend.windows import Windows, ends, windows
from polyculture.training import train

BATCH = 32
"""Windows a step."""

CANDIDATES = 4096
"""Items that a target is told from; beyond so many, some drawn anew for each step."""

WARM_UP = 0.05
"""Share of the steps before the learning rate is reached; from there it falls to nothing in a straight line."""

_ANSWERED = 512
"""Users who are read at once in the end."""


def learn_sequence(
    matrix: sp.csr_array,
    times: sp.csr_array,
    made: Callable[[int], Reader],
    *,
    name: str,
    length: int,
    epochs: int,
    learning_rate: float,
    random_state: int,
) -> NextItem:
    r"""Train a network to tell each item of each history from those before it, and keep what it makes of users.

    .. math:: L = - \frac{1}{\sum_{ut} w_{ut}} \sum_{ut} w_{ut} \log \frac{e^{h_{u,t-1}^\top e_{i_{ut}} + b_{i_{ut}}}}
        {\sum_j e^{h_{u,t-1}^\top e_j + b_j}}

    Parameters
    ----------
    matrix : sparse array of shape (users, items)
        w: what an interaction counts as a target; as an input all are alike.
    times : sparse array of the same shape
        When a user took an item; what has one time is in an order drawn at random.
    made : callable of a number of items
        The network, its weights drawn.
    name : str
        For the log, and for messages.
    length : int >= 2
        Places that the network reads at once.
    epochs : int >= 1
    learning_rate : float > 0
    random_state : int

    Raises
    ------
    ParameterError
        If a setting is out of range, or the loss is no longer a number.
    """
    check_whole("length", length, 2)
    check_whole("epochs", epochs, 1)
    if not learning_rate > 0:
        raise ParameterError(f"learning_rate is {learning_rate}; use a number above 0")
    matrix = sp.csr_array(matrix, dtype=np.float32)
    items = matrix.shape[1]
    read = histories(matrix, times, random_state)
    weights = [_weights(matrix, row, history) for row, history in enumerate(read)]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(random_state)
        network = made(items)
    # the logarithm of what each item weighs is what a network without a state would learn
    counts = np.asarray(matrix.sum(axis=0)).ravel() + 1
    network.bias.data = torch.from_numpy(np.log(counts / counts.mean()).astype(np.float32))
    # no wider than the longest history, as what is behind an end is computed too
    longest = max((len(each) for each in read), default=0)
    cut = windows(read, weights, max(1, min(length, longest)), items)
    if cut.weights.any():
        train(
            network,
            objective(cut, items),
            np.flatnonzero(cut.weights.any(axis=1)),
            batch_size=BATCH,
            epochs=epochs,
            learning_rate=learning_rate,
            clip=1.0,
            schedule=_pace,
            seed=random_state,
            name=name,
        )
    return _answers(network, read, min(length, longest + 1))


def objective(cut: Windows, items: int) -> Callable[[nn.Module, Tensor], tuple[Tensor, int, int]]:
    """The loss of some windows; targets are told from all items, or from some that are drawn."""
    inputs, targets, weights = (torch.from_numpy(each) for each in (cut.inputs, cut.targets, cut.weights))

    def loss(network: Any, rows: Tensor) -> tuple[Tensor, int, int]:
        there, truth, counts = moved(inputs[rows], targets[rows], weights[rows])
        told = counts > 0
        states, truth, counts = network(there)[told], truth[told], counts[told]
        if items <= CANDIDATES:
            scores = network.logits(states)
        else:
            scores, truth = _sampled(network, states, truth, items)
        each = functional.cross_entropy(scores, truth, reduction="none")
        hits = int((scores.detach().argmax(dim=1) == truth).sum())
        return (each * counts).sum() / counts.sum(), hits, len(truth)

    return loss


def _sampled(network: Reader, states: Tensor, truth: Tensor, items: int) -> tuple[Tensor, Tensor]:
    """Scores of the target, which comes first, and of drawn items, each of which stands for so many."""
    drawn = torch.randint(items, (CANDIDATES,)).to(truth.device)
    own = (states * network.vectors.weight[truth]).sum(dim=1) + network.bias[truth]
    others = network.logits(states, drawn) + float(np.log(items / CANDIDATES))
    others = others.masked_fill(drawn == truth[:, None], -torch.inf)
    return torch.cat([own[:, None], others], dim=1), torch.zeros_like(truth)


def _answers(network: Reader, read: list[Ints], length: int) -> NextItem:
    """What the network makes of each user, and of items."""
    items = len(network.bias)
    found = np.empty((len(read), network.vectors.embedding_dim), dtype=np.float32)
    network.eval()
    with torch.no_grad(), lent(network):
        for start in range(0, len(read), _ANSWERED):
            inputs, last = (torch.from_numpy(each) for each in ends(read[start : start + _ANSWERED], length, items))
            states = back(network(*moved(inputs)))
            found[start : start + _ANSWERED] = states[torch.arange(len(last)), last].numpy()
    vectors = network.vectors.weight[:-1].detach().numpy().copy()
    return NextItem(found, vectors, network.bias.detach().numpy().copy())


def _weights(matrix: sp.csr_array, row: int, history: Ints) -> Floats:
    part = slice(matrix.indptr[row], matrix.indptr[row + 1])
    order = np.argsort(matrix.indices[part])
    found: Floats = matrix.data[part][order][np.searchsorted(matrix.indices[part][order], history)]
    return found


def _pace(step: int, steps: int) -> float:
    warm = max(1, round(WARM_UP * steps))
    return min(1.0, (step + 1) / warm) * (1 - step / steps)
