"""Texts to the ids that a Transformer is fed, cut into tokens once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Self

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from polyculture.arrays import Array


class Ids:
    """Ids of texts, each text cut into tokens once.

    Parameters
    ----------
    text : str
        JSON of a tokenizer, as in ``tokenizer.json``.
    most : int
        Longer texts are cut.
    padding : int
        The id that stands where a shorter text of a batch has none.
    """

    def __init__(self, text: str, most: int, padding: int) -> None:
        self.tokenizer = Tokenizer.from_str(text)
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(most)
        self.padding = padding
        self._known: dict[str, Array] = {}

    @classmethod
    def of(cls, files: Mapping[str, str], most: int) -> Self:
        """The tokenizer that a model's files describe, cutting no later than the model can take."""
        config = json.loads(files["config.json"])
        told = json.loads(files.get("tokenizer_config.json", "{}")).get("model_max_length") or most
        room = int(config.get("max_position_embeddings") or most)
        # models of the RoBERTa kind count places from behind the padding
        room -= int(config.get("pad_token_id") or 0) + 1 if config.get("model_type") in OFFSET else 0
        return cls(files["tokenizer.json"], int(min(most, told, room)), int(config.get("pad_token_id") or 0))

    def rows(self, texts: Sequence[str]) -> list[Array]:
        """Ids of each text; those of texts that were seen before are remembered."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if len(self._known) + len(new) > REMEMBERED:
            self._known.clear()
            new = list(dict.fromkeys(texts))
        for text, found in zip(new, self.tokenizer.encode_batch_fast(new), strict=True):
            # a tokenizer without marks of its own gives an empty text no token at all
            self._known[text] = np.array(found.ids or [self.padding], dtype=np.int32)
        return [self._known[text] for text in texts]

    def parts(self, texts: Sequence[str], size: int = 64) -> Iterator[tuple[Array, Tensor, Tensor]]:
        """Batches of texts of like length: their places, ids and mask."""
        rows = self.rows(texts)
        order = np.argsort([len(row) for row in rows], kind="stable")
        for part in np.split(order, range(size, len(order), size)) if len(order) else []:
            yield part, *padded([rows[i] for i in part], self.padding)


OFFSET = ("roberta", "xlm-roberta", "camembert")

REMEMBERED = 500_000
"""Texts whose ids are kept at most; 30 tokens a text are 60 MB."""


def padded(rows: Sequence[Array], padding: int) -> tuple[Tensor, Tensor]:
    """Ids side by side, as wide as the longest, and a mask of the places that hold a token.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.text_backbone.tokens import padded
    >>> ids, mask = padded([np.array([5, 6]), np.array([7])], 0)
    >>> ids.tolist(), mask.tolist()
    ([[5, 6], [7, 0]], [[1, 1], [1, 0]])
    """
    lengths = np.array([len(row) for row in rows])
    there = np.arange(lengths.max(initial=1)) < lengths[:, None]
    ids = np.full(there.shape, padding, dtype=np.int64)
    ids[there] = np.concatenate(rows) if len(rows) else []
    return torch.from_numpy(ids), torch.from_numpy(there.astype(np.int64))
