"""The simple models that every table holds."""

from __future__ import annotations

import numpy as np
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from polyculture.arrays import Array
from polyculture.classify import CrossDomainClassifier
from polyculture.data import DomainData
from polyculture.features.any_backbone import AnyBackbone
from polyculture.features.combine import Encoded
from polyculture.features.encoders.lexical import WORD


def ngrams(data: DomainData, classes: Array, test: Array) -> Array:
    """One logistic regression on word 1–2-grams of all domains, trained on training and validation items together.

    Parameters
    ----------
    data : DomainData
        With the splits ``train`` and ``validation``.
    classes : array
        Order of the columns.
    test : array of str, shape (n,)

    Returns
    -------
    array of shape (n, classes)
    """
    rows = np.flatnonzero(data.labelled & data.within("train", "validation"))
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=WORD),
        LogisticRegression(C=5.0, max_iter=1000),
    ).fit(data.texts[rows], data.label[rows].astype(str))
    place = {str(value): i for i, value in enumerate(classes.tolist())}
    out = np.zeros((len(test), len(classes)))
    out[:, [place[c] for c in model.classes_]] = model.predict_proba(test)
    return out


def pooled(model: CrossDomainClassifier, encoded: Encoded, data: DomainData) -> AnyBackbone:
    """The same network on the same vectors of all domains, from other first weights; steps 3 to 5 left out."""
    return model.new_backbone(model.random_state + 1).fit(
        model.fed(encoded), model.codes(data.label), validation=data.within("validation"), classes=len(model.classes_)
    )


def specialist(model: CrossDomainClassifier, data: DomainData, domain: str) -> CrossDomainClassifier:
    """The same steps 1 and 2 and the same network, with one domain's items alone and no fusion.

    Base models that learn from labels are left out: a specialist is one network.
    """
    rows = np.flatnonzero(data.domain == domain)
    own = data.take(rows)
    alone = clone(model).set_params(
        encoders=tuple(clone(model.features_.encoders_[name]) for name in model.features_.blocks_),
        network_encoders=None,
        graph=model.features_.spread_.kind_,
        hops=(model.features_.spread_.hops_,),
        adapt="none",
        fuse="backbone",
        fine_tune_epochs=0,
        augment=0.0,
    )
    prepared = alone.preprocess(own.texts, own.label, domain=own.domain, split=own.split)
    fitted: CrossDomainClassifier = alone.learn(alone.encode_fit(prepared), prepared, families={})
    return fitted


def answering_specialist(
    model: CrossDomainClassifier, data: DomainData, domain: str, texts: Array
) -> tuple[CrossDomainClassifier, Array, Array]:
    """A specialist, its probabilities for these texts of any domain, and its last hidden layer."""
    fitted = specialist(model, data, domain)
    inputs = fitted.fed(fitted.encode(texts))
    return fitted, fitted.backbone_.predict_proba(inputs), fitted.backbone_.last_hidden(inputs)
