"""The search over merges: held-out items decide, for each method, which setting and which head."""

from __future__ import annotations

import numpy as np
import pytest

from polyculture.errors import ParameterError
from polyculture.features.backbone import Backbone
from polyculture.fuse import average, merge, task_arithmetic
from polyculture.fuse.score import score

ROWS, STOP = np.arange(0, 120), np.arange(120, 180)


@pytest.fixture(scope="module")
def fitted():
    """A backbone, and experts that each went a step in a direction of their own."""
    rng = np.random.RandomState(0)
    x = rng.normal(size=(180, 4)).astype(np.float32)
    y, domain = (x[:, 0] + x[:, 1] > 0).astype(int), np.array(["a", "b", "c"], dtype=object)[np.arange(180) % 3]
    backbone = Backbone(hidden=(6,), dropout=(0, 0), learning_rate=0.02, epochs=4).fit(x, y)
    experts = {
        name: {k: v + 0.1 * rng.normal(size=v.shape).astype(v.dtype) for k, v in backbone.weights_.items()}
        for name in "abc"
    }
    return backbone, experts, x, y, domain


def test_every_method_gives_its_best_setting_and_the_best_comes_first(fitted):
    backbone, _, x, y, domain = fitted
    found = merge(*fitted, rows=ROWS, stop=STOP)
    assert sorted(m.method for m in found) == ["average", "regmean", "task_arithmetic"]
    assert [m.loss for m in found] == sorted(m.loss for m in found)
    for merged in found:
        again = score(backbone.logits(x[STOP], merged.weights), y[STOP], domain[STOP])
        assert merged.loss == pytest.approx(again, abs=1e-12)
        assert {name: w.dtype for name, w in merged.weights.items()} == {
            n: w.dtype for n, w in backbone.weights_.items()
        }


def test_a_head_in_closed_form_is_taken_only_where_it_helps(fitted):
    with_heads = {m.method: m for m in merge(*fitted, rows=ROWS, stop=STOP)}
    without = {m.method: m for m in merge(*fitted, rows=ROWS, stop=STOP, refit_head=False)}
    assert not any("head" in m.setting for m in without.values())
    for name, merged in with_heads.items():
        assert merged.loss <= without[name].loss
        assert ("head in closed form" in merged.setting) == (merged.loss < without[name].loss)


@pytest.fixture(scope="module")
def spoilt(fitted):
    """The experts with their heads turned round."""
    backbone, experts, *_ = fitted
    head = f"{list(backbone.weights_)[-1].removesuffix('.bias')}.weight"
    return {name: weights | {head: -weights[head]} for name, weights in experts.items()}


def test_a_spoilt_head_is_mended_in_closed_form(fitted, spoilt):
    backbone, _, *rest = fitted
    (found,) = merge(backbone, spoilt, *rest, rows=ROWS, stop=STOP, methods=("average",))
    (kept,) = merge(backbone, spoilt, *rest, rows=ROWS, stop=STOP, methods=("average",), refit_head=False)
    assert found.setting == "equal weights, head in closed form"
    assert found.loss < 0.75 * kept.loss
    first = next(iter(backbone.weights_))
    np.testing.assert_array_equal(found.weights[first], average(backbone.weights_, list(spoilt.values()))[first])


def test_only_the_methods_that_were_asked_for(fitted):
    backbone, experts, *_ = fitted
    (found,) = merge(*fitted, rows=ROWS, stop=STOP, methods=("task_arithmetic",), refit_head=False)
    scale = float(found.setting.removeprefix("scale "))
    for name, value in task_arithmetic(backbone.weights_, list(experts.values()), scale=scale).items():
        np.testing.assert_array_equal(found.weights[name], value)
    with pytest.raises(ParameterError, match="no merge named 'ties'; use one of average, task_arithmetic, regmean"):
        merge(*fitted, rows=ROWS, stop=STOP, methods=("average", "ties"))


def test_labels_of_items_that_judge_teach_no_head(fitted, spoilt):
    backbone, _, x, y, domain = fitted
    other = y.copy()
    other[STOP[:6]] = 1 - other[STOP[:6]]
    one, two = (
        merge(backbone, spoilt, x, labels, domain, rows=ROWS, stop=STOP, methods=("average",))[0]
        for labels in (y, other)
    )
    assert one.setting == two.setting == "equal weights, head in closed form"
    assert one.loss != two.loss
    for name, value in one.weights.items():
        np.testing.assert_array_equal(two.weights[name], value)


def test_without_held_out_items_the_plain_average_comes_first(fitted):
    backbone, experts, *_ = fitted
    found = merge(*fitted, rows=ROWS, stop=STOP[:0])
    assert (found[0].method, found[0].setting) == ("average", "equal weights")
    assert all(np.isnan(m.loss) for m in found)
    for name, value in average(backbone.weights_, list(experts.values())).items():
        np.testing.assert_array_equal(found[0].weights[name], value)


def test_a_domain_without_training_rows_does_not_spoil_the_merge(fitted):
    backbone, experts, x, y, domain = fitted
    found = merge(backbone, experts, x, y, domain, rows=ROWS[domain[ROWS] != "c"], stop=STOP)
    assert all(np.isfinite(w).all() for m in found for w in m.weights.values())
    assert all(np.isfinite(m.loss) for m in found)
