"""chars2vec: two LSTM layers that read the characters of a word; like words have like vectors."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

import h5py
import numpy as np
from archives import CHARS2VEC
from encoders.plain_pickle import load_plain
from encoders.pooling import row_means

WORD = re.compile(r"\S+")
Weights = list[np.ndarray]


def encode(texts: Sequence[str], size: int) -> list[np.ndarray]:
    """Mean over words of each layer's state after the last character of the word."""
    names = f"eng_{size}/model.pkl", f"eng_{size}/weights.h5"
    files = CHARS2VEC.members(names)
    _, code = load_plain(files[names[0]])
    with h5py.File(io.BytesIO(files[names[1]])) as weights:
        lstms = [_weights(weights, layer) for layer in weights.attrs["layer_names"][1:].astype(str)]
    split = [WORD.findall(text.lower()) for text in texts]
    words = sorted({word for text in split for word in text}, key=len)
    row_of = {word: row for row, word in enumerate(words)}
    rows = [[row_of[word] for word in text] for text in split]
    return [row_means(rows, layer) for layer in _word_vectors(words, code, lstms)]


def _weights(file: h5py.File, layer: str) -> Weights:
    return [file[f"{layer}/{layer}/{name}:0"][:] for name in ("kernel", "recurrent_kernel", "bias")]


def _word_vectors(words: list[str], code: dict[str, int], lstms: list[Weights]) -> list[np.ndarray]:
    """Both layers' last states; words of one length are read together, so that nothing is padded."""
    lengths = np.array([len(word) for word in words])
    # a character that the model does not know is a row of zeros, as in the package
    letters = np.vstack([np.eye(len(code), dtype=np.float32), np.zeros(len(code), dtype=np.float32)])
    found = []
    for length in np.unique(lengths):
        here = [words[row] for row in np.flatnonzero(lengths == length)]
        first = _lstm(letters[[[code.get(sign, -1) for sign in word] for word in here]], *lstms[0])
        second = _lstm(first, *lstms[1])
        found.append((first[:, -1], second[:, -1]))
    return [np.concatenate(layer) for layer in zip(*found, strict=True)]


def _lstm(inputs: np.ndarray, kernel: np.ndarray, recurrent: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """States after every step. Keras 2.2, which trained it, has a piecewise linear "hard" sigmoid in its gates."""
    state = memory = np.zeros((len(inputs), len(recurrent)), dtype=np.float32)
    states = []
    for step in np.moveaxis(inputs @ kernel + bias, 1, 0):
        take, keep, new, give = np.split(step + state @ recurrent, 4, axis=1)
        memory = _gate(keep) * memory + _gate(take) * np.tanh(new)
        state = _gate(give) * np.tanh(memory)
        states.append(state)
    return np.stack(states, axis=1)


def _gate(inputs: np.ndarray) -> np.ndarray:
    return np.clip(0.2 * inputs + 0.5, 0, 1)
