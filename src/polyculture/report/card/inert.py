"""Text from outside as text in Markdown: no markup, no link, no mention, no formula, no second line."""

from __future__ import annotations

import re
from typing import Any

from polyculture.report.plain import short, visible
from polyculture.tables import cell

LONGEST = 600
"""Characters of a sentence that is shown."""
NAME = 120
"""Characters of what stands in a table."""

_MARKUP = re.compile(r"[\\`*_\[\]|~#]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;", "$": "&#36;"}
# what turns into a link without any bracket
_LINKS = re.compile(r"(?i)(://|\bwww\.|\b(?:mailto|xmpp):)")
# what makes a list, a rule or a heading where a line begins
_FIRST = re.compile(r"^(?:[-+=](?=[-+=\s]|$)|\d+(?=[.)](?:\s|$)))")


class Ready(str):
    """Markdown that was made here and stays as it is."""

    __slots__ = ()


def one_line(value: Any, most: int = LONGEST) -> str:
    r"""Text on one line, its unseen characters spelt out, its middle left out if it is long.

    Examples
    --------
    >>> from polyculture.report.card.inert import one_line
    >>> one_line("two\n lines"), one_line("a" * 30, 8)
    ('two lines', 'aaaaa…aa')
    """
    return short(str(visible(" ".join(cell(value).split()))), most)


def inert(value: Any, most: int = LONGEST) -> str:
    r"""A value as Markdown that shows it and does nothing else.

    Examples
    --------
    >>> from polyculture.report.card.inert import inert
    >>> print(inert("a|b <img> *c*"), inert("see https://a.b"), inert(85.123))
    a\|b &lt;img&gt; \*c\* see https&#58;//a.b 85.1
    """
    if isinstance(value, Ready):
        return value
    text = _MARKUP.sub(r"\\\g<0>", one_line(value, most))
    text = "".join(_ENTITIES.get(character, character) for character in text)
    text = _LINKS.sub(lambda found: found[0].replace(":", "&#58;").replace(".", "&#46;"), text)
    return _FIRST.sub(_escaped_first, text)


def _escaped_first(found: re.Match[str]) -> str:
    mark = found[0]
    # a number is harmless by itself; the point or bracket after it makes a list
    return f"&#{ord(mark[0])};{mark[1:]}" if mark.isdigit() else f"\\{mark}"


def fenced(lines: list[str]) -> Ready:
    r"""Lines of a shell in a block that none of them can end.

    Examples
    --------
    >>> from polyculture.report.card.inert import fenced
    >>> print(fenced(["polyculture list measures"]))
    ```sh
    polyculture list measures
    ```
    """
    plain = [str(visible(" ".join(line.split()))) for line in lines]
    ticks = max((len(run) for line in plain for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, ticks + 1)
    return Ready("\n".join([f"{fence}sh", *plain, fence]))
