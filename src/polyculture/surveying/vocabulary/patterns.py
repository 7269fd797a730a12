"""Regular expressions of a vocabulary, checked and joined."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl
from polars.exceptions import ComputeError

from polyculture.errors import DataError
from polyculture.surveying.vocabulary.schema import Method

# Of ASCII letters: other scripts set no spaces around a Latin name, and automata need not look letters up.
_BEGIN, _END = r"(?-u:\b{start-half})", r"(?-u:\b{end-half})"


def joined(patterns: Iterable[str], exact: Iterable[str] = ()) -> str | None:
    """One expression that finds any of the patterns as whole words; None if there are none.

    Parameters
    ----------
    patterns, exact : iterables of str
        Found in any case of letters, and only as written.

    Examples
    --------
    >>> import polars as pl
    >>> pl.Series(["a Tree", "a street", "SIFT", "to sift"]).str.contains(joined(["trees?"], ["SIFT"])).to_list()
    [True, False, True, False]
    """
    listed = [*(f"(?i:{pattern})" for pattern in patterns), *(f"(?:{pattern})" for pattern in exact)]
    return f"{_BEGIN}(?:{'|'.join(listed)}){_END}" if listed else None


def check(method: Method, called: str) -> None:
    """Refuse a method one of whose patterns is no regular expression, or is found in every text.

    Raises
    ------
    DataError
        Naming the method and the pattern.
    """
    patterns = [*method.patterns, *method.exact, *(alias.pattern for alias in method.aliases)]
    patterns += [*method.excluding, *method.unless]
    # one expression for all is quick to try; only if it fails is the culprit looked for
    if _finds_nothing(patterns) is None:
        return
    for pattern in patterns:
        problem = _finds_nothing([pattern])
        if problem is not None:
            raise DataError(f"{called}: the pattern {pattern!r} {problem}")


def _finds_nothing(patterns: list[str]) -> str | None:
    """What is wrong with patterns, of which none may match an empty text; None if nothing is."""
    try:
        empty = pl.Series([""]).str.contains(joined(patterns) or "", strict=True)[0]
    except ComputeError as error:
        reason = str(error).strip().rsplit("\n", maxsplit=1)[-1].removeprefix("error: ")
        return (
            f"is no regular expression that Rust's engine takes ({reason}); it knows no look-around or back-reference"
        )
    return "matches an empty text and so every paper; let it ask for at least one letter" if empty else None
