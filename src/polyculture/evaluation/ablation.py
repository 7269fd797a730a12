"""What each step adds: the same without it."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone

from polyculture import engine
from polyculture.classify import CrossDomainClassifier
from polyculture.data import DomainData
from polyculture.errors import ParameterError
from polyculture.evaluation.accuracy import by_domain
from polyculture.evaluation.generalisation import fixed, limit
from polyculture.features.combine import Encoded

AUGMENT = 0.25
"""Copies as a share of the training texts, where augmentation is off and the ablation turns it on."""


def ablate(
    model: CrossDomainClassifier,
    data: DomainData,
    raw: DomainData,
    prepared: DomainData,
    encoded: Encoded,
    test: Encoded,
    *,
    most: int | None = None,
    jobs: int = 1,
) -> dict[str, Any]:
    """Macro-F1 of the fused model with each step left out, beside the whole.

    Steps 3 to 5 are left out of the model as it is. What steps 1 and 2 do needs features of its own; the encoders that
    are trained here are left out of those rows, and of the row that they are to be compared with.

    Parameters
    ----------
    model : CrossDomainClassifier
        Fitted.
    data, raw : DomainData
        All splits, after and before cleaning, the same items.
    prepared : DomainData
        What the model was fitted on.
    encoded, test : Encoded
        Its items and the test items after step 2.
    most : int or None
        Training items at most in the rows that are fitted anew.
    jobs : int
        Fits at once.

    Returns
    -------
    dict of str to dict
        For each variant what :func:`polyculture.evaluation.accuracy.by_domain` gives, and ``about``.

    Raises
    ------
    ParameterError
        If the model was loaded; see :func:`relearnt`.

    Examples
    --------
    >>> from polyculture import CrossDomainClassifier
    >>> from polyculture.data import DomainData
    >>> from polyculture.evaluation.ablation import ablate
    >>> texts, labels = ["good day", "bad day", "good meal", "bad meal"] * 15, ["+", "-"] * 30
    >>> split = ["train"] * 36 + ["validation"] * 12 + ["test"] * 12
    >>> data = DomainData.of(texts, label=labels, domain=["days", "days", "meals", "meals"] * 15, split=split)
    >>> fit, test = data.take(data.within("train", "validation")), data.take(data.within("test"))
    >>> model = CrossDomainClassifier(("lexical",), graph="none", components=2)
    >>> prepared = model.preprocess(fit.texts, fit.label, domain=fit.domain, split=fit.split)
    >>> encoded = model.encode_fit(prepared)
    >>> model = model.learn(encoded, prepared)
    >>> list(ablate(model, data, data, prepared, encoded, model.encode(test.texts)))[:4]
    ['whole', 'without adapt', 'without fuse', 'without optimise']
    """
    items = data.take(data.within("test"))

    def without(about: str, **changes: Any) -> dict[str, Any]:
        other = relearnt(model, encoded, prepared, **changes)
        return _judged(other, test, items) | {"about": about}

    table = {
        "whole": _judged(model, test, items) | {"about": "all steps"},
        "without adapt": without("step 3 left out: no experts", adapt="none"),
        "without fuse": without("step 4 left out: each domain's expert answers alone", fuse="none"),
        "without optimise": without(
            "step 5 left out: no fine-tuning, no calibration, base models not refitted",
            fine_tune_epochs=0,
            calibrate=False,
            refit_base_models=False,
        ),
        "without refitting": without(
            "step 5: base models do not learn from the held-out items", refit_base_models=False
        ),
    }
    pieces = _variants(model, limit(data, most, model.random_state), limit(raw, most, model.random_state))
    found = engine.run(_refitted, [piece[1:] for piece in pieces], jobs=jobs)
    return table | {piece[0]: scores for piece, scores in zip(pieces, found, strict=True)}


def relearnt(
    model: CrossDomainClassifier, encoded: Encoded, prepared: DomainData, *, anew: bool = False, **changes: Any
) -> CrossDomainClassifier:
    """The model with other settings of steps 3 to 5; what they do not touch is not fitted again.

    Parameters
    ----------
    model : CrossDomainClassifier
        Fitted.
    encoded : Encoded
        The items that it was fitted on, after step 2. Base models whose view is missing are left out.
    prepared : DomainData
        The same items.
    anew : bool
        Fit the network and its experts again, as the vectors are others.
    **changes
        Settings.

    Returns
    -------
    CrossDomainClassifier
        It answers encoded items; what encodes is the first model's.

    Raises
    ------
    ParameterError
        If the model was loaded: base models as they were before they learnt from held-out items are not kept.

    Examples
    --------
    >>> from polyculture import CrossDomainClassifier
    >>> from polyculture.evaluation.ablation import relearnt
    >>> texts, domain = ["good day", "bad day", "good meal", "bad meal"] * 10, ["days", "days", "meals", "meals"] * 10
    >>> model = CrossDomainClassifier(("lexical",), components=2)
    >>> prepared = model.preprocess(texts, ["+", "-"] * 20, domain=domain)
    >>> encoded = model.encode_fit(prepared)
    >>> other = relearnt(model.learn(encoded, prepared), encoded, prepared, adapt="none")
    >>> len(model.experts_), len(other.experts_)
    (2, 0)
    """
    if not hasattr(model, "judging_"):
        raise ParameterError(
            "the model was loaded, without what is needed to learn on; fit it here, and relearn that one"
        )
    other: CrossDomainClassifier = clone(model).set_params(**changes)
    other.features_ = model.features_
    experts = {} if other.adapt == "none" else model.experts_
    merges = model.merges_ if other.fuse == model.fuse and experts else None
    network: dict[str, Any] = {"backbone": model.backbone_, "experts": experts, "merges": merges}
    families, refitted = ({name: each[name] for name in encoded.views} for each in (model.judging_, model.families_))
    other.learn(encoded, prepared, families=families, refitted=refitted, **({} if anew else network))
    return other


def _variants(model: CrossDomainClassifier, data: DomainData, raw: DomainData) -> list[tuple[Any, ...]]:
    """Name, model, data and what it is, for each variant of steps 1 and 2 and for the row they are compared with."""
    share = model.augment or AUGMENT
    turned = {"without augmentation": 0.0} if model.augment else {"with augmentation": AUGMENT}
    size = f"{int(data.within('train').sum())} training items"
    variants: list[tuple[Any, ...]] = [
        ("reference of the rows below", fixed(model), data, f"encoders trained here left out, {size}"),
        ("without cleaning", fixed(model), raw, "step 1 left out: texts as they came"),
        *(
            (
                name,
                fixed(model, augment=value),
                data,
                f"step 1: changed copies of {100 * share:.0f} % of the training texts",
            )
            for name, value in turned.items()
        ),
    ]
    if model.features_.spread_.kind_ != "none":
        variants.append(("without graph", fixed(model, graph="none"), data, "step 2: vectors are not spread"))
    return variants


def _refitted(model: CrossDomainClassifier, data: DomainData, about: str) -> dict[str, Any]:
    fit, items = data.take(data.within("train", "validation")), data.take(data.within("test"))
    model.fit(fit.texts, fit.label, domain=fit.domain, split=np.asarray(fit.split))
    return _judged(model, model.encode(items.texts), items) | {"about": about}


def _judged(model: CrossDomainClassifier, test: Encoded, items: DomainData) -> dict[str, Any]:
    found = model.answers(test, items.domain)["fused"]
    return by_domain(model.codes(items.label), model.decide(found), items.domain)
