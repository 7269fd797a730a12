from __future__ import annotations

import numpy as np
import pytest
from neural_checks import TrainedEncoder, english

from polyculture.errors import ParameterError
from polyculture.features.encoders.transformer import TransformerEncoder


class TestTransformer(TrainedEncoder):
    kind = TransformerEncoder

    def test_no_first_parameter(self):
        assert TransformerEncoder.first == ""

    def test_starts_from_denoising(self):
        texts, y = english(200)
        plain = self.make(epochs=1).fit(texts, y)
        warm = self.make(epochs=1, pretrain_epochs=2).fit(texts, y)
        assert not np.array_equal(plain.transform(texts), warm.transform(texts))
        assert (self.make(pretrain_epochs=1).fit(texts, y).predict(texts) == y).mean() > 0.9

    def test_denoising_does_not_read_what_is_held_out(self):
        texts, y = english(60)
        held = np.arange(60) < 20
        settings = {"epochs": 1, "pretrain_epochs": 1}
        fitted = self.make(**settings).fit(texts, y, validation=held)
        other = self.make(**settings).fit(["we"] * 20 + texts[20:], y, validation=held)
        assert [epoch.loss for epoch in fitted.history_] == [epoch.loss for epoch in other.history_]

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"heads": 3}, "heads is 3"),
            ({"layers": 0}, "layers is 0"),
            ({"pretrain_epochs": -1}, "pretrain_epochs is -1"),
        ],
    )
    def test_its_own_bad_parameters(self, changes, says):
        with pytest.raises(ParameterError, match=says):
            self.make(**changes).fit(*english(20))
