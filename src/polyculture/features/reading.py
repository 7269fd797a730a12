"""What estimators on vectors are given, read alike: labels of any form, or arrays that are coded already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from sklearn.utils import RegressorTags, Tags
from sklearn.utils.metaestimators import available_if

from polyculture.arrays import Array, Ints, Mask
from polyculture.errors import DataError, ShapeError
from polyculture.features.encoders.base import held_out
from polyculture.features.encoders.items import as_mask
from polyculture.targets import Target, kind_named, kind_of, read_labels

Method = TypeVar("Method", bound=Callable[..., Any])


def as_learnt(y: Any, width: int | None, target: str, count: int, asker: str) -> tuple[Array, Target]:
    """An array to learn from and the coding it is in.

    Parameters
    ----------
    y : sequence of `count` labels
        Of any form; with `width`, an array that is coded already.
    width : int or None
    target : {"classes", "labels", "values"}
    asker : str
        Who asks, for messages.

    Raises
    ------
    DataError, ShapeError
        If labels cannot be read, are of another kind, or are not one an item.

    Examples
    --------
    >>> from polyculture.features.reading import as_learnt
    >>> as_learnt(["no", "yes", None], None, "classes", 3, "this model")[0].tolist()
    [0, 1, -1]
    """
    kind = kind_named(target)
    if width is not None:
        return y, kind.coded(width)
    labels, coding = read_labels(y, values=target == "values", asker=asker)
    if len(labels) != count:
        raise ShapeError(f"there are {count} items and {len(labels)} labels; give one for each")
    if not isinstance(coding, kind):
        raise ShapeError(f"y holds {coding.name} and target is {target!r}; set target={coding.name!r}")
    return coding.encode(labels), coding


def taught(
    y: Any,
    width: int | None,
    target: str,
    count: int,
    validation: Mask | None,
    *,
    seed: int,
    asker: str,
) -> tuple[Array, Target, Ints, Ints]:
    """An array to learn from, the coding it is in, rows to learn from and rows to stop and choose by.

    Parameters
    ----------
    y, width, target, count, asker
        See :func:`as_learnt`.
    validation : array of bool, shape (count,), or None
        A tenth of each class when None.
    seed : int
        Of that tenth.

    Raises
    ------
    DataError, ShapeError
        Those of :func:`as_learnt` and :func:`as_mask`, and if there is nothing to tell apart.

    Examples
    --------
    >>> from polyculture.features.reading import taught
    >>> held = [False, False, True, False]
    >>> y, _, rows, stop = taught(["+", "-", "+", None], None, "classes", 4, held, seed=0, asker="this model")
    >>> y.tolist(), rows.tolist(), stop.tolist()
    ([0, 1, 0, -1], [0, 1], [2])
    """
    found, coding = as_learnt(y, width, target, count, asker)
    rows, stop = held_out(found, as_mask(validation, count), share=0.1, seed=seed)
    kind = kind_named(target)
    if not kind.varies(found[rows]):
        seen = f", {len(np.unique(found[rows]))} found" if target == "classes" else ""
        raise DataError(f"training needs {kind.needs}{seen} among the labelled items to train on")
    return found, coding, rows, stop


def as_kind(tags: Tags, target: str) -> Tags:
    """Tags of a classifier as those of what learns this target.

    Examples
    --------
    >>> from polyculture.features.backbone import Backbone
    >>> Backbone(target="values").__sklearn_tags__().estimator_type
    'regressor'
    """
    if target == "values":
        tags.estimator_type, tags.classifier_tags, tags.regressor_tags = "regressor", None, RegressorTags()
    elif target == "labels":
        tags.target_tags.multi_output, tags.target_tags.single_output = True, False
        tags.classifier_tags.multi_label, tags.classifier_tags.multi_class = True, False
    return tags


def as_classes(y: Any, count: int) -> Ints:
    """A class for each of `count` items, -1 where it has no label: classes themselves, or what others are cut into.

    Raises
    ------
    ShapeError
        If there are more or fewer labels than items.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.reading import as_classes
    >>> as_classes(np.array([0.1, 0.2, 7.5, 8.5, np.nan]), 5).tolist()
    [0, 1, 2, 3, -1]
    """
    found = y if isinstance(y, np.ndarray) and y.dtype.kind in "iuf" else np.asarray(y)
    if len(found) != count:
        raise ShapeError(f"there are {count} items and {len(found)} labels; give one for each")
    if found.dtype.kind not in "iuf":
        labels, coding = read_labels(y)
        found = coding.encode(labels)
    elif found.dtype.kind == "f" and found.ndim == 1 and not np.any(found % 1 > 0):
        found = np.where(np.isnan(found), -1, found).astype(np.int64)
    return kind_of(found).strata(found)


def unless_values(method: Method) -> Method:
    """A method that is not there where values are learnt, as these have no probabilities.

    Examples
    --------
    >>> from polyculture.features.backbone import Backbone
    >>> hasattr(Backbone(), "predict_proba"), hasattr(Backbone(target="values"), "predict_proba")
    (True, False)
    """
    return cast("Method", available_if(lambda self: self.target != "values")(method))
