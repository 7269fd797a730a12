"""Boxes that models found, matched to the objects that are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from polyculture.arrays import Floats, Ints
from polyculture.data.answers import MISSING, Answers
from polyculture.data.audit_input.assemble import assemble
from polyculture.data.audit_input.boxes import CORNERS, Boxes, match
from polyculture.data.audit_input.cells import Cells
from polyculture.data.audit_input.codes import Codes
from polyculture.data.audit_input.files import Paths, called, checked
from polyculture.data.audit_input.tables import Table, from_memory, load
from polyculture.errors import DataError, ParameterError

_LONGEST = 1e100
"""Sides from which areas could not be computed."""


def read_detections(
    paths: Paths,
    truth: Any,
    *,
    iou: float = 0.5,
    item: str = "item",
    model: str = "model",
    prediction: str = "prediction",
    label: str = "label",
    score: str = "score",
) -> Answers:
    r"""Which objects in images each of several models found.

    Boxes of a model are matched to objects of the same image and class, each to one at most: the box of the highest
    score takes the object with which it overlaps most, if by `iou` or more, then the next one takes the best of those
    that are left (as COCO does). What matters is intersection over union,

    .. math:: \mathrm{IoU}(A, B) = \frac{|A \cap B|}{|A \cup B|} \in [0, 1].

    Parameters
    ----------
    paths : path or sequence of paths
        Tables with the columns `item` (the image), `model`, `prediction` (the class), ``x1``, ``y1``, ``x2``, ``y2``,
        and perhaps `score`; without a column `model`, each file is of one model, called as the file is.
    truth : path, sequence of paths, or DataFrame
        Objects: `item`, `label` (the class), ``x1``, ``y1``, ``x2``, ``y2``.
    iou : float
        From 0 (excluded) to 1.
    item, model, prediction, label, score : str
        Names of columns. Without scores, boxes that come first go first.

    Returns
    -------
    Answers
        Right where the object was found: a box of another class does not find it. Items are objects, called by the
        image and their place in it, from 1 (``street#2``), grouped by class. Boxes that match no object are counted, by
        model, as policies.

    Raises
    ------
    DataError
        If a file is missing or damaged, or a box is none; the sentence names the file and the row or the column.
    ParameterError
        If `iou` is not as above.

    References
    ----------
    Lin et al., Microsoft COCO: Common Objects in Context, ECCV 2014, arXiv:1405.0312.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import polars as pl
    >>> there = pl.DataFrame({"item": ["a", "a"], "label": ["cat", "dog"], "x1": [0, 9], "y1": [0, 0], "x2": [2, 12],
    ...                       "y2": [2, 4]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "boxes.csv")
    ...     _ = path.write_text("item,model,prediction,x1,y1,x2,y2\na,m,cat,0,0,2,2.2\na,w,dog,0,0,2,2\n")
    ...     answers = read_detections(path, there)
    >>> answers.items.tolist(), answers.models, answers.correct.tolist()
    (['a#1', 'a#2'], ('m', 'w'), [[True, False], [False, False]])
    """
    if not 0 < iou <= 1:
        raise ParameterError(f"iou is {iou}; give a share from 0 (excluded) to 1")
    files = checked(paths)
    images, classes, models = Codes(), Codes(), Codes()
    there = _joined([_boxes(table, item, label, images, classes) for table in _objects(truth)])
    tables = [_with_models(table, model) for table in load(files)]
    found = _joined([_boxes(table, item, prediction, images, classes, (models, model), score) for table in tables])
    matched = match(there, found, iou)
    cells = Cells(_names(there, images.words), models.words, Codes(), None, called(files))
    cells.right = np.zeros((len(there.images), len(models)), dtype=np.int8)
    hit = matched != MISSING
    cells.right[matched[hit], found.models[hit]] = 1
    cells.groups, cells.group_names = there.classes, classes.words
    _note_unmatched(cells, found.models[~hit])
    return assemble(cells)


def _objects(truth: Any) -> list[Table]:
    if isinstance(truth, pl.DataFrame) or hasattr(truth, "columns"):
        return [from_memory(truth, "the objects")]
    return load(checked(truth))


def _with_models(table: Table, model: str) -> Table:
    if model in table:
        return table
    return replace(table, frame=table.frame.with_columns(pl.lit(table.model).alias(model)))


def _boxes(
    table: Table,
    image: str,
    kind: str,
    images: Codes,
    classes: Codes,
    model: tuple[Codes, str] | None = None,
    score: str = "",
) -> Boxes:
    rows = table.frame.height
    return Boxes(
        _filled(images, table, image),
        _filled(classes, table, kind),
        np.zeros(rows, dtype=np.int32) if model is None else _filled(model[0], table, model[1]),
        _corners(table),
        _scores(table, score) if score in table else np.zeros(rows),
    )


def _filled(codes: Codes, table: Table, name: str) -> Ints:
    found = codes.of(table.column(name), table.source)
    if (found == MISSING).any():
        row = int((found == MISSING).argmax()) + 1
        raise DataError(f"{table.source}: row {row} has nothing in {name!r}; fill it in")
    return found


def _scores(table: Table, name: str) -> Floats:
    found = table.numbers(name)
    if np.isnan(found).any():
        raise DataError(f"{table.source}: row {int(np.isnan(found).argmax()) + 1} has nothing in {name!r}; fill it in")
    return found


def _corners(table: Table) -> Floats:
    """Corners of boxes that have an area."""
    corners = np.stack([_scores(table, name) for name in CORNERS], axis=1)
    with np.errstate(over="ignore"):  # such a side is too long
        sides = corners[:, 2:] - corners[:, :2]
    odd = ~((sides > 1 / _LONGEST) & (sides < _LONGEST)).all(axis=1)
    if odd.any():
        row = int(odd.argmax())
        raise DataError(
            f"{table.source}: row {row + 1} has the box {corners[row].tolist()}; give x2 greater than x1 and y2 "
            "greater than y1 (corners, not a width and a height)"
        )
    return corners


def _joined(parts: Sequence[Boxes]) -> Boxes:
    return Boxes(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("images", "classes", "models", "corners", "scores")
        )
    )


def _names(there: Boxes, images: Sequence[str]) -> list[str]:
    """The image of each object, and its place among the objects of the image."""
    order = np.argsort(there.images, kind="stable")
    runs = there.images[order]
    starts = np.searchsorted(runs, runs)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order)) - starts + 1
    return [f"{images[image]}#{number}" for image, number in zip(there.images, place, strict=True)]


def _note_unmatched(cells: Cells, models: Ints) -> None:
    for model, count in enumerate(np.bincount(models, minlength=len(cells.models))):
        cells.note(f"boxes of {cells.models[model]!r} that match no object", count, "not counted among the objects")
