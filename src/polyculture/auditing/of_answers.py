"""An audit of what models answered: each question in turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from polyculture import store
from polyculture.arrays import Array, Floats
from polyculture.auditing.advice import advise
from polyculture.auditing.cards import Cards, unmatched
from polyculture.auditing.enough import effective, of_enough, too_few_shared
from polyculture.auditing.failing import failing_together
from polyculture.auditing.failures import accuracies, joint, systemic, systemic_intervals
from polyculture.auditing.missing import (
    FEWEST_COMPLETE,
    FEWEST_SHARED,
    OF_ALL,
    comparable,
    complete,
    judged_on,
    missing,
    too_few,
)
from polyculture.auditing.multiplicity import multiplicity
from polyculture.auditing.pair_table import pair_parts, pair_table
from polyculture.auditing.portfolio import Portfolio, portfolio
from polyculture.auditing.related import KIN, related
from polyculture.auditing.result import AuditResult
from polyculture.auditing.settings import Settings
from polyculture.auditing.twins import Twins
from polyculture.auditing.within_groups import within_groups
from polyculture.data.answers import Answers
from polyculture.errors import DataError
from polyculture.measure.inference.interval import Interval
from polyculture.measure.outcome.pairs import OutcomePairs, outcome_pairs
from polyculture.measure.pairs import PairMeasure
from polyculture.memory import audit_answers as audit_answers_need
from polyculture.memory import check
from polyculture.progress import LOG, Steps

LIKENESS = ("error_consistency", "agreement")
"""What families, near-twins and regressions are about: the first that is defined."""
NO_LABELS = ("accuracy", "effective_models", "joint_failure", "systemic_failure", "portfolio")
REPLICATES, FEW_REPLICATES, MANY_MODELS, REPLICATE_CELLS = 20, 5, 200, 2 * 10**7
"""Other draws of the items that families are tried on, and the answers in all of them together."""


def audit_answers(answers: Answers, settings: Settings, cards: Cards | None = None) -> AuditResult:
    """Everything that answers, or only right and wrong, can tell.

    Raises
    ------
    DataError
        If there are fewer than two models, or fewer than two items.
    """
    _check(answers)
    # parts of the items are drawn by place: in the order of their names, the same items give the same numbers
    answers = answers.in_order()
    LOG.info("%d models, %d items", len(answers.models), len(answers.items))
    check(audit_answers_need(len(answers.items), len(answers.models), blocks=settings.memory))
    clock, models = Steps(), answers.models
    with clock.step("pairs"):
        pairs = store.step("pairs", lambda: _pairs(answers, settings), (OutcomePairs, PairMeasure, Interval))
        pairs = of_enough(answers, pairs, FEWEST_SHARED)
        table = pair_table(models, pairs.measures, items=pairs.items, adjust=settings.adjust)
    with clock.step("families"):
        name = next(name for name in LIKENESS if name in pairs.measures)
        how: dict[str, Any] = {
            "replicates": _replicates(answers, name, settings),
            "cards": cards,
            "accuracy": answers.accuracy,
            "copies": _copies(pairs),
        }
        kin = store.step("families", lambda: related(name, pairs.measures[name], models, settings, **how), KIN)
    with clock.step("failures"):
        labelled, unlabelled = store.step("failures", lambda: _with_labels(answers, pairs, kin.twins, settings))
    families = kin.parts.get("families", {}).get("families", ())
    fewest = 1 if answers.answered is None else FEWEST_COMPLETE
    together = [] if answers.correct is None else failing_together(answers, families, fewest=fewest)
    with clock.step("groups"):
        groups, too_small = store.step("groups", lambda: within_groups(answers, settings))
    with clock.step("multiplicity"):
        plural, not_plural = store.step("multiplicity", lambda: multiplicity(answers, settings))
    undefined = {name: part.reason for name, part in pairs.measures.items() if part.reason}
    return AuditResult(
        kind="answers",
        models=list(models),
        items=len(answers.items),
        groups=groups,
        missing=missing(answers),
        failing_together=together,
        agreement_both_wrong=_both_wrong(pairs),
        multiplicity=plural,
        not_measured=undefined | dict(pairs.not_measured) | too_small | not_plural | kin.not_measured | unlabelled,
        policies=[asdict(policy) for policy in answers.policies] + _never_right(answers) + unmatched(cards, models),
        settings=asdict(settings) | {"blocks": pairs.blocks},
        source=answers.source,
        **kin.parts,
        **labelled,
        **pair_parts(table, list(pairs.measures), models, kin.twins),
    )


def _both_wrong(pairs: OutcomePairs) -> dict[str, Any]:
    """Mean over the pairs of models for which the agreement and its null are known."""
    if "agreement_both_wrong" not in pairs.measures:
        return {}
    measure = pairs.measures["agreement_both_wrong"]
    upper = np.triu_indices(len(measure.estimate), 1)
    observed, expected = measure.estimate[upper], measure.null[upper]
    known = np.isfinite(observed) & np.isfinite(expected)
    if not known.any():
        return {}
    means = {"observed": float(observed[known].mean()), "expected": float(expected[known].mean())}
    # the means are near each other by construction, for every model is one of the others of another pair
    closer = int((measure.low[upper][known] > expected[known]).sum())
    definition = "two models that are both wrong agree; expected: two other wrong models do on the same items"
    return means | {"pairs": int(known.sum()), "pairs_above": closer, "definition": definition}


def _never_right(answers: Answers) -> list[dict[str, Any]]:
    """Models that may be none: columns of a table that hold something else."""
    accuracy = answers.accuracy
    never = [] if accuracy is None else [m for m, a in zip(answers.models, accuracy, strict=True) if a == 0]
    if not never:
        return []
    done = f"taken for models ({', '.join(never[:5])}); if they are none, name the models with --models"
    return [{"what": "models that are never right", "count": len(never), "done": done}]


def _copies(pairs: OutcomePairs) -> Array:
    """Pairs whose answers can show that they are copies: the same wherever known, and wrong together often enough."""
    known = pairs.items >= FEWEST_SHARED
    if "joint_failure" in pairs.measures:
        known &= np.nan_to_num(pairs.measures["joint_failure"].estimate) * pairs.items >= FEWEST_SHARED
    if "agreement" in pairs.measures:
        known &= pairs.measures["agreement"].estimate >= 1
    return np.asarray(known)


def _check(answers: Answers) -> None:
    if len(answers.models) < 2:
        raise DataError(f"{answers.source}: has one model, {answers.models[0]!r}; give at least two to compare")
    if len(answers.items) < 2:
        raise DataError(f"{answers.source}: has one item; give at least two")


def _pairs(answers: Answers, settings: Settings) -> OutcomePairs:
    given = answers.probabilities
    return outcome_pairs(
        answers.correct,
        answered=answers.answered,
        answers=answers.answers,
        labels=answers.labels,
        option_counts=answers.option_counts,
        probabilities=[given.get(model) for model in answers.models] if given else None,
        fewest=FEWEST_SHARED,
        blocks=settings.blocks,
        level=settings.level,
        seed=settings.seed,
        memory=settings.memory,
    )


def _replicates(answers: Answers, likeness: str, settings: Settings) -> Iterator[Floats]:
    """The likeness of all pairs on random halves of the items, or on fewer where there are many answers."""
    n, m = len(answers.items), len(answers.models)
    times = REPLICATES if m <= MANY_MODELS else FEW_REPLICATES
    size = min(n // 2, max(1000, REPLICATE_CELLS // (times * m)))
    rng = np.random.default_rng(settings.seed)
    for _ in range(times if size >= 2 else 0):
        some = answers.take(np.sort(rng.permutation(n)[:size]))
        coded = some.answers if some.correct is None else None
        found = outcome_pairs(some.correct, answered=some.answered, answers=coded, blocks=2, memory=settings.memory)
        yield of_enough(some, found, FEWEST_SHARED // 2).measures[likeness].estimate


def _with_labels(
    answers: Answers, pairs: OutcomePairs, twins: Twins, settings: Settings
) -> tuple[dict[str, Any], dict[str, str]]:
    """All that needs to know right from wrong, and the advice that follows; and what is not there, with the reason."""
    if answers.correct is None:
        advised = advise(answers.models, twins=twins)
        return advised.to_dict(), dict.fromkeys(NO_LABELS, "no item has a label")
    few = too_few(answers)
    accuracy, not_measured = _of_pairs(answers, pairs, settings)
    if few:
        advised = advise(answers.models, accuracy=comparable(answers, twins), twins=twins)
        withheld = [*advised.withheld, f"Keep, ensemble, train: not judged, for {few}."]
        return accuracy | advised.to_dict() | {"withheld": withheld}, not_measured | dict.fromkeys(OF_ALL, few)
    some = complete(answers)
    failed, distribution = systemic(some, settings)
    kept, voting = _portfolios(some, settings)
    advised = advise(
        answers.models,
        accuracy=comparable(answers, twins),
        twins=twins,
        keep=kept,
        ensemble=voting or kept,
        systemic=systemic_intervals(distribution),
        judged_on=judged_on(answers),
    )
    return accuracy | {
        "systemic_failure": failed,
        "portfolio": kept.to_dict(answers.models),
        **advised.to_dict(),
    }, not_measured


def _of_pairs(answers: Answers, pairs: OutcomePairs, settings: Settings) -> tuple[dict[str, Any], dict[str, str]]:
    """Accuracies, and what is a mean over pairs of models; and what is not given, with the reason."""
    sparse = too_few_shared(answers, pairs.items)
    numbers, not_measured = effective(answers, pairs)
    found = {**accuracies(answers, settings), "effective_models": numbers}
    if sparse:
        return found, not_measured | {"joint_failure": sparse}
    return found | {"joint_failure": joint(answers, settings)}, not_measured


def _portfolios(some: Answers, settings: Settings) -> tuple[Portfolio, Portfolio | None]:
    """Sets chosen to fail least and, of pools that are not too large, for their vote; of items that all answered."""
    assert some.correct is not None  # noqa: S101 (asked only where labels are known)
    how: dict[str, Any] = {"answers": some.answers, "level": settings.level}
    sizes = range(1, min(settings.largest_portfolio, len(some.models)) + 1)
    kept = portfolio(some.correct, sizes=sizes, seed=settings.seed, **how)
    if len(some.models) > MANY_MODELS:
        return kept, None
    return kept, portfolio(some.correct, sizes=sizes, seed=settings.seed, objective="vote", **how)
