from __future__ import annotations

import pytest
from image_checks import TrainedImageEncoder, stripes

from polyculture.errors import ParameterError
from polyculture.features.encoders.images.cnn import ImageCNNEncoder


class TestCNN(TrainedImageEncoder):
    kind = ImageCNNEncoder
    params = {"width": 8, "stages": 2, "learning_rate": 0.01}  # noqa: RUF012

    def test_a_wider_stride_sees_fewer_places(self):
        encoder = self.make(stride=2, epochs=12).fit(*stripes(240))
        images, y = stripes(100, seed=1)
        assert (encoder.predict(images) == y).mean() > 0.85

    @pytest.mark.parametrize("name", ["width", "stages", "stride"])
    def test_its_own_bad_parameters(self, name):
        with pytest.raises(ParameterError, match=f"{name} is 0"):
            self.make(**{name: 0}).fit(*stripes(20))
