"""What items are called where several domains have one of a name, and by the names of other interactions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from polyculture.arrays import Array, Ints
from polyculture.data.answers import Policy
from polyculture.data.interactions.coding import Values, named, positions
from polyculture.errors import DataError

if TYPE_CHECKING:
    from polyculture.data.interactions.interactions import Interactions

_SPLIT_NAMES = {"training": "train", "val": "validation", "valid": "validation", "dev": "validation"}


def homes_of(item: Ints, domain: Ints, count: int) -> Ints:
    """Domain of each item, -1 for one of several, -2 for one without a row."""
    low, high = np.full(count, np.iinfo(np.int64).max), np.full(count, -2)
    np.minimum.at(low, item, domain)
    np.maximum.at(high, item, domain)
    return np.where((high >= 0) & (low != high), -1, high)


def qualified(
    items: Array, item: Ints, domains: Array, domain: Ints, texts: Mapping[str, str] | None, source: str
) -> tuple[Array, Ints, dict[str, str] | None]:
    """Items called "domain/item", and their texts by these names."""
    pairs, places = np.unique(domain * len(items) + item, return_inverse=True)
    where, what = np.divmod(pairs, len(items))
    names = [f"{d}/{i}" for d, i in zip(domains[where].tolist(), items[what].tolist(), strict=True)]
    order = np.array(sorted(names), dtype=object)
    if len(set(names)) < len(names):
        raise DataError(f"{source}: items of two domains have one name with the domain before it; rename a domain")
    known = zip(names, items[what].tolist(), strict=True)
    found = None if texts is None else {name: texts[old] for name, old in known if old in texts}
    return order, positions(order, names)[places], found


def with_texts(items: Array, item: Ints, texts: Mapping[str, str]) -> tuple[Array, Ints]:
    """Items and those that only have a text, in order, and the positions among them."""
    names = set(items.tolist())
    more = {name for name, text in texts.items() if text.strip()} - names
    order = np.array(sorted(names | more), dtype=object)
    return order, positions(order, items)[item]


def split_names(values: Values) -> Array:
    """Splits by their one name, for each of which there are several; others as they are."""
    names = [named(value).lower() for value in values]
    return np.array([_SPLIT_NAMES.get(name, name) for name in names], dtype=object)


def recoded(rows: Interactions, known: Interactions) -> Interactions:
    """Interactions coded by the names of others; see `Interactions.like`."""
    undivided = rows.domains.tolist() == ["all"] and "all" not in known.domains.tolist()
    user = positions(known.users, rows.users)[rows.user]
    item = positions(known.items, _called(rows, qualified=known.qualified and not undivided))
    home = known.item_domain[item] if len(known.items) else item
    if undivided:
        domain = home
    else:
        domain = positions(known.domains, rows.domains)[rows.domain]
        # where names are bare, the item of this name may be one of another domain
        item[(item >= 0) & (home >= 0) & (domain >= 0) & (home != domain)] = -1
    unknown = {"users": user < 0, "domains": (user >= 0) & (domain < 0)}
    unknown["items"] = (user >= 0) & (domain >= 0) & (item < 0)
    policies = [Policy(f"interactions of unknown {name}", int(n.sum()), "left out") for name, n in unknown.items()]
    keep = (user >= 0) & (item >= 0) & (domain >= 0)
    kept = rows.take(keep)
    return replace(
        kept,
        users=known.users,
        items=known.items,
        domains=known.domains,
        user=user[keep],
        item=item[keep],
        domain=domain[keep],
        item_text=known.item_text,
        policies=(*rows.policies, *[policy for policy in policies if policy.count]),
        qualified=known.qualified,
        homes=known.item_domain,
    )


def _called(rows: Interactions, *, qualified: bool) -> list[str]:
    """Name of the item of each row, with its domain before it or without."""
    names = rows.items.tolist()
    if rows.qualified:
        homes = rows.domains[rows.item_domain].tolist()
        names = [name.removeprefix(f"{home}/") for name, home in zip(names, homes, strict=True)]
    bare = [names[i] for i in rows.item.tolist()]
    where = rows.domains[rows.domain].tolist()
    return [f"{home}/{name}" for home, name in zip(where, bare, strict=True)] if qualified else bare
