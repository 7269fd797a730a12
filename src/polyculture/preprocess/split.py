"""Training, validation and test data, in the same proportions in every domain and class."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

import numpy as np

from polyculture.arrays import Array, Mask
from polyculture.data.dataset import DomainData
from polyculture.errors import DataError, ParameterError, ShapeError


def split(
    data: DomainData,
    *,
    test: float = 0.3,
    validation: float = 0.15,
    seed: int,
    groups: Sequence[int] | Array | None = None,
) -> DomainData:
    """Share the labelled items out, stratified by domain and class; the others become "unlabelled".

    The split depends on the ids, the labels and the seed, not on the order of rows, and adding a domain leaves the
    others as they were. A class with one item in a domain is put in training; with two it has one in test, from three
    on at least one in each part that has a share.

    A split that the data bring along is respected: only if it has no validation items are some carved out of training
    (`validation` is then a share of the training items), and training items without a label become "unlabelled".

    Parameters
    ----------
    data : DomainData
    test, validation : float in [0, 1), together below 1
        Shares of the labelled items.
    seed : int, >= 0
    groups : sequence of n int, or None
        Items of one group (see `duplicates`) come into the same part; they are counted as one.

    Raises
    ------
    ParameterError
        If a share or the seed is outside its range.
    DataError
        If there is only one class, or a domain has a single labelled item.
    ShapeError
        If `groups` has another length.

    Examples
    --------
    >>> from polyculture.data import DomainData
    >>> data = DomainData.of(list("abcdefghij"), label=["+", "-"] * 5)
    >>> parts = split(data, test=0.2, validation=0.2, seed=0)
    >>> [len(parts.rows(name)) for name in ("train", "validation", "test")]
    [6, 2, 2]
    """
    _check_shares(test, validation, seed)
    units = np.arange(len(data)) if groups is None else np.asarray(groups)
    if units.shape != (len(data),):
        raise ShapeError(f"groups has the shape {units.shape}, expected one number for each of {len(data)} items")
    if data.split is not None:
        return _carve(data, validation, seed, units)
    _check_classes(data, data.labelled, "")
    _check_domains(data)
    parts = np.full(len(data), "unlabelled", dtype=object)
    shares = {"test": test, "validation": validation}
    parts[data.labelled] = _share_out(data.take(data.labelled), units[data.labelled], shares, seed)
    return data.with_split(parts)


def _check_shares(test: float, validation: float, seed: int) -> None:
    if not (0 <= test < 1 and 0 <= validation < 1 and test + validation < 1):
        raise ParameterError(f"test={test} and validation={validation} must lie in [0, 1) and add up to less than 1")
    if seed < 0:
        raise ParameterError(f"seed={seed} must not be negative")


def _check_classes(data: DomainData, among: Mask, where: str) -> None:
    classes = set(data.label[among].tolist())
    if len(classes) < 2:
        found = f"is only the class {next(iter(classes))!r}" if classes else "are no labels"
        raise DataError(
            f"{data.source}: there {found}{where}; give labels of at least two classes (-1 stands for no label)"
        )


def _check_domains(data: DomainData) -> None:
    for domain, count in Counter(data.domain[data.labelled].tolist()).items():
        if count == 1:
            raise DataError(
                f"{data.source}: the domain {domain!r} has a single labelled item, which cannot be both learnt "
                "and tested; label more of it, remove its label, or leave it out"
            )


def _carve(data: DomainData, validation: float, seed: int, units: Array) -> DomainData:
    parts = np.array(data.split, dtype=object)
    parts[np.isin(parts, ("train", "validation")) & ~data.labelled] = "unlabelled"
    learnt = parts == "train"
    _check_classes(data, learnt, " among the training items")
    if not (parts == "validation").any():
        parts[learnt] = _share_out(data.take(learnt), units[learnt], {"validation": validation}, seed)
    return data.with_split(parts)


def _share_out(data: DomainData, units: Array, shares: dict[str, float], seed: int) -> list[str]:
    """The part of each item, all of them labelled."""
    part_of: dict[Hashable, str] = {}
    for (domain, label), members in _strata(data, units).items():
        stratum = (zlib.crc32(str(domain).encode()), zlib.crc32(f"{type(label).__name__} {label}".encode()))
        order = np.random.default_rng([seed, *stratum]).permutation(len(members))
        part_of |= {members[i]: part for i, part in zip(order, _parts(len(members), shares), strict=True)}
    return [part_of[unit] for unit in units.tolist()]


def _strata(data: DomainData, units: Array) -> dict[tuple[str, Hashable], list[Hashable]]:
    """Domain and class to its groups, ordered by id; a group belongs where its first item by id does."""
    strata: dict[tuple[str, Hashable], list[Hashable]] = {}
    seen: set[Hashable] = set()
    for i in np.argsort(data.ids.astype(str), kind="stable"):
        unit = units[i].item()
        if unit not in seen:
            seen.add(unit)
            strata.setdefault((data.domain[i], data.label[i]), []).append(unit)
    return strata


def _parts(n: int, shares: dict[str, float]) -> Iterator[str]:
    """The parts of n groups: test, then validation, then training, which always has one."""
    left = n
    for name, share in shares.items():
        wanted = max(1, int(share * n + 0.5)) if share > 0 else 0
        taken = min(wanted, left - 1)
        left -= taken
        yield from [name] * taken
    yield from ["train"] * left
