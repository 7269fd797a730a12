"""What a card says, in one record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from polyculture import store

SCHEMA = "polyculture.card/1"


@dataclass(frozen=True)
class Card:
    """What a model is, how it was judged, and what nobody knows about it.

    Parameters
    ----------
    name : str
    model : mapping
        ``kind``, ``classes``, ``domains``, ``modalities`` and what each step chose; empty where no model was given.
    data : mapping
        ``source``, and ``by_domain``: items of each domain by split, and how many were judged.
    accuracy : mapping
        ``rows`` with the mean and the worst domain of each model and of each baseline, ``by_domain`` and ``classes``.
    homogenization : mapping
        ``sentence``, and ``rows``: one a population, before and after fusion.
    recommendation : mapping
        ``source``, and ``rows``: measures of rankings by domain and model.
    audit : mapping
        ``headline`` and ``rows`` of an audit.
    limits, not_measured : sequence of str
        Sentences.
    repeat : mapping
        ``commands``, ``settings``, and ``inputs`` with their SHA-256.
    schema : str
    """

    name: str
    model: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    accuracy: Mapping[str, Any] = field(default_factory=dict)
    homogenization: Mapping[str, Any] = field(default_factory=dict)
    recommendation: Mapping[str, Any] = field(default_factory=dict)
    audit: Mapping[str, Any] = field(default_factory=dict)
    limits: Sequence[str] = ()
    not_measured: Sequence[str] = ()
    repeat: Mapping[str, Any] = field(default_factory=dict)
    schema: str = SCHEMA

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values, ``schema`` first."""
        plain = asdict(self)
        return {"schema": plain.pop("schema"), **plain}

    def to_json(self, path: str | Path) -> None:
        """Write it as JSON; NaN becomes null."""
        store.write_json(Path(path), self.to_dict())
