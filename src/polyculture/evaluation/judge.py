"""A fitted model on labelled items."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from polyculture.classify import CrossDomainClassifier
from polyculture.classify.ordered import ordered
from polyculture.data import DomainData
from polyculture.errors import DataError, ParameterError
from polyculture.evaluation.accuracy import by_domain, lead
from polyculture.evaluation.classes import by_class
from polyculture.evaluation.result import Evaluation
from polyculture.features.items import Items
from polyculture.optimise import expected_calibration_error
from polyculture.targets import Classes


def evaluate(model: CrossDomainClassifier, data: DomainData) -> Evaluation:
    """Accuracy and macro-F1 by domain of every part of a model, the fused model's lead over each, and its calibration.

    Parameters
    ----------
    model : CrossDomainClassifier
        Fitted.
    data : DomainData
        Labelled items; where it has a split with test items, these alone are judged.

    Raises
    ------
    DataError
        If no item has a label, or a label is none of the model's classes.
    ParameterError
        If the model learnt labels or values.
    """
    if not isinstance(model.target_, Classes):
        raise ParameterError("evaluate judges classes; for labels and values, ask the model's measures")
    judged = data.labelled & (np.asarray(data.split) == "test") if len(data.rows("test")) else data.labelled
    if not judged.any():
        raise DataError(f"{data.source}: no item has a label; evaluation needs labels")
    # all rows are passed on, so that the sentence names the row of the file
    label = data.label.copy()
    label[~judged] = None
    model.check_labels(replace(data, label=label))
    items = ordered(data.take(judged))
    truth = model.codes(items.label)
    asked = Items.checked(items.items, items.present)
    answers = model.answers(model.encode(asked), items.domain)
    learnt = model.learnt_from(asked)
    accuracy = {name: by_domain(truth, answer.argmax(axis=1), items.domain) for name, answer in answers.items()}
    decided = model.decide(answers["fused"])
    accuracy["fused"] = by_domain(truth, decided, items.domain)
    others = {name: answer.argmax(axis=1) for name, answer in answers.items() if name != "fused"}
    return Evaluation(
        accuracy=accuracy,
        lead={name: lead(truth, decided, said, items.domain, seed=model.random_state) for name, said in others.items()},
        data={
            "source": data.source,
            "items": len(items),
            "domains": {d: int((items.domain == d).sum()) for d in items.domains},
            "learnt": None if learnt is None else int(learnt.sum()),
        },
        classes=by_class(truth, decided, items.domain, model.classes_.tolist()),
        calibration={
            "judged items": {"before": float("nan"), "after": expected_calibration_error(answers["fused"], truth)}
        },
        choices={"fused": np.unique([model.routed_.method_, model.static_.method_]).tolist()},
    )
