from __future__ import annotations

import pytest
from image_checks import TrainedImageEncoder, stripes

from polyculture.errors import ParameterError
from polyculture.features.encoders.images.transformer import ImageTransformerEncoder


class TestTransformer(TrainedImageEncoder):
    kind = ImageTransformerEncoder
    params = {"patch": 4, "dim": 32, "layers": 2, "learning_rate": 0.005}  # noqa: RUF012

    @pytest.mark.parametrize(
        ("changes", "says"),
        [({"patch": 5}, "divisor of size"), ({"heads": 3}, "divisor of dim"), ({"layers": 0}, "layers is 0")],
    )
    def test_its_own_bad_parameters(self, changes, says):
        with pytest.raises(ParameterError, match=says):
            self.make(**changes).fit(*stripes(20))
