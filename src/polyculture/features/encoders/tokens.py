"""Text to token ids: a vocabulary of word pieces learnt from the texts at hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from polyculture.arrays import Array, Floats
from polyculture.errors import ParameterError
from polyculture.features.encoders.static import mean_vectors, wordllama

PAD, UNKNOWN, MASK, START, END = range(5)
SPECIAL = ["[PAD]", "[UNK]", "[MASK]", "[START]", "[END]"]
PREFIX = "##"
SPREAD = 0.3
"""Root mean square of static vectors: larger ones learn slower, smaller ones lose what they know."""

TINY = 1e-12
"""Keeps pieces that the package knows nothing about at zero."""


class Tokens:
    """Word pieces learnt from texts, and texts as their ids (WordPiece; Schuster & Nakajima 2012).

    Case and accents are dropped, punctuation stands alone, and so does every Chinese, Japanese or Korean ideograph:
    text without spaces needs no segmenter. Ids 0 to 4 are padding, unknown, mask, start and end, whatever a text holds.

    Parameters
    ----------
    tokenizer : tokenizers.Tokenizer
        A fitted one; see :meth:`train` and :meth:`from_str`.

    Examples
    --------
    >>> tokens = Tokens.train(["so good", "so bad", "good", "这个很好"], vocabulary=100)
    >>> ids, lengths = tokens.encode(["so good", "很好", ""])
    >>> lengths.tolist(), tokens.words(ids[1])
    ([2, 2, 1], ['很', '好'])
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        vocabulary = tokenizer.get_vocab()
        self.pieces: list[str] = sorted(vocabulary, key=vocabulary.__getitem__)

    @classmethod
    def train(cls, texts: Iterable[str], vocabulary: int = 8000) -> Self:
        """Learn at most `vocabulary` pieces (10 or more), each seen twice; the same texts give the same ids."""
        if vocabulary < 10:
            raise ParameterError(f"vocabulary is {vocabulary}, expected at least 10 pieces")
        learner = _plain({})
        texts = list(texts)
        # The trainer numbers characters in the order of a randomly seeded hash map; naming them first fixes the ids.
        named = SPECIAL + _alphabet(learner, texts, (vocabulary - len(SPECIAL)) // 2)
        trainer = trainers.WordPieceTrainer(
            vocab_size=vocabulary, special_tokens=named, limit_alphabet=0, min_frequency=2, show_progress=False
        )
        learner.train_from_iterator(texts, trainer)
        # A fresh one, since the trainer would read "[MASK]" in a text as the mask itself.
        return cls(_plain(learner.get_vocab()))

    def encode(self, texts: Sequence[str], max_tokens: int = 64) -> tuple[Array, Array]:
        """Ids of the first `max_tokens` pieces of each text.

        Returns
        -------
        ids : int64 array of shape (n, longest text), padded with 0
        lengths : int64 array of shape (n,), all at least 1: a text without any piece is one unknown piece
        """
        rows = [found.ids[:max_tokens] or [UNKNOWN] for found in self.tokenizer.encode_batch_fast(list(texts))]
        lengths = np.array([len(row) for row in rows], dtype=np.int64)
        ids = np.full((len(rows), int(lengths.max(initial=1))), PAD, dtype=np.int64)
        ids[np.arange(ids.shape[1]) < lengths[:, None]] = np.array([one for row in rows for one in row], dtype=np.int64)
        return ids, lengths

    def words(self, ids: Iterable[int]) -> list[str]:
        """Pieces behind ids, without padding."""
        return [self.pieces[number] for number in ids if number != PAD]

    def __len__(self) -> int:
        return len(self.pieces)

    def to_str(self) -> str:
        """JSON from which :meth:`from_str` builds it again."""
        return str(self.tokenizer.to_str())

    @classmethod
    def from_str(cls, text: str) -> Self:
        """The vocabulary that :meth:`to_str` wrote down."""
        return cls(Tokenizer.from_str(text))


def _plain(vocabulary: dict[str, int]) -> Any:
    model = (
        models.WordPiece(vocabulary, unk_token=SPECIAL[UNKNOWN])
        if vocabulary
        else models.WordPiece(unk_token=SPECIAL[UNKNOWN])
    )
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True, handle_chinese_chars=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def _alphabet(tokenizer: Any, texts: list[str], limit: int) -> list[str]:
    """The most frequent characters, those at the start of words first; ties go to the lower code point."""
    first: Counter[str] = Counter()
    later: Counter[str] = Counter()
    for text in texts:
        for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(text)):
            first[word[0]] += 1
            later.update(word[1:])
    counts = first + later
    kept = sorted(counts, key=lambda character: (-counts[character], character))[:limit]
    return sorted(kept) + sorted(PREFIX + character for character in kept if character in later)


def static_vectors(pieces: Sequence[str], dim: int, source: str = "wordllama") -> Floats:
    r"""Vectors for pieces from a package of static token vectors, on their leading principal directions.

    .. math:: E = U_d S_d, \qquad U S V^\top = [ \tfrac{1}{|t(p)|} \sum_{i \in t(p)} w_i ]_p

    with t(p) the tokens that the package cuts piece p into. The whole is scaled to a root mean square of 0.3; padding,
    unknown and the other special pieces are zero.

    Parameters
    ----------
    pieces : sequence of str
        What :class:`Tokens` calls its pieces, special ones first.
    dim : int, 1 <= dim <= 256
        Directions to keep.
    source : str
        ``"wordllama"`` (https://github.com/dleemiller/WordLlama; read from its files, never imported).

    Returns
    -------
    float32 array of shape (len(pieces), dim)

    Raises
    ------
    ParameterError
        If `source` is not known, or has fewer than `dim` directions.
    MissingExtraError
        If its package is not installed.
    """
    if source != "wordllama":
        raise ParameterError(f"there are no token vectors named {source!r}; use 'wordllama' or None")
    words = np.array([piece.removeprefix(PREFIX) for piece in pieces], dtype=object)
    means = mean_vectors(words, *wordllama())
    means[: len(SPECIAL)] = 0
    if not 1 <= dim <= means.shape[1]:
        raise ParameterError(f"dim is {dim}, expected 1 to {means.shape[1]} with vectors of {source}")
    directions = np.linalg.eigh(means.T @ means)[1][:, ::-1][:, :dim]
    # An eigenvector's sign is arbitrary: the largest entry decides it, the same on every machine.
    directions = directions * np.sign(directions[np.abs(directions).argmax(0), np.arange(dim)])
    vectors = means @ directions
    return np.asarray(SPREAD * vectors / max(np.sqrt((vectors**2).mean()), TINY), dtype=np.float32)
