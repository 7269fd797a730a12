"""The lexical family: word and character n-grams, sparse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.utils.validation import check_is_fitted

from polyculture.arrays import Array, Ints, Mask
from polyculture.errors import DataError, ParameterError
from polyculture.features.encoders.base import Encoder, State
from polyculture.features.encoders.items import as_texts

# A character of a script that is written without spaces is a word of its own; so is a run of punctuation such as ":)".
WORD = r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+|[^\w\s]+"


class LexicalEncoder(Encoder):
    r"""Term frequencies of word and character n-grams, weighted by how rare they are.

    .. math:: x_{it} = \frac{(1 + \log f_{it})\,(1 + \log\tfrac{1 + n}{1 + d_t})}{\lVert \cdot \rVert_2}

    with :math:`f_{it}` the count of term t in item i and :math:`d_t` the number of items that hold it; words and
    characters are each scaled to length 1.

    Parameters
    ----------
    words : int >= 0
        Longest word n-gram; 0 leaves words out.
    characters : int >= 0
        Longest character n-gram (from 2, inside words); 0 leaves characters out.
    least : int >= 1
        Items a term must stand in; fewer than 50 items keep every term.
    most_terms : int or None
        Keep at most so many terms of each kind, the most frequent first.

    Raises
    ------
    DataError
        If no item holds any term, or an item is not a text.
    ParameterError
        If words and characters are both left out.

    References
    ----------
    Salton & Buckley 1988, Information Processing & Management 24(5).

    Examples
    --------
    >>> from polyculture.features.encoders.lexical import LexicalEncoder
    >>> LexicalEncoder(characters=0).fit(["a good day", "a bad day"]).transform(["good night"]).shape
    (1, 8)
    """

    family: ClassVar[str] = "lexical"
    first: ClassVar[str] = ""

    def __init__(self, words: int = 2, characters: int = 5, least: int = 2, most_terms: int | None = None) -> None:
        self.words = words
        self.characters = characters
        self.least = least
        self.most_terms = most_terms

    def fit(self, X: Sequence[str] | Array, y: Ints | None = None, *, validation: Mask | None = None) -> Self:  # noqa: ARG002 (labels teach nothing here)
        """Learn the terms and how rare they are; items marked as validation are left out."""
        kinds = self._kinds()
        texts = np.array(as_texts(X), dtype=object)
        texts = texts if validation is None else texts[~validation]
        least = self.least if len(texts) >= 50 else 1
        self.vectorizers_ = [_fitted(kind, texts, least, self.most_terms) for kind in kinds]
        self.n_terms_ = sum(len(v.vocabulary_) for v in self.vectorizers_)
        return self

    def _kinds(self) -> list[dict[str, Any]]:
        if min(self.words, self.characters) < 0 or not (self.words or self.characters):
            raise ParameterError(
                f"words is {self.words} and characters is {self.characters}; neither may be negative, nor both 0"
            )
        kinds: list[dict[str, Any]] = []
        if self.words:
            kinds.append({"analyzer": "word", "token_pattern": WORD, "ngram_range": (1, self.words)})
        if self.characters:
            kinds.append({"analyzer": "char_wb", "ngram_range": (2, max(2, self.characters))})
        return kinds

    def transform(self, X: Sequence[str] | Array) -> sp.csr_array:
        """Weighted term counts, shape (n, number of terms); a text without a known term is a row of zeros."""
        check_is_fitted(self)
        texts = as_texts(X)
        if not texts:
            return sp.csr_array((0, self.n_terms_), dtype=np.float32)
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


def _fitted(kind: dict[str, Any], texts: Array, least: int, most: int | None) -> TfidfVectorizer:
    vectorizer = TfidfVectorizer(sublinear_tf=True, min_df=least, max_features=most, dtype=np.float32, **kind)
    try:
        return vectorizer.fit(texts)
    except ValueError as error:
        raise DataError(
            f"the texts hold too few words to learn from, as they are empty or each word stands in one text alone "
            f"({error}); give more or longer texts"
        ) from error
