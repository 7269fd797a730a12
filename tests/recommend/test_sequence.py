"""Networks that tell the next item: planted walks, what they may see, and what they leave behind."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from item_walks import ITEMS, first_choice, ring, walks

from polyculture.data.interactions import Interactions, hold_out
from polyculture.errors import ParameterError
from polyculture.recommend import MODELS, CrossDomainRecommender, learn_sequence
from polyculture.recommend.ease import ease
from polyculture.recommend.next_item import NextItem
from polyculture.recommend.sequence_networks import CausalReader, Reader, RecurrentReader
from polyculture.recommend.windows import ends, windows

NAMES = ["gru4rec", "sasrec"]
SMALL: dict[str, Any] = {"dimensions": 16, "dropout": 0.1, "epochs": 15, "learning_rate": 0.02, "length": 8}


def learnt(name: str, taken: sp.csr_array, times: sp.csr_array, **settings: Any) -> NextItem:
    found: NextItem = MODELS.load(name)(taken, times=times, **SMALL | settings)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_walk_is_gone_on_with_where_items_alone_do_not_tell(name: str) -> None:
    taken, times, following = walks()
    scores = learnt(name, taken, times).scores(np.arange(240))
    assert first_choice(scores, taken, following) > 0.95
    # a set of items has two ends
    for ridge in (0.5, 5.0, 50.0):
        assert first_choice(ease(taken, ridge=ridge).scores(np.arange(240)), taken, following) < 0.7


@pytest.mark.parametrize("name", NAMES)
def test_who_took_nothing_gets_what_histories_begin_with(name: str) -> None:
    rng = np.random.default_rng(0)
    taken, times = (np.zeros((200, 6)) for _ in range(2))
    for user in range(199):
        order = np.r_[rng.choice([0, 1]), rng.permutation(np.arange(2, 6))[:2]]
        times[user, order] = [1, 2, 3]
    taken = sp.csr_array((times > 0).astype(np.float32))
    scores = learnt(name, taken, sp.csr_array(times)).scores(np.array([199]))[0]
    assert scores[:2].min() > scores[2:].max() + 1


@pytest.mark.parametrize("made", [RecurrentReader, partial(CausalReader, length=7, layers=2)])
def test_what_comes_later_changes_nothing_before(made: Any) -> None:
    torch.manual_seed(0)
    network: Reader = made(10, 8, 0.0).eval()
    inputs = torch.randint(11, (5, 7))
    with torch.no_grad():
        whole = network(inputs)
        for place in range(7):
            changed = inputs.clone()
            changed[:, place] = (changed[:, place] + 3) % 11
            found = network(changed)
            np.testing.assert_allclose(found[:, :place], whole[:, :place], atol=1e-6)
            assert ((found - whole)[:, place:].abs().amax(dim=2) > 1e-6).all()
            np.testing.assert_allclose(network(inputs[:, : place + 1]), whole[:, : place + 1], atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_is_the_same_whoever_else_is_asked_for(name: str) -> None:
    taken, times, _ = walks(60)
    model = learnt(name, taken, times, epochs=2)
    whole = model.scores(np.arange(60))
    np.testing.assert_allclose(model.scores(np.array([7, 3]))[1], whole[3], atol=1e-5)
    np.testing.assert_allclose(model.scores(np.array([3]), np.array([5, 2]))[0], whole[3, [5, 2]], atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_settles_everything(name: str) -> None:
    taken, times, _ = walks(60)
    state = torch.random.get_rng_state()
    first, again = (learnt(name, taken, times, epochs=2, random_state=4) for _ in range(2))
    np.testing.assert_array_equal(first.users, again.users)
    np.testing.assert_array_equal(first.items, again.items)
    assert not np.array_equal(first.users, learnt(name, taken, times, epochs=2, random_state=5).users)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("name", NAMES)
def test_more_items_than_are_told_apart_at_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn_sequence, "CANDIDATES", 8)
    taken, times, following = walks()
    scores = learnt(name, taken, times, epochs=25).scores(np.arange(240))
    assert first_choice(scores, taken, following) > 0.9


def test_what_weighs_nothing_is_read_and_not_told() -> None:
    cut = windows([np.array([2, 0, 1])], [np.array([0.0, 1.0, 0.5])], 4, 3)
    assert cut.inputs.tolist() == [[3, 2, 0, 3]]
    assert cut.weights.tolist() == [[0.0, 1.0, 0.5, 0.0]]


@pytest.mark.parametrize("length", [1, 2, 3, 5, 50])
def test_windows_hold_every_item_once_after_those_before_it(length: int) -> None:
    rng = np.random.default_rng(0)
    histories = [rng.permutation(30)[:n] for n in (0, 1, 2, 7, 30, 0, 4)]
    cut = windows(histories, [np.ones(len(each)) for each in histories], length, 30)
    told = cut.targets[cut.weights > 0]
    assert told.tolist() == np.concatenate(histories).tolist()
    before = {(int(a), int(b)) for each in histories for a, b in pairwise(each)}
    for inputs, targets, weights in zip(cut.inputs, cut.targets, cut.weights, strict=True):
        count = int((weights > 0).sum())
        assert inputs[0] == 30
        assert inputs[1:count].tolist() == targets[: count - 1].tolist()
        assert all((int(a), int(b)) in before for a, b in zip(inputs[1:count], targets[1:count], strict=True))
        assert (inputs[count:] == 30).all()
    found, last = ends(histories, length + 1, 30)
    for row, at, history in zip(found, last, histories, strict=True):
        assert row[: at + 1].tolist() == [30, *history[max(0, len(history) - length) :].tolist()]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("setting", "value"),
    [("dimensions", 0), ("length", 1), ("epochs", 0), ("dropout", 1.0), ("learning_rate", 0.0)],
)
def test_what_is_refused(name: str, setting: str, value: Any) -> None:
    taken, times, _ = walks(10)
    with pytest.raises(ParameterError, match=f"{setting} is {value}"):
        learnt(name, taken, times, **{setting: value})


@pytest.mark.parametrize(("setting", "value"), [("layers", 0), ("dimensions", 7)])
def test_what_a_transformer_refuses(setting: str, value: int) -> None:
    taken, times, _ = walks(10)
    with pytest.raises(ParameterError, match=f"{setting} is {value}"):
        learnt("sasrec", taken, times, **{setting: value})


@pytest.mark.parametrize("name", NAMES)
def test_of_a_matrix_without_interactions_nothing_is_learnt(name: str) -> None:
    nothing = sp.csr_array((5, 4), dtype=np.float32)
    assert np.isfinite(learnt(name, nothing, nothing).scores(np.arange(5))).all()


def walked() -> Interactions:
    """Two domains of the same walks, the items of one after those of the other."""
    after, rng, rows = ring(), np.random.default_rng(0), []
    for user in range(80):
        at = int(rng.integers(ITEMS))
        for step in range(14):
            domain = "ab"[step % 2]
            rows.append((f"u{user:03d}", f"{domain}{at:02d}", domain, 10 * step))
            at = int(after[at])
    users, items, domains, times = (list(column) for column in zip(*rows, strict=True))
    return Interactions.of(users, items, domain=domains, time=times)


def test_named_they_serve_two_domains_are_kept_and_give_reasons(tmp_path: Path) -> None:
    data = hold_out(walked(), "last")
    methods = ("popularity", "ease", "markov", "gru4rec", "sasrec")
    model = CrossDomainRecommender(methods, others=(1.0,), k=3).fit(data)
    found = model.evaluate(data, k=(1,))
    values = dict(zip(zip(found["domain"], found["model"], strict=True), found["ndcg@1"], strict=True))
    for domain in "ab":
        assert values[domain, "fused"] > values[domain, "popularity"] + 0.5
        members = {member.method for member in model.choices_[domain].warm}
        assert members & {"markov", "gru4rec", "sasrec"}
    best = model.recommend(["u001"], 3, domain="b")
    reasons = model.reasons("u001", best.items[0, 0], most=100, domain="b")
    assert reasons["adds"].sum() == pytest.approx(best.scores[0, 0], rel=1e-4)
    model.save(tmp_path / "kept")
    again = CrossDomainRecommender.load(tmp_path / "kept").recommend(["u001"], 3, domain="b")
    assert again.items.tolist() == best.items.tolist()
    np.testing.assert_allclose(again.scores, best.scores, rtol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_alone_they_are_kept_too(name: str, tmp_path: Path) -> None:
    data = walked()
    model = CrossDomainRecommender(name, others=(), k=3).fit(data.take(data.domain == 0))
    model.save(tmp_path / "kept")
    again = CrossDomainRecommender.load(tmp_path / "kept")
    users = ["u001", "nobody"]
    np.testing.assert_allclose(again.scores(users), model.scores(users), rtol=1e-5)
