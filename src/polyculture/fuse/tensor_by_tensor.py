"""Merges one tensor, or one layer, at a time: memory is bounded by the largest of them and not by the model."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polyculture.arrays import Array
from polyculture.fuse.methods import Method
from polyculture.fuse.stored import WHOLE, Model
from polyculture.fuse.weights import Checked

# of all models together, where a merge looks at numbers one by one: few enough for a processor's own memory
NUMBERS_AT_ONCE = 2**19

Piece = tuple[str, int, Array]
"""Name of a tensor, a place in it, and its merged numbers from there on, in a row."""


@dataclass(frozen=True)
class Part(Checked):
    """Some tensors of a model, or a stretch of their numbers, as a mapping that reads when asked.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.held import Held
    >>> from polyculture.fuse.tensor_by_tensor import Part
    >>> Part(Held({"a": np.arange(4.0), "b": np.ones(1)}, "expert 1"), ("a",), slice(1, 3))["a"]
    array([1., 2.])
    """

    model: Model
    names: tuple[str, ...]
    span: slice | None = None

    def __getitem__(self, name: str) -> Array:
        if name not in self.names:
            raise KeyError(name)
        return self.model[name] if self.span is None else self.model.flat(name, self.span)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def merged(
    base: Model, experts: Sequence[Model], method: Method, statistics: Sequence[Model], settings: Mapping[str, Any]
) -> Iterator[Piece]:
    """Merged numbers, piece by piece; tensors of whole numbers are the base model's.

    Parameters
    ----------
    base : Model
    experts : sequence of Model
        Of the base model's names and shapes.
    method : Method
    statistics : sequence of Model
        One an expert, or none, as the method asks.
    settings : mapping of str to value

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.held import Held
    >>> from polyculture.fuse.methods import METHODS
    >>> from polyculture.fuse.tensor_by_tensor import merged
    >>> base, one = Held({"w": np.zeros(2)}, "base"), Held({"w": np.ones(2)}, "expert 1")
    >>> list(merged(base, [one], METHODS["task_arithmetic"], [], {"scale": 2.0}))
    [('w', 0, array([2., 2.]))]
    """
    for names in _units(base, method):
        if method.reads == "numbers":
            yield from _stretches(base, experts, method, names, settings)
            continue
        sums = [Part(each, _asked(method, names, each)) for each in statistics]
        found = method.merge(
            Part(base, names),
            [Part(expert, names) for expert in experts],
            **settings,
            **({method.statistics: sums} if sums else {}),
        )
        yield from ((name, 0, values.reshape(-1)) for name, values in found.items())
    yield from ((name, 0, base.flat(name)) for name in base if base.kind(name) in WHOLE)


def _stretches(
    base: Model, experts: Sequence[Model], method: Method, names: tuple[str, ...], settings: Mapping[str, Any]
) -> Iterator[Piece]:
    """Of one tensor, whatever the merge first has to know of it as a whole."""
    merge = method.stretches(Part(base, names), [Part(expert, names) for expert in experts], **settings)
    for span in _spans(math.prod(base.shape(names[0])), len(experts) + 1):
        found = merge(Part(base, names, span), [Part(expert, names, span) for expert in experts], span.start)
        yield from ((name, span.start, values) for name, values in found.items())


def _units(base: Model, method: Method) -> Iterator[tuple[str, ...]]:
    """Names of the tensors that a method needs together."""
    names = [name for name in base if base.kind(name) not in WHOLE]
    if method.reads == "models":
        yield tuple(names)
    elif method.reads != "layers":
        yield from ((name,) for name in names)
    else:
        units: dict[str, list[str]] = {}
        for name in names:
            layer, _, last = name.rpartition(".")
            joined = last in ("weight", "bias") and f"{layer}.weight" in base
            units.setdefault(layer if joined else name, []).append(name)
        yield from (tuple(unit) for unit in units.values())


def _asked(method: Method, names: tuple[str, ...], sums: Model) -> tuple[str, ...]:
    asked = [name.rpartition(".")[0] for name in names] if method.statistics == "grams" else names
    return tuple(dict.fromkeys(name for name in asked if name in sums))


def _spans(size: int, models: int) -> Iterator[slice]:
    length = max(1, NUMBERS_AT_ONCE // models)
    yield from (slice(start, min(start + length, size)) for start in range(0, size, length))
