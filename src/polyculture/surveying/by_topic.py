"""Topics that have no venue of their own, measured as if they were communities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polyculture.surveying import rows
from polyculture.surveying.adoption import adoption
from polyculture.surveying.counts import count
from polyculture.surveying.coverage import coverage
from polyculture.surveying.estimated import Draws
from polyculture.surveying.patterns import Patterns
from polyculture.surveying.resampling import population, resampled
from polyculture.surveying.settings import Settings
from polyculture.surveying.shuffling import shuffled
from polyculture.surveying.topics import young_share
from polyculture.surveying.within import within

LEVEL = "family"
"""Topics are small: few have enough papers for methods one by one."""


def by_topic(topics: Mapping[str, Patterns], settings: Settings, *, jobs: int = 1) -> dict[str, Any]:
    """Papers, adoption and diversity of topics, and the share of papers in young ones.

    A paper that names several topics stands in each; topics overlap each other and the communities, so that they are
    not compared with these. Shuffled are papers of a year among topics.

    Parameters
    ----------
    topics : mapping of level to Patterns
        With topics as communities.
    settings : Settings
    jobs : int

    Returns
    -------
    dict of ``cells``, ``adoption``, ``diversity`` and ``young`` to rows, as the fields of a result and `young_share`
    have them; ``topic`` stands for ``community``
    """
    patterns = topics[LEVEL]
    observed, seed = count(patterns), settings.seed
    many = resampled(patterns, draws=settings.draws, seed=seed, jobs=jobs)
    null = shuffled(patterns, draws=settings.nulls, seed=seed, jobs=jobs)
    plain = resampled(patterns, draws=settings.draws, seed=seed, unseen=False, jobs=jobs)
    draws, kept = Draws(observed, population(patterns), many, null), observed.naming >= settings.least
    varied = [
        row
        for conditional in (True, False)
        for row in rows.diversity_rows(
            within(draws, kept, conditional=conditional, confidence=settings.confidence, jobs=jobs),
            observed,
            {"level": LEVEL, "conditional": conditional},
        )
    ]
    named = adoption(observed, plain, level=settings.confidence).rename({"name": LEVEL}).to_dicts()
    parts = {
        "cells": rows.cell_rows(observed, LEVEL, coverage(observed.holds, observed.papers), None),
        "adoption": [{"level": LEVEL} | row for row in named],
        "diversity": varied,
    }
    found = {name: [_of_topic(row) for row in part] for name, part in parts.items()}
    return found | {"young": young_share(observed, plain, level=settings.confidence).to_dicts()}


def _of_topic(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"topic" if name == "community" else name: value for name, value in row.items()}
