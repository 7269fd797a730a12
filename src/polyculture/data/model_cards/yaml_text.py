"""YAML as text, lists and mappings, and nothing else.

The parser's events are read, and nothing is constructed from them: numbers, dates and truth stay the words that were
written (a company "No" stays one), tags are not looked at, and aliases, with which a page of text can name more things
than a memory holds, are refused.
"""

from __future__ import annotations

from typing import Any

from polyculture.errors import DataError

BYTES, DEEP, MOST = 2**25, 64, 2_000_000
"""Size of a file, depth of nesting and number of nodes at most."""


def plain_yaml(data: bytes, source: str) -> list[Any]:
    r"""The documents of a YAML file.

    Parameters
    ----------
    data : bytes
    source : str
        What to call it in messages.

    Raises
    ------
    DataError
        If it is no YAML, holds an alias, or is larger or nested deeper than model cards are.

    Examples
    --------
    >>> plain_yaml(b"- name: GPT\n  size: 12\n  parents: [a, b]\n", "a.yaml")
    [[{'name': 'GPT', 'size': '12', 'parents': ['a', 'b']}]]
    """
    import yaml

    if len(data) > BYTES:
        raise DataError(f"{source}: has {len(data):,} bytes, more than {BYTES:,}; give model cards in several files")
    build = _Builder(source)
    try:
        for event in yaml.parse(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            build.take(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1} " if mark else ""
        reason = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise DataError(f"{source}: {where}is no valid YAML ({reason}); mend it") from error
    except (UnicodeError, ValueError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{source}: is no valid YAML ({error}); write it again as UTF-8") from error
    return build.documents


class _Builder:
    """Values from events; a key waits for its value."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.documents: list[Any] = []
        self.open: list[Any] = []
        self.keys: list[Any] = []
        self.nodes = 0

    def take(self, event: Any) -> None:
        """Go on by one event."""
        kind, line = type(event).__name__, event.start_mark.line + 1
        if kind == "AliasEvent":
            raise DataError(
                f"{self.source}: line {line} holds an alias (*{event.anchor}); write out what it stands for"
            )
        if kind == "ScalarEvent":
            self._count(line)
            self._put(event.value, line)
        elif kind in ("SequenceStartEvent", "MappingStartEvent"):
            self._count(line)
            self.open.append([] if kind == "SequenceStartEvent" else {})
            self.keys.append(_NO_KEY)
        elif kind in ("SequenceEndEvent", "MappingEndEvent"):
            self.keys.pop()
            self._put(self.open.pop(), line)

    def _count(self, line: int) -> None:
        self.nodes += 1
        if self.nodes > MOST or len(self.open) >= DEEP:
            raise DataError(f"{self.source}: line {line} is nested or goes on beyond what a model card holds; mend it")

    def _put(self, value: Any, line: int) -> None:
        if not self.open:
            self.documents.append(value)
        elif isinstance(self.open[-1], list):
            self.open[-1].append(value)
        elif self.keys[-1] is _NO_KEY:
            if not isinstance(value, str):
                raise DataError(f"{self.source}: line {line} has a key that is no word; mend it")
            self.keys[-1] = value
        else:
            # of a key that stands twice, the first value counts, as a reader sees it first
            self.open[-1].setdefault(self.keys[-1], value)
            self.keys[-1] = _NO_KEY


_NO_KEY = object()
