"""Items as they are given to step 2: of one modality or several, some of which an item may lack."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from sklearn.utils.validation import check_array

from polyculture.arrays import Array, Ints, Mask, Matrix
from polyculture.errors import DataError, ShapeError
from polyculture.features.encoders.items import is_missing, read_texts

KINDS = ("text", "vector", "image", "series")
"""What a modality may be: strings; rows of numbers; pictures; and numbers over time."""
PLURAL = {"text": "texts", "vector": "numbers", "image": "images", "series": "series"}


@dataclass(frozen=True, eq=False)
class Items:
    """Items of one modality or several.

    Parameters
    ----------
    values : mapping of modality to array or sparse array of n rows
        What an item lacks is an empty text, or zeros.
    kinds : mapping of modality to one of `KINDS`
    present : mapping of modality to array of bool, shape (n,)
        Which items have it; a modality that all items have is not named.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.items import Items
    >>> found = Items.of({"text": ["good", None], "picture": np.zeros((2, 8, 8, 3), dtype=np.uint8)})
    >>> dict(found.kinds), found.present["text"].tolist()
    ({'text': 'text', 'picture': 'image'}, [True, False])
    """

    values: Mapping[str, Any]
    kinds: Mapping[str, str]
    present: Mapping[str, Mask]

    @classmethod
    def of(cls, X: Mapping[str, Any], *, like: Mapping[str, tuple[str, tuple[int, ...]]] | None = None) -> Self:
        """Read a mapping of modality to items.

        Parameters
        ----------
        X : mapping of str to n items
            Texts; numbers in two dimensions; images as uint8 of shape (n, height, width, 3), or (n, height, width)
            where they are grey; series as numbers of shape (n, steps, channels), which floating point of three
            dimensions is taken for even if it is meant as grey images. An item lacks a modality where its text is None
            or empty, its numbers are all NaN, or its image or series is None in a list.
        like : mapping of modality to kind and shape, or None
            Of the items a model was fitted on: a modality that is not given is lacking in all items.

        Raises
        ------
        DataError
            If a modality cannot be read, is of another kind than it was, or was not there when the model was fitted.
        ShapeError
            If modalities hold different numbers of items.
        """
        if not X:
            raise DataError("no modality was given; name at least one, for example text")
        known = like or {}
        read = {str(name): _read_as(values, str(name), known.get(str(name))) for name, values in X.items()}
        counts = {name: values.shape[0] for name, (_, values, _) in read.items()}
        if len(set(counts.values())) > 1:
            raise ShapeError(f"modalities hold different numbers of items: {counts}; each needs one value an item")
        if like is not None:
            read = _as_fitted(read, like, next(iter(counts.values())))
        return cls(
            {name: values for name, (_, values, _) in read.items()},
            {name: kind for name, (kind, _, _) in read.items()},
            {name: there for name, (_, _, there) in read.items() if not there.all()},
        )

    @classmethod
    def checked(cls, values: Mapping[str, Any], present: Mapping[str, Mask] | None = None) -> Self:
        """Arrays that were read already, as :class:`polyculture.data.DomainData` holds them."""
        return cls(dict(values), {name: _kind(column) for name, column in values.items()}, dict(present or {}))

    @classmethod
    def of_texts(cls, texts: Array) -> Self:
        """Texts without a name, of which an empty one is lacking."""
        there = np.array(texts != "", dtype=bool)
        return cls({"text": texts}, {"text": "text"}, {} if there.all() else {"text": there})

    @property
    def texts(self) -> Array | None:
        """The items where all there is of them is one text each."""
        (name, kind), *others = self.kinds.items()
        return None if others or kind != "text" else np.asarray(self.values[name], dtype=object)

    def mapped(self, function: Callable[[Array], Array], *, kind: str) -> Self:
        """The same with this done to every modality of this kind."""
        done = {n: function(v) if self.kinds[n] == kind else v for n, v in self.values.items()}
        return replace(self, values=done)

    def without(self, names: Collection[str]) -> Self:
        """The same items without these modalities."""
        kept = [name for name in self.kinds if name not in names]
        return replace(
            self,
            values={name: self.values[name] for name in kept},
            kinds={name: self.kinds[name] for name in kept},
            present={name: self.present[name] for name in kept if name in self.present},
        )

    def __len__(self) -> int:
        return int(next(iter(self.values.values())).shape[0])

    @property
    def shapes(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Kind, and shape of one item, of each modality."""
        return {name: (self.kinds[name], tuple(values.shape[1:])) for name, values in self.values.items()}

    def there(self, name: str) -> Mask:
        """Which items have this modality, shape (n,)."""
        return self.present.get(name, np.ones(len(self), dtype=bool))


def _read_as(values: Any, name: str, fitted: tuple[str, tuple[int, ...]] | None) -> tuple[str, Any, Mask]:
    """One modality; where there is nothing of it, of the kind that it was when a model was fitted."""
    if fitted is None or not _nothing(values):
        return read_modality(values, name)
    return fitted[0], _lacking(*fitted, len(values)), np.zeros(len(values), dtype=bool)


def _nothing(values: Any) -> bool:
    """Whether it is a list in which every item is None: what its kind would be cannot be told."""
    if isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype.kind in "fO":
        values = values.tolist()
    return isinstance(values, list | tuple) and all(is_missing(value) for value in values)


def read_modality(values: Any, name: str) -> tuple[str, Any, Mask]:
    """Kind and values of one modality, and which items have it.

    Raises
    ------
    DataError
        If it is none of `KINDS`, or holds numbers that are not finite.

    Examples
    --------
    >>> from polyculture.features.items import read_modality
    >>> kind, values, there = read_modality([[1.0, 2.0], [float("nan"), float("nan")]], "measured")
    >>> kind, values.tolist(), there.tolist()
    ('vector', [[1.0, 2.0], [0.0, 0.0]], [True, False])
    """
    if not hasattr(values, "__len__") and not sp.issparse(values):
        raise DataError(f"modality {name!r}: is {values!r}; give one value an item, or leave the modality out")
    try:
        values, there = _stacked(values)
        if (read := read_pictures(values)) is not None:
            return *read, there
        texts = read_texts(values)
    except DataError as error:
        raise DataError(f"modality {name!r}: {error}") from error
    if texts is not None:
        return "text", texts, texts != ""
    return "vector", *_numbers(values, name)


def read_pictures(X: Any) -> tuple[str, Array] | None:
    """Images or series, and which of the two; None where it is neither.

    Raises
    ------
    DataError
        If it has three dimensions or more and is no images and no series, or holds numbers that are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.items import read_pictures
    >>> kind, images = read_pictures(np.zeros((2, 8, 8), dtype=np.uint8))
    >>> kind, images.shape
    ('image', (2, 8, 8, 3))
    """
    if not isinstance(X, np.ndarray) or X.ndim < 3:
        return None
    if X.dtype == np.uint8 and (X.ndim == 3 or (X.ndim == 4 and X.shape[3] in (1, 3))):
        colours = X if X.ndim == 4 else X[..., None]
        return "image", colours if colours.shape[3] == 3 else np.repeat(colours, 3, axis=3)
    if X.ndim == 3 and X.dtype.kind in "fiu":
        series = np.asarray(X, dtype=np.float32)
        if not np.isfinite(series).all():
            row = int(np.argmin(np.isfinite(series).all(axis=(1, 2))))
            raise DataError(f"item {row} holds a number that is not finite; give None for a series that is not there")
        return "series", series
    raise DataError(
        f"items are {X.dtype} of shape {X.shape}; give images as uint8 of shape (n, height, width, 3), or series as "
        "numbers of shape (n, steps, channels)"
    )


def bare_kind(X: Any) -> str | None:
    """Whether items without a name are images or series, in an array or a list; None where they are neither.

    Raises
    ------
    DataError
        If they have three dimensions or more and are no images and no series.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.items import bare_kind
    >>> bare_kind([None, np.zeros((8, 8, 3), dtype=np.uint8)]), bare_kind(["good", None])
    ('image', None)
    """
    if isinstance(X, list | tuple):
        first = next((value for value in X if value is not None), None)
        X = first[None] if isinstance(first, np.ndarray) else None
    else:
        X = X[:1] if isinstance(X, np.ndarray) and X.ndim >= 3 else None
    read = read_pictures(X)
    return None if read is None else read[0]


def _kind(values: Any) -> str:
    if getattr(values, "ndim", 2) < 2:
        return "text"
    return {2: "vector", 3: "series"}.get(values.ndim, "image")


def _stacked(values: Any) -> tuple[Any, Mask]:
    """A list of images, series or rows of numbers, some of them None, as one array; all else as it is."""
    if not isinstance(values, list | tuple):
        count = values.shape[0] if hasattr(values, "shape") and values.shape else 0
        return values, np.ones(count, dtype=bool)
    there = np.array([value is not None for value in values], dtype=bool)
    first = next((value for value in values if value is not None), None)
    if isinstance(first, list | tuple) and not there.all():
        nothing = [np.nan] * len(first)
        return [nothing if value is None else value for value in values], there
    if not isinstance(first, np.ndarray) or first.ndim < 2:
        return values, there
    for row, value in enumerate(values):
        if value is not None and np.shape(value) != first.shape:
            raise DataError(
                f"item {row} is of shape {np.shape(value)}, the first of {first.shape}; bring all to one size"
            )
    empty = np.zeros_like(first)
    return np.stack([empty if value is None else value for value in values]), there


def _numbers(values: Any, name: str) -> tuple[Matrix, Mask]:
    try:
        found = check_array(
            values,
            accept_sparse="csr",
            dtype=(np.float64, np.float32),
            ensure_all_finite="allow-nan",
            ensure_min_samples=0,
            input_name=name,
        )
    except (TypeError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise DataError(
            f"modality {name!r}: cannot be read as numbers ({reason}); give rows of finite numbers"
        ) from error
    if sp.issparse(found):
        return sp.csr_array(found), np.ones(found.shape[0], dtype=bool)
    lacking = np.isnan(found)
    there = ~lacking.all(axis=1)
    if lacking[there].any():
        row = int(np.argmax(lacking.any(axis=1) & there))
        raise DataError(
            f"modality {name!r}: item {row} lacks some of its numbers; fill them in, or make all of them NaN"
        )
    return np.where(lacking, 0, found), there


def _as_fitted(
    read: dict[str, tuple[str, Any, Mask]], like: Mapping[str, tuple[str, tuple[int, ...]]], count: int
) -> dict[str, tuple[str, Any, Mask]]:
    """The modalities of the fitted items, in their order; one that is not given is lacking."""
    if unknown := [name for name in read if name not in like]:
        raise DataError(f"modality {unknown[0]!r} was not there when the model was fitted; it knows {', '.join(like)}")
    for name, (kind, values, _) in read.items():
        if (kind, tuple(values.shape[1:])) != tuple(like[name]):
            fitted, shape = like[name]
            raise DataError(
                f"modality {name!r} is {kind} of shape {values.shape[1:]}, and was {fitted} of shape {shape} when the "
                "model was fitted"
            )
    none = np.zeros(count, dtype=bool)
    return {name: read.get(name, (kind, _lacking(kind, shape, count), none)) for name, (kind, shape) in like.items()}


def _lacking(kind: str, shape: Sequence[int], count: int) -> Array:
    if kind == "text":
        return np.full(count, "", dtype=object)
    return np.zeros((count, *shape), dtype=np.uint8 if kind == "image" else np.float32)


def scattered(rows: Matrix, there: Mask) -> Matrix:
    """Rows of the items that are there at their places among all, zeros elsewhere.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.items import scattered
    >>> scattered(np.array([[1.0], [2.0]]), np.array([True, False, True])).ravel().tolist()
    [1.0, 0.0, 2.0]
    """
    if there.all():
        return rows
    places: Ints = np.flatnonzero(there)
    if sp.issparse(rows):
        put = sp.csr_array(
            (np.ones(len(places), dtype=rows.dtype), (places, np.arange(len(places)))), shape=(len(there), len(places))
        )
        return sp.csr_array(put @ rows)
    out = np.zeros((len(there), *rows.shape[1:]), dtype=rows.dtype)
    out[places] = rows
    return out
