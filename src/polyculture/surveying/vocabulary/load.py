"""A vocabulary from its file."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from polyculture.errors import DataError
from polyculture.surveying.vocabulary.patterns import check
from polyculture.surveying.vocabulary.schema import Alias, Method, VocabularyFile
from polyculture.surveying.vocabulary.types import Vocabulary

SHIPPED = Path(__file__).with_name("methods.toml")

_KEYS = ("schema", "family", "topics", "beside")


def load_vocabulary(path: str | Path | None = None) -> Vocabulary:
    """Read a vocabulary of methods; the one that ships with the package if none is named.

    Parameters
    ----------
    path : path of a TOML file, or None

    Raises
    ------
    DataError
        If the file cannot be read, is no TOML, has a key that is not known, a year out of range, a family without
        methods, a method without patterns, a regular expression that is none, or two methods of one name.

    Examples
    --------
    >>> vocabulary = load_vocabulary()
    >>> vocabulary.families["cnn"]["convolution"].first_known
    1989
    """
    chosen = SHIPPED if path is None else Path(path)
    read = _validated(_parsed(chosen), chosen.name)
    beside = {kind.replace("_", " "): names for kind, names in read.beside.items()} | {"topic": read.topics}
    _check_names(read, chosen.name)
    for place, method in _all(read):
        check(method, f"{chosen.name}: {place}")
    return Vocabulary(read.family, {kind: names for kind, names in beside.items() if names}, chosen.name)


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); name a TOML file with a vocabulary") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"{path.name}: is no TOML in UTF-8 ({error}); correct it there") from error


def _validated(content: dict[str, Any], source: str) -> VocabularyFile:
    try:
        return VocabularyFile.model_validate(content)
    except ValidationError as error:
        raise DataError(f"{source}: {_sentence(error)}") from error


def _sentence(error: ValidationError) -> str:
    """The first of pydantic's complaints."""
    first = error.errors(include_url=False)[0]
    where = [str(part) for part in first["loc"] if part != "[key]"]
    place, last = ".".join(where) or "the file", where[-1] if where else ""
    if first["type"] == "extra_forbidden":
        here = Alias.model_fields if "aliases" in where else Method.model_fields if len(where) > 2 else _KEYS
        return f"{'.'.join(where[:-1]) or 'the file'} has a key {last!r} that is not known; known are {', '.join(here)}"
    if place == "schema" and first["type"] in ("missing", "literal_error"):
        return "the first line is to say which form the file has; write: schema = 1"
    if first["type"] == "missing":
        return f"{place} is missing; add it"
    if first["type"] == "too_short":
        return f"{place} holds no method; give it one or leave it out"
    message = first["msg"].removeprefix("Value error, ")
    return f"{place} is not as expected: {message[:1].lower()}{message[1:]}"


def _all(read: VocabularyFile) -> list[tuple[str, Method]]:
    groups = {f"family.{name}": methods for name, methods in read.family.items()}
    groups |= {"topics": read.topics} | {f"beside.{kind}": names for kind, names in read.beside.items()}
    return [(f"{group}.{name}", method) for group, methods in groups.items() for name, method in methods.items()]


def _check_names(read: VocabularyFile, source: str) -> None:
    """No two methods have one name, nor a method the name of another family: tags would not say which is meant."""
    counted = Counter(name for methods in read.family.values() for name in methods)
    for name, times in counted.items():
        homes = [family for family, methods in read.family.items() if name in methods]
        if times > 1:
            raise DataError(f"{source}: the method {name!r} stands in the families {' and '.join(homes)}; rename one")
        if name in read.family and homes != [name]:
            raise DataError(f"{source}: {name!r} is a family and a method of the family {homes[0]!r}; rename one")
