"""Cells to answers: the decisions are taken here, and kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from polyculture.arrays import Array, Ints, Mask
from polyculture.data.answers import MISSING, OUTSIDE, Answers
from polyculture.data.audit_input.cells import Cells
from polyculture.data.audit_input.probabilities import settle
from polyculture.data.audit_input.tables import quoted, some
from polyculture.errors import DataError

NO_GROUP = "(none)"
"""The group of items without one, where others have one."""


def assemble(cells: Cells) -> Answers:
    """Answers of cells, with a policy for everything that asked for a decision.

    Raises
    ------
    DataError
        If fewer than two models remain, no item does, or a label is none of the options.
    """
    offered = settle(cells)
    if cells.answers is None:
        _without_answers(cells)
    else:
        _within(cells, cells.answers, offered)
        _one_verdict(cells, cells.answers)
    cells, offered, answered = _kept(cells, offered, _answered(cells))
    correct, groups = _correct(cells), _groups(cells)
    counts = None if cells.answers is None else _counts(cells, offered)
    return Answers(
        items=np.array(cells.items, dtype=object),
        models=tuple(cells.models),
        correct=correct,
        answered=answered,
        answers=cells.answers,
        labels=cells.labels,
        options=() if cells.answers is None else tuple(cells.options.words[: cells.size]),
        option_counts=counts,
        probabilities=cells.probabilities,
        groups=groups,
        policies=tuple(cells.policies),
        source=cells.source,
    )


def _without_answers(cells: Cells) -> None:
    """Of right and wrong alone, labels say nothing."""
    if cells.labels is not None:
        count = (cells.labels != MISSING).sum()
        cells.note("labels", count, "not used, as it is known what is right but not what was answered")
        cells.labels = None


def _within(cells: Cells, answers: Ints, offered: Mask | None) -> None:
    """Mark answers outside the options, and refuse labels outside them."""
    if cells.size < 2:
        raise DataError(
            f"{cells.source}: all answers are {some(cells.options.words) or 'empty'}; "
            "give two options or more, or more items"
        )
    if cells.labels is not None:
        if not (cells.labels != MISSING).any():
            cells.labels = None
        else:
            _check_labels(cells, cells.labels, offered)
    if cells.closed is None:
        return
    outside = answers >= cells.size
    if offered is not None and not offered.all():
        outside |= ~offered[np.arange(len(answers))[:, None], np.where(outside, 0, answers)] & (answers != MISSING)
    answers[outside] = OUTSIDE
    cells.note("answers outside the options", outside.sum(), "counted as wrong")


def _check_labels(cells: Cells, labels: Ints, offered: Mask | None) -> None:
    odd = labels >= cells.size
    if offered is not None:
        odd |= (labels != MISSING) & ~offered[np.arange(len(labels)), np.where(odd, 0, labels)]
    if odd.any():
        item, words = int(odd.argmax()), cells.options.words
        raise DataError(
            f"{cells.source}: the item {cells.items[item]!r} has the label {quoted(words[labels[item]])}, which is "
            f"none of its options ({some(words[: cells.size])}); write both the same way"
        )


def _one_verdict(cells: Cells, answers: Ints) -> None:
    """Where both labels and a column of right and wrong speak, labels decide; else both it and an answer are needed."""
    if cells.right is None:
        return
    known = (cells.right != MISSING) & (answers != MISSING)
    if cells.labels is not None:
        odd = known & (cells.labels != MISSING)[:, None] & (cells.right != (answers == cells.labels[:, None]))
        cells.note("answers that are right by label or by column, but not by both", odd.sum(), "read by label")
        cells.right = None
        return
    half = ((cells.right != MISSING) | (answers != MISSING)) & ~known
    answers[half], cells.right[half] = MISSING, MISSING
    cells.note("answers not known to be right or wrong, or the reverse", half.sum(), "read as missing")


def _answered(cells: Cells) -> Mask:
    return np.asarray((cells.right if cells.answers is None else cells.answers) != MISSING)


def _kept(cells: Cells, offered: Mask | None, answered: Mask) -> tuple[Cells, Mask | None, Mask | None]:
    """What can be compared: items with a label if any has one, models and items with an answer."""
    rows = np.ones(len(cells.items), dtype=bool) if cells.labels is None else cells.labels != MISSING
    cells.note("items without a label", (~rows).sum(), "left out")
    columns = answered[rows].any(axis=0)
    silent = [model for model, kept in zip(cells.models, columns, strict=True) if not kept]
    cells.note(f"models without answers ({some(silent)})", len(silent), "left out")
    idle = rows & ~answered.any(axis=1)
    cells.note("items that no model answers", idle.sum(), "left out")
    rows &= ~idle
    _check_enough(cells, rows, columns)
    if not (rows.all() and columns.all()):
        cells, answered = _taken(cells, rows, columns), answered[np.ix_(rows, columns)]
        offered = None if offered is None else offered[rows]
    missing = answered.size - np.count_nonzero(answered)
    cells.note("missing answers", missing, "left out of each pair that they concern")
    return cells, offered, answered if missing else None


def _check_enough(cells: Cells, rows: Mask, columns: Mask) -> None:
    if columns.sum() < 2:
        only = [model for model, kept in zip(cells.models, columns, strict=True) if kept]
        raise DataError(
            f"{cells.source}: holds answers of {f'one model, {only[0]!r}' if only else 'no model'}; an audit compares "
            "two or more, so give a table of several, or a file for each"
        )
    if not rows.any():
        raise DataError(f"{cells.source}: holds no item with both a label and an answer; give some")


def _taken(cells: Cells, rows: Mask, columns: Mask) -> Cells:
    def by_item(values: Ints | None) -> Ints | None:
        return None if values is None else values[rows]

    def by_both(values: Ints | None) -> Ints | None:
        return None if values is None else values[np.ix_(rows, columns)]

    models = [model for model, kept in zip(cells.models, columns, strict=True) if kept]
    return replace(
        cells,
        items=[item for item, kept in zip(cells.items, rows, strict=True) if kept],
        models=models,
        answers=by_both(cells.answers),
        right=by_both(cells.right),
        labels=by_item(cells.labels),
        groups=by_item(cells.groups),
        counts=by_item(cells.counts),
        probabilities={model: table[rows] for model, table in cells.probabilities.items() if model in models},
    )


def _correct(cells: Cells) -> Mask | None:
    if cells.right is not None:
        return np.asarray(cells.right == 1)
    if cells.labels is None or cells.answers is None:
        cells.note("items without a label", len(cells.items), "compared by their answers alone")
        return None
    correct = np.asarray(cells.answers == cells.labels[:, None])
    if not correct.any():
        _check_common(cells, cells.answers, cells.labels)
    return correct


def _check_common(cells: Cells, answers: Ints, labels: Ints) -> None:
    """That no answer at all is a label comes of writing them in two ways, such as 3 and 3.0."""
    given = answers[answers >= 0]
    if given.size and not np.isin(given, labels).any():
        words = cells.options.words
        raise DataError(
            f"{cells.source}: no answer of any model, such as {quoted(words[given[0]])}, is the label of any item, "
            f"such as {quoted(words[labels[0]])}; write both the same way"
        )


def _counts(cells: Cells, offered: Mask | None) -> Ints:
    """How many options each item offers."""
    if cells.counts is not None:
        unknown = cells.counts == MISSING
        cells.note("items without a number of options", unknown.sum(), f"taken to have all {cells.size}")
        return np.where(unknown, cells.size, cells.counts)
    if offered is None:
        return np.full(len(cells.items), cells.size)
    counts = offered.sum(axis=1)
    if (counts < 2).any():
        item = cells.items[int((counts < 2).argmax())]
        raise DataError(f"{cells.source}: the item {item!r} offers one option; give probabilities of at least two")
    return np.asarray(counts)


def _groups(cells: Cells) -> Array | None:
    if cells.groups is None or not (cells.groups != MISSING).any():
        return None
    cells.note("items without a group", (cells.groups == MISSING).sum(), f"put in the group {NO_GROUP!r}")
    return np.array([*cells.group_names, NO_GROUP], dtype=object)[cells.groups]
