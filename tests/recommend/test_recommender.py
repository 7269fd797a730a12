"""The estimator as a whole, on tastes that are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from polyculture.data.interactions import Interactions, hold_out
from polyculture.errors import DataError, ParameterError, StoreError
from polyculture.recommend import CrossDomainRecommender
from polyculture.recommend.edges import held_of
from polyculture.recommend.recommender import AUTO
from polyculture.recommend.search import possible


def parity(names: np.ndarray) -> np.ndarray:
    """Taste of users or items, by the number in their names."""
    return np.array([int(name[1:]) % 2 for name in names.ravel().tolist()]).reshape(names.shape)


@pytest.fixture(scope="module")
def shared() -> CrossDomainRecommender:
    """Items are all of both domains; users of odd number like others of the films."""
    rng = np.random.default_rng(0)
    rows = []
    for user in range(80):
        for domain in ("book", "film"):
            shift = 7 if domain == "film" and user % 2 else 0
            rows += [(f"u{user}", f"i{(int(i) + shift) % 20}", domain) for i in rng.permutation(20)[:6]]
    users, items, domains = (list(column) for column in zip(*rows, strict=True))
    data = Interactions.of(users, items, domain=domains, shared_items=True)
    return CrossDomainRecommender(("ease", "popularity")).fit(data)


def test_a_user_gets_items_of_the_own_taste(model: CrossDomainRecommender) -> None:
    users = [f"u{n:03d}" for n in range(4, 80)]
    found = model.recommend(users, 3, domain="b")
    assert (parity(found.items) == parity(np.array(users))[:, None]).mean() > 0.9
    assert {name[0] for name in found.items.ravel()} == {"b"}
    assert (np.diff(found.scores, axis=1) <= 0).all()


def test_a_user_who_is_new_to_a_domain_is_known_by_the_other(model: CrossDomainRecommender) -> None:
    found = model.recommend(["u000", "u001", "u002", "u003"], 3, domain="b").items
    assert (parity(found) == np.array([0, 1, 0, 1])[:, None]).mean() > 0.8


def test_what_was_taken_is_left_out_unless_asked_for(model: CrossDomainRecommender) -> None:
    data = model.interactions_
    mine = set(data.items[data.item[data.user == 10]].tolist())
    assert not mine & set(model.recommend(["u010"], 30).items.ravel().tolist())
    assert mine & set(model.recommend(["u010"], 30, exclude_seen=False).items.ravel().tolist())


def test_an_unknown_user_gets_what_most_take(model: CrossDomainRecommender) -> None:
    found = model.recommend(["nobody"], 2, domain="a")
    counts = np.asarray(model.interactions_.matrix(domain="a").sum(axis=0)).ravel()[model.serving_["a"].items]
    most = np.sort((counts - counts.mean()) / counts.std())[::-1][:2]
    np.testing.assert_allclose(found.scores[0], most, rtol=1e-5)
    strict = CrossDomainRecommender("popularity", unknown="error").fit(model.interactions_)
    with pytest.raises(ParameterError, match="no user named 'nobody'"):
        strict.recommend(["nobody"])


@pytest.mark.parametrize("method", ["ease", "popularity", ("popularity", "ease")])
def test_domains_of_one_user_compare_where_one_has_popularity_alone(method: str | tuple[str, ...]) -> None:
    rng = np.random.default_rng(0)
    rows = [(f"u{u}", f"{d}{2 * int(i) + u % 2}", d) for u in range(60) for d in "ab" for i in rng.permutation(10)[:5]]
    rows += [("only_a", name, "a") for name in ("a0", "a2", "a4")]
    users, items, domains = (list(column) for column in zip(*rows, strict=True))
    model = CrossDomainRecommender(method, others=(), k=3).fit(Interactions.of(users, items, domain=domains))
    assert {name[0] for name in model.recommend(["only_a"], 8).items[0]} == {"a", "b"}
    for domain in "ab":
        assert abs(model.scores(["only_a"], domain=domain)[0, model.serving_[domain].items].mean()) < 1
    best = model.recommend(["only_a"], 1, domain="b")
    assert model.reasons("only_a", best.items[0, 0])["adds"].sum() == pytest.approx(best.scores[0, 0], rel=1e-4)


def test_scores_and_recommendations_agree(model: CrossDomainRecommender) -> None:
    scores = model.scores(["u020"], domain="a")
    found = model.recommend(["u020"], 1, domain="a", exclude_seen=False)
    assert model.interactions_.items[int(scores.argmax())] == found.items[0, 0]
    assert np.isneginf(scores[0, model.interactions_.item_domain == 1]).all()


def test_reasons_sum_to_the_score_and_name_the_taste(model: CrossDomainRecommender) -> None:
    found = model.recommend(["u020"], 1, domain="b")
    whole = model.reasons("u020", found.items[0, 0], most=100)
    assert whole["adds"].sum() == pytest.approx(found.scores[0, 0], rel=1e-4)
    assert whole["share"].abs().sum() == pytest.approx(1)
    known = whole.filter(pl.col("item") != "(other users)")
    assert int(known["item"][0][1:]) % 2 == 0
    assert set(known["domain"]) <= {"a", "b"}


def test_reasons_of_an_item_of_several_domains_sum_to_the_score_of_each(shared: CrossDomainRecommender) -> None:
    for domain in (None, "book", "film"):
        found = shared.recommend(["u0", "u1"], 3, domain=domain)
        for user, items, scores in zip(("u0", "u1"), found.items, found.scores, strict=True):
            sums = [shared.reasons(user, item, most=100, domain=domain)["adds"].sum() for item in items]
            np.testing.assert_allclose(sums, scores, rtol=1e-4)
    one = shared.recommend(["u0"], 1).items[0, 0]
    sums = {name: shared.reasons("u0", one, most=100, domain=name)["adds"].sum() for name in ("book", "film")}
    assert sums["book"] != pytest.approx(sums["film"], rel=1e-3)


def test_reasons_are_refused_for_a_domain_without_the_item(model: CrossDomainRecommender) -> None:
    with pytest.raises(ParameterError, match="'a00' is no item of 'b'"):
        model.reasons("u020", "a00", domain="b")
    with pytest.raises(ParameterError, match="no domain 'c'"):
        model.reasons("u020", "a00", domain="c")


def test_reasons_of_a_popular_item_are_other_users(two_domains: Interactions) -> None:
    model = CrossDomainRecommender("popularity").fit(two_domains)
    assert model.reasons("u001", "a00")["item"].to_list() == ["(other users)"]


def test_similar_items_are_of_one_taste(model: CrossDomainRecommender) -> None:
    found = model.similar_items(["a00", "a01"], 3, domain="b")
    assert (parity(found.items) == np.array([[0], [1]])).mean() > 0.8
    assert "a00" not in model.similar_items(["a00"], 5).items
    assert found.frame().columns == ["like", "rank", "item", "score"]


def test_evaluate_is_better_than_popularity(two_domains: Interactions) -> None:
    data = hold_out(two_domains, "random", seed=1)
    model = CrossDomainRecommender(("popularity", "ease"), k=3).fit(data)
    found = model.evaluate(data.take(data.within("test")), k=(3,))
    ndcg = {(row["domain"], row["model"]): row["ndcg@3"] for row in found.to_dicts()}
    for name in "ab":
        assert ndcg[name, "fused"] > ndcg[name, "popularity"]
        assert (name, "specialist") in ndcg


def test_of_data_with_splits_the_test_rows_are_judged_on(two_domains: Interactions) -> None:
    data = hold_out(hold_out(two_domains, "random", seed=1), "random", seed=2, split="validation")
    model = CrossDomainRecommender(("popularity", "ease"), refit=False, k=3).fit(data)
    for split in ("test", "validation"):
        part = data.take(data.within(split))
        rest = data.take(data.within("train", split))
        assert_frame_equal(model.evaluate(rest, k=(3,)), model.evaluate(part, k=(3,)))
    assert_frame_equal(model.evaluate(data), model.evaluate(data.take(data.within("test"))))
    with pytest.raises(DataError, match="all interactions are of the training split"):
        model.evaluate(data.take(data.within("train")))


def test_test_rows_are_never_learnt_from(two_domains: Interactions) -> None:
    data = hold_out(two_domains, "random", seed=1)
    learnt = CrossDomainRecommender("ease").fit(data).interactions_
    assert len(learnt) == int(data.within("train").sum())


def test_a_given_validation_split_is_what_choices_are_made_on(two_domains: Interactions) -> None:
    data = hold_out(two_domains, "random", seed=1, split="validation")
    plain = CrossDomainRecommender("ease", refit=False).fit(data)
    assert len(plain.interactions_) == int(data.within("train").sum())
    whole = CrossDomainRecommender("ease").fit(data)
    assert len(whole.interactions_) == len(data)
    assert [m.settings for m in whole.choices_["a"].warm] == [m.settings for m in plain.choices_["a"].warm]


def test_beside_a_given_validation_split_all_training_rows_are_learnt_from(two_domains: Interactions) -> None:
    data = hold_out(two_domains, "random", seed=1, split="validation")
    held = held_of(data, 0.1, 0.1, rating_weight=0.0, seed=0)
    train, given = data.within("train"), data.within("validation")
    for code, name in enumerate(data.domains.tolist()):
        here = data.domain == code
        assert held.edges[name].nnz + held.cold[name].nnz == int((here & train).sum())
        assert held.warm[name].nnz == int((here & given).sum())


def test_save_and_load(model: CrossDomainRecommender, tmp_path: Path) -> None:
    model.save(tmp_path / "kept")
    again = CrossDomainRecommender.load(tmp_path / "kept")
    users = ["u000", "u033", "nobody"]
    assert_frame_equal(again.recommend(users).frame(), model.recommend(users).frame())
    assert_frame_equal(again.reasons("u033", "a01"), model.reasons("u033", "a01"))
    assert again.notes() == model.notes()
    with pytest.raises(StoreError, match="holds no saved recommender"):
        CrossDomainRecommender.load(tmp_path)


def test_one_domain_and_a_table() -> None:
    rng = np.random.default_rng(0)
    rows = [(u, 2 * int(i) + u % 2) for u in range(50) for i in rng.permutation(8)[:4]]
    frame = pl.DataFrame({"user": [u for u, _ in rows], "item": [i for _, i in rows]})
    model = CrossDomainRecommender(vectors=4, k=3).fit(frame)
    found = model.recommend(["3", "4"], 2)
    assert [[int(name) % 2 for name in row] for row in found.items] == [[1, 1], [0, 0]]
    assert model.choices_["all"].cold == []
    assert len(model.notes()) == 1


def test_what_nothing_was_held_out_for_is_called_not_judged() -> None:
    rows = {"user": ["u", "u", "v", "v"], "item": ["a", "b", "b", "c"], "domain": ["x", "y", "x", "y"]}
    notes = CrossDomainRecommender(("popularity",), k=1).fit(pl.DataFrame(rows)).notes()
    assert any(note.endswith("(not judged: too few held-out users)") for note in notes)
    assert "nan" not in " ".join(notes)


def test_users_are_called_as_numbers_are_written() -> None:
    model = CrossDomainRecommender("popularity").fit(Interactions.of([1.0, 1.0, 2.0], [3, 4, 3]))
    assert model.recommend([2.0, 2, "2"], 1).items.tolist() == [["4"]] * 3
    assert model.similar_items([3.0], 1).items.tolist() == [["4"]]


def test_few_users_of_two_domains_have_specialists(caplog: pytest.LogCaptureFixture) -> None:
    rows = [(f"u{u}", f"{d}{2 * i + u % 2}", d) for u in range(8) for d in "ab" for i in range(u // 2, u // 2 + 3)]
    users, items, domains = (list(column) for column in zip(*rows, strict=True))
    data = hold_out(Interactions.of(users, items, domain=domains), "random", seed=0)
    model = CrossDomainRecommender("ease").fit(data)
    assert "too few to choose by" in caplog.text
    for choice in model.choices_.values():
        assert [member.others for member in choice.warm] == [0.0]
        assert [member.others for member in choice.cold] == [min(model.others)]
    found = model.evaluate(data.take(data.within("test")))
    assert set(found.filter(pl.col("model") == "specialist")["domain"]) == {"a", "b"}


def test_a_named_method_is_fitted_whatever_the_size(two_domains: Interactions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("polyculture.recommend.search.LIMIT", 30)
    for method in ("ease", ("ease", "user_ease")):
        members = CrossDomainRecommender(method, k=3).fit(two_domains).choices_["a"].warm
        assert {member.method for member in members} <= {"ease", "user_ease"}
    auto = CrossDomainRecommender(vectors=8, k=3).fit(two_domains).choices_["a"].warm
    assert not {member.method for member in auto} & {"ease", "user_ease"}


@pytest.mark.parametrize(
    ("shape", "methods"),
    [
        ((1000, 2000), {"popularity", "co_occurrence", "spectral", "ease", "user_ease", "light_gcn"}),
        ((6000, 50_000), {"popularity", "co_occurrence", "spectral", "ease", "user_ease"}),
        ((30_000, 40_000), {"popularity", "co_occurrence", "spectral", "light_gcn"}),
        ((300_000, 400_000), {"popularity", "co_occurrence", "spectral"}),
    ],
)
def test_what_is_tried_depends_on_the_size(shape: tuple[int, int], methods: set[str]) -> None:
    assert {name for name in AUTO if possible(name, shape)} == methods


def test_few_users_are_told_and_served(caplog: pytest.LogCaptureFixture) -> None:
    data = Interactions.of(["u", "u", "v", "v"], ["x", "y", "x", "z"])
    model = CrossDomainRecommender("ease").fit(data)
    assert "too few to choose by" in caplog.text
    assert model.recommend(["u"], 1).items.tolist() == [["z"]]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"method": "eas"}, "did you mean ease"),
        ({"validation": 0.9}, "shares up to 0.5"),
        ({"validation": 0.0}, "above 0"),
        ({"cold_validation": "0.1"}, "shares up to 0.5"),
        ({"others": (0.0,)}, "above 0"),
        ({"others": 0.5}, "others is 0.5; list numbers"),
        ({"others": ("1",)}, "others is .*list numbers"),
        ({"rating_weight": -1.0}, "rating_weight is -1.0; use a number from 0"),
        ({"rating_weight": "0.2"}, "rating_weight is '0.2'; use a number from 0"),
        ({"vectors": 0}, "vectors is 0"),
        ({"vectors": "8"}, "vectors is '8'; use a whole number"),
        ({"k": True}, "k is True"),
        ({"method": ()}, "method is (); use auto"),
        ({"method": 3}, "method is 3; use auto"),
        ({"unknown": "guess"}, "popularity or error"),
    ],
)
def test_parameters_out_of_range(two_domains: Interactions, settings: dict[str, object], told: str) -> None:
    with pytest.raises(ParameterError, match=told.replace("()", r"\(\)")):
        CrossDomainRecommender(**settings).fit(two_domains)


def test_bad_questions(model: CrossDomainRecommender, two_domains: Interactions) -> None:
    with pytest.raises(ParameterError, match="no domain 'c'"):
        model.recommend(["u001"], domain="c")
    with pytest.raises(ParameterError, match="k is 0"):
        model.recommend(["u001"], 0)
    with pytest.raises(ParameterError, match="no item named 'zz'"):
        model.reasons("u001", "zz")
    for k in ([], (0,), 10, "10"):
        with pytest.raises(ParameterError, match="whole number"):
            model.evaluate(two_domains, k=k)
    with pytest.raises(DataError, match="held_out is a DataFrame; give Interactions"):
        model.evaluate(model.recommend(["u001"]).frame())
    with pytest.raises(ParameterError, match="give a list of names"):
        model.recommend("u001")
    nothing = replace(two_domains, split=np.full(len(two_domains), "test", dtype=object))
    with pytest.raises(DataError, match="no interaction to learn from"):
        CrossDomainRecommender().fit(nothing)


def test_ratings_are_kept_with_the_model(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    users, items = np.repeat(np.arange(40), 6), np.concatenate([rng.permutation(12)[:6] for _ in range(40)])
    data = Interactions.of(users.astype(str), items.astype(str), rating=rng.integers(1, 6, 240).astype(float))
    model = CrossDomainRecommender("ease", rating_weight=0.3).fit(data)
    plain = CrossDomainRecommender("ease").fit(data)
    assert not np.allclose(model.scores(["0", "1"]), plain.scores(["0", "1"]))
    model.save(tmp_path / "m")
    again = CrossDomainRecommender.load(tmp_path / "m")
    np.testing.assert_allclose(again.scores(["0", "1"]), model.scores(["0", "1"]), rtol=1e-5)
    with pytest.raises(ParameterError, match="rating_weight is -1"):
        CrossDomainRecommender(rating_weight=-1).fit(data)
