"""Adam by hand, against that of torch."""

from __future__ import annotations

import numpy as np
import pytest

from polyculture.recommend.adam import Adam


def test_steps_are_those_of_torch() -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    values = rng.normal(size=(4, 3)).astype(np.float32)
    theirs = torch.nn.Parameter(torch.from_numpy(values.copy()))
    optimiser, adam = torch.optim.Adam([theirs], lr=0.05), Adam()
    for _ in range(20):
        gradient = rng.normal(size=(4, 3)).astype(np.float32)
        theirs.grad = torch.from_numpy(gradient.copy())
        optimiser.step()
        adam.move(values, gradient, 0.05)
    assert adam.steps == 20
    np.testing.assert_allclose(values, theirs.detach().numpy(), rtol=1e-4, atol=1e-6)
