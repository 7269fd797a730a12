"""What is decided about interactions that lack something, are disliked, or are given again; all of it is counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from polyculture.arrays import Array, Floats, Mask
from polyculture.data.answers import Policy
from polyculture.data.interactions.coding import Values, named, numbers
from polyculture.data.interactions.interactions import SPLITS, Interactions
from polyculture.data.interactions.naming import split_names
from polyculture.data.interactions.raw import Raw
from polyculture.errors import DataError, ParameterError

CHOICES = {
    "duplicates": ("once", "last", "keep", "refuse"),
    "negative": ("refuse", "drop"),
    "missing": ("refuse", "drop"),
}


@dataclass(frozen=True)
class Decisions:
    """How interactions are cleaned; see `read_interactions`."""

    least_rating: float | None = None
    duplicates: str = "once"
    negative: str = "refuse"
    missing: str = "refuse"
    shared_items: bool = False

    def __post_init__(self) -> None:
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ParameterError(f"{name} is {getattr(self, name)!r}; use one of {', '.join(allowed)}")
        if self.least_rating is not None and not np.isfinite(self.least_rating):
            raise ParameterError(f"least_rating is {self.least_rating}; give a finite number, or None")


def cleaned(raw: Raw, decisions: Decisions) -> Interactions:
    """Interactions of columns, with a policy for everything that asked for a decision.

    Raises
    ------
    DataError
        If there are no rows, none are left, or one holds what is refused; the sentence names file and row.
    """
    if not len(raw):
        raise DataError(f"{raw.source}: has no interactions; write one in each row")
    keep, policies = _complete(raw, decisions.missing)
    rating = _numbers(raw, "rating", keep)
    if rating is not None:
        keep, more = _liked(raw, rating, keep, decisions)
        policies += more
    time = _numbers(raw, "time", keep)
    if not keep.any():
        raise DataError(f"{raw.source}: has no interactions left; {_left_out(policies)}")
    rows = np.flatnonzero(keep)
    data = Interactions.of(
        **_chosen(raw, rows, ("user", "item", "domain")),
        rating=None if rating is None else rating[rows],
        time=None if time is None else time[rows],
        split=_split(raw, rows),
        item_text=_text_of(raw, keep),
        shared_items=decisions.shared_items,
        source=raw.source,
    )
    texts, more = _texts(raw, rows, data)
    single, again = _single(raw, rows, data, decisions.duplicates)
    return replace(single, item_text=texts, policies=raw.policies + policies + more + again)


def _complete(raw: Raw, missing: str) -> tuple[Mask, tuple[Policy, ...]]:
    """Which rows have all that their columns should give."""
    keep, policies = np.ones(len(raw), bool), []
    for name, values in raw.columns.items():
        absent = _absent(values) if name != "text" else np.zeros(len(raw), bool)
        if absent.any() and missing == "refuse":
            raise DataError(
                f"{raw.where(int(np.argmax(absent)))} has no {name}; fill it in, or drop such rows (missing='drop')"
            )
        policies.append(Policy(f"interactions without {name}", int((absent & keep).sum()), "left out"))
        keep &= ~absent
    return keep, tuple(policy for policy in policies if policy.count)


def _absent(values: Values) -> Mask:
    if isinstance(values, np.ndarray) and values.dtype.kind in "iub":
        return np.zeros(len(values), bool)
    # only a missing number differs from itself
    return np.array([v is None or v != v or (isinstance(v, str) and not v.strip()) for v in values], dtype=bool)  # noqa: PLR0124


def _numbers(raw: Raw, name: str, keep: Mask) -> Floats | None:
    """A column of numbers, zeros in the rows that are left out."""
    if name not in raw.columns:
        return None
    rows = np.flatnonzero(keep)
    out = np.zeros(len(raw))
    out[rows] = numbers(_of(raw.columns[name], rows), name, lambda row: raw.where(int(rows[row])))
    return out


def _liked(raw: Raw, rating: Floats, keep: Mask, decisions: Decisions) -> tuple[Mask, tuple[Policy, ...]]:
    """Which rows are rated high enough."""
    least = decisions.least_rating
    if least is not None:
        low = keep & (rating < least)
        return keep & ~low, _counted(f"interactions rated below {least:g}", low, "left out")
    negative, zero = keep & (rating < 0), keep & (rating == 0)
    if negative.any() and decisions.negative == "refuse":
        row = int(np.argmax(negative))
        raise DataError(
            f"{raw.where(row)} has the rating {rating[row]:g}; set the least rating that counts as liked "
            "(least_rating), or drop negative ones (negative='drop')"
        )
    return keep & ~negative, (
        *_counted("interactions with a negative rating", negative, "left out"),
        *_counted("interactions rated 0", zero, "kept; set least_rating to leave them out"),
    )


def _single(raw: Raw, rows: Array, data: Interactions, duplicates: str) -> tuple[Interactions, tuple[Policy, ...]]:
    """Interactions of which none is given again within a split."""
    order = np.arange(len(data))
    if duplicates == "last" and data.time is not None:
        order = np.argsort(data.time, kind="stable")
    if duplicates == "last":
        order = order[::-1]
    parts = np.zeros(len(data), np.int64)
    if data.split is not None:
        parts = np.searchsorted(sorted(SPLITS), data.split.astype(str))
    pairs = (data.user * len(data.items) + data.item) * len(data.domains) + data.domain
    _, first = np.unique((pairs * len(SPLITS) + parts)[order], return_index=True)
    again = np.ones(len(data), bool)
    again[order[first]] = False
    if again.any() and duplicates == "refuse":
        row = int(np.argmax(again))
        user, item = data.users[data.user[row]], data.items[data.item[row]]
        raise DataError(
            f"{raw.where(int(rows[row]))} gives again that {user!r} took {item!r}; remove it, or count it once "
            "(duplicates='once')"
        )
    held_out = ~data.within("train")
    known = held_out & np.isin(pairs, pairs[~held_out])
    done = {"once": "counted once", "last": "the last is kept"}.get(duplicates, "kept; the matrix counts them once")
    policies = _counted("interactions given again", again, done)
    policies += _counted("held-out interactions that are in train, too", known & ~again, "kept")
    return (data if duplicates == "keep" else data.take(~again)), policies


def _text_of(raw: Raw, keep: Mask) -> Mapping[str, str] | None:
    """Texts of a file of items, but of those all of whose rows are left out: such an item is not new, but disliked."""
    if raw.item_text is None or keep.all():
        return raw.item_text
    left, kept = ({named(value) for value in set(_of(raw.columns["item"], np.flatnonzero(m)))} for m in (~keep, keep))
    return {name: text for name, text in raw.item_text.items() if name not in left - kept}


def _texts(raw: Raw, rows: Array, data: Interactions) -> tuple[Mapping[str, str] | None, tuple[Policy, ...]]:
    """The first text of each item, over those of a file of items."""
    if "text" not in raw.columns:
        return data.item_text, ()
    found, other = dict(data.item_text or {}), set()
    names = data.items.tolist()
    for code, value in zip(data.item.tolist(), _of(raw.columns["text"], rows), strict=True):
        text = "" if value is None or value != value else str(value).strip()  # noqa: PLR0124
        if text and found.setdefault(names[code], text) != text:
            other.add(code)
    policies = (Policy("items with several texts", len(other), "the first is kept"),) if other else ()
    return found or None, policies


def _split(raw: Raw, rows: Array) -> Array | None:
    if "split" not in raw.columns:
        return None
    names = split_names(_of(raw.columns["split"], rows))
    unknown = ~np.isin(names, SPLITS)
    if unknown.any():
        row = int(np.argmax(unknown))
        raise DataError(f"{raw.where(int(rows[row]))} has the split {names[row]!r}; use one of {', '.join(SPLITS)}")
    return names


def _chosen(raw: Raw, rows: Array, names: tuple[str, ...]) -> dict[str, Values]:
    return {name: _of(raw.columns[name], rows) for name in names if name in raw.columns}


def _of(values: Values, rows: Array) -> Values:
    if isinstance(values, np.ndarray) or len(rows) == len(values):
        return values[rows] if isinstance(values, np.ndarray) else values
    return [values[row] for row in rows.tolist()]


def _counted(what: str, which: Mask, done: str) -> tuple[Policy, ...]:
    return (Policy(what, int(which.sum()), done),) if which.any() else ()


def _left_out(policies: tuple[Policy, ...]) -> str:
    return "; ".join(f"{policy.count:,} {policy.what} were {policy.done}" for policy in policies)
