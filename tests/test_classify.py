"""The five steps composed: what the classifier promises whatever its parts are."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from polyculture import CrossDomainClassifier
from polyculture.errors import DataError, ParameterError, PolycultureError, ShapeError, StoreError
from polyculture.features.backbone import Backbone
from polyculture.features.encoders.lexical import LexicalEncoder
from polyculture.optimise import best_threshold, sharpen

NETWORK = Backbone(hidden=(64,), dropout=(0, 0), epochs=4, learning_rate=5e-3)
SMALL = {"encoders": (LexicalEncoder("words", 1),), "components": 4, "graph": "none", "backbone": NETWORK}


def planted(n=160, seed=0, words=("awful", "splendid"), things=("film", "day", "meal")):
    """Texts of two domains: a word decides, and it means the opposite in the other domain."""
    rng = np.random.RandomState(seed)
    y, domain = rng.randint(0, 2, n), np.repeat(["plus", "minus"], n // 2)
    meant = np.where(domain == "plus", y, 1 - y)
    texts = [" ".join([words[value], *rng.choice(things, 2)]) for value in meant]
    return texts, np.where(y == 1, "+", "-"), domain


def make(**changes):
    return CrossDomainClassifier(**{**SMALL, **changes})


def every_answer(model, texts, domain):
    return model.answers(model.encode(texts), np.asarray(domain, dtype=object))


@pytest.fixture(scope="module")
def fitted():
    texts, y, domain = planted()
    return make().fit(texts, y, domain=domain)


@pytest.fixture(scope="module")
def later():
    return planted(80, seed=1)


class TestDomains:
    def test_opposite_rules_are_learnt_where_a_pooled_network_cannot(self, fitted, later):
        texts, y, domain = later
        pooled = fitted.classes_[every_answer(fitted, texts, domain)["backbone"].argmax(axis=1)]
        assert (pooled == y).mean() < 0.65
        assert fitted.score(texts, y, domain=domain) > 0.9

    def test_an_unknown_domain_is_served_as_none_is(self, fitted, later):
        texts, _, domain = later
        none = fitted.predict_proba(texts)
        np.testing.assert_array_equal(fitted.predict_proba(texts, domain=["new"] * 80), none)
        mixed = np.where(np.arange(80) % 2, domain, "new")
        found = fitted.predict_proba(texts, domain=mixed)
        np.testing.assert_allclose(found[::2], none[::2], atol=1e-6)
        np.testing.assert_allclose(found[1::2], fitted.predict_proba(texts, domain=domain)[1::2], atol=1e-6)

    @pytest.mark.parametrize("fuse", ["stacking", "logit_ensemble"])
    def test_where_the_domain_is_not_known_the_static_model_answers(self, later, fuse):
        texts, y, domain = planted()
        model = make(fuse=fuse).fit(texts, y, domain=domain)
        found = every_answer(model, later[0], [None] * 80)
        families = {"lexical": found["encoder:lexical"]}
        # the held-out items taught it under one domain, which it is told here too
        static = model.static_.predict_proba(found, families, np.array([""] * 80, dtype=object))
        np.testing.assert_allclose(model.predict_proba(later[0]), sharpen(static, model.temperature_))
        assert not np.allclose(model.predict_proba(later[0], domain=later[2]), model.predict_proba(later[0]))

    def test_order_and_company_of_items_do_not_matter(self, fitted, later):
        texts, _, domain = later
        found = fitted.predict_proba(texts, domain=domain)
        turn = np.random.RandomState(0).permutation(80)
        np.testing.assert_allclose(
            fitted.predict_proba([texts[i] for i in turn], domain=domain[turn]), found[turn], atol=1e-6
        )
        np.testing.assert_allclose(fitted.predict_proba(texts[:1], domain=domain[:1]), found[:1], atol=1e-6)

    def test_one_domain_needs_no_name(self):
        texts, y, domain = planted()
        own = domain == "plus"
        model = make().fit([t for t, o in zip(texts, own, strict=True) if o], y[own])
        assert model.domains_ == ["all"]
        assert model.predict(["splendid film", "awful film"]).tolist() == ["+", "-"]

    def test_no_items_have_no_answers(self, fitted):
        assert fitted.predict_proba([]).shape == (0, 2)
        assert fitted.predict([], domain=[]).shape == (0,)


class TestProbabilities:
    def test_rows_sum_to_one_and_name_the_classes(self, fitted, later):
        texts, _, domain = later
        for name, found in every_answer(fitted, texts, domain).items():
            assert found.shape == (80, 2), name
            np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5, err_msg=name)
        assert fitted.classes_.tolist() == ["+", "-"]

    def test_all_parts_answer(self, fitted, later):
        texts, _, domain = later
        found = every_answer(fitted, texts, domain)
        assert set(found) == {"backbone", "merged", "experts", "encoder:lexical", "ensemble", "fused"}
        np.testing.assert_array_equal(found["fused"], fitted.predict_proba(texts, domain=domain))

    def test_calibration_on_held_out_items_does_not_harm(self):
        texts, y, domain = planted(400, seed=3)
        noisy = np.where(np.random.RandomState(0).random_sample(400) < 0.25, np.where(y == "+", "-", "+"), y)
        model = make().fit(texts, noisy, domain=domain)
        assert set(model.calibration_) == {"before", "after", "temperature"}
        assert model.calibration_["temperature"] == model.temperature_
        assert model.calibration_["after"] < model.calibration_["before"] + 0.05
        plain = make(calibrate=False).fit(texts, noisy, domain=domain)
        assert plain.temperature_ == 1
        np.testing.assert_array_equal(model.predict(texts, domain=domain), plain.predict(texts, domain=domain))

    def test_a_threshold_is_chosen_on_held_out_items_and_decides(self):
        rng = np.random.RandomState(0)
        texts = rng.choice(["film", "day", "meal", "night"], 400).tolist()
        rates = {"film": 0.3, "day": 0.1, "meal": 0.05, "night": 0.01}
        y = (rng.random_sample(400) < [rates[text] for text in texts]).astype(int)
        held = np.arange(400) % 2 == 0
        model = make(fuse="backbone", threshold="f1").fit(texts, y, split=np.where(held, "validation", "train"))
        found = model.predict_proba(texts)
        assert model.threshold_ == best_threshold(found[held], y[held], metric="f1") != 0.5
        np.testing.assert_array_equal(model.predict(texts), found[:, 1] >= model.threshold_)
        assert (model.predict(texts) != found.argmax(axis=1)).any()


class TestLabels:
    @pytest.mark.parametrize("names", [("no", "yes"), (3, 7), (0, 1), ("坏", "好"), (False, True), (0.5, 1.5)])
    def test_labels_come_back_as_they_were(self, names):
        texts, y, domain = planted()
        labels = [names[value] for value in (y == "+").astype(int)]
        model = make(fuse="none").fit(texts, labels, domain=domain)
        assert model.classes_.tolist() == list(names)
        assert set(model.predict(texts, domain=domain).tolist()) == set(names)
        assert model.score(texts, labels, domain=domain) > 0.9

    @pytest.mark.parametrize("nothing", [-1, None, float("nan"), ""])
    def test_items_without_a_label_are_welcome(self, nothing):
        texts, y, domain = planted()
        labels = np.array([str(v) for v in y], dtype=object)
        labels[::4] = nothing
        model = make().fit(texts, labels, domain=domain)
        assert model.classes_.tolist() == ["+", "-"]
        assert model.score(texts, y, domain=domain) > 0.8

    def test_a_domain_without_labels_is_known_and_served(self):
        texts, y, domain = planted()
        domain = np.where((domain == "plus") & (np.arange(160) < 20), "bare", domain)
        labels = np.where(domain == "bare", -1, (y == "+").astype(int))
        model = make().fit(texts, labels, domain=domain)
        assert model.domains_ == ["bare", "minus", "plus"]
        assert "bare" not in model.experts_
        assert model.predict(texts[:20], domain=domain[:20]).shape == (20,)

    def test_three_classes(self):
        texts = ["red film", "green day", "blue meal"] * 60
        model = make().fit(texts, ["r", "g", "b"] * 60)
        assert model.predict(["red film", "green day", "blue meal"]).tolist() == ["r", "g", "b"]
        assert model.predict_proba(["red film"]).shape == (1, 3)


class TestSplit:
    def test_a_given_part_is_held_out(self):
        texts, y, domain = planted()
        split = np.where(np.arange(160) % 4 == 0, "validation", "train")
        turned = np.where(split == "validation", np.where(y == "+", "-", "+"), y)
        one, two = (make(fuse="backbone").fit(texts, labels, domain=domain, split=split) for labels in (y, turned))
        losses = [[epoch.loss for epoch in model.backbone_.history_] for model in (one, two)]
        assert losses[0] == losses[1]

    def test_held_out_texts_teach_no_word(self):
        texts, y, domain = planted()
        split = np.where(np.arange(160) % 4 == 0, "validation", "train")
        others = [f"{t} zebra" if s == "validation" else t for t, s in zip(texts, split, strict=True)]
        model = make().fit(others, y, domain=domain, split=split)
        assert "zebra" not in model.features_.encoders_["lexical"].vectorizers_[0].vocabulary_

    def test_test_items_are_refused(self):
        texts, y, domain = planted()
        split = np.array(["train"] * 160, dtype=object)
        split[6] = "test"
        with pytest.raises(DataError, match="row 7 is a test item; fit on training and validation items alone"):
            make().fit(texts, y, domain=domain, split=split)


class TestOptions:
    @pytest.mark.parametrize(
        "fuse",
        ["average", "task_arithmetic", "regmean", "logit_ensemble", "stacking", "backbone", "none", "auto"],
    )
    @pytest.mark.parametrize("adapt", ["fine_tune", "none"])
    def test_every_fusion_runs_with_and_without_experts(self, later, fuse, adapt):
        texts, y, domain = planted()
        model = make(fuse=fuse, adapt=adapt, fine_tune_epochs=1).fit(texts, y, domain=domain)
        found = model.predict_proba(later[0], domain=later[2])
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
        assert bool(model.experts_) == (adapt == "fine_tune")
        merges = ("average", "task_arithmetic", "regmean")
        if fuse != "auto":
            expected = {"none": "experts" if model.experts_ else "backbone"} | dict.fromkeys(merges, "merged")
            assert model.routed_.method_ == expected.get(fuse, fuse)
        if fuse in merges and adapt == "fine_tune":
            assert [m.method for m in model.merges_] == [fuse]

    def test_only_the_head_changes_where_asked(self):
        texts, y, domain = planted()
        model = make(adapt_layers="head", fuse="none").fit(texts, y, domain=domain)
        first = next(iter(model.backbone_.weights_))
        for weights in model.experts_.values():
            np.testing.assert_array_equal(weights[first], model.backbone_.weights_[first])

    def test_copies_are_learnt_from_and_are_not_items(self):
        texts, y, domain = planted()
        model = make(augment=0.5, encoders=("lexical",)).fit(texts, y, domain=domain)
        assert model.score(texts, y, domain=domain) > 0.9

    def test_cleaning_serves_texts_in_fit_and_predict(self):
        texts, y, domain = planted()
        dirty = [f"<b>{t.replace(' ', '&nbsp;')}</b>" for t in texts]
        model = make().fit(dirty, y, domain=domain)
        np.testing.assert_allclose(
            model.predict_proba(dirty, domain=domain),
            make().fit(texts, y, domain=domain).predict_proba(texts, domain=domain),
        )

    def test_a_graph_may_be_given_and_later_items_tied_to_it(self):
        rng = np.random.RandomState(0)
        y = rng.randint(0, 2, 150)
        texts = rng.choice(["film", "day", "meal"], 150).tolist()
        edges = sp.csr_array(((y[:, None] == y) & (rng.random_sample((150, 150)) < 0.1)).astype(float))
        columns = rng.permutation(150)
        model = make(graph="auto", adapt="none", fuse="backbone").fit(
            [f"{t} w{i % 30}" for i, t in enumerate(texts)], y, graph=edges
        )
        assert model.features_.spread_.kind_ in ("given", "none")
        tied = sp.csr_array((y[columns[:4], None] == y).astype(float))
        assert model.predict_proba(texts[:4], edges=tied).shape == (4, 2)

    def test_a_graph_that_was_not_there_at_fit_time_is_used(self):
        rng = np.random.RandomState(0)
        y = np.arange(300) % 2
        x = (0.4 * (2 * y[:, None] - 1) + rng.normal(size=(300, 4))).astype(np.float32)
        friends = sp.csr_array(((y[:, None] == y) & (rng.random_sample((300, 300)) < 0.1)).astype(float))
        model = CrossDomainClassifier(graph="given", hops=(2,), adapt="none", fuse="backbone")
        model.fit(x[:150], y[:150], graph=friends[:150, :150])
        later = friends[150:, 150:]
        alone, together = model.score(x[150:], y[150:]), model.score(x[150:], y[150:], graph=later)
        assert alone < 0.9 < together
        found = model.predict_proba(x[150:], graph=later)
        assert (model.classes_[found.argmax(axis=1)] == model.predict(x[150:], graph=later)).all()

    def test_parameters_are_kept_as_given_and_a_clone_is_unfitted(self, fitted):
        again = clone(fitted)
        assert repr(again) == repr(fitted)
        assert not hasattr(again, "backbone_")
        assert not hasattr(NETWORK, "weights_")

    def test_names_and_seconds_of_the_steps(self, fitted):
        names = [name for name, _ in fitted.steps_]
        assert names == ["preprocess", "features", "backbone", "base models", "adapt", "fuse", "optimise"]
        assert all(seconds >= 0 for _, seconds in fitted.steps_)


class TestSameAgain:
    def test_the_same_seed_gives_the_same_answers_bit_for_bit(self, fitted, later):
        texts, y, domain = planted()
        expected = fitted.predict_proba(later[0], domain=later[2])
        again = make().fit(texts, y, domain=domain)
        np.testing.assert_array_equal(again.predict_proba(later[0], domain=later[2]), expected)
        again.fit(texts, y, domain=domain)
        np.testing.assert_array_equal(again.predict_proba(later[0], domain=later[2]), expected)
        other = make(random_state=1).fit(texts, y, domain=domain)
        assert not np.array_equal(other.predict_proba(later[0], domain=later[2]), expected)

    @pytest.mark.parametrize(
        "kind",
        [
            tuple,
            np.array,
            lambda v: np.array(v, dtype=object),
            pd.Series,
            pl.Series,
            lambda v: pd.Series(v, index=range(9, 169)),
        ],
    )
    def test_any_column_will_do(self, fitted, kind):
        texts, y, domain = planted()
        model = make().fit(kind(texts), kind(y.tolist()), domain=kind(domain.tolist()))
        expected = fitted.predict_proba(texts, domain=domain)
        np.testing.assert_array_equal(model.predict_proba(kind(texts), domain=kind(domain.tolist())), expected)
        assert model.score(kind(texts), kind(y.tolist()), domain=kind(domain.tolist())) > 0.9

    def test_chinese(self):
        texts, y, domain = planted(words=("难看", "好看"), things=("电影", "天气", "晚饭"))
        model = make(encoders=(LexicalEncoder("words", 2),), components=8).fit(
            [t.replace(" ", "") for t in texts], y, domain=domain
        )
        later, truth, where = planted(60, 2, words=("难看", "好看"), things=("电影", "天气", "晚饭"))
        assert model.score([t.replace(" ", "") for t in later], truth, domain=where) > 0.8


class TestKeeping:
    @pytest.fixture(scope="class")
    @classmethod
    def whole(cls):
        """With a graph of words, a further task and a threshold: all that there is to keep."""
        texts, y, domain = planted()
        model = make(encoders=("lexical",), graph="words", hops=(1,), threshold="f1", fuse="auto")
        model.fit(texts, y, domain=domain)
        return model.add_task("thing", texts, [t.split()[1] for t in texts], domain=domain)

    def test_answers_come_back_bit_for_bit(self, whole, later, tmp_path):
        whole.save(tmp_path / "model")
        again = CrossDomainClassifier.load(tmp_path / "model")
        for domain in (None, later[2], ["new"] * 80):
            for task in (None, "thing"):
                np.testing.assert_array_equal(
                    again.predict_proba(later[0], domain=domain, task=task),
                    whole.predict_proba(later[0], domain=domain, task=task),
                )
                np.testing.assert_array_equal(
                    again.predict(later[0], domain=domain, task=task), whole.predict(later[0], domain=domain, task=task)
                )
        assert repr(again) == repr(whole)
        again.save(tmp_path / "again")
        assert self.parts(tmp_path / "again") == self.parts(tmp_path / "model")

    def test_a_loaded_model_is_fitted_again_as_it_was(self, whole, tmp_path):
        texts, y, domain = planted()
        plain = make(encoders=("lexical", LexicalEncoder("words", 1)), fine_tune_epochs=1, hops=(0,)).fit(
            texts, y, domain=domain
        )
        plain.save(tmp_path / "model")
        again = CrossDomainClassifier.load(tmp_path / "model")
        refitted = clone(again).fit(texts, y, domain=domain)
        np.testing.assert_array_equal(refitted.predict_proba(texts), plain.predict_proba(texts))

    def parts(self, folder):
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    @pytest.mark.parametrize("place", [0, 0.3, 0.7, 1])
    def test_a_flipped_byte_in_any_file_is_found(self, whole, tmp_path, place):
        whole.save(tmp_path / "model")
        files = self.parts(tmp_path / "model")
        assert len(files) == 3
        for name, data in files.items():
            damaged = bytearray(data)
            damaged[int(place * (len(data) - 1))] ^= 0x10
            (tmp_path / "model" / name).write_bytes(damaged)
            with pytest.raises(StoreError):
                CrossDomainClassifier.load(tmp_path / "model")
            (tmp_path / "model" / name).write_bytes(data)
        CrossDomainClassifier.load(tmp_path / "model")

    def test_a_missing_file_is_found(self, whole, tmp_path):
        whole.save(tmp_path / "model")
        for path in list((tmp_path / "model").iterdir()):
            data = path.read_bytes()
            path.unlink()
            with pytest.raises(StoreError):
                CrossDomainClassifier.load(tmp_path / "model")
            path.write_bytes(data)

    def test_loading_executes_nothing(self, whole, tmp_path, monkeypatch):
        """A pickle in the place of each file is refused, and unpickling, evaluating and executing are never called."""
        canary = tmp_path / "executed"
        whole.save(tmp_path / "model")
        for name in self.parts(tmp_path / "model"):
            data = (tmp_path / "model" / name).read_bytes()
            (tmp_path / "model" / name).write_bytes(pickle.dumps(Canary(str(canary))))
            with pytest.raises(StoreError):
                CrossDomainClassifier.load(tmp_path / "model")
            (tmp_path / "model" / name).write_bytes(data)
        assert not canary.exists()
        for target in ("pickle.load", "pickle.loads", "torch.load", "builtins.eval"):
            monkeypatch.setattr(target, lambda *a, **k: pytest.fail("something was executed"))
        CrossDomainClassifier.load(tmp_path / "model")

    def test_an_unfitted_model_cannot_be_saved(self, tmp_path):
        with pytest.raises(NotFittedError):
            make().save(tmp_path / "model")
        assert not (tmp_path / "model").exists()


class Canary:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


class TestFurtherTasks:
    def test_three_classes_on_top_leave_the_first_task_bit_for_bit(self, later):
        texts, y, domain = planted(240)
        model = make().fit(texts, y, domain=domain)
        before = model.predict_proba(later[0], domain=later[2])
        model.add_task("thing", texts, [t.split()[1] for t in texts], domain=domain)
        np.testing.assert_array_equal(model.predict_proba(later[0], domain=later[2]), before)
        found = model.predict_proba(later[0], domain=later[2], task="thing")
        assert found.shape == (80, 3)
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)

    def test_it_is_learnt(self):
        texts, y, domain = planted(240)
        model = make().fit(texts, y, domain=domain)
        single = [f"{t.split()[0]} {t.split()[1]}" for t in texts]
        model.add_task("thing", single, [t.split()[1] for t in single], domain=domain)
        found = model.predict(["awful film", "splendid meal", "awful day"], task="thing")
        assert found.tolist() == ["film", "meal", "day"]

    def test_a_task_that_is_not_there_is_an_error(self, fitted):
        with pytest.raises(ParameterError, match=r"no task named 'mood'; add it with add_task \(known: none\)"):
            fitted.predict(["film"], task="mood")

    def test_bad_labels_leave_the_model_as_it_was(self, fitted):
        with pytest.raises(DataError, match="only the class 'x'"):
            fitted.add_task("one", ["film", "day"] * 5, ["x"] * 10)
        assert "one" not in fitted.heads_


class TestErrors:
    @pytest.mark.parametrize(
        ("X", "y", "domain", "says"),
        [
            ([], [], None, "no items to learn from"),
            (["film", "day"] * 5, ["+"] * 10, None, "only the class '\\+'"),
            (["film", "day"] * 5, [-1] * 10, None, "no labels"),
            (["", "  "] * 10, ["+", "-"] * 10, None, "nothing to learn from"),
            (["film", "day"] * 5, ["+", "-"] * 5, ["a"] * 9 + [None], "row 10 has no domain"),
        ],
    )
    def test_data_that_cannot_be_learnt_from(self, X, y, domain, says):
        with pytest.raises(DataError, match=says):
            make().fit(X, y, domain=domain)

    @pytest.mark.parametrize(
        "wrong", [{"y": ["+"] * 9}, {"domain": ["a"] * 9}, {"graph": sp.eye_array(9)}, {"split": ["train"] * 9}]
    )
    def test_columns_of_other_lengths(self, wrong):
        settings = {"X": ["film", "day"] * 5, "y": ["+", "-"] * 5} | wrong
        with pytest.raises(PolycultureError, match="9"):
            make().fit(settings.pop("X"), settings.pop("y"), **settings)

    def test_numbers_where_an_encoder_reads_texts(self):
        with pytest.raises(ParameterError, match=r"LexicalEncoder.* reads none of the modalities: vector"):
            make().fit(np.random.RandomState(0).normal(size=(20, 3)), ["+", "-"] * 10)

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"adapt": "dann"}, "adapt is 'dann'; use one of fine_tune, auto, none"),
            ({"adapt_layers": "lower"}, "adapt_layers is 'lower'; use one of auto, all, upper, head"),
            ({"fuse": "ties"}, "fuse is 'ties'; use one of auto, average"),
            ({"threshold": "accuracy"}, "threshold is 'accuracy'; use one of None, f1"),
            ({"validation": 0.0}, "validation is 0.0"),
            ({"validation": 1.5}, "validation is 1.5"),
            ({"graph": "web"}, "no graph named 'web'"),
            ({"encoders": ("lexikal",)}, "did you mean lexical"),
            ({"encoders": ()}, "no encoder is named"),
            ({"augment": -0.5}, "share=-0.5"),
        ],
    )
    def test_bad_parameters(self, changes, says):
        texts, y, domain = planted(40)
        with pytest.raises(ParameterError, match=says):
            make(**changes).fit(texts, y, domain=domain)

    def test_one_domain_for_each_item(self, fitted):
        with pytest.raises(ShapeError, match="2 items but 3 domains"):
            fitted.predict(["film", "day"], domain=["plus"] * 3)

    def test_a_label_that_is_not_known_is_named(self, fitted):
        from polyculture.data import DomainData

        with pytest.raises(
            DataError, match=r"the file: row 2 has the label '\?', which the model does not know; .* \+, -"
        ):
            fitted.check_labels(DomainData.of(["a", "b"], label=["+", "?"], source="the file"))
        fitted.check_labels(DomainData.of(["a", "b"], label=["+", None]))

    @pytest.mark.parametrize("call", ["predict", "predict_proba", "encode"])
    def test_not_fitted(self, call):
        with pytest.raises(NotFittedError):
            getattr(make(), call)(["film"])
