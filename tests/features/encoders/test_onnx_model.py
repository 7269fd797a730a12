"""ONNX files: masked means of the last output with a state for each token."""

from __future__ import annotations

import json
import os
import pickle
import sys

import numpy as np
import pytest
from tiny_models import WORDS, tokenizer_of

from polyculture.errors import DataError, MissingExtraError
from polyculture.features.encoders.onnx_model import OnnxModel
from polyculture.features.encoders.pretrained import PretrainedEncoder

TABLE = np.random.RandomState(0).normal(size=(len(WORDS), 5)).astype(np.float32)
TEXTS = ["a good film", "bad", "", "the film was good . " * 30]
IDS = [[2, 4, 5, 7, 3], [2, 6, 3], [2, 3]]

needs_runtime = pytest.mark.skipif(
    __import__("importlib.util").util.find_spec("onnxruntime") is None, reason="onnxruntime is not installed"
)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("POLYCULTURE_CACHE", str(tmp_path / "cache"))


def exported(folder, inputs=("input_ids", "attention_mask"), outputs=("first", "states", "pooled"), table=TABLE):
    """A network that looks token vectors up; its first output with three axes is not the one that is meant."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("transformers")
    from onnx import TensorProto, helper, numpy_helper

    folder.mkdir(exist_ok=True)
    tokenizer_of(folder)
    forms = {"first": 3, "states": 3, "pooled": 2}
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["states"], axis=0),
        helper.make_node("Mul", ["states", "states"], ["first"]),
        helper.make_node("ReduceMean", ["states"], ["pooled"], axes=[1], keepdims=0),
    ]
    put = [helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "t"]) for name in inputs]
    out = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", "t", table.shape[1]][: forms[name]])
        for name in outputs
    ]
    graph = helper.make_graph(nodes, "g", put, out, [numpy_helper.from_array(table, "table")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, folder / "model.onnx")
    return folder / "model.onnx"


@needs_runtime
class TestVectors:
    @pytest.mark.parametrize("batch", [1, 2, 32])
    def test_are_masked_means_of_the_last_states(self, tmp_path, batch):
        path = exported(tmp_path / "m")
        found = PretrainedEncoder(str(path), batch_size=batch).fit([]).transform(TEXTS)
        expected = np.stack([TABLE[ids].mean(axis=0) for ids in IDS])
        np.testing.assert_allclose(found[:3], expected, atol=1e-6)
        assert found.dtype == np.float32

    def test_long_texts_are_cut_where_asked_and_where_the_model_ends(self, tmp_path):
        path = exported(tmp_path / "m")
        encoder = PretrainedEncoder(str(path), max_tokens=5).fit([])
        np.testing.assert_allclose(encoder.transform(TEXTS[3:])[0], TABLE[[2, 8, 7, 9, 3]].mean(axis=0), atol=1e-6)
        (tmp_path / "m" / "config.json").write_text(json.dumps({"max_position_embeddings": 5}))
        again = PretrainedEncoder(str(path), max_tokens=500).fit([])
        np.testing.assert_allclose(again.transform(TEXTS[3:]), encoder.transform(TEXTS[3:]), atol=1e-6)

    def test_the_tokenizer_may_lie_one_folder_up(self, tmp_path):
        exported(tmp_path / "m")
        inner = tmp_path / "m" / "onnx"
        inner.mkdir()
        (tmp_path / "m" / "model.onnx").rename(inner / "model.onnx")
        assert PretrainedEncoder(str(inner / "model.onnx")).fit([]).transform(["bad"]).shape == (1, 5)

    def test_other_inputs_that_encoders_have_are_given(self, tmp_path):
        path = exported(tmp_path / "m", inputs=("input_ids", "attention_mask", "token_type_ids", "position_ids"))
        found = PretrainedEncoder(str(path)).fit([]).transform(["bad"])
        np.testing.assert_allclose(found[0], TABLE[IDS[1]].mean(axis=0), atol=1e-6)

    def test_none_for_no_texts(self, tmp_path):
        assert PretrainedEncoder(str(exported(tmp_path / "m"))).fit([]).transform([]).shape == (0, 5)

    def test_are_found_again_and_sent_to_other_processes(self, tmp_path):
        path = exported(tmp_path / "m")
        encoder = PretrainedEncoder(str(path)).fit([])
        found = encoder.transform(TEXTS)
        for again in (pickle.loads(pickle.dumps(encoder)), PretrainedEncoder.from_state(encoder.state())):  # noqa: S301
            np.testing.assert_array_equal(again.transform(TEXTS), found)
        os.utime(exported(tmp_path / "m", table=TABLE + 1), ns=(1, 1))
        with pytest.raises(DataError, match="is not the one this was fitted with"):
            PretrainedEncoder.from_state(encoder.state())


@needs_runtime
class TestErrors:
    def test_no_ids_of_tokens(self, tmp_path):
        onnx = pytest.importorskip("onnx")
        path = exported(tmp_path / "m")
        model = onnx.load(path)
        model.graph.input[0].name = model.graph.node[0].input[1] = "pixels"
        onnx.save(model, path)
        with pytest.raises(DataError, match="takes pixels, attention_mask and no input_ids"):
            OnnxModel(path)

    def test_no_state_for_each_token(self, tmp_path):
        with pytest.raises(DataError, match=r"none of its outputs \(pooled\) has a state for each token"):
            OnnxModel(exported(tmp_path / "m", outputs=("pooled",)))

    def test_an_input_that_no_encoder_has(self, tmp_path):
        path = exported(tmp_path / "m", inputs=("input_ids", "past"))
        with pytest.raises(DataError, match="also takes past"):
            OnnxModel(path).encode(["a"], 8, 1)

    def test_no_tokenizer(self, tmp_path):
        path = exported(tmp_path / "m")
        (tmp_path / "m" / "tokenizer.json").unlink()
        with pytest.raises(DataError, match=r"there is no tokenizer.json beside it"):
            OnnxModel(path)

    def test_a_damaged_tokenizer(self, tmp_path):
        path = exported(tmp_path / "m")
        (tmp_path / "m" / "tokenizer.json").write_text("{")
        with pytest.raises(DataError, match="cannot be read as a tokenizer"):
            OnnxModel(path).encode(["a"], 8, 1)

    def test_a_damaged_file(self, tmp_path):
        path = exported(tmp_path / "m")
        path.write_bytes(b"nothing of the kind")
        with pytest.raises(DataError, match="cannot be opened as an ONNX model"):
            PretrainedEncoder(str(path)).fit([])


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="there is no file"):
        PretrainedEncoder(str(tmp_path / "absent.onnx")).fit([])


def test_without_the_package(tmp_path, monkeypatch):
    path = exported(tmp_path / "m")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'polyculture\[onnx\]'"):
        OnnxModel(path)
