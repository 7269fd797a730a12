"""What others took after what, against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from item_walks import ITEMS, first_choice, walks

from polyculture.errors import ParameterError
from polyculture.recommend.markov import Markov, markov
from polyculture.recommend.times import histories


@pytest.mark.parametrize(("reach", "memory"), [(0.0, 0.0), (0.5, 0.3), (0.2, 0.6)])
def test_scores_are_those_of_the_formula(reach: float, memory: float) -> None:
    taken, times, _ = walks(60)
    steps, recent = np.zeros((ITEMS, ITEMS)), np.zeros(taken.shape)
    for user, history in enumerate(histories(taken, times)):
        for late, item in enumerate(history):
            recent[user, item] = memory ** (len(history) - 1 - late)
            for early in range(late):
                steps[history[early], item] += reach ** (late - early - 1)
    degrees = taken.toarray().sum(axis=0)
    whole = recent @ (steps * degrees[:, None] ** -0.2 * degrees**-0.6)
    model = markov(taken, times=times, reach=reach, memory=memory, from_exponent=0.2, to_exponent=0.6)
    # what weighs less than a hundredth is left out
    np.testing.assert_allclose(model.scores(np.arange(60)), whole, atol=0.02 * whole.max())
    assert model.parts(3, 7)[1].sum() == pytest.approx(model.scores(np.array([3]))[0, 7], abs=1e-6)
    again = Markov.from_state(model.state(), taken)
    np.testing.assert_array_equal(again.scores(np.arange(60)), model.scores(np.arange(60)))


def test_a_walk_is_gone_on_with() -> None:
    taken, times, following = walks()
    scores = markov(taken, times=times).scores(np.arange(240))
    assert first_choice(scores, taken, following) > 0.95
    assert not scores[-1].any()


@pytest.mark.parametrize("name", ["reach", "memory", "from_exponent", "to_exponent"])
def test_what_is_refused(name: str) -> None:
    taken, times, _ = walks(10)
    with pytest.raises(ParameterError, match=f"{name} is 1.5"):
        markov(taken, times=times, **{name: 1.5})
