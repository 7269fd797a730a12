"""What every encoder that is trained from scratch promises; the test files of each family run it."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from polyculture.errors import DataError, ParameterError, ShapeError

SMALL = {"dim": 16, "hidden": 16, "batch_size": 16, "learning_rate": 0.01, "epochs": 6, "vocabulary": 300}

needs_wordllama = pytest.mark.skipif(find_spec("wordllama") is None, reason="wordllama is not installed")


def english(n, seed=0):
    """Sentences that one of two words decides."""
    rng = np.random.RandomState(seed)
    words = ["the", "film", "was", "a", "very", "long", "day", "and", "we", "saw", "it", "there", "then", "home"]
    y = rng.randint(0, 2, n)
    texts = []
    for label in y:
        row = rng.choice(words, rng.randint(2, 12)).tolist()
        row.insert(rng.randint(len(row) + 1), ("awful", "splendid")[label])
        texts.append(" ".join(row))
    return texts, y


def chinese(n, seed=0):
    """Sentences without spaces that one of two characters decides."""
    rng = np.random.RandomState(seed)
    characters = list("我们今天看了这个电影觉得很长然后回家吃饭")
    y = rng.randint(0, 2, n)
    texts = []
    for label in y:
        row = rng.choice(characters, rng.randint(2, 12)).tolist()
        row.insert(rng.randint(len(row) + 1), "坏好"[label])
        texts.append("".join(row))
    return texts, y


class TrainedEncoder:
    """Claims about one class; a family sets `kind` and may add to `params`."""

    kind: type
    params: dict = {}  # noqa: RUF012

    @classmethod
    def make(cls, **changes):
        return cls.kind(**{**SMALL, **cls.params, **changes})

    @pytest.fixture(scope="class")
    @classmethod
    def fitted(cls):
        return cls.make().fit(*english(300))

    @pytest.mark.parametrize("language", [english, chinese])
    def test_learns_the_word_that_decides(self, language):
        texts, y = language(300)
        encoder = self.make().fit(texts, y)
        held, truth = language(200, seed=1)
        assert (encoder.predict(held) == truth).mean() > 0.9

    def test_vectors_separate_the_classes(self, fitted):
        texts, y = english(200, seed=2)
        vectors = fitted.transform(texts)
        assert vectors.dtype == np.float32
        assert vectors.shape == (200, fitted.hidden)
        centres = np.stack([vectors[y == value].mean(0) for value in (0, 1)])
        nearest = ((vectors[:, None] - centres) ** 2).sum(2).argmin(1)
        assert (nearest == y).mean() > 0.9

    def test_padding_changes_nothing(self, fitted):
        texts = ["splendid", "the film was awful", "we saw it " * 9, ""]
        together = fitted.transform(texts)
        alone = np.concatenate([fitted.transform([text]) for text in texts])
        np.testing.assert_allclose(together, alone, atol=1e-5)

    def test_order_of_items_is_kept(self, fitted):
        texts, _ = english(300, seed=3)
        turned = fitted.transform(texts[::-1])[::-1]
        np.testing.assert_allclose(fitted.transform(texts), turned, atol=1e-5)

    def test_state_is_exact(self, fitted):
        texts, _ = english(50, seed=4)
        again = self.kind.from_state(fitted.state())
        assert np.array_equal(again.transform(texts), fitted.transform(texts))
        assert np.array_equal(again.predict_proba(texts), fitted.predict_proba(texts))
        assert again.get_params() == fitted.get_params()
        assert len(again.history_) == len(fitted.history_)

    def test_a_state_is_a_copy(self, fitted):
        texts, _ = english(20, seed=4)
        before = fitted.transform(texts)
        for value in fitted.state()["weights"].values():
            value[...] = 0
        assert np.array_equal(fitted.transform(texts), before)

    def test_same_seed_same_vectors(self):
        texts, y = english(60)
        first, second = (self.make(epochs=2).fit(texts, y).transform(texts) for _ in range(2))
        assert np.array_equal(first, second)
        assert not np.array_equal(first, self.make(epochs=2, random_state=1).fit(texts, y).transform(texts))

    def test_leaves_global_random_numbers_alone(self):
        torch.manual_seed(5)
        expected = torch.rand(3)
        torch.manual_seed(5)
        fitted = self.make(epochs=1).fit(*english(40))
        self.kind.from_state(fitted.state())
        assert torch.equal(torch.rand(3), expected)

    def test_unlabelled_rows_teach_words_only(self):
        texts, y = english(60)
        mask = np.arange(120) % 60 < 10
        plain = self.make(epochs=2).fit(texts, y, validation=mask[:60])
        # The same texts once more: every count doubles, the vocabulary stays, and so must all the rest.
        more = self.make(epochs=2).fit(texts * 2, np.concatenate([y, np.full(60, -1)]), validation=mask)
        assert more.tokens_.pieces == plain.tokens_.pieces
        assert np.array_equal(more.transform(texts), plain.transform(texts))
        new = self.make(epochs=1).fit([*texts, "zyx zyx zyx"], np.append(y, -1))
        assert "zyx" in new.tokens_.pieces

    def test_validation_rows_are_not_learnt(self):
        texts, y = english(80)
        held = np.arange(80) < 20
        settings = {"epochs": 2, "patience": 5}
        fitted = self.make(**settings).fit(texts, y, validation=held)
        # Other texts of the same classes: whatever is learnt from rows that are held out would change the loss.
        others = ["qqq qqq qqq"] * 20 + texts[20:]
        other = self.make(**settings).fit(others, y, validation=held)
        assert [epoch.loss for epoch in other.history_] == [epoch.loss for epoch in fitted.history_]
        assert "qqq" not in other.tokens_.pieces

    def test_probabilities(self, fitted):
        proba = fitted.predict_proba(["splendid", "awful"])
        assert proba.shape == (2, 2)
        np.testing.assert_allclose(proba.sum(1), 1)
        assert fitted.transform([]).shape == (0, fitted.hidden)

    def test_classes_keep_their_names(self):
        texts, y = english(200)
        encoder = self.make().fit(texts, np.where(y == 1, 7, 3))
        assert encoder.classes_.tolist() == [3, 7]
        assert set(encoder.predict(texts)) == {3, 7}

    def test_history(self, fitted):
        assert fitted.history_[-1].loss < fitted.history_[0].loss
        assert np.isfinite(fitted.history_[0].validation_loss)

    def test_parameters_stay_as_given(self):
        encoder = self.make()
        assert clone(encoder).get_params() == encoder.get_params()

    @needs_wordllama
    def test_starts_from_static_vectors(self):
        texts, y = english(200)
        encoder = self.make(vectors="wordllama").fit(texts, y)
        assert (encoder.predict(texts) == y).mean() > 0.9

    def test_not_fitted(self):
        with pytest.raises(NotFittedError):
            self.make().transform(["a"])

    @pytest.mark.parametrize(
        ("texts", "y", "error", "says"),
        [
            (["a", "b"], None, DataError, "give y"),
            (["a", "b"], [1, 1], DataError, "two classes"),
            (["a", "b"], [1, -1], DataError, "two classes"),
            (["a", "b"], [-1, -1], DataError, "two classes"),
            (["a", "b"], [1, 0, 1], ShapeError, "2 texts and 3 labels"),
            (["a", "b"], [0.5, 1.0], DataError, "whole number"),
            (["a", "b"], [[0, 1], [1, 0]], DataError, "whole number"),
            (["a", None], [0, 1], DataError, "item 1 is of type NoneType"),
            ("ab", [0, 1], DataError, "one string"),
        ],
    )
    def test_bad_items(self, texts, y, error, says):
        with pytest.raises(error, match=says):
            self.make().fit(texts, y)

    def test_bad_validation(self):
        texts, y = english(10)
        with pytest.raises(ShapeError, match="10 booleans"):
            self.make().fit(texts, y, validation=np.arange(10))
        with pytest.raises(DataError, match="two classes"):
            self.make().fit(texts, y, validation=np.ones(10, dtype=bool))

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"dim": 0}, "dim is 0"),
            ({"epochs": 0}, "epochs is 0"),
            ({"dropout": 1.0}, "dropout is 1.0"),
            ({"vocabulary": 3}, "vocabulary is 3"),
            ({"optimizer": "gradient"}, "no optimiser named"),
            ({"vectors": "glove"}, "no token vectors named"),
        ],
    )
    def test_bad_parameters(self, changes, says):
        with pytest.raises(ParameterError, match=says):
            self.make(**changes).fit(*english(20))
