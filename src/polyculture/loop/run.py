"""One seed of the loop: everything that is fitted, and its answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from polyculture import engine
from polyculture.arrays import Array, Ints
from polyculture.classify import CrossDomainClassifier
from polyculture.data import DomainData
from polyculture.evaluation.accuracy import by_domain
from polyculture.evaluation.baselines import answering_specialist, ngrams, pooled
from polyculture.features.backbone import Backbone
from polyculture.features.combine import Encoded
from polyculture.preprocess import Preprocessor
from polyculture.progress import Steps


@dataclass(frozen=True)
class Run:
    """One seed: the fitted models and what they say of the test items.

    ``alone`` and ``own`` hold each specialist's probabilities and last hidden layer for the test items of every domain.
    """

    model: CrossDomainClassifier
    pooled: Backbone
    specialists: dict[str, CrossDomainClassifier]
    data: DomainData
    prepared: DomainData
    items: DomainData
    encoded: Encoded
    test: Encoded
    truth: Ints
    answers: Mapping[str, Array]
    alone: Mapping[str, Array]
    own: Mapping[str, Array]
    duplicates: Mapping[str, Any]

    @property
    def said(self) -> dict[str, Ints]:
        """Predicted class of every test item by every row."""
        found = {name: answer.argmax(axis=1) for name, answer in self.answers.items()}
        return found | {"fused": self.model.decide(self.answers["fused"])}

    @property
    def rows(self) -> dict[str, dict[str, Any]]:
        """Scores of every row."""
        return {name: by_domain(self.truth, said, self.items.domain) for name, said in self.said.items()}


def fit_one(
    data: DomainData,
    encoders: Sequence[str],
    seed: int,
    test: float,
    clock: Steps,
    settings: Mapping[str, Any],
    *,
    jobs: int = 1,
) -> Run:
    """Preprocess, fit the model and its baselines, and answer for the test items."""
    with clock.step(f"seed {seed}: preprocess"):
        step = Preprocessor(test=test, random_state=seed)
        split = step.fit_transform(data)
        learnt, items = split.take(split.within("train", "validation")), split.take(split.within("test"))
    model = CrossDomainClassifier(tuple(encoders), random_state=seed, clean=False, n_jobs=jobs, **settings)
    model.clock_ = Steps()
    prepared = model.preprocess(learnt.texts, learnt.label, domain=learnt.domain, split=learnt.split)
    with clock.step(f"seed {seed}: features"):
        encoded = model.encode_fit(prepared)
    with clock.step(f"seed {seed}: adapt, fuse, optimise"):
        model.learn(encoded, prepared)
    with clock.step(f"seed {seed}: answer"):
        later = model.encode(items.texts)
        answers = model.answers(later, items.domain)
    with clock.step(f"seed {seed}: baselines"):
        one, fitted = _baselines(model, encoded, prepared, learnt, items, jobs)
        specialists, alone, own = ({d: parts[i] for d, parts in fitted.items()} for i in range(3))
        answers |= {
            "pooled": one.predict_proba(model.fed(later)),
            "ngrams": ngrams(learnt, model.classes_, items.texts),
        }
        answers["specialists"] = np.stack([alone[d][i] for i, d in enumerate(items.domain)])
    duplicates = asdict(step.report_.duplicates) if step.report_.duplicates else {}
    return Run(
        model,
        one,
        specialists,
        split,
        prepared,
        items,
        encoded,
        later,
        model.codes(items.label),
        answers,
        alone,
        own,
        duplicates,
    )


def _baselines(
    model: CrossDomainClassifier,
    encoded: Encoded,
    prepared: DomainData,
    learnt: DomainData,
    items: DomainData,
    jobs: int,
) -> tuple[Backbone, dict[str, Any]]:
    """The pooled network, and each domain's specialist with its answers; as many at once as there are jobs."""
    pieces: list[tuple[Any, ...]] = [(pooled, (model, encoded.only([]), prepared))]
    pieces += [(answering_specialist, (model, learnt, d, items.texts)) for d in learnt.domains]
    one, *others = engine.run(_call, pieces, jobs=jobs)
    return one, dict(zip(learnt.domains, others, strict=True))


def _call(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    return function(*arguments)
