"""How many different answers a pool of models holds."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from polyculture.auditing.missing import complete, too_few
from polyculture.auditing.settings import Settings
from polyculture.data.answers import Answers
from polyculture.measure.inference.bootstrap import bootstrap
from polyculture.measure.outcome.capacity import rashomon_capacities
from polyculture.measure.outcome.intervals import exact_share
from polyculture.measure.outcome.multiplicity import ambiguity, discrepancy

MOST_CELLS = 10**8
NO_ANSWERS = "only right and wrong are known; give the answers themselves"


def multiplicity(answers: Answers, settings: Settings) -> tuple[dict[str, Any], dict[str, str]]:
    """Ambiguity, discrepancy and Rashomon capacity with intervals, and why one is not there.

    The most accurate model is the baseline where labels are known, as in Marx et al. 2020. Items that some model did
    not answer are left out.
    """
    found: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    if answers.answers is None:
        reasons |= dict.fromkeys(("ambiguity", "discrepancy"), NO_ANSWERS)
    else:
        few, some = too_few(answers), complete(answers)
        if few:
            reasons |= dict.fromkeys(("ambiguity", "discrepancy"), few)
        else:
            found |= _answers(some.answers, _best(some), settings)
    capacity, reason = _capacity(answers, settings)
    found |= capacity
    return found, reasons | reason


def _best(answers: Answers) -> int | None:
    value = answers.accuracy
    return None if value is None else int(np.nanargmax(value))


def _answers(given: Any, baseline: int | None, settings: Settings) -> dict[str, Any]:
    n = len(given)
    share = ambiguity(given, baseline=baseline)
    # the largest of several shares: intervals that hold for all of them at once hold for the largest
    m = given.shape[1]
    several = m - 1 if baseline is not None else m * (m - 1) // 2
    most = exact_share(discrepancy(given, baseline=baseline), n, 1 - (1 - settings.level) / several)
    return {"ambiguity": asdict(exact_share(share, n, settings.level)), "discrepancy": asdict(most)}


def _capacity(answers: Answers, settings: Settings) -> tuple[dict[str, Any], dict[str, str]]:
    tables = [answers.probabilities[model] for model in answers.models if model in answers.probabilities]
    if len(tables) < 2:
        return {}, {"rashomon_capacity": "fewer than two models give probabilities"}
    if sum(table.size for table in tables) > MOST_CELLS:
        return {}, {"rashomon_capacity": f"more than {MOST_CELLS:.0e} probabilities; audit a sample of the items"}
    stacked = np.stack(tables, axis=1)
    stacked = stacked[~np.isnan(stacked).any(axis=(1, 2))]
    if len(stacked) < 2:
        return {}, {"rashomon_capacity": "no two items have probabilities of all models that give them"}
    each = rashomon_capacities(stacked)
    interval = bootstrap(np.mean, each, level=settings.level, seed=settings.seed)
    return {"rashomon_capacity": asdict(interval)}, {}
