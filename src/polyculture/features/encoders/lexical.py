"""The lexical family: word and character n-grams, sparse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, ClassVar, Self

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.utils.validation import check_is_fitted

from polyculture import engine
from polyculture.arrays import Array, Ints, Mask
from polyculture.errors import DataError, ParameterError
from polyculture.features.encoders.base import Encoder, State
from polyculture.features.encoders.items import as_texts
from polyculture.features.sampling import at_most

# A character of a script that is written without spaces is a word of its own; so is a run of punctuation such as ":)".
WORD = r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+|[^\w\s]+"

TERMS = ("both", "words", "characters")
BATCH = 50_000
"""Texts that are counted at once: what counting needs beside its outcome grows with these."""
REMEMBERED = 20_000
"""Words whose runs of characters are remembered."""
TAUGHT_BY = 200_000
"""Texts that teach terms at most, drawn at random; later ones hold few words that these do not."""


class LexicalEncoder(Encoder):
    r"""Term frequencies of word and character n-grams, weighted by how rare they are.

    .. math:: x_{it} = \frac{(1 + \log f_{it})\,(1 + \log\tfrac{1 + n}{1 + d_t})}{\lVert \cdot \rVert_2}

    with :math:`f_{it}` the count of term t in item i and :math:`d_t` the number of items that hold it; words and
    characters are each scaled to length 1.

    Parameters
    ----------
    terms : {"both", "words", "characters"}
    words : int >= 1
        Longest word n-gram.
    characters : int >= 2
        Longest character n-gram (from 2, inside words).
    least : int >= 1
        Items a term must stand in; fewer than 50 items keep every term. More than 200,000 items teach terms by as
        many drawn at random.
    most_terms : int or None
        Keep at most so many terms of each kind, the most frequent first.
    n_jobs : int
        Processes that count texts at once, where there are many.

    Raises
    ------
    DataError
        If no item holds any term, or an item is not a text.
    ParameterError
        If `terms` is not known, or a longest n-gram is shorter than the shortest.

    References
    ----------
    Salton & Buckley 1988, Information Processing & Management 24(5).

    Examples
    --------
    >>> from polyculture.features.encoders.lexical import LexicalEncoder
    >>> LexicalEncoder("words").fit(["a good day", "a bad day"]).transform(["good night"]).shape
    (1, 10)
    """

    family: ClassVar[str] = "lexical"
    first: ClassVar[str] = "terms"

    def __init__(
        self,
        terms: str = "both",
        words: int = 3,
        characters: int = 5,
        least: int = 2,
        most_terms: int | None = None,
        n_jobs: int = 1,
        random_state: int = 0,
    ) -> None:
        self.terms = terms
        self.words = words
        self.characters = characters
        self.least = least
        self.most_terms = most_terms
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Sequence[str] | Array, y: Ints | None = None, *, validation: Mask | None = None) -> Self:  # noqa: ARG002 (labels teach nothing here)
        """Learn the terms and how rare they are; items marked as validation are left out."""
        kinds = self._kinds()
        texts = np.array(as_texts(X), dtype=object)
        rows = np.arange(len(texts)) if validation is None else np.flatnonzero(~validation)
        texts = texts[at_most(rows, self.random_state, TAUGHT_BY)]
        least = self.least if len(texts) >= 50 else 1
        self.vectorizers_ = [_fitted(kind, texts, least, self.most_terms) for kind in kinds]
        self.n_terms_ = sum(len(v.vocabulary_) for v in self.vectorizers_)
        return self

    def _kinds(self) -> list[dict[str, Any]]:
        if self.terms not in TERMS:
            raise ParameterError(f"terms is {self.terms!r}; use one of {', '.join(TERMS)}")
        for name, least in (("words", 1), ("characters", 2)):
            if getattr(self, name) < least:
                raise ParameterError(f"{name} is {getattr(self, name)}; use at least {least}")
        kinds: dict[str, dict[str, Any]] = {
            "words": {"analyzer": "word", "token_pattern": WORD, "ngram_range": (1, self.words)},
            "characters": {"analyzer": _Runs(self.characters)},
        }
        return list(kinds.values()) if self.terms == "both" else [kinds[self.terms]]

    def transform(self, X: Sequence[str] | Array) -> sp.csr_array:
        """Weighted term counts, shape (n, number of terms); a text without a known term is a row of zeros."""
        check_is_fitted(self)
        texts = as_texts(X)
        batches = ((texts[i : i + BATCH],) for i in range(0, len(texts), BATCH))
        if self.n_jobs == 1 or len(texts) <= BATCH:
            return _stacked((self._weighted(*batch) for batch in batches), self.n_terms_)
        return _stacked(engine.run(self._weighted, batches, jobs=self.n_jobs), self.n_terms_)

    def _weighted(self, texts: list[str]) -> sp.csr_array:
        return sp.csr_array(sp.hstack([v.transform(texts) for v in self.vectorizers_], format="csr", dtype=np.float32))

    def state(self) -> State:
        """Terms in column order and their weights."""
        check_is_fitted(self)
        return {
            "params": self.get_params(),
            "terms": [v.get_feature_names_out().tolist() for v in self.vectorizers_],
            "idf": {str(i): v.idf_ for i, v in enumerate(self.vectorizers_)},
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        encoder = cls(**state["params"])
        encoder.vectorizers_ = []
        for i, (kind, terms) in enumerate(zip(encoder._kinds(), state["terms"], strict=True)):
            vectorizer = TfidfVectorizer(sublinear_tf=True, vocabulary=terms, dtype=np.float32, **kind)
            vectorizer.idf_ = np.asarray(state["idf"][str(i)])
            encoder.vectorizers_.append(vectorizer)
        encoder.n_terms_ = sum(len(terms) for terms in state["terms"])
        return encoder


def _stacked(parts: Iterable[sp.csr_array], width: int) -> sp.csr_array:
    """Rows below each other in arrays that grow where they are, so that there are never two of the whole."""
    data, indices, lengths = np.empty(0, np.float32), np.empty(0, np.int32), [np.zeros(1, np.int64)]
    for part in parts:
        start, end = len(data), len(data) + part.nnz
        for whole, piece in ((data, part.data), (indices, part.indices)):
            whole.resize(end, refcheck=False)
            whole[start:] = piece
        lengths.append(np.diff(part.indptr))
    ends = np.concatenate(lengths).cumsum()
    return sp.csr_array(
        (data, indices, ends.astype(np.int32) if ends[-1] < 2**31 else ends), shape=(len(ends) - 1, width)
    )


class _Runs:
    """Runs of characters inside words and the spaces beside them, as ``char_wb`` has them; each word is cut once."""

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self._of = lru_cache(maxsize=REMEMBERED)(self._cut)

    def __call__(self, text: str) -> Iterator[str]:
        return chain.from_iterable(map(self._of, text.lower().split()))

    def _cut(self, word: str) -> tuple[str, ...]:
        padded = f" {word} "
        sizes = range(2, min(self.longest, len(padded)) + 1)
        return tuple(padded[i : i + size] for size in sizes for i in range(len(padded) - size + 1))

    def __reduce__(self) -> tuple[type[_Runs], tuple[int]]:
        return type(self), (self.longest,)


def _fitted(kind: dict[str, Any], texts: Array, least: int, most: int | None) -> TfidfVectorizer:
    vectorizer = TfidfVectorizer(sublinear_tf=True, min_df=least, max_features=most, dtype=np.float32, **kind)
    try:
        return vectorizer.fit(texts)
    except ValueError as error:
        raise DataError(
            f"the texts hold too few words to learn from, as they are empty or each word stands in one text alone "
            f"({error}); give more or longer texts"
        ) from error
