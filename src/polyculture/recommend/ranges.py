"""Parameters of the recommender within their ranges, and of a kind that has one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from polyculture.errors import ParameterError


def check_share(name: str, value: Any, *, nothing: bool) -> None:
    """A number up to ½; 0 where nothing is allowed.

    Raises
    ------
    ParameterError
        If it is none.
    """
    if not _is_number(value) or not 0 <= value <= 0.5 or not (value or nothing):
        raise ParameterError(f"{name} is {value!r}; use shares up to 0.5" + ("" if nothing else " and above 0"))


def check_weight(name: str, value: Any) -> None:
    """A number from 0.

    Raises
    ------
    ParameterError
        If it is none.
    """
    if not _is_number(value) or value < 0:
        raise ParameterError(f"{name} is {value!r}; use a number from 0 upwards")


def check_whole(name: str, value: Any, least: int) -> None:
    """A whole number from a least one.

    Raises
    ------
    ParameterError
        If it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ParameterError(f"{name} is {value!r}; use a whole number of at least {least}")


def check_network(dimensions: Any, dropout: Any) -> None:
    """The size of a network's vectors, and what is dropped while it learns.

    Raises
    ------
    ParameterError
        If one is out of range.
    """
    check_whole("dimensions", dimensions, 1)
    if not _is_number(dropout) or not 0 <= dropout < 1:
        raise ParameterError(f"dropout is {dropout!r}; use a number from 0 up to, but not 1")


def weights_of(others: Any) -> tuple[float, ...]:
    """What edges of other domains may weigh, ascending.

    Raises
    ------
    ParameterError
        If it is no sequence of numbers above 0.
    """
    if not isinstance(others, Sequence | np.ndarray) or not all(_is_number(each) and each > 0 for each in others):
        raise ParameterError(f"others is {others!r}; list numbers above 0, or none")
    return tuple(sorted(others))


def methods_of(method: Any, auto: tuple[str, ...]) -> tuple[str, ...]:
    """Names of models; whether there are such models is for the registry to say.

    Raises
    ------
    ParameterError
        If there is no name, or something else.
    """
    if isinstance(method, str):
        return auto if method == "auto" else (method,)
    if not isinstance(method, Sequence) or not method or not all(isinstance(name, str) for name in method):
        raise ParameterError(f"method is {method!r}; use auto, or name some of polyculture.recommend.MODELS")
    return tuple(method)


def cuts_of(k: Any) -> tuple[int, ...]:
    """Where rankings are ended.

    Raises
    ------
    ParameterError
        If there is none, or one is no whole number from 1.
    """
    if not isinstance(k, Sequence | np.ndarray) or isinstance(k, str) or not len(k):
        raise ParameterError(f"k is {k!r}; give whole numbers from 1, such as (10, 20)")
    for each in k:
        check_whole("k", each, 1)
    return tuple(int(each) for each in k)


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    return number and math.isfinite(value)
