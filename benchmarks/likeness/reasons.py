"""Why a model answers as it does, by leaving words out, and whether these reasons are true."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from polyculture.arrays import Array, Floats, Ints
from polyculture.data import DomainData
from polyculture.explain import faithfulness, word_reasons
from polyculture.preprocess.tokens import spaced_tokens

FEWEST_WORDS = 5


@dataclass(frozen=True)
class Quality:
    """Reasons of one model for the same items as all others.

    Parameters
    ----------
    weights : array of shape (words,)
        Fall of the log-odds of the last class when the word is left out, item after item.
    deletion : float
        Probability of the predicted class when words are left out in random order, less the same when the weightiest
        go first; higher is better.
    relative : float
        The same as a share of what the random order leaves: a model that is never sure has little to lose.
    """

    weights: Floats
    deletion: float
    relative: float


def explained_items(items: DomainData, most: int, seed: int) -> DomainData:
    """Items to explain, as many of each domain, all with at least five words."""
    rng, each = np.random.default_rng(seed), most // len(items.domains)
    long = np.array([len(str(text).split()) >= FEWEST_WORDS for text in items.texts])
    rows = [rng.permutation(np.flatnonzero((items.domain == domain) & long))[:each] for domain in items.domains]
    return items.take(np.concatenate(rows))


def judge(probabilities: Callable[[Sequence[str]], Floats], items: DomainData, seed: int = 0) -> Quality:
    """Reasons of a model, and their quality.

    Parameters
    ----------
    probabilities : callable
        Texts to (n, classes).
    items : DomainData
    seed : int
        Of the random order.
    """

    def predict(texts: list[str], _: Array) -> Array:
        return probabilities(texts)

    found = word_reasons(predict, items.texts.tolist(), items.domain)
    kept = faithfulness(predict, found, items.domain, seed=seed)["deletion"]
    gap = kept["margin"]["estimate"]
    signed = [reason.weights * (1 if reason.predicted else -1) for reason in found]
    return Quality(np.concatenate(signed), gap, gap / kept["random"])


def item_of(items: DomainData) -> Ints:
    """Item that each weight belongs to."""
    return np.repeat(np.arange(len(items)), [len(spaced_tokens(text) or [text]) for text in items.texts.tolist()])


def agreement(weights: Floats, of: Ints) -> Floats:
    r"""How alike the reasons of all pairs of models are.

    .. math:: a_{kl} = \frac{1}{n} \sum_i \operatorname{corr}_{j \in i}(w_{kj}, w_{lj})

    Pearson's correlation over the words of an item, mean over items; 0 is expected if words had swapped their weights.
    An item whose words all weigh the same to a model counts as 0.

    Parameters
    ----------
    weights : array of shape (words, m)
    of : array of int, shape (words,)
        Item of each word.
    """
    count = np.bincount(of)[:, None]
    sums = np.zeros((len(count), weights.shape[1]))
    np.add.at(sums, of, weights)
    apart = weights - (sums / count)[of]
    squares = np.zeros_like(sums)
    np.add.at(squares, of, apart**2)
    unit = apart / np.sqrt(np.where(squares > 0, squares, 1.0))[of]
    return np.asarray(unit.T @ unit / len(count))
