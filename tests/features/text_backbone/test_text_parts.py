"""The parts of the text backbone, each alone: schedule, tokens, memory, thin matrices."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from polyculture.features.encoders.lora import fold, inject, plain_name, thin_grams
from polyculture.features.text_backbone.memory import MODELS, Memory, digest
from polyculture.features.text_backbone.network import blocks, fill, head_name, tensors
from polyculture.features.text_backbone.schedule import CLIP, groups, rate
from polyculture.features.text_backbone.tokens import Ids, padded
from polyculture.features.text_backbone.tuning import freeze, let_change
from polyculture.fuse import gram_sums
from polyculture.training import classification, train

pytest_plugins = ("text_models",)

needs_peft = pytest.mark.skipif(find_spec("peft") is None, reason="peft is not installed")


class TestSchedule:
    @given(st.integers(1, 200), st.floats(0, 0.9))
    def test_rises_once_and_falls_once_and_is_never_nothing(self, steps, warmup):
        found = [rate(step, steps, warmup) for step in range(steps)]
        assert all(0 < value <= 1 for value in found)
        top = int(np.argmax(found))
        assert found[: top + 1] == sorted(found[: top + 1])
        assert found[top:] == sorted(found[top:], reverse=True)

    def test_without_warm_up_it_starts_at_the_top(self):
        assert rate(0, 10, 0.0) == 1.0

    def test_matrices_alone_decay_and_a_new_head_is_faster(self):
        network = nn.ModuleDict({"body": nn.Linear(2, 2), "classifier": nn.Linear(2, 2)})
        network["body"].bias.requires_grad_(False)
        found = groups(network.named_parameters(), "classifier", learning_rate=0.5, head_rate=10.0, decay=0.01)
        told = {(g["params"][0].ndim, g["lr"]): g["weight_decay"] for g in found}
        assert told == {(2, 0.5): 0.01, (2, 5.0): 0.01, (1, 5.0): 0.0}

    def test_a_layer_whose_name_ends_like_the_heads_is_no_head(self):
        network = nn.ModuleDict({"pre_classifier": nn.Linear(2, 2), "classifier": nn.Linear(2, 2)})
        found = groups(network.named_parameters(), "classifier", learning_rate=1.0, head_rate=10.0, decay=0.0)
        fast = {id(p) for group in found if group["lr"] == 10.0 for p in group["params"]}
        assert fast == {id(p) for p in network["classifier"].parameters()}

    def run(self, truth, stop, epochs=6, patience=9):
        torch.manual_seed(0)
        x = torch.randn(60, 3)
        y = (x[:, 0] > 0).long()
        network = nn.Sequential(nn.Linear(3, 2))
        start = network[0].weight.detach().clone()
        history = train(
            network,
            classification(lambda r: (x[r],), truth(y)),
            np.arange(40),
            stop,
            optimizer="sgd",
            groups=groups(network.named_parameters(), "0", learning_rate=0.3, head_rate=1.0, decay=0.0),
            schedule=lambda step, steps: rate(step, steps, 0.1),
            clip=CLIP,
            batch_size=8,
            epochs=epochs,
            patience=patience,
            lengths=np.ones(60, dtype=int),
            seed=0,
            name="it",
        )
        return network, start, history

    def test_learns_and_keeps_the_best_epoch(self):
        network, start, history = self.run(lambda y: y, np.arange(40, 60))
        losses = [epoch.validation_loss for epoch in history]
        assert losses[-1] < losses[0]
        assert not torch.equal(network[0].weight, start)
        assert not network.training

    def test_what_gets_worse_stays_what_it_was_and_stops_early(self):
        # held-out items have the opposite labels: every step makes them worse once it has learnt anything
        network, start, history = self.run(
            lambda y: torch.where(torch.arange(60) < 40, y, 1 - y), np.arange(40, 60), patience=2
        )
        assert len(history) <= 4
        best = min(range(len(history)), key=lambda i: history[i].validation_loss)
        if history[best].validation_loss > history[0].validation_loss:
            assert torch.equal(network[0].weight, start)

    def test_without_held_out_items_all_epochs_run(self):
        _, _, history = self.run(lambda y: y, np.arange(0), epochs=3)
        assert len(history) == 3
        assert np.isnan(history[0].validation_loss)


class TestTokens:
    @pytest.fixture
    def ids(self, tiny):
        return Ids((tiny / "tokenizer.json").read_text(), 6, 0)

    def test_cut_and_marked_as_the_tokenizer_does(self, ids):
        assert [row.tolist() for row in ids.rows(["a good film", "", "good " * 9])] == [
            [2, 4, 5, 7, 3],
            [2, 3],
            [2, 5, 5, 5, 5, 3],
        ]

    def test_a_text_is_cut_once(self, ids):
        cut, whole = [], ids.tokenizer

        class Counted:
            def encode_batch_fast(self, texts):
                cut.extend(texts)
                return whole.encode_batch_fast(texts)

        ids.tokenizer = Counted()
        ids.rows(["good", "bad", "good"])
        assert [row.tolist() for row in ids.rows(["bad", "a"])] == [[2, 6, 3], [2, 4, 3]]
        assert cut == ["good", "bad", "a"]

    def test_no_more_tokens_than_the_model_has_places_for(self, tiny):
        files = {name: (tiny / name).read_text() for name in ("config.json", "tokenizer.json", "tokenizer_config.json")}
        assert len(Ids.of(files, 500).rows(["good " * 99])[0]) == 32
        assert len(Ids.of(files, 7).rows(["good " * 99])[0]) == 7
        offset = files | {"config.json": '{"model_type": "roberta", "max_position_embeddings": 20, "pad_token_id": 1}'}
        assert len(Ids.of(offset, 500).rows(["good " * 99])[0]) == 18

    @given(st.lists(st.integers(1, 9), min_size=1, max_size=8))
    def test_padding_is_masked_and_nothing_else(self, lengths):
        rows = [np.arange(1, n + 1) for n in lengths]
        ids, mask = padded(rows, 0)
        assert ids.shape == (len(lengths), max(lengths))
        assert torch.equal(mask, (ids > 0).long())
        assert mask.sum(1).tolist() == lengths

    def test_parts_hold_every_text_once_the_short_ones_together(self, ids):
        parts = list(ids.parts(["good " * 3, "bad", "good " * 3, ""], size=2))
        assert sorted(np.concatenate([rows for rows, _, _ in parts]).tolist()) == [0, 1, 2, 3]
        assert [found.shape[1] for _, found, _ in parts] == [3, 5]
        assert list(ids.parts([])) == []


class TestMemory:
    def test_the_least_used_weights_go_first(self):
        memory, asked = Memory(), []

        def compute(texts):
            asked.extend(texts)
            return np.zeros((len(texts), 1))

        for value in [*range(MODELS), 0, MODELS, 0, 1]:
            memory.get({"w": np.full(1, value)}, ["a"], compute)
        assert len(asked) == MODELS + 2

    @pytest.mark.parametrize(
        "other",
        [
            {"a": np.zeros(3)},
            {"a": np.zeros((1, 2))},
            {"a": np.zeros(2, np.float32)},
            {"a": np.array([0, 1e-30])},
            {"a": np.zeros(2), "b": np.zeros(0)},
        ],
    )
    def test_other_weights_have_another_fingerprint(self, other):
        assert digest({"a": np.zeros(2)}) == digest({"a": np.zeros(4)[::2]})
        assert digest({"a": np.zeros(2)}) != digest(other)


def network():
    layers = nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 3)])
    return nn.ModuleDict({"embeddings": nn.Embedding(4, 3), "layers": layers, "classifier": nn.Linear(3, 2)})


class TestTuning:
    def test_layers_and_head_are_found(self):
        assert head_name(network()) == "classifier"
        assert len(blocks(network())) == 2

    @pytest.mark.parametrize(("count", "left"), [(0, 7), (1, 4), (2, 2)])
    def test_freezing_keeps_all_below(self, count, left):
        found = freeze(network(), count)
        changing = [name for name, value in found.named_parameters() if value.requires_grad]
        assert len(changing) == left
        assert changing[-2:] == ["classifier.weight", "classifier.bias"]

    @needs_peft
    def test_thin_matrices_start_as_nothing_and_fold_as_peft_merges_them(self):
        plain = network()
        before = {name: value.numpy().copy() for name, value in tensors(plain).items()}
        thin = let_change(plain, "lora", rank=2, seed=0, fresh=True)
        assert sorted({n for n, p in thin.named_parameters() if p.requires_grad}) == sorted(
            [f"layers.{i}.lora_{m}.default.weight" for i in (0, 1) for m in "AB"]
            + ["classifier.weight", "classifier.bias"]
        )
        weights = {n: v.detach().numpy() for n, v in tensors(thin).items() if "lora" in n}
        for name, value in fold(before, weights).items():
            np.testing.assert_array_equal(value, before[name])
        fill(thin, {name: np.ones_like(value) for name, value in weights.items()})
        weights = {n: v.detach().numpy().copy() for n, v in tensors(thin).items() if "lora" in n}
        for layer in blocks(thin):
            layer.merge()
        for name, value in fold(before, weights).items():
            np.testing.assert_allclose(value, tensors(thin)[name].numpy(), atol=1e-6)

    @needs_peft
    def test_other_layers_are_left_alone(self):
        found = inject(network(), ["layers.1"], 1)
        assert [plain_name(n) for n in found.state_dict() if "lora" in n] == [
            "layers.1.lora_A.weight",
            "layers.1.lora_B.weight",
        ]


def test_thin_grams_are_those_of_what_the_upper_matrix_receives():
    rng = np.random.RandomState(0)
    x, down = rng.normal(size=(20, 5)), rng.normal(size=(2, 5))
    found = thin_grams(gram_sums({"q": x, "head": x}), {"q.lora_A.weight": down, "q.lora_B.weight": np.zeros((5, 2))})
    np.testing.assert_allclose(found["q.lora_B"], gram_sums({"r": x @ down.T})["r"], atol=1e-9)
    np.testing.assert_array_equal(found["head"], gram_sums({"h": x})["h"])
