"""A further label of the same items: a head more on what is fitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polyculture.arrays import Array
from polyculture.data import DomainData
from polyculture.evaluation.accuracy import averaged, by_domain
from polyculture.evaluation.baselines import ngrams
from polyculture.loop.run import Run
from polyculture.preprocess import Preprocessor
from polyculture.progress import Steps


def further_tasks(run: Run, tasks: Mapping[str, DomainData], clock: Steps) -> dict[str, Any]:
    """Classes and scores of each further task: a head on the fitted model beside n-grams trained for the task."""
    found = {}
    for name, data in tasks.items():
        with clock.step(f"task {name}"):
            found[name] = _task(run, name, data)
    return found


def _task(run: Run, name: str, data: DomainData) -> dict[str, Any]:
    """A further head on the fitted model, beside n-grams trained for the task; items keep the split that they had."""
    parts = dict(zip(run.data.ids.tolist(), np.asarray(run.data.split).tolist(), strict=True))
    fresh = Preprocessor(random_state=run.model.random_state).fit_transform(data)
    split = [parts.get(key, own) for key, own in zip(fresh.ids.tolist(), np.asarray(fresh.split).tolist(), strict=True)]
    fresh = fresh.with_split(split)
    learnt, items = fresh.take(fresh.within("train", "validation")), fresh.take(fresh.within("test"))
    known = _knowledge(run, fresh)
    part = np.flatnonzero(fresh.within("train", "validation"))
    run.model.add_task(name, learnt.texts, learnt.label, domain=learnt.domain, split=learnt.split, known=known[part])
    head = run.model.heads_[name]
    classes = head.classes_
    truth = np.searchsorted(classes, items.label.astype(classes.dtype))
    further = head.predict_proba(known[fresh.within("test")])
    rows = {"further head": further, "ngrams": ngrams(learnt, classes, items.texts)}
    return {
        "classes": [str(c) for c in classes],
        "rows": {row: by_domain(truth, answer.argmax(axis=1), items.domain) for row, answer in rows.items()},
    }


def _knowledge(run: Run, data: DomainData) -> Array:
    """What the model knows of the items; those that the run has encoded already are not encoded again."""
    model, learnt = run.model, run.data.take(run.data.within("train", "validation"))
    place = {key: i for i, key in enumerate([*learnt.ids.tolist(), *run.items.ids.tolist()])}
    new = np.flatnonzero([key not in place for key in data.ids.tolist()])
    parts = [
        model.knowledge(run.encoded.take(np.arange(len(learnt))), learnt.domain),
        model.knowledge(run.test, run.items.domain),
    ]
    if len(new):
        parts.append(model.knowledge(model.encode(data.texts[new]), data.domain[new]))
    place |= {key: len(place) + i for i, key in enumerate(data.ids[new].tolist())}
    return np.vstack(parts)[[place[key] for key in data.ids.tolist()]]


def mean_tasks(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Mean over runs of each row of each task."""
    return {
        name: {
            "classes": first["classes"],
            "rows": {row: averaged([r[name]["rows"][row] for r in runs]) for row in first["rows"]},
        }
        for name, first in runs[0].items()
    }
