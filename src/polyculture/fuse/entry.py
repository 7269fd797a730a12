"""Fuse models of one architecture into one state dict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polyculture.arrays import Array
from polyculture.errors import ParameterError
from polyculture.fuse.checking import check_models, check_statistics
from polyculture.fuse.held import Held, like
from polyculture.fuse.methods import Method, chosen
from polyculture.fuse.stored import WHOLE, Model, Stored
from polyculture.fuse.tensor_by_tensor import merged

State = Mapping[str, Any] | str | Path
"""Tensors by name, of numpy or torch; or a file of safetensors, or a folder that transformers loads."""


def fuse(
    states: Sequence[State] | Mapping[str, State], base: State | None = None, method: str = "average", **settings: Any
) -> dict[str, Any]:
    """Merge models of one architecture into one state dict.

    Parameters
    ----------
    states : sequence of state dicts or paths, or mapping of name to these
        The experts: arrays of numpy or tensors of torch by name; or files of safetensors, or folders of transformers.
    base : state dict, path or None
        What the experts started from. ``average``, ``fisher`` and ``greedy_soup`` need none.
    method : str
        One of :data:`polyculture.fuse.methods.METHODS`.
    **settings
        Of the method: ``scale=0.3``. Gram sums (``grams=``, regmean) and diagonals (``fishers=``) are state dicts or
        paths, one an expert.

    Returns
    -------
    dict of name to array or tensor
        Names, order, types and library of the base model, or without one of the first expert. Tensors of whole numbers
        are its own, too. From files, arrays of numpy: bfloat16 and float16 come as float32.

    Raises
    ------
    ParameterError
        If a method or setting is not known or out of range, or something that the method needs is not given.
    ShapeError
        If models do not have the same tensors.
    DataError
        If a tensor is damaged, holds values that are not numbers, or cannot be merged.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.entry import fuse
    >>> base, one, two = ({"w": np.array([w])} for w in (0.0, 1.0, 3.0))
    >>> fuse([one, two], base, "task_arithmetic", scale=0.5)
    {'w': array([2.])}
    """
    start, experts, how, sums = ready(states, base, method, settings)
    found = {name: np.empty(math.prod(start.shape(name)), dtype=_working(start, name)) for name in start}
    for name, place, values in merged(start, experts, how, sums, without(settings, how)):
        found[name][place : place + values.size] = values
    return {name: _returned(start, name, found.pop(name)) for name in start}


def ready(
    states: Sequence[State] | Mapping[str, State], base: State | None, method: str, settings: Mapping[str, Any]
) -> tuple[Model, list[Model], Method, list[Model]]:
    """Base, experts, method, and what was summed over data, when they belong together; see :func:`fuse`."""
    how = chosen(method, settings)
    named = states if isinstance(states, Mapping) else {f"expert {i}": each for i, each in enumerate(states, start=1)}
    experts = [_model(state, str(name)) for name, state in named.items()]
    if base is None and how.base:
        raise ParameterError(f"{method} works on changes from a base model; give the base model")
    start = _model(base, "the base model") if base is not None else next(iter(experts), Held({}, ""))
    check_models(start, experts)
    given = settings[how.statistics] if how.statistics else []
    sums = [_model(each, f"{how.statistics} {i}") for i, each in enumerate(given, start=1)]
    if how.statistics:
        check_statistics(how, start, experts, sums)
    return start, experts, how, sums


def _model(state: Any, label: str) -> Model:
    if isinstance(state, str | Path):
        return Stored(state)
    if not isinstance(state, Mapping):
        raise ParameterError(f"{label} is a {type(state).__name__}; give a mapping of name to array, or a path")
    return Held(state, label)


def without(settings: Mapping[str, Any], method: Method) -> dict[str, Any]:
    """Settings that are no sums over data."""
    return {name: value for name, value in settings.items() if name != method.statistics}


def _working(model: Model, name: str) -> np.dtype[Any]:
    kind = model.kind(name)
    return WHOLE[kind] if kind in WHOLE else np.dtype(np.float64 if kind == "F64" else np.float32)


def _returned(model: Model, name: str, found: Array) -> Any:
    if isinstance(model, Held):
        return like(model.state[name], found, model.kind(name), f"the merged {name!r}")
    return found.reshape(model.shape(name))
