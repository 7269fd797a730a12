"""The steps of preprocessing in their order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from sklearn.base import BaseEstimator

from polyculture.arrays import Ints
from polyculture.data.dataset import DomainData
from polyculture.preprocess.augment import augment, augmented
from polyculture.preprocess.clean import clean_text
from polyculture.preprocess.deduplicate import DuplicateReport, Leakage, find_repeated
from polyculture.preprocess.split import split


@dataclass(frozen=True)
class PreprocessReport:
    """What each step did.

    Parameters
    ----------
    items : int
        Items that came in.
    cleaned : int
        Texts that cleaning changed.
    empty : int
        Texts with nothing in them after cleaning; their items are kept.
    duplicates : DuplicateReport or None
        None when no duplicates were looked for.
    splits : dict of str to int
        Items of each split, augmented copies included.
    augmented : int
        Copies that were added.
    """

    items: int
    cleaned: int
    empty: int
    duplicates: DuplicateReport | None
    splits: dict[str, int]
    augmented: int


class Preprocessor(BaseEstimator):  # type: ignore[misc]
    """Clean, deduplicate, split and augment.

    Steps that work on text leave data without text as they are.

    Parameters
    ----------
    clean : bool
        See `clean_text`.
    deduplicate : bool
        See `deduplicate`; duplicates that stay come into the same part of the split.
    near : float in (0, 1], or None
        Jaccard index from which on two texts are duplicates.
    leakage : "error", "drop" or "allow"
        What to do about training items that stand in the test data that were given.
    test, validation : float in [0, 1)
        See `split`.
    augment : float, >= 0
        Copies as a share of the training items, see `augment`; 0 is off.
    random_state : int, >= 0

    Attributes
    ----------
    report_ : PreprocessReport
        What `fit_transform` did.

    Examples
    --------
    >>> from polyculture.data import DomainData
    >>> data = DomainData.of(["good &amp; new", "Good & new!", "dull", "fine", "bad", "poor"], label=list("++-+--"))
    >>> step = Preprocessor()
    >>> step.fit_transform(data).texts.tolist()
    ['good & new', 'dull', 'fine', 'bad', 'poor']
    >>> step.report_.cleaned, step.report_.duplicates.exact
    (1, 1)
    """

    def __init__(
        self,
        *,
        clean: bool = True,
        deduplicate: bool = True,
        near: float | None = 0.9,
        leakage: Leakage = "error",
        test: float = 0.3,
        validation: float = 0.15,
        augment: float = 0.0,
        random_state: int = 0,
    ) -> None:
        self.clean = clean
        self.deduplicate = deduplicate
        self.near = near
        self.leakage: Leakage = leakage
        self.test = test
        self.validation = validation
        self.augment = augment
        self.random_state = random_state

    def fit_transform(self, data: DomainData) -> DomainData:
        """Data to learn from, with a split.

        Raises
        ------
        LeakageError, DataError, ParameterError
            As the steps do.
        """
        cleaned = self.transform(data)
        once, groups, duplicates = self._once(cleaned)
        parted = split(once, test=self.test, validation=self.validation, seed=self.random_state, groups=groups)
        done = (
            augment(parted, share=self.augment, seed=self.random_state)
            if self.augment and "text" in data.items
            else parted
        )
        self.report_ = PreprocessReport(
            items=len(data),
            cleaned=_changed(data, cleaned),
            empty=int((cleaned.texts == "").sum()) if "text" in data.items else 0,
            duplicates=duplicates,
            splits=dict(sorted(Counter(np.asarray(done.split).tolist()).items())),
            augmented=int(augmented(done).sum() - augmented(parted).sum()),
        )
        return done

    def transform(self, data: DomainData) -> DomainData:
        """New data in the form that the model was taught: their texts cleaned, nothing left out."""
        if not self.clean or "text" not in data.items:
            return data
        return replace(data, items={**data.items, "text": clean_text(data.texts)})

    def _once(self, data: DomainData) -> tuple[DomainData, Ints | None, DuplicateReport | None]:
        # measurements may well agree by chance
        if not self.deduplicate or list(data.items) == ["vector"]:
            return data, None, None
        keep, report, groups = find_repeated(data, near=self.near, leakage=self.leakage)
        return (data if keep.all() else data.take(keep)), groups[keep], report


def _changed(before: DomainData, after: DomainData) -> int:
    return int((before.texts != after.texts).sum()) if "text" in before.items else 0
