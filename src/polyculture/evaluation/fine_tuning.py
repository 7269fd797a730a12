"""A base model fine-tuned as the backbone, beside the same steps on its frozen vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sklearn.base import clone

from polyculture.arrays import Array
from polyculture.classify import CrossDomainClassifier
from polyculture.data import DomainData
from polyculture.evaluation.accuracy import by_domain
from polyculture.features.combine import Encoded

if TYPE_CHECKING:
    from polyculture.features.text_backbone import TextBackbone

ROWS = {
    "backbone": "fine-tuned on all domains together; steps 3 to 5 left out",
    "experts": "one a domain, from the fine-tuned; domain known",
    "merged": "experts in one set of weights; no domain known",
    "ensemble": "routed expert and all frozen base models",
    "fused": "what was chosen on held-out items",
}


def fine_tuned(
    model: CrossDomainClassifier,
    prepared: DomainData,
    encoded: Encoded,
    settings: Mapping[str, Any],
    backbone: TextBackbone | None = None,
) -> CrossDomainClassifier:
    """The same model with a Transformer as its backbone; base models and encoded items are those that are there.

    Parameters
    ----------
    model : CrossDomainClassifier
        Fitted on texts.
    prepared : DomainData
        What it was fitted on.
    encoded : Encoded
        Its items after step 2.
    settings : mapping
        Of :class:`~polyculture.features.text_backbone.TextBackbone`.
    backbone : TextBackbone or None
        Fitted on these items already.
    """
    from polyculture.features.text_backbone import TextBackbone

    other: CrossDomainClassifier = clone(model).set_params(
        backbone=TextBackbone(**settings), graph="none", refit_head=None, fine_tune_epochs=None
    )
    other.features_ = model.features_
    return other.learn(encoded, prepared, families=model.judging_, backbone=backbone)


def judge_fine_tuned(
    model: CrossDomainClassifier,
    prepared: DomainData,
    encoded: Encoded,
    test: Encoded,
    items: DomainData,
    before: Mapping[str, Array],
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Scores of the fine-tuned model's parts, of the frozen fused model, and of the network on frozen vectors.

    Parameters
    ----------
    model, prepared, encoded, settings
        As in :func:`fine_tuned`.
    test : Encoded
        Test items after step 2.
    items : DomainData
        Test items.
    before : mapping of row to array of shape (n, classes)
        Answers of the frozen model for the test items.

    Returns
    -------
    dict of row to dict
        What :func:`polyculture.evaluation.accuracy.by_domain` gives, and ``about``.
    """
    other = fine_tuned(model, prepared, encoded, settings)
    truth = model.codes(items.label)
    answers = other.answers(test, items.domain)
    found = {
        f"{name}, frozen vectors": by_domain(truth, before[name].argmax(axis=1), items.domain) | {"about": about}
        for name, about in (("pooled", "a network on frozen vectors"), ("fused", "all steps on frozen vectors"))
        if name in before
    }
    for name, about in ROWS.items():
        found[name] = by_domain(truth, answers[name].argmax(axis=1), items.domain) | {"about": about}
    return found
