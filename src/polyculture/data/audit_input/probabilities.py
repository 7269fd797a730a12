"""Probabilities of options, as they were written, to ones that sum to 1."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array, Floats, Mask
from polyculture.data.answers import MISSING
from polyculture.data.audit_input.cells import Cells
from polyculture.errors import DataError

TOLERANCE = 1e-6
"""How far from 1 a sum may be without being divided by."""


MOST = 1.01
"""The highest number that may be a probability but for rounding, such as that of half precision."""


def check_probabilities(values: Floats, source: str) -> None:
    """Refuse what cannot be a probability, such as a logarithm of one."""
    odd = (values < 0) | (values > MOST)
    if odd.any():
        row = int(odd.any(axis=1).argmax())
        value = values[row][odd[row]][0]
        raise DataError(
            f"{source}: row {row + 1} has {value:g}; give a probability, from 0 to 1, and no logarithm or percentage"
        )


def settle(cells: Cells) -> Mask | None:
    """Which options each item offers, if there are probabilities; these sum to 1 thereafter.

    An item offers the options for which any model gives a probability, or all if none does for any. A model's answer
    that is not there is its most probable option. Changes `cells`, and keeps each decision in it.
    """
    if not cells.probabilities:
        return None
    offered = np.zeros((len(cells.items), cells.size), dtype=bool)
    for table in cells.probabilities.values():
        offered |= ~np.isnan(table)
    offered |= ~offered.any(axis=1, keepdims=True)
    _note_lacks(cells, offered)
    _to_one(cells)
    _answer(cells)
    return offered


def _note_lacks(cells: Cells, offered: Mask) -> None:
    """Leave out rows that give some options no probability, or none more than zero; 0 for options not offered."""
    partial = empty = 0
    for table in cells.probabilities.values():
        given = ~np.isnan(table)
        some = given.any(axis=1)
        lacks = some & np.any(offered & ~given, axis=1)
        zero = some & ~lacks & (np.nansum(table, axis=1) <= 0)
        table[np.expand_dims(some, 1) & ~offered] = 0
        table[lacks | zero] = np.nan
        partial, empty = partial + lacks.sum(), empty + zero.sum()
    cells.note("rows with probabilities of some options only", partial, "read as without probabilities")
    cells.note("rows whose probabilities are all zero", empty, "read as without probabilities")
    without = [model for model in cells.models if model not in cells.probabilities]
    cells.note("models without probabilities", len(without), "left out of measures of probabilities")


def _to_one(cells: Cells) -> None:
    sums = {model: table.sum(axis=1) for model, table in cells.probabilities.items()}
    off = {model: np.abs(total - 1) > TOLERANCE for model, total in sums.items()}
    for model, rows in off.items():
        cells.probabilities[model][rows] /= sums[model][rows, None]
    odd = np.concatenate([sums[model][rows] for model, rows in off.items()])
    if odd.size:
        what = f"rows of probabilities that do not sum to 1 (but to {odd.min():.4g} to {odd.max():.4g})"
        cells.note(what, odd.size, "divided by their sum")


def _answer(cells: Cells) -> None:
    """The most probable option where a model has probabilities and no answer."""
    shape = len(cells.items), len(cells.models)
    answers = np.full(shape, MISSING, dtype=np.int32) if cells.answers is None else cells.answers
    guessed = differ = 0
    for model, table in cells.probabilities.items():
        column = answers[:, cells.models.index(model)]
        known = ~np.isnan(table[:, 0])
        best = np.where(known, table.argmax(axis=1), MISSING)
        lacks = known & (column == MISSING)
        differ += (known & ~lacks & ~_is_best(table, column)).sum()
        guessed += lacks.sum()
        column[lacks] = best[lacks]
    cells.answers = answers
    cells.note("answers that are not given but have probabilities", guessed, "read as the most probable option")
    cells.note("answers that are not the most probable option", differ, "kept as they are given")


def _is_best(table: Floats, answers: Array) -> Mask:
    """Whether each answer has the highest probability; also where it shares that with others."""
    inside = (answers >= 0) & (answers < table.shape[1])
    own = table[np.arange(len(table)), np.where(inside, answers, 0)]
    return np.asarray(inside & (own >= table.max(axis=1)))
