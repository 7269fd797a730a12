"""Small models of every kind that is kept on the disk, and what they are asked; nothing here is drawn by chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from polyculture.classify import CrossDomainClassifier, CrossDomainRegressor
from polyculture.data.interactions import Interactions
from polyculture.features.backbone import Backbone
from polyculture.features.encoders.images.cnn import ImageCNNEncoder
from polyculture.features.encoders.lexical import LexicalEncoder
from polyculture.recommend import CrossDomainRecommender

GOLDEN = Path(__file__).with_name("golden")
N = 48
SMALL = Backbone(hidden=(8,), epochs=4)
WORDS = LexicalEncoder(terms="words", words=1)
WHERE = np.array(["books", "films"])[np.arange(N) % 2]
GOOD = (np.arange(N) // 2) % 2
NAMES = np.array(["bad", "good"])
# one in five is labelled against its words, so that no answer is certain
LABELS = NAMES[GOOD ^ (np.arange(N) % 5 == 3)]
PRAISE = (("dull", "poor", "sad", "flat"), ("fine", "great", "warm", "bold"))
THINGS = {"books": ("novel", "author", "page"), "films": ("actor", "scene", "camera"), "songs": ("voice", "chorus")}


def texts(where: Any = WHERE, good: Any = GOOD) -> list[str]:
    """A few words of praise or blame for things of a domain."""
    said = []
    for i, (place, kind) in enumerate(zip(where, good, strict=True)):
        things, words = THINGS[place], PRAISE[kind]
        said.append(f"the {things[i % len(things)]} was {words[i % 4]} and {words[(i // 4) % 4]} w{i % 11}")
    return said


def numbers() -> Any:
    """Three columns: one tells good from bad, one the domain."""
    i = np.arange(N)
    return np.stack([GOOD + 0.3 * np.sin(i), (WHERE == "films") + 0.2 * np.cos(i), np.sin(3.0 * i)], axis=1)


def images() -> Any:
    """A bright upper or lower half, with a pattern over it."""
    found = np.full((N, 16, 16, 3), 60, dtype=np.uint8)
    for i, kind in enumerate(GOOD):
        found[i, 8 * kind : 8 * kind + 8] = 180
        found[i, i % 16, :, i % 3] = 255
    return found


def clicks() -> Interactions:
    """Forty users of two tastes and two domains."""
    rows = [
        (f"u{u:02d}", f"{d}{2 * ((u * 3 + j * 5 + (d == 'b')) % 9) + u % 2:02d}", d)
        for u in range(40)
        for d in "ab"
        for j in range(5)
    ]
    users, items, domains = (list(column) for column in zip(*sorted(set(rows)), strict=True))
    return Interactions.of(users, items, domain=domains)


def _proba(asked: Callable[[], Any]) -> Callable[[Any], Any]:
    return lambda model: model.predict_proba(asked(), domain=WHERE)


def _classifier(*encoders: Any, **settings: Any) -> CrossDomainClassifier:
    return CrossDomainClassifier(encoders, components=8, backbone=SMALL, **settings)


def _learnt_from_texts() -> CrossDomainClassifier:
    return _classifier(WORDS, calibrate=True, threshold="f1").fit(texts(), LABELS, domain=WHERE)


def _learnt_from_images() -> CrossDomainClassifier:
    cnn = ImageCNNEncoder(size=16, width=4, stages=1, hidden=8, epochs=2)
    return _classifier(cnn).fit(images(), LABELS, domain=WHERE)


def _both() -> dict[str, Any]:
    return {"text": texts(), "numbers": numbers()}


def _learnt_from_both() -> CrossDomainClassifier:
    encoders = {"text": [WORDS], "numbers": ["vectors"]}
    return CrossDomainClassifier(encoders, components=8, backbone=SMALL).fit(_both(), LABELS, domain=WHERE)


def _learnt_values() -> CrossDomainRegressor:
    values = 2.0 * GOOD + (WHERE == "films") + 0.1 * np.sin(np.arange(N))
    return CrossDomainRegressor(("vectors",), backbone=SMALL).fit(numbers(), values, domain=WHERE)


def _learnt_a_new_domain() -> CrossDomainClassifier:
    """Weights merged by regression, and a third domain learnt from a few labels."""
    model = _classifier(WORDS, fuse="regmean").fit(texts(), LABELS, domain=WHERE)
    good = np.arange(20) % 2
    return model.adapt_to(texts(["songs"] * 20, good), NAMES[good ^ (np.arange(20) % 5 == 3)], domain="songs")


def _asked_of_songs(model: CrossDomainClassifier) -> Any:
    asked = texts(["songs"] * 8, np.arange(8) % 2)
    return model.predict_proba(asked, domain=np.array(["songs"] * 8))


def _learnt_from_clicks() -> CrossDomainRecommender:
    return CrossDomainRecommender(("popularity", "spectral", "ease"), vectors=4, k=3).fit(clicks())


def _recommended(model: CrossDomainRecommender) -> Any:
    found = model.recommend([f"u{u:02d}" for u in range(0, 40, 5)], k=3, domain="b")
    return [[str(item) for item in row] for row in found.items.tolist()]


@dataclass(frozen=True)
class Kind:
    """How a model is made, what reads it, and what it is asked."""

    made: Callable[[], Any]
    load: Callable[[Path], Any]
    asked: Callable[[Any], Any]


KINDS = {
    "texts": Kind(_learnt_from_texts, CrossDomainClassifier.load, _proba(texts)),
    "images": Kind(_learnt_from_images, CrossDomainClassifier.load, _proba(images)),
    "modalities": Kind(_learnt_from_both, CrossDomainClassifier.load, _proba(_both)),
    "values": Kind(_learnt_values, CrossDomainRegressor.load, lambda model: model.predict(numbers(), domain=WHERE)),
    "adapted": Kind(_learnt_a_new_domain, CrossDomainClassifier.load, _asked_of_songs),
    "recommender": Kind(_learnt_from_clicks, CrossDomainRecommender.load, _recommended),
}


def told(answers: Any) -> Any:
    """Answers as JSON keeps them; numbers to six digits."""
    return np.round(answers, 6).tolist() if isinstance(answers, np.ndarray) else answers
