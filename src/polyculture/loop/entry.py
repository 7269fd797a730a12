"""Fit, judge beside every baseline, and ask the further questions."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polyculture.data import DomainData
from polyculture.errors import ParameterError
from polyculture.evaluation import Evaluation
from polyculture.evaluation.ablation import ablate
from polyculture.evaluation.accuracy import averaged, lead, lead_over_seeds
from polyculture.evaluation.comparison import compare
from polyculture.evaluation.fine_tuning import judge_fine_tuned
from polyculture.evaluation.generalisation import leave_one_out
from polyculture.evaluation.reasons import judge_reasons
from polyculture.features.encoders.hugging_face import locate
from polyculture.loop.populations import homogenization
from polyculture.loop.run import Run, fit_one
from polyculture.loop.tasks import further_tasks, mean_tasks
from polyculture.progress import Steps

ENCODERS = ("lexical:words", "lexical:characters", "pretrained", "pretrained:wordllama", "cnn", "rnn", "transformer")
QUESTIONS = ("interpretability", "comparison", "fine_tuning", "generalisation", "ablation", "homogenization")
"""In the order in which they are asked: the specialists are needed by the first alone, and take room."""


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
    transformer: Mapping[str, Any] | None = None,
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
    transformer : mapping or None
        Settings of the :class:`~polyculture.features.text_backbone.TextBackbone` that ``"fine_tuning"`` trains.
    clock : Steps or None
        Takes name and seconds of each step.
    **settings
        Of :class:`CrossDomainClassifier`.
    """
    if unknown := [q for q in questions if q not in QUESTIONS]:
        raise ParameterError(f"there is no question named {unknown[0]!r}; use some of {', '.join(QUESTIONS)}")
    if not seeds:
        raise ParameterError("no seed is given; give at least one")
    transformer = transformer or {}
    if "fine_tuning" in questions:
        # what is not there is said before the work
        locate(str(transformer.get("model", "minilm")))
    clock, start = clock or Steps(), time.perf_counter()
    rows, leads, asked, further = [], [], [], []
    last: Run | None = None
    for number, seed in enumerate(seeds):
        last = fit_one(data, encoders, seed, test, clock, settings, jobs=jobs)
        rows.append(last.rows)
        if len(seeds) == 1:
            leads.append(_leads(last, clock))
        if number == 0 or every_seed:
            asked.append(
                _ask(
                    last,
                    data,
                    questions,
                    clock,
                    jobs=jobs,
                    explained=explained,
                    most=most,
                    transformer=transformer,
                )
            )
        further.append(further_tasks(last, tasks or {}, clock))
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
        tasks=mean_tasks(further),
        calibration=_calibration(last),
        choices=_choices(last),
        **{q: _merged([a[q] for a in asked]) for q in questions},
    )


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
    transformer: Mapping[str, Any],
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for question in questions:
        with clock.step(question):
            if question == "comparison":
                found[question] = compare(run.model, run.encoded, run.test, run.prepared, run.items, jobs=jobs)
            elif question == "fine_tuning":
                parts = run.prepared, run.encoded, run.test, run.items
                found[question] = judge_fine_tuned(run.model, *parts, run.answers, transformer)
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
