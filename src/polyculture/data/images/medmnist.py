"""MedMNIST: small medical pictures with their splits, in NumPy's archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polyculture.arrays import Array
from polyculture.data.audit_input.arrays import open_npz
from polyculture.data.audit_input.files import checked
from polyculture.data.dataset import DomainData
from polyculture.data.images.arrays import as_images
from polyculture.errors import DataError

SPLITS = {"train": "train", "val": "validation", "test": "test"}


def read_medmnist(path: str | Path | Sequence[str | Path], size: int | None = None) -> DomainData:
    """Pictures of one or several files of MedMNIST, each file a domain.

    A file has ``train_images``, ``val_images`` and ``test_images`` of shape (n, side, side) or (n, side, side, 3), and
    ``train_labels`` and so on of shape (n, 1), or (n, k) of 0 and 1 where several may hold (ChestMNIST), which become
    tuples. The splits are those of the file. Several files make sense where labels
    mean the same, as in OrganAMNIST, OrganCMNIST and OrganSMNIST: one organ seen from three sides.

    Parameters
    ----------
    path : path, or sequence of paths
        Names without the ending are the domains.
    size : int or None
        Height and width that all are brought to; None leaves them as they are.

    Returns
    -------
    DomainData
        ``items["image"]`` uint8 of shape (n, side, side, 3); labels are whole numbers; ids ``"organamnist/test/17"``.

    Raises
    ------
    DataError
        If a file is damaged, lacks an array or holds volumes; nothing in it is run.

    Examples
    --------
    >>> import tempfile
    >>> parts = {f"{part}_images": np.zeros((2, 28, 28), np.uint8) for part in ("train", "val", "test")}
    >>> parts |= {f"{part}_labels": np.array([[0], [1]]) for part in ("train", "val", "test")}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(f"{folder}/scans.npz", **parts)
    ...     data = read_medmnist(f"{folder}/scans.npz", size=32)
    >>> data.items["image"].shape, data.domains
    ((6, 32, 32, 3), ['scans'])

    References
    ----------
    .. [1] Yang et al. 2023, MedMNIST v2, Scientific Data 10(41).
    """
    paths = checked(path)
    parts = [part for each in paths for part in _parts(each, size)]
    sides = {images.shape[1:] for images, _, _ in parts}
    if len(sides) > 1:
        raise DataError(f"{paths[0]}: and others hold images of {len(sides)} sizes; give size to bring them to one")
    where = [(each.stem, split) for each in paths for split in SPLITS]
    return DomainData.of(
        {"image": np.concatenate([images for images, _, _ in parts])},
        label=[label for _, labels, _ in parts for label in labels],
        domain=[domain for (domain, _), (_, _, n) in zip(where, parts, strict=True) for _ in range(n)],
        split=[SPLITS[split] for (_, split), (_, _, n) in zip(where, parts, strict=True) for _ in range(n)],
        ids=[
            f"{domain}/{split}/{i}" for (domain, split), (_, _, n) in zip(where, parts, strict=True) for i in range(n)
        ],
        source=", ".join(str(each) for each in paths),
    )


def _parts(path: Path, size: int | None) -> list[tuple[Array, list[Any], int]]:
    """What each split of a file holds; see `_part`."""
    arrays = open_npz(path)
    return [_part(path, arrays, split, size) for split in SPLITS]


def _part(path: Path, arrays: Mapping[str, Array], split: str, size: int | None) -> tuple[Array, list[Any], int]:
    """Pictures of a split of a file, their labels, and how many there are."""
    images = as_images(_array(path, arrays, f"{split}_images"), size, source=f"{path}: {split}_images")
    labels = _array(path, arrays, f"{split}_labels")
    if labels.ndim not in (1, 2) or len(labels) != len(images) or labels.dtype.kind not in "iub":
        raise DataError(
            f"{path}: {split}_labels are {labels.dtype} of shape {labels.shape}, expected whole numbers for each of "
            f"{len(images)} images; fetch the file again"
        )
    rows = (labels[:, None] if labels.ndim == 1 else labels).astype(np.int64)
    if rows.shape[1] == 1:
        return images, rows[:, 0].tolist(), len(images)
    if rows.size and not np.isin(rows, (0, 1)).all():
        raise DataError(f"{path}: {split}_labels hold other numbers than 0 and 1 in {rows.shape[1]} columns")
    return images, [tuple(row) for row in rows.tolist()], len(images)


def _array(path: Path, arrays: Mapping[str, Array], name: str) -> Array:
    if name not in arrays:
        raise DataError(f"{path}: has no {name}; MedMNIST has images and labels for train, val and test")
    if not arrays[name].size:
        raise DataError(f"{path}: {name} is empty; fetch the file again")
    return arrays[name]
