from __future__ import annotations

import pytest
from image_checks import TrainedImageEncoder, stripes

from polyculture.errors import ParameterError
from polyculture.features.encoders.images.rnn import ImageRNNEncoder


class TestRNN(TrainedImageEncoder):
    kind = ImageRNNEncoder
    params = {"units": 16, "learning_rate": 0.01}  # noqa: RUF012

    def test_first_parameter(self):
        assert ImageRNNEncoder.first == "cell"
        encoder = self.make(cell="lstm", epochs=12).fit(*stripes(240))
        images, y = stripes(100, seed=1)
        assert (encoder.predict(images) == y).mean() > 0.85

    @pytest.mark.parametrize(
        ("changes", "says"), [({"cell": "tanh"}, "no cell named"), ({"layers": 0}, "layers and units are 0")]
    )
    def test_its_own_bad_parameters(self, changes, says):
        with pytest.raises(ParameterError, match=says):
            self.make(**changes).fit(*stripes(20))
