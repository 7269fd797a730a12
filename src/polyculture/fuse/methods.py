"""Which merges there are of weights, how much of a model each needs at once, and its settings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

import numpy as np

from polyculture.arrays import Array
from polyculture.errors import ParameterError
from polyculture.fuse.average import average
from polyculture.fuse.changes import check_setting
from polyculture.fuse.dare import dare, dropping
from polyculture.fuse.fisher import fisher
from polyculture.fuse.greedy_soup import greedy_soup
from polyculture.fuse.iso_c import iso_c
from polyculture.fuse.regmean import regmean
from polyculture.fuse.regmean_plus_plus import regmean_plus_plus
from polyculture.fuse.task_arithmetic import task_arithmetic
from polyculture.fuse.ties import ties, trimming
from polyculture.fuse.tsv_m import tsv_m
from polyculture.fuse.weights import Stretches, Weights
from polyculture.fuse.wudi import wudi


@dataclass(frozen=True)
class Method:
    """A merge, and what it asks for.

    Parameters
    ----------
    name : str
    merge : function of (base, experts, **settings) to weights
    reads : {"numbers", "tensors", "layers", "models"}
        What it needs of every model at once: any numbers at the same places, a tensor, a layer's weight and bias, or
        all.
    begin : function of (base, experts, **settings) to a merge of stretches, or None
        Of a merge of numbers that first has to look at each tensor, or to know where in it a stretch begins.
    base : bool
        Whether it works on changes from a base model.
    statistics : str
        Its parameter that takes something a model that was summed over data; empty if there is none.
    matrices : bool
        Whether it averages what is no matrix.
    """

    name: str
    merge: Callable[..., dict[str, Array]]
    reads: Literal["numbers", "tensors", "layers", "models"]
    begin: Callable[..., Stretches] | None = None
    base: bool = True
    statistics: str = ""
    matrices: bool = False

    def stretches(self, base: Weights, experts: Sequence[Weights], **settings: Any) -> Stretches:
        """What merges stretches of these tensors."""
        if self.begin is not None:
            return self.begin(base, experts, **settings)
        return lambda base, experts, _: self.merge(base, experts, **settings)


METHODS = {
    method.name: method
    for method in (
        Method("average", average, "numbers", base=False),
        Method("task_arithmetic", task_arithmetic, "numbers"),
        Method("ties", ties, "numbers", trimming),
        Method("dare", dare, "numbers", dropping),
        Method("wudi", wudi, "tensors", matrices=True),
        Method("tsv_m", tsv_m, "tensors", matrices=True),
        Method("iso_c", iso_c, "tensors", matrices=True),
        Method("fisher", fisher, "tensors", base=False, statistics="fishers"),
        Method("regmean", regmean, "layers", statistics="grams"),
        Method("regmean_plus_plus", regmean_plus_plus, "models"),
        Method("greedy_soup", greedy_soup, "models", base=False),
    )
}


def chosen(name: str, settings: Mapping[str, Any]) -> Method:
    """The method of a name, when it can take these settings.

    Raises
    ------
    ParameterError
        If there is no such method, a setting is not known, missing, or no number where it must be one.

    Examples
    --------
    >>> from polyculture.fuse.methods import chosen
    >>> chosen("ties", {"density": 0.5}).reads
    'numbers'
    """
    if name not in METHODS:
        raise ParameterError(f"there is no merge of weights named {name!r}; {_nearest(name, list(METHODS))}")
    method = METHODS[name]
    known = dict(list(inspect.signature(method.merge).parameters.items())[2:])
    for setting, value in settings.items():
        if setting not in known:
            hint = _nearest(setting, list(known)) if known else "it has none"
            raise ParameterError(f"{name} has no setting named {setting!r}; {hint}")
        if (default := known[setting].default) is not inspect.Parameter.empty:
            _check(setting, value, default)
    for setting, parameter in known.items():
        if parameter.default is inspect.Parameter.empty and setting not in settings:
            what = "one for each expert" if method.statistics else "it"
            raise ParameterError(f"{name} needs {setting!r}; give {what}")
    return method


def _nearest(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return (f"did you mean {near[0]}? it is " if near else "use ") + f"one of {', '.join(known)}"


def _check(name: str, value: Any, default: Any) -> None:
    if value is None and default is None:
        return
    if name != "weights":
        check_setting(name, value, -np.inf, np.inf, above=True, below=True)
        return
    if isinstance(value, str) or not hasattr(value, "__len__"):
        raise ParameterError(f"weights is {value!r}; give a list of numbers, one for each expert")
    for each in value:
        check_setting("weights", each, 0, np.inf, below=True)
