"""The Transformer as a backbone: it learns, changes only what it may, and does what `Backbone` does for vectors."""

from __future__ import annotations

import inspect
import pickle
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from polyculture import store
from polyculture.adapt import fine_tune
from polyculture.errors import DataError, MissingExtraError, ParameterError
from polyculture.features.backbone import Backbone
from polyculture.features.encoders import lora
from polyculture.features.text_backbone import TextBackbone
from polyculture.fuse import gram_sums, merge, regmean
from polyculture.optimise import fine_tune_merged

pytest_plugins = ("text_models",)

needs_peft = pytest.mark.skipif(find_spec("peft") is None, reason="peft is not installed")
TUNES = ["full", "upper", "head", pytest.param("lora", marks=needs_peft)]


def same(a, b):
    return list(a) == list(b) and all(np.array_equal(a[name], b[name]) for name in a)


@pytest.fixture(scope="module")
def settings(tiny):
    # few steps from a random network: a mean over them would be no better than its last
    return {
        "model": str(tiny),
        "epochs": 2,
        "learning_rate": 1e-2,
        "batch_size": 8,
        "precision": "float32",
        "rank": 2,
        "average": 0.0,
        "adversarial": 0.0,
        "smoothing": 0.0,
    }


@pytest.fixture(scope="module")
def fitted(settings, texts, labels):
    return TextBackbone(**settings).fit(texts, labels)


def by_hand(backbone, texts, weights=None):
    """One text at a time, through the network of transformers and the mean and the head written out."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    network = AutoModelForSequenceClassification.from_pretrained(backbone.model, num_labels=2).eval()
    full = {name: torch.from_numpy(value) for name, value in backbone.merged(weights).items()}
    network.load_state_dict(full)
    tokenizer = AutoTokenizer.from_pretrained(backbone.model)
    rows = []
    for text in texts:
        batch = tokenizer([text], truncation=True, max_length=32, return_tensors="pt")
        with torch.no_grad():
            if backbone.pooling == "model":
                rows.append(network(**batch).logits[0].numpy())
                continue
            mean = network.bert(**batch).last_hidden_state[0].mean(0).numpy()
        mean = (mean - mean.mean()) / mean.std()
        rows.append(mean @ full["classifier.weight"].numpy().T + full["classifier.bias"].numpy())
    return np.stack(rows)


class TestInterface:
    @pytest.mark.parametrize("method", ["fit", "trained", "logits", "layer_inputs", "last_hidden", "predict_proba"])
    def test_is_that_of_the_backbone_over_vectors(self, method):
        one, other = (inspect.signature(getattr(kind, method)).parameters for kind in (Backbone, TextBackbone))
        assert list(one) == list(other)
        assert [p.default for p in one.values()] == [p.default for p in other.values()]

    def test_steps_three_to_five_work_on_it(self, fitted, texts, labels):
        domain = np.where(np.arange(len(texts)) % 2, "a", "b").astype(object)
        rows, stop = np.arange(len(texts))[::2], np.arange(len(texts))[1::2]
        rows, stop = np.concatenate([rows[:20], stop[:20]]), np.concatenate([rows[20:], stop[20:]])
        experts = fine_tune(fitted, texts, labels, domain, layers="upper", epochs=1)
        assert sorted(experts) == ["a", "b"]
        found = merge(fitted, experts, texts, labels, domain, rows=rows, stop=stop)
        assert sorted(m.method for m in found) == ["average", "regmean", "task_arithmetic"]
        assert all(np.isfinite(m.loss) for m in found)
        tuned = fine_tune_merged(fitted, found[0].weights, texts, labels, rows=rows, stop=stop, epochs=1)
        assert list(tuned) == list(fitted.weights_)
        assert fitted.logits(texts, tuned).shape == (len(texts), 2)


class TestLearning:
    @pytest.mark.parametrize("pooling", ["mean", "model"])
    @pytest.mark.parametrize("tune", TUNES)
    def test_learns(self, settings, texts, labels, tune, pooling):
        change = {"tune": tune, "pooling": pooling, "epochs": 12, "learning_rate": 2e-2, "patience": 12}
        backbone = TextBackbone(**settings | change).fit(texts, labels)
        start = np.log(2)
        assert min(epoch.validation_loss for epoch in backbone.history_) < start - 0.01
        # two random layers of 8 under BERT's own head give a new head alone little to go by
        assert backbone.score(texts, labels) > (0.5 if tune == "head" else 0.8)

    def test_learns_labels_and_values(self, settings, texts, labels):
        change = {"epochs": 8, "learning_rate": 2e-2}
        both = np.stack([labels, [int("long" in text) for text in texts]], axis=1)
        backbone = TextBackbone(**settings | change, target="labels").fit(texts, both)
        assert backbone.predict_proba(texts).shape == both.shape
        assert (backbone.predict(texts) == both).mean() > 0.8
        values = TextBackbone(**settings | change, target="values").fit(texts, 5.0 + 2.0 * labels)
        assert not hasattr(values, "predict_proba")
        assert np.corrcoef(values.predict(texts), labels)[0, 1] > 0.8

    def test_classes_by_name(self, settings, texts, labels):
        names = np.where(labels, "yes", "no")
        backbone = TextBackbone(**settings | {"epochs": 8, "learning_rate": 2e-2}).fit(texts, names)
        assert backbone.classes_.tolist() == ["no", "yes"]
        assert (backbone.predict(texts) == names).mean() > 0.8

    @pytest.mark.parametrize(
        ("tune", "kept"),
        [
            ("full", ()),
            ("upper", ("embeddings.", "layer.0.")),
            ("head", ("embeddings.", "layer.")),
            pytest.param("lora", ("embeddings.", "layer.", "pooler."), marks=needs_peft),
        ],
    )
    def test_only_that_changes_which_may(self, settings, texts, labels, tune, kept):
        from transformers import AutoModel

        backbone = TextBackbone(**settings | {"tune": tune}).fit(texts, labels)
        before = AutoModel.from_pretrained(backbone.model).state_dict()
        thin = {name for name in backbone.weights_ if "lora_" in name}
        for name in set(backbone.weights_) - thin:
            assert not any(f"bert.{part}" in name or f"bert.encoder.{part}" in name for part in kept)
        for name, value in backbone.base_.items():
            np.testing.assert_array_equal(value, before[name.removeprefix("bert.")].numpy())
        assert bool(thin) == (tune == "lora")
        assert set(backbone.merged()) == {f"bert.{n}" for n in before} | {"classifier.weight", "classifier.bias"}

    def test_the_same_seed_gives_the_same_weights_and_another_others(self, settings, fitted, texts, labels):
        torch.rand(7)  # whatever happened before
        assert same(TextBackbone(**settings).fit(texts, labels).weights_, fitted.weights_)
        assert not same(TextBackbone(**settings, random_state=1).fit(texts, labels).weights_, fitted.weights_)

    def test_leaves_global_random_numbers_alone(self, settings, texts, labels):
        torch.manual_seed(5)
        expected = torch.rand(3)
        torch.manual_seed(5)
        TextBackbone(**settings).fit(texts, labels).predict_proba(texts)
        assert torch.equal(torch.rand(3), expected)

    def test_held_out_texts_are_judged_and_teach_nothing(self, settings, texts, labels):
        held = np.arange(len(texts)) % 4 == 0
        turned = np.where(held, 1 - labels, labels)
        one, two = (TextBackbone(**settings).fit(texts, y, validation=held) for y in (labels, turned))
        assert [epoch.loss for epoch in one.history_] == [epoch.loss for epoch in two.history_]
        assert [epoch.validation_loss for epoch in one.history_] != [epoch.validation_loss for epoch in two.history_]

    def test_unlabelled_texts_are_not_learnt(self, settings, fitted, texts, labels):
        more = np.concatenate([texts, np.array(["the the the"] * 5, dtype=object)])
        held = np.arange(len(more)) % 4 == 0
        one = TextBackbone(**settings).fit(texts, labels, validation=held[: len(texts)])
        two = TextBackbone(**settings).fit(more, np.concatenate([labels, np.full(5, -1)]), validation=held)
        assert same(one.weights_, two.weights_)


class TestExperts:
    @pytest.mark.parametrize("frozen", [0, 1, 2])
    def test_frozen_layers_stay_and_what_it_starts_from_too(self, fitted, texts, labels, frozen):
        before = {name: value.copy() for name, value in fitted.weights_.items()}
        weights, history = fitted.trained(
            fitted.weights_, texts, labels, np.arange(40), np.arange(0), epochs=1, frozen=frozen
        )
        assert len(history) == 1
        assert same(fitted.weights_, before)
        changed = {name for name in weights if not np.array_equal(weights[name], before[name])}
        assert any("embeddings" in name for name in changed) == (frozen == 0)
        for layer in range(2):
            assert any(f"layer.{layer}." in name for name in changed) == (layer >= frozen)
        assert "classifier.weight" in changed

    def test_layers_by_name(self, fitted):
        assert [fitted.frozen_layers(name) for name in ("all", "upper", "head")] == [0, 1, 2]
        with pytest.raises(ParameterError, match="layers is 'lower'; use one of all, upper, head"):
            fitted.frozen_layers("lower")

    def test_no_learning_rate_moves_nothing(self, fitted, texts, labels):
        weights, _ = fitted.trained(
            fitted.weights_, texts, labels, np.arange(40), np.arange(0), learning_rate=0.0, epochs=1
        )
        assert same(weights, fitted.weights_)

    def test_an_expert_that_gets_no_better_stays_the_backbone(self, fitted, texts, labels):
        weights, _ = fitted.trained(
            fitted.weights_, texts, 1 - labels, np.arange(30), np.arange(30, 56), epochs=1, learning_rate=1e-9
        )
        stays, _ = fitted.trained(
            fitted.weights_,
            texts,
            np.where(np.arange(56) < 30, 1 - labels, labels),
            np.arange(30),
            np.arange(30, 56),
            epochs=2,
        )
        assert same(stays, fitted.weights_)
        assert not same(weights, fitted.weights_)

    @needs_peft
    def test_thin_experts_share_their_lower_matrices_so_that_sums_of_them_are_sums_of_layers(
        self, settings, texts, labels
    ):
        backbone = TextBackbone(**settings | {"tune": "lora"}).fit(texts, labels)
        even, odd = (
            backbone.trained(backbone.weights_, texts, labels, np.arange(56)[k::2], np.arange(0), epochs=1)[0]
            for k in (0, 1)
        )
        assert any(name.endswith("lora_A.weight") for name in even)
        for name in even:
            assert np.array_equal(even[name], odd[name]) == name.endswith("lora_A.weight"), name
        mean = {name: (even[name] + odd[name]) / 2 for name in even}
        full = [backbone.merged(weights) for weights in (even, odd, mean)]
        for name in full[0]:
            np.testing.assert_allclose((full[0][name] + full[1][name]) / 2, full[2][name], atol=1e-6)


class TestAnswers:
    @pytest.mark.parametrize("pooling", ["mean", "model"])
    def test_are_those_of_the_network_written_out(self, settings, texts, labels, pooling):
        backbone = TextBackbone(**settings | {"pooling": pooling}).fit(texts, labels)
        asked = [*texts[:7].tolist(), "", "good film " * 50]
        np.testing.assert_allclose(backbone.logits(asked), by_hand(backbone, asked), atol=2e-5)

    def test_under_given_weights(self, fitted, settings, texts, labels):
        other = TextBackbone(**settings, random_state=3).fit(texts, labels)
        np.testing.assert_allclose(fitted.logits(texts, other.weights_), other.logits(texts), atol=1e-6)
        assert not np.allclose(fitted.logits(texts), other.logits(texts))

    def test_do_not_depend_on_order_or_company(self, fitted, texts):
        alone = np.vstack([clone_of(fitted).logits([text]) for text in texts[:7]])
        np.testing.assert_allclose(fitted.logits(texts[6::-1])[::-1], alone, atol=1e-5)

    def test_none_for_no_texts(self, fitted):
        assert fitted.predict_proba([]).shape == (0, 2)
        assert fitted.last_hidden([]).shape == (0, 8)

    def test_a_text_is_computed_once_under_the_same_weights(self, fitted, texts, monkeypatch):
        backbone, seen = clone_of(fitted), []
        hidden = TextBackbone._hidden
        monkeypatch.setattr(
            TextBackbone, "_hidden", lambda self, new, weights: seen.append(sorted(new)) or hidden(self, new, weights)
        )
        backbone.logits(["good", "bad"])
        backbone.last_hidden(["bad", "film", "good"])
        # another head over the same layers asks for nothing new
        other = backbone.weights_ | {"classifier.bias": np.array([9.0, 0.0], dtype=np.float32)}
        assert backbone.logits(["film"], other).argmax() == 0
        assert seen == [["bad", "good"], ["film"]]
        changed = {name: value + 1 for name, value in backbone.weights_.items()}
        backbone.logits(["good"], changed)
        assert seen[2:] == [["good"]]

    def test_the_head_receives_the_last_hidden_vectors(self, fitted, texts):
        received = fitted.layer_inputs(texts)
        assert list(received) == ["classifier", "logits"]
        head = fitted.weights_["classifier.weight"], fitted.weights_["classifier.bias"]
        np.testing.assert_allclose(received["classifier"] @ head[0].T + head[1], received["logits"], atol=1e-6)
        np.testing.assert_array_equal(fitted.last_hidden(texts), received["classifier"])


def clone_of(backbone):
    return TextBackbone.from_state(backbone.state())


class TestGramSums:
    def test_are_those_of_tokens_that_are_no_padding(self, fitted, texts):
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        network = AutoModelForSequenceClassification.from_pretrained(fitted.model, num_labels=2).eval()
        network.load_state_dict({name: torch.from_numpy(value) for name, value in fitted.merged().items()})
        tokenizer, rows = AutoTokenizer.from_pretrained(fitted.model), {"first": [], "wide": []}
        layer = network.bert.encoder.layer[1]
        hooks = [
            layer.attention.self.query.register_forward_pre_hook(lambda _, x: rows["first"].append(x[0][0].numpy())),
            layer.output.dense.register_forward_pre_hook(lambda _, x: rows["wide"].append(x[0][0].numpy())),
        ]
        with torch.no_grad():
            for text in texts[:7]:
                network(**tokenizer([text], return_tensors="pt"))
        for hook in hooks:
            hook.remove()
        expected = gram_sums({name: np.vstack(found) for name, found in rows.items()})
        found = fitted.gram_sums(texts[:7])
        stem = "bert.encoder.layer.1"
        np.testing.assert_allclose(found[f"{stem}.attention.self.query"], expected["first"], rtol=1e-4, atol=1e-4)
        np.testing.assert_array_equal(found[f"{stem}.attention.self.query"], found[f"{stem}.attention.self.value"])
        np.testing.assert_allclose(found[f"{stem}.output.dense"], expected["wide"], rtol=1e-4, atol=1e-4)
        assert found["classifier"][-1, -1] == 7

    def test_are_additive(self, fitted, texts):
        whole, parts = fitted.gram_sums(texts[:7]), [fitted.gram_sums(texts[a:b]) for a, b in ((0, 3), (3, 7))]
        for name, gram in whole.items():
            np.testing.assert_allclose(gram, parts[0][name] + parts[1][name], rtol=1e-4, atol=1e-4)

    def test_layers_that_cannot_change_have_none(self, settings, texts, labels):
        backbone = TextBackbone(**settings | {"tune": "upper"}).fit(texts, labels)
        assert not [name for name in backbone.gram_sums(texts[:3]) if ".layer.0." in name]

    @needs_peft
    def test_of_thin_matrices_merge_as_those_of_the_layers_they_stand_for(self, settings, texts, labels):
        backbone = TextBackbone(**settings | {"tune": "lora"}).fit(texts, labels)
        experts = [
            backbone.trained(backbone.weights_, texts, labels, np.arange(56)[k::2], np.arange(0), epochs=1)[0]
            for k in (0, 1)
        ]
        grams = [backbone.gram_sums(texts[k::2], weights) for k, weights in enumerate(experts)]
        merged = regmean(backbone.weights_, experts, grams=grams, ridge=0.1)
        layer = "bert.encoder.layer.0.attention.self.query"
        a = experts[0][f"{layer}.lora_A.weight"].astype(float)
        plain = [backbone.gram_sums(texts[k::2], weights) for k, weights in enumerate(experts)]
        assert plain[0][f"{layer}.lora_B"].shape == (3, 3)
        assert np.linalg.matrix_rank(a) == 2
        assert set(merged) == set(backbone.weights_)
        assert np.isfinite(backbone.logits(texts, merged)).all()


class TestKeeping:
    @pytest.mark.parametrize("tune", TUNES)
    def test_comes_back_from_its_state_bit_for_bit_without_the_base_model(
        self, settings, tiny, texts, labels, tmp_path, tune
    ):
        backbone = TextBackbone(**settings | {"tune": tune}).fit(texts, labels)
        store.save(tmp_path / "b", backbone.state(), kind="backbone", facts={})
        again = TextBackbone.from_state(store.load(tmp_path / "b", kind="backbone"))
        again.set_params(model=str(tmp_path / "gone"))
        np.testing.assert_array_equal(again.predict_proba(texts), backbone.predict_proba(texts))
        rows = np.arange(40), np.arange(40, 56)
        one, two = (b.trained(b.weights_, texts, labels, *rows, epochs=1)[0] for b in (again, backbone))
        assert same(one, two)

    def test_is_sent_to_another_process_without_what_is_built_again(self, fitted, texts):
        fitted.predict(texts)
        sent = pickle.dumps(fitted)
        again = pickle.loads(sent)  # noqa: S301 (made here)
        assert not {"_built", "_cut", "_seen"} & set(again.__dict__)
        np.testing.assert_array_equal(again.predict_proba(texts), fitted.predict_proba(texts))

    def test_a_clone_is_not_fitted(self, fitted, texts):
        with pytest.raises(NotFittedError):
            clone(fitted).predict(texts)

    def test_fitted_again_it_forgets(self, settings, texts, labels):
        backbone = TextBackbone(**settings).fit(texts, labels)
        backbone.predict(texts)
        backbone.set_params(max_tokens=4).fit(texts, np.where(labels, 2, labels), classes=3)
        assert backbone.predict_proba(texts).shape == (len(texts), 3)
        np.testing.assert_array_equal(backbone.logits(["good bad film"]), backbone.logits(["good bad long"]))


class TestErrors:
    @pytest.mark.parametrize(
        ("params", "says"),
        [
            ({"tune": "most"}, "tune is 'most'; use one of full, upper, head, lora"),
            ({"pooling": "max"}, "pooling is 'max'; use one of model, mean"),
            ({"precision": "half"}, "precision is 'half'"),
            ({"max_tokens": 3}, "max_tokens is 3; use at least 4"),
            ({"batch_size": 0}, "batch_size is 0"),
            ({"rank": 0}, "rank is 0"),
            ({"epochs": -1}, "epochs is -1"),
            ({"warmup": 1.0}, r"warmup is 1.0; use a share"),
            ({"optimizer": "newton"}, "no optimiser named 'newton'"),
            ({"learning_rate": 1e30}, "the loss is no longer a number"),
        ],
    )
    def test_bad_parameters(self, settings, texts, labels, params, says):
        with pytest.raises(ParameterError, match=says):
            TextBackbone(**settings | params).fit(texts, labels)

    def test_one_class(self, settings, texts):
        with pytest.raises(DataError, match="at least two classes, 1 found"):
            TextBackbone(**settings).fit(texts, np.zeros(len(texts), dtype=int))

    def test_what_is_no_text(self, fitted):
        with pytest.raises(DataError, match="item 1 is of type NoneType"):
            fitted.predict(["a", None])

    def test_no_model(self, texts, labels):
        with pytest.raises(DataError, match="there is no model folder 'nowhere'"):
            TextBackbone("nowhere").fit(texts, labels)

    def test_thin_matrices_without_the_package(self, settings, texts, labels, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "peft", None)
        with pytest.raises(MissingExtraError, match=r"pip install 'polyculture\[lora\]'"):
            TextBackbone(**settings | {"tune": "lora"}).fit(texts, labels)
        assert lora.NAME == "default"


class TestAdversary:
    def test_it_learns_where_vectors_were_moved_and_leaves_them_where_they_were(self, settings, texts, labels):
        plain, moved = (TextBackbone(**settings | {"adversarial": size}).fit(texts, labels) for size in (0.0, 5.0))
        assert not same(plain.weights_, moved.weights_)
        still = TextBackbone(**settings | {"adversarial": 5.0, "learning_rate": 0.0}).fit(texts, labels)
        start = TextBackbone(**settings | {"learning_rate": 0.0}).fit(texts, labels)
        assert same(still.weights_, start.weights_)

    def test_vectors_that_do_not_change_are_not_moved(self, settings, texts, labels):
        plain, moved = (
            TextBackbone(**settings | {"adversarial": size, "tune": "upper"}).fit(texts, labels) for size in (0.0, 5.0)
        )
        assert same(plain.weights_, moved.weights_)

    def test_a_negative_size_is_refused(self, settings, texts, labels):
        with pytest.raises(ParameterError, match="adversarial is -1"):
            TextBackbone(**settings | {"adversarial": -1.0}).fit(texts, labels)


class TestThreads:
    def test_those_that_ask_at_once_get_their_own_weights_answers(self, settings, fitted, texts, labels):
        others = [
            fitted.trained(fitted.weights_, texts, labels, np.arange(40), np.arange(0), epochs=1, learning_rate=rate)[0]
            for rate in (1e-2, 3e-2, 1e-1)
        ]
        expected = [TextBackbone.from_state(fitted.state()).logits(texts, weights) for weights in others]
        fresh = TextBackbone.from_state(fitted.state())
        with ThreadPoolExecutor(3) as pool:
            found = list(pool.map(lambda weights: fresh.logits(texts, weights), others))
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other)

    def test_without_patience_nothing_is_held_out_by_itself(self, settings, texts, labels):
        whole = TextBackbone(**settings).fit(texts, labels, validation=np.zeros(len(texts), dtype=bool))
        assert same(TextBackbone(**settings).fit(texts, labels).weights_, whole.weights_)
        assert not same(TextBackbone(**settings | {"patience": 2}).fit(texts, labels).weights_, whole.weights_)

    def test_a_domain_without_texts_has_sums_of_nothing(self, fitted, texts):
        sums = fitted.gram_sums(texts[:0])
        assert sums.keys() == fitted.gram_sums(texts[:3]).keys()
        assert not any(value.any() for value in sums.values())
