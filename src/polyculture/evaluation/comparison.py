"""Where merging and the graph pay: all labels and few labels, with and without the graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from polyculture import engine
from polyculture.adapt import fine_tune
from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.classify import CrossDomainClassifier
from polyculture.data import DomainData
from polyculture.evaluation.accuracy import by_domain
from polyculture.features.combine import Encoded
from polyculture.features.spread import Spread
from polyculture.fuse.merging import merge

HOW = {"no graph": ("none", (0,)), "graph": ("auto", (1, 2))}
"""Kind and depths to choose from."""


def few(y: Ints, domain: Array, held: Mask, count: int, *, seed: int) -> Ints:
    """Labels with all but `count` items a class and domain masked (-1), a quarter of those held out.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.evaluation.comparison import few
    >>> y = few(np.array([0, 1] * 20), np.repeat("a", 40), np.arange(40) >= 30, 4, seed=0)
    >>> [int((y == k).sum()) for k in (-1, 0, 1)]
    [32, 4, 4]
    """
    rng = np.random.default_rng(seed)
    kept = np.full(len(y), -1)
    for d in sorted(set(domain.tolist())):
        for k in np.unique(y[y >= 0]):
            here = (domain == d) & (y == k)
            for part, wanted in ((here & ~held, count - count // 4), (here & held, count // 4)):
                rows = rng.permutation(np.flatnonzero(part))[:wanted]
                kept[rows] = k
    return kept


def compare(
    model: CrossDomainClassifier,
    encoded: Encoded,
    test: Encoded,
    data: DomainData,
    items: DomainData,
    *,
    labels: int = 16,
    jobs: int = 1,
) -> dict[str, Any]:
    """`backbone`, `merged` and `specialists` for all labels and for few, each with and without the graph.

    All are the same network on the same views; specialists are trained from random weights on one domain's labels. The
    graph is the best of all kinds and depths on held-out items, depth 0 left out.

    Parameters
    ----------
    model : CrossDomainClassifier
        Fitted.
    encoded, test : Encoded
        Fitted and test items after step 2.
    data, items : DomainData
        The same, before it.
    labels : int
        Labels a class and domain of the few.
    jobs : int
        Rows of the table at once.

    Returns
    -------
    dict
        ``"all"`` and ``str(labels)``, to ``"no graph"`` and ``"graph"``, to rows as :func:`by_domain` gives them and
        ``chosen``, the graph that was taken.
    """
    held, y = data.within("validation"), model.codes(data.label)
    known = {"all": y, str(labels): few(y, data.domain, held, labels, seed=model.random_state)}
    pieces = ((model, encoded, test, data, items, name, known[name], how) for name in known for how in HOW)
    found: dict[str, Any] = {name: {} for name in known}
    for name, how, rows in engine.run(_compared, pieces, jobs=jobs):
        found[name][how] = rows
    return found


def _compared(
    model: CrossDomainClassifier,
    encoded: Encoded,
    test: Encoded,
    data: DomainData,
    items: DomainData,
    name: str,
    y: Ints,
    how: str,
) -> tuple[str, str, dict[str, Any]]:
    held, features = data.within("validation"), model.features_
    kind, hops = HOW[how]
    spread = Spread(kind, model.propagation, hops, model.neighbours, random_state=model.random_state)
    vectors = spread.fit_transform(
        features.dense(encoded), features.search_views(encoded), y, domain=data.domain, validation=held
    )
    later = spread.transform(features.dense(test), features.search_views(test))
    rows = _networks(model, vectors, later, y, data.domain, held, items.domain)
    truth = model.codes(items.label)
    scores: dict[str, Any] = {
        row: by_domain(truth, logits.argmax(axis=1), items.domain) for row, logits in rows.items()
    }
    return name, how, scores | {"chosen": f"{spread.kind_}, {spread.hops_} hops"}


def _networks(
    model: CrossDomainClassifier, X: Floats, later: Floats, y: Ints, domain: Array, held: Mask, asked: Array
) -> dict[str, Array]:
    """Scores of the test items by the backbone, the merged experts and each domain's specialist."""
    count = len(model.classes_)
    backbone = model.new_backbone(model.random_state).fit(X, y, validation=held, classes=count)
    experts = fine_tune(backbone, X, y, domain, validation=held, layers=model.adapt_layers)
    rows, stop = np.flatnonzero((y >= 0) & ~held), np.flatnonzero((y >= 0) & held)
    merged = merge(backbone, experts, X, y, domain, rows=rows, stop=stop, refit_head=model.refit_head)[0]
    alone = np.zeros((len(later), count))
    for d in experts:
        own = model.new_backbone(model.random_state).fit(
            X, np.where(domain == d, y, -1), validation=held, classes=count
        )
        here = np.flatnonzero(asked == d)
        alone[here] = own.logits(later[here])
    return {"backbone": backbone.logits(later), "merged": backbone.logits(later, merged.weights), "specialists": alone}
