"""The language of a report: English is the source, and a catalogue holds what each sentence is in another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from polyculture.errors import ParameterError

LANGUAGES = {"en": "", "zh": "zh_Hans"}
"""Names that are asked for, and the catalogue of each; English needs none."""
TAGS = {"en": "en", "zh": "zh-Hans"}
"""What a page calls its language."""
OUTSIDE = ("task", "classes")
"""Holes of names in which text from outside stands."""
_HOLE = re.compile(r"\{(\w+)(?:![rs])?(?::[^{}]*)?\}")


@dataclass(frozen=True)
class Catalogue:
    """Sentences of the report, and names that other parts of the program give to tables and columns.

    A name may have holes, as in ``"accuracy of {model}"``: what stands in a hole is kept.
    """

    messages: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


_CURRENT: ContextVar[tuple[str, Catalogue]] = ContextVar("language", default=("en", Catalogue()))


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Everything that is said within is said in this language.

    Raises
    ------
    ParameterError
        If there is no such language.

    Examples
    --------
    >>> from polyculture.report.language import say, speaking
    >>> with speaking("zh"):
    ...     say("passed")
    '通过'
    >>> say("passed")
    'passed'
    """
    if language not in LANGUAGES:
        raise ParameterError(f"--language {language}: is not known; use one of {', '.join(LANGUAGES)}")
    token = _CURRENT.set((language, catalogue(LANGUAGES[language])))
    try:
        yield
    finally:
        _CURRENT.reset(token)


def tag() -> str:
    """What the page calls the language that is spoken."""
    return TAGS[_CURRENT.get()[0]]


@cache
def catalogue(name: str) -> Catalogue:
    """The catalogue of that name; an empty one for English."""
    if not name:
        return Catalogue()
    text = (files("polyculture.report") / "languages" / f"{name}.json").read_text(encoding="utf-8")
    return Catalogue(**json.loads(text))


def say(text: str, /, **values: object) -> str:
    """A sentence in the language that is spoken, its holes filled.

    Examples
    --------
    >>> from polyculture.report.language import say
    >>> say("{count} of them", count=3)
    '3 of them'
    """
    return _CURRENT.get()[1].messages.get(text, text).format(**values)


def many(count: int, one: str, more: str, /, **values: object) -> str:
    """A sentence about one thing or about several; ``{count}`` is how many.

    Examples
    --------
    >>> from polyculture.report.language import many
    >>> many(1, "{count} model", "{count} models"), many(1200, "{count} model", "{count} models")
    ('1 model', '1,200 models')
    """
    return say(one if count == 1 else more, count=f"{count:,}", **values)


def later(text: str) -> str:
    """Mark a sentence that is put into the catalogue and said where it is used."""
    return text


def heard(text: str) -> str:
    """A name that another part of the program gave, as it is called in the language that is spoken.

    Names that no catalogue knows stay as they are: they may be anybody's.
    """
    names = _CURRENT.get()[1].names
    if not names or text in names:
        return names.get(text, text)
    line = " ".join(text.split())
    for pattern, translation in _patterns(_CURRENT.get()[0]):
        found = pattern.fullmatch(line)
        if found:
            # a title may itself have holes
            return translation.format(**{key: _filled(key, value, names) for key, value in found.groupdict().items()})
    return text


def _filled(hole: str, value: str, names: Mapping[str, str]) -> str:
    if hole in OUTSIDE:
        return value
    # a title may itself have holes
    return heard(value) if hole == "title" else names.get(value, value)


@cache
def _patterns(language: str) -> list[tuple[re.Pattern[str], str]]:
    """Names with holes as patterns, the longest first, so that the most particular one is found."""
    names = catalogue(LANGUAGES[language]).names
    holed = sorted((name for name in names if _HOLE.search(name)), key=len, reverse=True)
    return [(re.compile(_HOLE.sub(r"(?P<\1>.+)", _escaped(name)), re.DOTALL), names[name]) for name in holed]


def _escaped(name: str) -> str:
    """Everything but the holes as it stands."""
    parts = re.split(r"(\{\w+\})", name)
    return "".join(part if _HOLE.fullmatch(part) else re.escape(part) for part in parts)
