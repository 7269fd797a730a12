"""Errors of the library in the words of the command line: a parameter is called as its option is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

VERBS = "is|are|has|have|holds|names|gives|lists|must"
_GIVEN = re.compile(r"(?<![\w.-])([a-z]\w*)=(?:'([^']*)'|\"([^\"]*)\"|([\w.+-]+))")
_MAPPED = re.compile(r"(?<![\w.-])([a-z]\w*)=\{'(\w+)': '(\w+)'\}")
_FIRST = re.compile(rf"([a-z]\w*)(?==\S+ | (?:{VERBS})\b)")


def as_options(sentence: str, options: Mapping[str, str]) -> str:
    """The sentence with options for parameters that the command has; what it has not stays.

    Parameters
    ----------
    sentence : str
    options : mapping of parameter to option
        Of the command that was asked for.

    Examples
    --------
    >>> as_options("leave them out with leakage='drop', or mend f.csv", {"leakage": "--leakage"})
    'leave them out with --leakage drop, or mend f.csv'
    >>> as_options("level is 2; use a number between 0 and 1", {"level": "--level"})
    '--level is 2; use a number between 0 and 1'
    >>> as_options("cards is empty", {"level": "--level"})
    'cards is empty'
    """

    def given(found: re.Match[str]) -> str:
        name, *values = found.groups()
        value = next((value for value in values if value is not None), "")
        return f"{options[name]} {value}" if name in options else found[0]

    first = _FIRST.match(sentence)
    if first is not None and first[1] in options and not sentence[first.end() :].startswith("="):
        sentence = options[first[1]] + sentence[first.end() :]
    sentence = _MAPPED.sub(lambda of: f"{options[of[1]]} {of[2]}={of[3]}" if of[1] in options else of[0], sentence)
    return _GIVEN.sub(given, sentence)


def options_of(ctx: Any) -> dict[str, str]:
    """Parameter to option of the command that runs, found through its groups; none where it has none."""
    command = ctx.command
    for name in _asked(ctx):
        command = getattr(command, "commands", {}).get(name, command)
    named = {each.name: each.opts for each in getattr(command, "params", ())}
    found = {name: max(opts, key=len) for name, opts in named.items() if opts[0].startswith("-")}
    # a name that Python has taken bears an underscore
    return {name.rstrip("_"): option for name, option in found.items()}


def _asked(ctx: Any) -> list[str]:
    """Names of the commands that were asked for, the outermost first."""
    from polyculture.cli.common import COMMAND

    known, found = ctx.command, []
    for word in COMMAND.get():
        known = getattr(known, "commands", {}).get(word)
        if known is None:
            break
        found.append(word)
    return found
