"""A named choice of parts that are imported only when somebody asks for one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from polyculture.errors import MissingExtraError, ParameterError


@dataclass(frozen=True)
class Part:
    """Where a part lives, what it does in one line, where it comes from, and which extra it needs.

    Examples
    --------
    >>> from polyculture.registry import Part
    >>> Part("math:sqrt", "the square root").extra
    ''
    """

    path: str
    summary: str
    paper: str = ""
    extra: str = ""


class Registry(Mapping[str, Part]):
    """Parts of one kind by name.

    Parameters
    ----------
    kind : str
        What the parts are called in messages: "encoder", "fusion", ...
    parts : mapping of name to Part
        ``Part.path`` reads ``"package.module:name"``.

    Examples
    --------
    >>> from polyculture.registry import Part, Registry
    >>> shapes = Registry("shape", {"square": Part("math:sqrt", "four equal sides")})
    >>> shapes.load("square")(9.0)
    3.0
    """

    def __init__(self, kind: str, parts: Mapping[str, Part]) -> None:
        self.kind = kind
        self._parts = dict(parts)

    def __getitem__(self, name: str) -> Part:
        return self._parts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    def load(self, name: str) -> Any:
        """The object behind a name.

        Raises
        ------
        ParameterError
            If no part has this name; the sentence names the nearest ones.
        MissingExtraError
            If the part's package is not installed.
        """
        if name not in self._parts:
            near = get_close_matches(name, self._parts) or list(self._parts)
            raise ParameterError(f"there is no {self.kind} named {name!r}; did you mean {' or '.join(near)}?")
        part = self._parts[name]
        module, _, attribute = part.path.partition(":")
        try:
            return getattr(import_module(module), attribute)
        except ModuleNotFoundError as error:
            if error.name and error.name.startswith("polyculture"):
                raise
            raise MissingExtraError(f"the {self.kind} {name!r}", part.extra or "all") from error
