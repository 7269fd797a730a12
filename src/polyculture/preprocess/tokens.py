"""Words, in scripts with spaces and in scripts without."""

from __future__ import annotations

import re

# Han, kana and their extensions: written without spaces, so that each character stands for itself.
CJK = "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"

_TOKEN = re.compile(rf"[{CJK}]|[^\s{CJK}]+")
_SPACED = re.compile(rf"(?:[{CJK}]|[^\s{CJK}]+)\s*")


def tokens(text: str) -> list[str]:
    """Tokens of a text: what stands between spaces; a Chinese or Japanese character is a token of its own.

    Examples
    --------
    >>> tokens("a good 电影")
    ['a', 'good', '电', '影']
    """
    return _TOKEN.findall(text)


def spaced_tokens(text: str) -> list[str]:
    """Tokens with the white space that follows them: joined, they give the text but for leading space.

    Examples
    --------
    >>> spaced_tokens("a good 电影")
    ['a ', 'good ', '电', '影']
    """
    return _SPACED.findall(text)
