"""What a pickle says, read without doing any of it: names stay names, and calls stay records of what was to be called.

Two base models come as pickles alone. Their bytes are compared with a SHA-256 first, and then read here: nothing is
imported, looked up or called, so that another file could not do harm either. The walk knows the few instructions that
arrays and tensors are written with, and refuses all others.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from polyculture.errors import DataError


@dataclass(eq=False)
class Call:
    """A call that a pickle asks for and that is not made."""

    name: Any
    arguments: Any
    state: Any = None


@dataclass
class _Walk:
    """The stack, what was left below each mark, and what was numbered to be named again."""

    stack: list[Any] = field(default_factory=list)
    below: list[list[Any]] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def since_mark(self) -> list[Any]:
        above, self.stack = self.stack, self.below.pop()
        return above

    def mark(self) -> None:
        self.below.append(self.stack)
        self.stack = []

    def last(self, count: int) -> list[Any]:
        taken = self.stack[len(self.stack) - count :]
        if len(taken) < count:
            raise IndexError("stack")
        del self.stack[len(self.stack) - count :]
        return taken


def _put_items(walk: _Walk, items: list[Any]) -> None:
    target = walk.stack[-1]
    # an ordered dictionary stands there as the call that would have made it
    if isinstance(target, Call):
        target.state = target.state or {}
        target = target.state
    target.update(zip(items[::2], items[1::2], strict=True))


def _build(walk: _Walk) -> None:
    (state,) = walk.last(1)
    # of what only carries remarks, such as the versions of a network's layers, nothing is kept
    if walk.stack[-1].state is None:
        walk.stack[-1].state = state


_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_LITERALS = {"LONG1", "BININT", "BININT1", "BININT2", "BINUNICODE", "SHORT_BINBYTES", "BINBYTES", "GLOBAL"}
_STEPS: dict[str, Callable[[_Walk, Any], Any]] = {
    "PROTO": lambda _, __: None,
    "MARK": lambda walk, _: walk.mark(),
    "EMPTY_DICT": lambda walk, _: walk.push({}),
    "EMPTY_LIST": lambda walk, _: walk.push([]),
    "TUPLE": lambda walk, _: walk.push(tuple(walk.since_mark())),
    "TUPLE1": lambda walk, _: walk.push(tuple(walk.last(1))),
    "TUPLE2": lambda walk, _: walk.push(tuple(walk.last(2))),
    "TUPLE3": lambda walk, _: walk.push(tuple(walk.last(3))),
    "BINPUT": lambda walk, at: walk.memo.update({at: walk.stack[-1]}),
    "LONG_BINPUT": lambda walk, at: walk.memo.update({at: walk.stack[-1]}),
    "BINGET": lambda walk, at: walk.push(walk.memo[at]),
    "LONG_BINGET": lambda walk, at: walk.push(walk.memo[at]),
    "APPEND": lambda walk, _: (one := walk.last(1), walk.stack[-1].extend(one)),
    "APPENDS": lambda walk, _: (more := walk.since_mark(), walk.stack[-1].extend(more)),
    "SETITEM": lambda walk, _: _put_items(walk, walk.last(2)),
    "SETITEMS": lambda walk, _: _put_items(walk, walk.since_mark()),
    "REDUCE": lambda walk, _: walk.push(Call(*walk.last(2))),
    "BINPERSID": lambda walk, _: walk.push(Call("persistent", walk.last(1)[0])),
    "BUILD": lambda walk, _: _build(walk),
}


def read_inert(file: io.BytesIO, source: str) -> Any:
    r"""What the next pickle of a file says.

    Parameters
    ----------
    file : binary file in memory
        It is read up to the end of one pickle.
    source : str
        What the file is called in messages.

    Returns
    -------
    Plain values, with :class:`Call` wherever something else was to be made.

    Raises
    ------
    DataError
        If it is no pickle, or one that holds more than arrays are written with.

    Examples
    --------
    >>> import io
    >>> from polyculture.features.encoders.images.inert import read_inert
    >>> found = read_inert(io.BytesIO(b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R."), "a file")
    >>> found.name, found.arguments
    ('os system', ('ls',))
    """
    walk = _Walk()
    try:
        for code, argument, _ in pickletools.genops(file):
            if code.name == "STOP":
                return walk.last(1)[0]
            if code.name in _CONSTANTS:
                walk.stack.append(_CONSTANTS[code.name])
            elif code.name in _LITERALS:
                walk.stack.append(argument)
            elif code.name in _STEPS:
                _STEPS[code.name](walk, argument)
            else:
                raise DataError(f"{source}: holds more than arrays ({code.name}), so it is not read")
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{source}: is damaged ({error}); fetch it again") from error
    raise DataError(f"{source}: ends too early; fetch it again")
