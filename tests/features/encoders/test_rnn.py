from __future__ import annotations

import numpy as np
import pytest
from neural_checks import TrainedEncoder, english

from polyculture.errors import ParameterError
from polyculture.features.encoders.rnn import CELLS, RNNEncoder


def ordered(n, seed=0):
    """The same words in every text; which of two comes first decides."""
    rng = np.random.RandomState(seed)
    y = rng.randint(0, 2, n)
    words = [["aa", "bb"] if label else ["bb", "aa"] for label in y]
    return [" ".join(["cc"] * rng.randint(0, 3) + pair) for pair in words], y


class TestRNN(TrainedEncoder):
    kind = RNNEncoder

    def test_first_parameter(self):
        assert RNNEncoder.first == "cell"
        assert RNNEncoder(**{RNNEncoder.first: "lstm"}).cell == "lstm"

    @pytest.mark.parametrize("cell", CELLS)
    def test_every_cell_hears_the_order_of_words(self, cell):
        texts, y = ordered(300)
        encoder = self.make(cell=cell, pool="last", bidirectional=False, epochs=10).fit(texts, y)
        held, truth = ordered(100, seed=1)
        assert (encoder.predict(held) == truth).mean() > 0.9

    @pytest.mark.parametrize("pool", ["max", "mean", "last"])
    def test_pooling_ignores_padding(self, pool):
        texts, y = english(40)
        encoder = self.make(cell="lstm", pool=pool, layers=2, epochs=1).fit(texts, y)
        texts = ["awful", "we saw it there " * 5]
        alone = np.concatenate([encoder.transform([text]) for text in texts])
        np.testing.assert_allclose(encoder.transform(texts), alone, atol=1e-5)

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"cell": "gated"}, "no cell named"),
            ({"pool": "median"}, "no pooling named"),
            ({"hidden": 15}, "even number"),
            ({"layers": 0}, "layers is 0"),
        ],
    )
    def test_its_own_bad_parameters(self, changes, says):
        with pytest.raises(ParameterError, match=says):
            self.make(**changes).fit(*english(20))
