"""textgenrnn: a language model of characters; embeddings of 100, then two LSTM layers of 128.

It was trained on windows of 40 characters, padded in front, and predicts badly outside of them: so it reads a text
window by window, from a new state in each.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence

import h5py
import numpy as np
import torch
from archives import TEXTGENRNN
from encoders.pooling import Tokens, layer_means

VOCABULARY, WEIGHTS = "textgenrnn_vocab.json", "textgenrnn_weights.hdf5"
START, NOTHING = "<s>", 0
WINDOW = 40


def encode(texts: Sequence[str]) -> list[np.ndarray]:
    """Mean over characters, and the sign that starts a text, of each layer."""
    files = TEXTGENRNN.members((VOCABULARY, WEIGHTS))
    code = json.loads(files[VOCABULARY])
    with h5py.File(io.BytesIO(files[WEIGHTS])) as weights:
        embeddings = torch.from_numpy(weights["embedding/embedding/embeddings:0"][:])
        lstms = [_lstm(weights[f"rnn_{layer}/rnn_{layer}"]) for layer in (1, 2)]

    def tokenize(batch: list[str]) -> Tokens:
        codes = [[code[START], *(code.get(sign, NOTHING) for sign in text)] for text in batch]
        lengths = np.array([len(text) for text in codes])
        length = -(-lengths.max() // WINDOW) * WINDOW
        mask = np.arange(length) >= length - lengths[:, None]
        ids = np.full(mask.shape, NOTHING)
        ids[mask] = np.concatenate(codes)
        return {"input_ids": ids, "attention_mask": mask}

    @torch.inference_mode()
    def states(tokens: Tokens) -> list[np.ndarray]:
        ids = tokens["input_ids"]
        layers = [embeddings[torch.from_numpy(ids.reshape(-1, WINDOW))]]
        for lstm in lstms:
            layers.append(lstm(layers[-1])[0])
        return [layer.numpy().reshape(*ids.shape, -1) for layer in layers]

    return layer_means(texts, tokenize, states)


def _lstm(group: h5py.Group) -> torch.nn.LSTM:
    """One layer, from how Keras keeps a CuDNNLSTM: gates in torch's order, in a shape that hides how numbers lie."""
    kernel, recurrent, bias = (group[name][:] for name in ("kernel:0", "recurrent_kernel:0", "bias:0"))
    width, units = kernel.shape[0], recurrent.shape[0]
    lstm = torch.nn.LSTM(width, units, batch_first=True)
    inputs = np.vstack([gate.reshape(units, width) for gate in np.hsplit(kernel, 4)])
    recurrents = np.vstack(np.hsplit(recurrent, 4))
    parts = (inputs, recurrents, *bias.reshape(2, -1))
    for name, part in zip(("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"), parts, strict=True):
        getattr(lstm, name).data = torch.from_numpy(np.ascontiguousarray(part))
    return lstm
