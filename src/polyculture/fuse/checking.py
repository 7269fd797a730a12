"""Whether models, and what was summed over data, belong together: names, shapes and types, before anything is read."""

from __future__ import annotations

from collections.abc import Sequence

from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.fuse.methods import Method
from polyculture.fuse.stored import FLOATS, WHOLE, Model

_SUITS = "fuse models of one architecture"


def check_models(base: Model, experts: Sequence[Model]) -> None:
    """Experts must have the base model's tensors, in its shapes, and whole numbers where it has some.

    Raises
    ------
    ParameterError
        If there is no expert.
    ShapeError
        If a tensor is missing, left over or of another shape.
    DataError
        If a tensor is of a type that cannot be merged, or of whole numbers in one model alone.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.checking import check_models
    >>> from polyculture.fuse.held import Held
    >>> check_models(Held({"w": np.ones(2)}, "base"), [Held({"w": np.ones(3)}, "expert 1")])
    Traceback (most recent call last):
    ...
    polyculture.errors.ShapeError: expert 1: 'w' has the shape (3,), in base (2,); fuse models of one architecture
    """
    if not experts:
        raise ParameterError("there is no expert to fuse; give at least one")
    _check_types(base)
    for expert in experts:
        _check_names(base, expert)
        _check_types(expert)
        for name in base:
            if expert.shape(name) != base.shape(name):
                raise ShapeError(
                    f"{expert.label}: {name!r} has the shape {expert.shape(name)}, in {base.label} "
                    f"{base.shape(name)}; {_SUITS}"
                )
            if (expert.kind(name) in WHOLE) != (base.kind(name) in WHOLE):
                raise DataError(
                    f"{expert.label}: {name!r} is of type {expert.kind(name)}, in {base.label} {base.kind(name)}; "
                    "give it the same type"
                )


def _check_names(base: Model, expert: Model) -> None:
    missing, extra = (sorted(set(a) - set(b)) for a, b in ((base, expert), (expert, base)))
    if missing:
        raise ShapeError(f"{expert.label}: lacks {_some(missing)}, which {base.label} has; {_SUITS}")
    if extra:
        raise ShapeError(f"{expert.label}: has {_some(extra)}, which {base.label} lacks; {_SUITS}")


def _some(names: list[str]) -> str:
    return repr(names[0]) + (f" and {len(names) - 1} more" if len(names) > 1 else "")


def _check_types(model: Model) -> None:
    for name in model:
        if model.kind(name) not in FLOATS | WHOLE:
            raise DataError(
                f"{model.label}: {name!r} is of type {model.kind(name)}; convert it to BF16, F16, F32 or F64"
            )


def check_statistics(method: Method, base: Model, experts: Sequence[Model], statistics: Sequence[Model]) -> None:
    """Sums over data must be one an expert, of known layers or tensors, and of the shapes that those ask for.

    Raises
    ------
    ParameterError
        If there are too few or too many, or a name is not the base model's.
    ShapeError
        If a shape does not fit, or what one has another lacks.
    """
    if len(statistics) != len(experts):
        raise ParameterError(
            f"there are {len(experts)} experts and {len(statistics)} {method.statistics}; give one for each expert, in "
            "the same order"
        )
    first = statistics[0]
    for each in statistics:
        for name in each:
            tensor = tensor_of(method, name)
            if tensor not in base:
                raise ParameterError(f"{each.label}: {name!r} belongs to no tensor {tensor!r} of {base.label}")
            expected = _expected(method, base.shape(tensor))
            if each.shape(name) != expected:
                raise ShapeError(f"{each.label}: {name!r} has the shape {each.shape(name)}, expected {expected}")
        if odd := sorted(set(each) ^ set(first)):
            raise ShapeError(f"{each.label} and {first.label} do not both have {odd[0]!r}; gather it for both")


def tensor_of(method: Method, name: str) -> str:
    """The tensor that a statistic is of: Gram matrices are called as their layers are."""
    return f"{name}.weight" if method.statistics == "grams" else name


def _expected(method: Method, shape: tuple[int, ...]) -> tuple[int, ...]:
    if method.statistics != "grams":
        return shape
    return (shape[-1] + 1, shape[-1] + 1) if len(shape) == 2 else ()
