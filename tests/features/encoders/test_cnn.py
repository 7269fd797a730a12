from __future__ import annotations

import pytest
from neural_checks import TrainedEncoder, english

from polyculture.errors import ParameterError
from polyculture.features.encoders.cnn import CNNEncoder


class TestCNN(TrainedEncoder):
    kind = CNNEncoder
    params = {"filters": 16}  # noqa: RUF012

    def test_first_parameter(self):
        assert CNNEncoder.first == "pool"
        assert CNNEncoder(**{CNNEncoder.first: "max"}).pool == "max"

    def test_max_pooling_and_wide_windows_on_short_texts(self):
        texts, y = english(300)
        encoder = self.make(pool="max", widths=(2, 5)).fit(texts, y)
        assert (encoder.predict(["splendid", "awful"]) == [1, 0]).all()

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"pool": "median"}, "no pooling named"),
            ({"widths": ()}, "widths"),
            ({"widths": (0,)}, "widths"),
            ({"filters": 0}, "filters"),
        ],
    )
    def test_its_own_bad_parameters(self, changes, says):
        with pytest.raises(ParameterError, match=says):
            self.make(**changes).fit(*english(20))
