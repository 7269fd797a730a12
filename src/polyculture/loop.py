"""Measure, remedy, measure again: the whole loop on one dataset."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from polyculture import engine
from polyculture.arrays import Array, Ints
from polyculture.classify import CrossDomainClassifier
from polyculture.data import DomainData
from polyculture.errors import ParameterError
from polyculture.evaluation import Evaluation
from polyculture.evaluation.ablation import ablate
from polyculture.evaluation.accuracy import averaged, by_domain, lead, lead_over_seeds
from polyculture.evaluation.baselines import answering_specialist, ngrams, pooled
from polyculture.evaluation.comparison import compare
from polyculture.evaluation.generalisation import leave_one_out
from polyculture.evaluation.homogenization import Population, each_domain, likeness, one_for_all, sentence
from polyculture.evaluation.reasons import judge_reasons
from polyculture.features.backbone import Backbone, softmax
from polyculture.features.combine import Encoded
from polyculture.fuse.ensemble import logs
from polyculture.preprocess import Preprocessor
from polyculture.progress import Steps

ENCODERS = ("lexical", "pretrained", "pretrained:wordllama", "cnn", "rnn", "transformer")
QUESTIONS = ("interpretability", "comparison", "generalisation", "ablation", "homogenization")
"""In the order in which they are asked: the specialists are needed by the first alone, and take room."""


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


def close_the_loop(
    data: DomainData,
    *,
    encoders: Sequence[str] = ENCODERS,
    seeds: Sequence[int] = (0,),
    every_seed: bool = False,
    questions: Sequence[str] = QUESTIONS,
    tasks: Mapping[str, DomainData] | None = None,
    test: float = 0.3,
    jobs: int = 1,
    explained: int = 12,
    most: int | None = None,
    clock: Steps | None = None,
    **settings: Any,
) -> Evaluation:
    """Fit, judge beside every baseline, and measure how alike the models are before and after.

    Parameters
    ----------
    data : DomainData
        Labelled text items of at least two domains.
    encoders : sequence of str
        Base models.
    seeds : sequence of int
        Of the splits and of everything random; rows of accuracy are means over them.
    every_seed : bool
        Ask the further questions of every seed and not of the first alone.
    questions : sequence of str
        Of :data:`QUESTIONS`.
    tasks : mapping of name to DomainData, or None
        Further labels of the same items, by their ids; items that `data` does not hold are split anew.
    test : float in (0, 1)
        Share of each domain and class to judge on.
    jobs : int
        Left-out domains at once, each in a process of its own.
    explained : int
        Items a domain whose reasons are judged.
    most : int or None
        Training items at most in fits that answer a further question (a domain left out, a step left out).
    clock : Steps or None
        Takes name and seconds of each step.
    **settings
        Of :class:`CrossDomainClassifier`.
    """
    if unknown := [q for q in questions if q not in QUESTIONS]:
        raise ParameterError(f"there is no question named {unknown[0]!r}; use some of {', '.join(QUESTIONS)}")
    if not seeds:
        raise ParameterError("no seed is given; give at least one")
    clock, start = clock or Steps(), time.perf_counter()
    rows, leads, asked, further = [], [], [], []
    last: Run | None = None
    for number, seed in enumerate(seeds):
        last = fit_one(data, encoders, seed, test, clock, settings, jobs=jobs)
        rows.append(last.rows)
        if len(seeds) == 1:
            leads.append(_leads(last, clock))
        if number == 0 or every_seed:
            asked.append(_ask(last, data, questions, clock, jobs=jobs, explained=explained, most=most))
        further.append(_tasks(last, tasks or {}, clock))
    assert last is not None  # noqa: S101 (there is at least one seed)
    accuracy = {row: averaged([r[row] for r in rows]) for row in rows[0]}
    return Evaluation(
        accuracy=accuracy,
        lead=leads[0]
        if leads
        else {
            row: lead_over_seeds([r["fused"] for r in rows], [r[row] for r in rows])
            for row in accuracy
            if row != "fused"
        },
        data=_about(data, last, seeds),
        seconds=time.perf_counter() - start,
        steps=[{"name": name, "seconds": seconds} for name, seconds in clock.taken],
        tasks=_mean_tasks(further),
        calibration=_calibration(last),
        choices=_choices(last),
        **{q: _merged([a[q] for a in asked]) for q in questions},
    )


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
        answers |= {"pooled": one.predict_proba(later.vectors), "ngrams": ngrams(learnt, model.classes_, items.texts)}
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


def _leads(run: Run, clock: Steps) -> dict[str, Any]:
    said = run.said
    with clock.step("intervals"):
        return {
            name: lead(run.truth, said["fused"], found, run.items.domain)
            for name, found in said.items()
            if name != "fused"
        }


def _ask(
    run: Run,
    data: DomainData,
    questions: Sequence[str],
    clock: Steps,
    *,
    jobs: int,
    explained: int,
    most: int | None,
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for question in questions:
        with clock.step(question):
            if question == "comparison":
                found[question] = compare(run.model, run.encoded, run.test, run.prepared, run.items, jobs=jobs)
            elif question == "generalisation":
                found[question] = leave_one_out(
                    run.model, run.data, run.prepared, run.encoded, run.test, most=most, jobs=jobs
                )
            elif question == "interpretability":
                found[question] = judge_reasons(run.model, run.pooled, run.specialists, run.items, each=explained)
                # no other question needs them, and the processes to come need the room
                run.specialists.clear()
            elif question == "ablation":
                found[question] = ablate(
                    run.model,
                    run.data,
                    _uncleaned(data, run.data),
                    run.prepared,
                    run.encoded,
                    run.test,
                    most=most,
                    jobs=jobs,
                )
            else:
                found[question] = homogenization(run)
    return found


def _uncleaned(data: DomainData, kept: DomainData) -> DomainData:
    place = {key: i for i, key in enumerate(data.ids.tolist())}
    return data.take([place[key] for key in kept.ids.tolist()]).with_split(np.asarray(kept.split))


def homogenization(run: Run) -> dict[str, Any]:
    """Likeness of the models that serve the domains, before and after, and of the base models.

    Returns
    -------
    dict
        ``populations``: for each, what :func:`polyculture.evaluation.homogenization.likeness` gives; ``sentence``.
    """
    found = {name: likeness(p, run.truth, seed=run.model.random_state) for name, p in _populations(run).items()}
    rows = run.rows
    before, after = (rows[name]["macro_f1"]["mean"] for name in ("specialists", "fused"))
    said = sentence(found["specialists"], found["after fusion"], before, after, names=("specialists", "fused models"))
    return {"populations": found, "sentence": said}


POPULATIONS = ("pooled", "specialists", "experts", "after fusion", "base models")


def _populations(run: Run) -> dict[str, Population]:
    model, vectors, domains = run.model, run.test.vectors, run.data.domains

    routed = {d: model.answers(run.test, np.array([d] * len(run.test), dtype=object)) for d in domains}
    experts = {d: softmax(model.backbone_.logits(vectors, w)) for d, w in model.experts_.items()}
    families = {name: run.answers[f"encoder:{name}"].argmax(axis=1) for name in model.families_}
    views = {name: model.families_[name].dense(run.test.views[name]) for name in families}
    found = {
        "pooled": one_for_all(
            "pooled",
            run.answers["pooled"].argmax(axis=1),
            run.pooled.last_hidden(vectors),
            domains,
            "one model serves every domain",
        ),
        "specialists": each_domain("specialist", run.alone, run.own, "one network a domain, nothing shared"),
        # a fused model has no last hidden layer of its own; its answers themselves are compared
        "after fusion": each_domain(
            "fused",
            {d: a["fused"] for d, a in routed.items()},
            {d: logs(a["fused"]) for d, a in routed.items()},
            "the fused model as each domain is served; CKA of its log-probabilities",
        ),
        "base models": Population(
            list(families), np.stack(list(families.values()), axis=1), list(views.values()), "families, each alone"
        ),
    }
    if experts:
        hidden = {d: model.backbone_.last_hidden(vectors, w) for d, w in model.experts_.items()}
        found["experts"] = each_domain("expert", experts, hidden, "from one backbone")
    return {name: found[name] for name in POPULATIONS if name in found}


def _tasks(run: Run, tasks: Mapping[str, DomainData], clock: Steps) -> dict[str, Any]:
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


def _mean_tasks(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        name: {
            "classes": first["classes"],
            "rows": {row: averaged([r[name]["rows"][row] for r in runs]) for row in first["rows"]},
        }
        for name, first in runs[0].items()
    }


def _calibration(run: Run) -> dict[str, Any]:
    from polyculture.optimise import expected_calibration_error, sharpen

    after = run.answers["fused"]
    before = sharpen(after, 1.0 / run.model.temperature_)
    judged = {
        "before": expected_calibration_error(before, run.truth),
        "after": expected_calibration_error(after, run.truth),
    }
    held = {end: run.model.calibration_[end] for end in ("before", "after")}
    return {"test": judged, "held out": held}


def _choices(run: Run) -> dict[str, Any]:
    model = run.model
    spread = model.features_.spread_
    return {
        "graph": {"kind": spread.kind_, "hops": spread.hops_, "scores": spread.scores_},
        "merge": [{"method": m.method, "setting": m.setting, "loss": m.loss} for m in model.merges_],
        "fused": {
            "domain known": model.routed_.method_,
            "domain not known": model.static_.method_,
            "losses": model.routed_.losses_,
        },
    }


def _about(data: DomainData, run: Run, seeds: Sequence[int]) -> dict[str, Any]:
    counts = {part: int(run.data.within(part).sum()) for part in ("train", "validation", "test")}
    domains = {d: int((run.data.domain == d).sum()) for d in run.data.domains}
    return {
        "source": data.source,
        "items": len(data),
        "kept": domains,
        "splits": counts,
        "seeds": list(seeds),
        "duplicates": dict(run.duplicates),
    }


def _merged(parts: Sequence[Any]) -> Any:
    """Mean over seeds of nested numbers; what is no number is the first seed's."""
    first = parts[0]
    if len(parts) == 1:
        return first
    if isinstance(first, Mapping):
        return {key: _merged([p[key] for p in parts if key in p]) for key in first}
    if isinstance(first, float):
        return float(np.mean(parts))
    return first
