"""Titles and abstracts as patterns see them."""

from __future__ import annotations

import polars as pl

# of direction, zero width, soft hyphens
_INVISIBLE = r"\p{Cf}+"
_SPACES = r"[\s_\p{Pd}\x{2212}]+"


def folded(frame: pl.DataFrame, abstracts: bool = True) -> pl.DataFrame:
    """Rows, years and texts.

    Dashes, underscores and white space become one space; characters that are not seen go. Title and abstract are kept
    apart by a bar, so that no phrase begins in one and ends in the other.

    Examples
    --------
    >>> import polars as pl
    >>> papers = pl.DataFrame({"title": ["Self-Supervised  GAN"], "abstract": [None], "year": [2020]})
    >>> folded(papers)["text"].to_list()
    ['Self Supervised GAN']
    """
    title = pl.col("title").fill_null("")
    both = abstracts and "abstract" in frame.columns and frame["abstract"].null_count() < frame.height
    whole = pl.concat_str(title, pl.lit(" | "), pl.col("abstract")).fill_null(title) if both else title
    text = whole.str.replace_all(_INVISIBLE, "").str.replace_all(_SPACES, " ")
    return frame.select(pl.col("year").cast(pl.Int32), text=text).with_row_index("row")
