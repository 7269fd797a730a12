"""WordLlama: 32,000 static token vectors of 256, distilled from the token embeddings of language models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from encoders.installed import package_file
from encoders.pooling import row_means
from safetensors.numpy import load_file
from tokenizers import Tokenizer


def encode(texts: Sequence[str]) -> list[np.ndarray]:
    """Mean over tokens."""
    # The package looks for its own tokenizer in a folder that it does not ship, so its files are read directly.
    tokenizer = Tokenizer.from_file(str(package_file("wordllama", "tokenizers", "l2_supercat_tokenizer_config.json")))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    weights = load_file(package_file("wordllama", "weights", "l2_supercat_256.safetensors"))
    encoded = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    return [row_means([text.ids for text in encoded], weights["embedding.weight"].astype(np.float32))]
