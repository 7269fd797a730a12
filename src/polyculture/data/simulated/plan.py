"""What is simulated in which domain, in which part: the same at each call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from polyculture.arrays import Array, Mask
from polyculture.data.dataset import DomainData
from polyculture.data.parts import parts_of
from polyculture.errors import ParameterError

Make = Callable[[str, np.random.Generator], Any]
"""An item of a class, and whatever else is known of it."""


@dataclass(frozen=True, eq=False)
class Simulated:
    """Simulated items, and where in each lies what its class says.

    Parameters
    ----------
    data : DomainData
    where : bool array of shape (n, h, w)
        Pixels that the class rests on; none where there is nothing to see.
    """

    data: DomainData
    where: Mask


def in_range(name: str, value: float, least: float, most: float) -> None:
    """Refuse a parameter out of its range.

    Raises
    ------
    ParameterError
    """
    if not least <= value <= most:
        raise ParameterError(f"{name} is {value}; give {least:g} to {most:g}")


def simulate(
    every: Sequence[str],
    domains: Sequence[str] | None,
    classes: Sequence[str],
    n: int,
    random_state: int,
    make: Callable[[str], Make],
) -> tuple[list[Any], dict[str, Array]]:
    """Items of each domain, as many of each class, and their columns.

    What a domain holds does not depend on which others are asked for. A quarter of each class of each domain is for
    testing and 15 % for validation.

    Parameters
    ----------
    every, domains : sequence of str
        All domains, and those that are asked for (None: all).
    classes : sequence of str
    n : int
        Items of a domain.
    random_state : int
    make : callable
        A domain to what makes its items.

    Raises
    ------
    ParameterError
        If a domain is not known, or a number is out of its range.
    """
    chosen = list(every) if domains is None else list(domains)
    if not chosen or not set(chosen) <= set(every):
        raise ParameterError(f"domains are {chosen}; give some of {', '.join(every)}")
    in_range("n", n, len(classes), 100_000)
    in_range("random_state", random_state, 0, 2**31)
    items: list[Any] = []
    for domain in chosen:
        rng = np.random.default_rng([random_state, list(every).index(domain)])
        one = make(domain)
        items += [one(classes[i % len(classes)], rng) for i in range(n)]
    label = np.array([classes[i % len(classes)] for i in range(n)])
    part = parts_of(label, random_state)
    return items, {
        "label": np.tile(label, len(chosen)),
        "domain": np.repeat(chosen, n),
        "split": np.tile(part, len(chosen)),
        "ids": np.array([f"{domain}/{i}" for domain in chosen for i in range(n)]),
    }
