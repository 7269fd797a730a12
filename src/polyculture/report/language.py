"""The language of a report: English is the source, and a catalogue holds what each sentence is in another."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
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
LONG = 2000
"""Letters from which a text is taken for no sentence of the program."""
NUMBER = r"[+\-−]?(?:\d[\d.,]*(?:e[+-]?\d+)?|inf|∞|nan)(?: %)?|–"
HOLES = {"": ".+", "said": ".+", "names": ".+", "each": ".+", "number": NUMBER}
"""What may stand in a hole: anything from outside, what is itself said, a list of names, several of these, a number."""
_HOLE = re.compile(r"\{(\w+)(?:![rs])?(?::([^{}]*))?\}")
_CHINESE = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
_MORE = re.compile(r"(.+) and (\d+) more", re.DOTALL)


@dataclass(frozen=True)
class Catalogue:
    """Sentences of the report, and what other parts of the program call tables and columns and write into results.

    Names and results may have holes, which are matched. What stands in one is kept, as it may come from outside:
    ``"accuracy of {model}"``. Only what the program itself put there is said in turn (``"{measure:said}"``), a list of
    names has its last words said (``"{models:names}"``), what stands between semicolons is said piece by piece
    (``"{pairs:each}"``), and a number is nothing but a number (``"{count:number}"``).
    """

    messages: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    results: Mapping[str, str] = field(default_factory=dict)


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
    return _filled(_CURRENT.get()[1].messages.get(text, text), values)


def _filled(text: str, values: Mapping[str, object]) -> str:
    """A sentence with its holes filled; between two Chinese characters there is no space."""
    for hole in reversed(list(_HOLE.finditer(text))):
        value = str(values.get(hole[1], ""))
        before, inner, after = text[: hole.start()], hole[0], text[hole.end() :]
        if _CHINESE.match(value[-1:]) and after[:1] == " " and _CHINESE.match(after[1:2]):
            after = after[1:]
        if _CHINESE.match(value[:1]) and before[-1:] == " " and _CHINESE.match(before[-2:-1]):
            before = before[:-1]
        text = before + inner + after
    return text.format(**values)


def many(count: int, one: str, more: str, /, **values: object) -> str:
    """A sentence about one thing or about several; ``{count}`` is how many.

    Examples
    --------
    >>> from polyculture.report.language import many
    >>> many(1, "{count} model", "{count} models"), many(1200, "{count} model", "{count} models")
    ('1 model', '1,200 models')
    """
    return say(one if count == 1 else more, count=f"{count:,}", **values)


def joined(*sentences: str) -> str:
    """Sentences one after the other.

    Examples
    --------
    >>> from polyculture.report.language import joined, speaking
    >>> with speaking("zh"):
    ...     joined("一。", "二。")
    '一。二。'
    >>> joined("One.", "Two.")
    'One. Two.'
    """
    return say(" ").join(sentences)


def later(text: str) -> str:
    """Mark a sentence that is put into the catalogue and said where it is used."""
    return text


def heard(text: str) -> str:
    """A name or a sentence that another part of the program gave, in the language that is spoken.

    It is known by its whole form. What no catalogue knows stays as it is: it may be anybody's.

    Examples
    --------
    >>> from polyculture.report.language import heard, speaking
    >>> with speaking("zh"):
    ...     print(heard("fewer than 30 items"), heard("a name of mine"))
    少于 30 个条目 a name of mine
    """
    language, known = _CURRENT.get()
    if not known.names or len(text) > LONG:
        return text
    exact = known.names.get(text) or known.results.get(text)
    if exact is not None:
        return exact
    line = " ".join(text.split())
    for pattern, holes, translation in _patterns(language):
        found = pattern.fullmatch(line)
        if found:
            return _filled(translation, {name: _FILL[holes[name]](text) for name, text in found.groupdict().items()})
    return text


def listed(text: str) -> str:
    """Names one after the other, of which the last words may say how many more there are.

    Examples
    --------
    >>> from polyculture.report.language import listed, speaking
    >>> with speaking("zh"):
    ...     listed("a, b and 3 more"), listed("test")
    ('a, b 等，另有 3 个', 'test')
    """
    found = _MORE.fullmatch(text)
    return say("{names} and {more} more", names=found[1], more=found[2]) if found else text


def _each(text: str) -> str:
    return say("; ").join(heard(part) for part in text.split("; "))


_FILL: Mapping[str, Callable[[str], str]] = {"": str, "number": str, "said": heard, "names": listed, "each": _each}


@cache
def _patterns(language: str) -> list[tuple[re.Pattern[str], Mapping[str, str], str]]:
    """Names and sentences with holes as patterns, the longest first, so that the most particular one is found."""
    known = catalogue(LANGUAGES[language])
    all_of_them = {**known.names, **known.results}
    holed = sorted((text for text in all_of_them if _HOLE.search(text)), key=_letters, reverse=True)
    return [(_pattern(text), dict(_HOLE.findall(text)), all_of_them[text]) for text in holed]


def _letters(text: str) -> int:
    """Letters outside of holes."""
    return len(_HOLE.sub("", text))


def _pattern(text: str) -> re.Pattern[str]:
    """Everything but the holes as it stands."""
    made, at = "", 0
    for hole in _HOLE.finditer(text):
        made += re.escape(text[at : hole.start()]) + f"(?P<{hole[1]}>{HOLES[hole[2] or '']})"
        at = hole.end()
    return re.compile(made + re.escape(text[at:]), re.DOTALL)
