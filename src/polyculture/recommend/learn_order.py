"""Learning to put the best items of a blend in order, from interactions held out of what the choice was fitted on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Floats, Ints
from polyculture.progress import LOG
from polyculture.recommend.edges import Edges, held_out, sample
from polyculture.recommend.jury import Jury
from polyculture.recommend.list_network import ListNetwork, list_network
from polyculture.recommend.order import CANDIDATES, Order
from polyculture.recommend.ranked import blocks
from polyculture.recommend.serving import Serving

SHARES = (0.5, 1.0)
"""Tried for the network's part in an order."""

SHARE = 0.1
"""Of each user's history that is held out to learn an order from."""

LISTS = 10_000
"""To learn from; where there are fewer users, a history is held out several times."""

MOST_FOLDS = 10
LEAST_USERS = 300
"""With fewer, nothing is learnt."""


def enough(matrix: sp.csr_array, jury: Jury) -> bool:
    """Whether there are users and items enough to learn an order of."""
    return min(_users(matrix), len(jury.rows)) >= LEAST_USERS and len(jury.items) >= 2 * CANDIDATES


def learn_order(
    edges: Edges,
    domain: str,
    jury: Jury,
    fit: Callable[[Edges], Serving],
    fitted: Serving,
    *,
    late: sp.csr_array | None = None,
    seed: int = 0,
) -> Order | None:
    """Learn on other held-out interactions than those of the jury, and keep the order if these gain by it.

    Parameters
    ----------
    edges : dict of domain to sparse array
        What the blend was fitted on while it was chosen: without the jury's interactions.
    domain : str
    jury : Jury
        Decides whether an order is worth having, and how far it goes.
    fit : callable of edges
        Fits the blend again, on less.
    fitted : Serving
        The blend, fitted on `edges`.
    late : sparse array or None
        Interactions that the choice was made on, if they may teach once it is made: they take the place of one fold.
    seed : int
    """
    folds = min(MOST_FOLDS, -(-LISTS // _users(edges[domain])))
    found = [_fold(edges, domain, fit, seed + 1 + fold) for fold in range(folds)]
    if not any(hits.any() for _, hits in found):
        return None
    order = _judged(_taught(found, seed), jury, fitted)
    if order is None or late is None:
        return order
    # models that are nearer to those which will serve: fitted on as much as those are, but for the held-out part
    return replace(order, network=_taught([*found[1:], _lists(fitted, late, seed)], seed))


def _judged(network: ListNetwork, jury: Jury, fitted: Serving) -> Order | None:
    """With the share that gains most, less its standard error; none where neither gains."""
    alone = jury.by_user(fitted.scores(jury.rows))
    before, found = float(np.nanmean(alone)), []
    for share in SHARES:
        order = Order(network, share, before, before)
        gains = jury.by_user(replace(fitted, order=order).scores(jury.rows)) - alone
        gain, error = float(np.nanmean(gains)), float(np.nanstd(gains) / np.sqrt(len(gains)))
        LOG.info("order, share %g: gain %.4f ± %.4f", share, gain, error)
        if gain > 0:
            found.append((gain - error, replace(order, worth=before + gain)))
    return max(found, key=lambda each: each[0])[1] if found else None


def _taught(lists: Sequence[tuple[Floats, Array]], seed: int) -> ListNetwork:
    features, hits = (np.concatenate(parts) for parts in zip(*lists, strict=True))
    return list_network(features, hits, random_state=seed)


def _users(matrix: sp.csr_array) -> int:
    """Of how many something can be held out."""
    return int((np.diff(matrix.indptr) > 1).sum())


def _fold(edges: Edges, domain: str, fit: Callable[[Edges], Serving], seed: int) -> tuple[Floats, Array]:
    held = held_out(edges, SHARE, 0.0, seed)
    return _lists(fit(held.edges), held.warm[domain], seed)


def _lists(serving: Serving, away: sp.csr_array, seed: int) -> tuple[Floats, Array]:
    """Features of the lists of some users, and which entries were held out."""
    rows = sample(away, LISTS, seed)
    found = [_hits(serving, part, away[part][:, serving.items]) for part in blocks(rows, len(serving.items))]
    features, hits = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return features, hits


def _hits(serving: Serving, rows: Ints, held: sp.csr_array) -> tuple[Floats, Array]:
    columns, features = serving.shown(rows, serving.blended(rows))
    return features, (columns >= 0) & (np.take_along_axis(held.toarray(), np.maximum(columns, 0), axis=1) > 0)
