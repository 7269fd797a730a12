"""Text without what came in on the way: broken encodings, mark-up, control characters, stray white space."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable

import numpy as np
from bs4 import BeautifulSoup
from ftfy import TextFixerConfig, fix_text

from polyculture.arrays import Array

# Only the damage of a wrong decoding is undone; quotes, ligatures and full-width letters are the writer's own.
_FTFY = TextFixerConfig(
    unescape_html=False, uncurl_quotes=False, fix_latin_ligatures=False, fix_character_width=False, normalization="NFC"
)
_BLOCKS = (
    "address|article|aside|blockquote|br|caption|center|dd|div|dl|dt|figcaption|figure|footer|form|h[1-6r]|head|header|"
    "html|li|main|nav|ol|option|p|pre|section|table|tbody|td|tfoot|th|thead|title|tr|ul"
)
_INLINE = (
    "a|abbr|acronym|b|big|body|button|cite|code|del|dfn|em|embed|font|i|iframe|img|input|ins|kbd|label|link|mark|meta|"
    "noscript|object|param|q|s|samp|script|small|source|span|strike|strong|style|sub|sup|svg|textarea|time|tt|u|var|video"
)
_SILENT = ("script", "style")
# Known names only: "<3", "a < b" and a "<user>" that stands for somebody are text, not mark-up.
_TAG = re.compile(
    rf"""</?(?:{_BLOCKS}|{_INLINE})(?:\s+[\w:-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>]+))*\s*/?>|<!--.{{0,2000}}?-->""",
    re.IGNORECASE | re.DOTALL,
)
# With its semicolon only: in "?a=1&copy=2" nothing was escaped.
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_BLOCK = re.compile(rf"(?:{_BLOCKS})\Z")
# Joiners stay: emoji and several scripts are spelt with them.
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u2060\ufeff\ud800-\udfff]")
_ROUNDS = 8


def clean_text(texts: Iterable[str | None]) -> Array:
    """Texts as they were meant: encodings repaired, mark-up removed, Unicode composed (NFC), white space folded.

    Parameters
    ----------
    texts : iterable of n str
        None counts as an empty text.

    Returns
    -------
    object array of shape (n,)

    Examples
    --------
    >>> clean_text(["clichÃ©s &amp; more<br/>I <3 it", "a < b,  really"]).tolist()
    ['clichés & more I <3 it', 'a < b, really']
    """
    cleaned = [_clean("" if text is None else str(text)) for text in texts]
    array = np.empty(len(cleaned), dtype=object)
    array[:] = cleaned
    return array


def _clean(text: str) -> str:
    # What is left when a tag or a control character goes may itself read as mark-up, and text that was escaped twice on
    # its way is not rare: "&amp;lt;3".
    for _ in range(_ROUNDS):
        before, text = text, _once(text)
        if text == before or not ("<" in text or "&" in text):
            break
    return text


def _once(text: str) -> str:
    if "&" in text:
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    if not text.isascii():
        # Before control characters go: half of a wrongly decoded letter looks like one.
        text = fix_text(text, _FTFY)
    if not text.isprintable():
        text = _INVISIBLE.sub("", text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if "<" in text and _TAG.search(text):
        text = _soup(text)
    return " ".join(text.split())


def _soup(text: str) -> str:
    """The text that a browser would show, with a space where it would break the line."""
    soup = BeautifulSoup(_shielded(text), "html.parser")
    for tag in soup.find_all(_SILENT):
        tag.decompose()
    for tag in soup.find_all(_BLOCK):
        tag.insert_before(" ")
        tag.insert_after(" ")
    return soup.get_text()


def _shielded(text: str) -> str:
    """Escape all that is no tag, so that the parser takes none of it for mark-up."""
    end, parts = 0, []
    for tag in _TAG.finditer(text):
        parts += [html.escape(text[end : tag.start()], quote=False), tag[0]]
        end = tag.end()
    return "".join([*parts, html.escape(text[end:], quote=False)])
