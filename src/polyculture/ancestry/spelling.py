"""When two names are one: keys that are equal for spellings of a name, and names that are a slip of the pen apart."""

from __future__ import annotations

import polars as pl

LETTERS = 8
"""Fewest letters and digits of names that may be told to be the same in spite of a slip."""


def folded(name: pl.Expr) -> pl.Expr:
    r"""A name without case, compatibility forms, invisible marks and spaces that are too many.

    Examples
    --------
    >>> pl.DataFrame({"n": ["LLaMA  2", "llama 2\u200f"]}).select(folded(pl.col("n"))).to_series().to_list()
    ['llama 2', 'llama 2']
    """
    plain = name.str.normalize("NFKC").str.replace_all(r"\p{Cf}", "").str.to_lowercase()
    return plain.str.replace_all(r"\s+", " ").str.strip_chars()


def loose(fold: pl.Expr) -> pl.Expr:
    """A folded name without spaces, dashes, dots and the like, but for one dash between two digits.

    The dash keeps versions apart from sizes: ``llama-2-7b`` is no ``llama 27b``. A slash, which ends an organisation,
    and ``+`` stay; a name that is nothing but signs stays as it is.

    Examples
    --------
    >>> names = pl.DataFrame({"n": ["common crawl", "commoncrawl", "llama-2-7b", "llama2 7b", "gpt 3.5", "..."]})
    >>> names.select(loose(pl.col("n"))).to_series().to_list()
    ['commoncrawl', 'commoncrawl', 'llama2-7b', 'llama2-7b', 'gpt3-5', '...']
    """
    dashed = fold.str.replace_all(r"[^\p{L}\p{M}\p{N}/+]+", "-")
    # twice, for in 1-2-3 the second pair begins with the end of the first
    kept = dashed.str.replace_all(r"(\p{N})-(\p{N})", "${1}\u0000${2}")
    kept = kept.str.replace_all(r"(\p{N})-(\p{N})", "${1}\u0000${2}")
    bare = kept.str.replace_all("-", "", literal=True).str.replace_all("\u0000", "-", literal=True)
    return pl.when(bare == "").then(fold).otherwise(bare)


def slips(unknown: pl.Series, known: pl.Series) -> dict[str, str]:
    """Known keys that are one slip away from an unknown one, where there is one alone.

    A slip is a letter too many, too few, another one, or two that changed places; never a digit, and neither the first
    nor the last letter: GPT-NeoX is no GPT-Neo, and Llama 2 no Llama 3. Keys that hold a slash are of repositories,
    whose names are exact.

    Parameters
    ----------
    unknown, known : polars Series
        Keys as `loose` gives them, each once.

    Returns
    -------
    mapping of unknown key to known key

    Examples
    --------
    >>> slips(pl.Series(["stabelediffusion", "gptneoxx"]), pl.Series(["stablediffusion", "gptneox", "gptneo"]))
    {'stabelediffusion': 'stablediffusion'}
    """
    asked, told = _long(unknown), _long(known)
    if not asked.height or not told.height:
        return {}
    size = pl.col("key").str.len_chars()
    mine = asked.with_columns(size=size)
    # one half of the key has no slip in it: only keys that share it are compared
    sizes = pl.concat([told.with_columns(size=(size + more).cast(pl.UInt32)) for more in (-1, 0, 1)])
    pairs = [mine.with_columns(half=half).join(sizes.with_columns(half=half), on=["size", "half"]) for half in _HALVES]
    found: dict[str, set[str]] = {}
    for one, other in pl.concat(pairs).select("key", "key_right").unique().iter_rows():
        if one_slip(one, other):
            found.setdefault(one, set()).add(other)
    return {one: min(others) for one, others in sorted(found.items()) if len(others) == 1}


_HALF = (pl.col("size") - 1) // 2
_HALVES = (
    pl.lit("<") + pl.col("key").str.slice(0, _HALF),
    pl.lit(">") + pl.col("key").str.tail(_HALF.cast(pl.Int64)),
)


def _long(keys: pl.Series) -> pl.DataFrame:
    frame = keys.alias("key").to_frame().drop_nulls()
    return frame.filter((pl.col("key").str.len_chars() >= LETTERS) & ~pl.col("key").str.contains("/", literal=True))


def one_slip(one: str, other: str) -> bool:
    """Whether two keys differ by one slip inside; see `slips`.

    Examples
    --------
    >>> one_slip("comoncrawl", "commoncrawl"), one_slip("gptneox", "gptneo"), one_slip("phi1b", "phi2b")
    (True, False, False)
    """
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    a, b = one[start:], other[start:]
    while a and b and a[-1] == b[-1]:
        a, b = a[:-1], b[:-1]
    swapped = len(a) == 2 and a == b[::-1]
    end = start + max(len(a), len(b))
    inside = start > 0 and end < max(len(one), len(other))
    return inside and (max(len(a), len(b)) <= 1 or swapped) and all(letter.isalpha() for letter in a + b)
