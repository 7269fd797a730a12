"""Which places of an image made the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.explain.odds import log_odds, of_class

PredictImages = Callable[[Array, Array], Array]
"""Images and what belongs to each, its domain above all, to probabilities of shape (n, classes)."""
AT_ONCE = 2048
"""Changed images that are asked about together."""
ALONG = 8
"""Patches along the longer side of an image, where no size is named."""


@dataclass(frozen=True)
class PatchReasons:
    """Patches of one image and what each did for the class that was predicted.

    Parameters
    ----------
    weights : array of float, shape (rows, columns) of the grid of patches
        How much the log-odds of the predicted class fall when the patch is covered.
    size : int
        Side of a patch in pixels; those at the right and at the lower edge may be smaller.
    predicted : int
    """

    weights: Floats
    size: int
    predicted: int

    def map(self, height: int, width: int) -> Floats:
        """The weight of every pixel, shape (height, width).

        Examples
        --------
        >>> import numpy as np
        >>> from polyculture.explain import PatchReasons
        >>> PatchReasons(np.array([[1.0, 2.0]]), 2, 0).map(2, 3).tolist()
        [[1.0, 1.0, 2.0], [1.0, 1.0, 2.0]]
        """
        large = self.weights.repeat(self.size, axis=0).repeat(self.size, axis=1)
        return np.asarray(large[:height, :width])


def patch_reasons(
    predict: PredictImages,
    images: Array,
    domain: Sequence[Any] | Array | None = None,
    *,
    size: int = 8,
    around: int = 0,
    predicted: Sequence[int] | Ints | None = None,
) -> list[PatchReasons]:
    r"""What each patch did: the change in the model's answer when it is covered.

    .. math:: w_j = \operatorname{logit} p_{\hat y}(x) - \operatorname{logit} p_{\hat y}(x_{j \leftarrow \bar x})

    A covered patch has the mean colour of its own image. It holds for every model alike, and is exact for what it says:
    the effect of covering that one place.

    Parameters
    ----------
    predict : callable
        ``(images, domain) -> probabilities``; see :func:`image_predictor`.
    images : uint8 array of shape (n, height, width, 3)
    domain : sequence of n, or None
        Passed on to `predict`, the image's own entry with every change of the image.
    size : int >= 1
        Pixels along a side of a patch.
    around : int >= 0
        Pixels that are covered beside the patch, all around: more shows what a patch alone is too small to change.
    predicted : sequence of n int, or None
        The classes to speak of; None for those with the highest probability.

    Raises
    ------
    DataError
        If the images are none.
    ParameterError
        If `size` or `around` is out of its range, or a class is none of those that `predict` knows.
    ShapeError
        If there is not one domain, or one class, for each image.

    References
    ----------
    Zeiler & Fergus 2014, arXiv:1311.2901 (occlusion).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.explain import patch_reasons
    >>> def predict(images, domain):
    ...     p = 0.1 + 0.8 * images[:, :2, :2].mean(axis=(1, 2, 3)) / 255
    ...     return np.stack([1 - p, p], axis=1)
    >>> image = np.zeros((1, 4, 4, 3), np.uint8)
    >>> image[0, :2, :2] = 255
    >>> patch_reasons(predict, image, size=2)[0].weights.round(1).tolist()
    [[3.0, 0.0], [0.0, 0.0]]
    """
    images = _images(images)
    _check_whole("size", size, 1)
    _check_whole("around", around, 0)
    domain, predicted = _domains(domain, len(images)), _classes(predicted, len(images))
    grid = _grid(images, size)
    found = []
    for i in range(len(images)):
        covered = _covered(images[i], [[place] for place in np.ndindex(*grid)], size, around)
        p = _asked(predict, np.concatenate([images[[i]], covered]), domain[np.full(len(covered) + 1, i)])
        chosen = int(p[0].argmax()) if predicted is None else int(predicted[i])
        if not 0 <= chosen < p.shape[1]:
            raise ParameterError(f"predicted is {chosen} for image {i}; use 0 to {p.shape[1] - 1}")
        odds = log_odds(p[:, chosen])
        found.append(PatchReasons((odds[0] - odds[1:]).reshape(grid), size, chosen))
    return found


def patch_size(images: Array) -> int:
    """Side of a patch where none is named: an eighth of the longer side.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.explain.patches import patch_size
    >>> patch_size(np.zeros((1, 32, 64, 3), np.uint8))
    8
    """
    return max(1, int(max(images.shape[1:3])) // ALONG)


def kept_patches(
    predict: PredictImages, images: Array, reasons: Sequence[PatchReasons], domain: Sequence[Any] | Array | None = None
) -> Callable[[Ints, Sequence[Mask]], Floats]:
    """How the model answers when some patches are kept: what :func:`polyculture.explain.faithful` asks for.

    Masks and weights are those of the grid row by row: ``[r.weights.ravel() for r in reasons]``.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.explain import PatchReasons
    >>> from polyculture.explain.patches import kept_patches
    >>> image = np.array([[[[0] * 3, [200] * 3]]], np.uint8)
    >>> keep = kept_patches(lambda x, _: x[:, 0, :, 0], image, [PatchReasons(np.ones((1, 2)), 1, 1)])
    >>> keep(np.array([0, 0]), [np.array([True, False]), np.array([False, True])]).tolist()
    [100.0, 200.0]
    """
    images = _images(images)
    domain = _domains(domain, len(images))
    predicted = np.array([r.predicted for r in reasons], dtype=int)

    def keep(rows: Ints, kept: Sequence[Mask]) -> Floats:
        changed = []
        for i, mask in zip(rows.tolist(), kept, strict=True):
            shape = reasons[i].weights.shape
            left = [place for place, there in zip(np.ndindex(*shape), mask.tolist(), strict=True) if not there]
            changed.append(_covered(images[i], [left], reasons[i].size, 0))
        return of_class(_asked(predict, np.concatenate(changed), domain[rows]), predicted[rows])

    return keep


def image_predictor(model: Any) -> PredictImages:
    """Any model with ``predict_proba`` on images as :func:`patch_reasons` wants it.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.explain import image_predictor
    >>> class Half:
    ...     def predict_proba(self, images):
    ...         return np.full((len(images), 2), 0.5)
    >>> image_predictor(Half())(np.zeros((1, 2, 2, 3), np.uint8), np.array([None])).tolist()
    [[0.5, 0.5]]
    """

    def predict(images: Array, domain: Array) -> Array:
        del domain
        return np.asarray(model.predict_proba(images))

    return predict


def _images(images: Array) -> Array:
    images = np.asarray(images)
    if images.ndim != 4 or images.dtype != np.uint8:
        raise DataError(f"images are {images.dtype} of shape {images.shape}, expected uint8 of (n, height, width, 3)")
    return images


def _check_whole(name: str, value: Any, least: int) -> None:
    if not isinstance(value, Integral) or int(value) < least:
        raise ParameterError(f"{name} is {value!r}; use a whole number from {least}")


def _domains(domain: Sequence[Any] | Array | None, count: int) -> Array:
    """What belongs to each image, None where nothing was given."""
    found = np.full(count, None, dtype=object) if domain is None else np.asarray(domain)
    if found.shape != (count,):
        raise ShapeError(f"domain is of shape {found.shape}; give one for each of {count} images")
    return found


def _classes(predicted: Sequence[int] | Ints | None, count: int) -> Ints | None:
    if predicted is None:
        return None
    found = np.asarray(predicted)
    if found.shape != (count,) or found.dtype.kind not in "iu":
        raise ShapeError(
            f"predicted is {found.dtype} of shape {found.shape}; give one whole number for each of {count} images"
        )
    return found


def _grid(images: Array, size: int) -> tuple[int, int]:
    """Rows and columns of patches."""
    return -(-images.shape[1] // size), -(-images.shape[2] // size)


def _covered(image: Array, hidden: Sequence[Sequence[tuple[int, ...]]], size: int, around: int) -> Array:
    """The image once for each list of patches, with these covered."""
    mean = np.rint(image.mean(axis=(0, 1))).astype(np.uint8)
    out = np.repeat(image[None], len(hidden), axis=0)
    for copy, places in zip(out, hidden, strict=True):
        for row, column in places:
            top, left = max(row * size - around, 0), max(column * size - around, 0)
            copy[top : (row + 1) * size + around, left : (column + 1) * size + around] = mean
    return out


def _asked(predict: PredictImages, images: Array, domain: Array) -> Array:
    starts = range(0, len(images), AT_ONCE)
    return np.concatenate([predict(images[s : s + AT_ONCE], domain[s : s + AT_ONCE]) for s in starts])
