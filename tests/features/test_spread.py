"""Spreading: a graph is taken where it helps, left where it does not, and serves later items as it did fitted ones."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from polyculture import store
from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.features import spread as module
from polyculture.features.graph import Propagation, build_graph
from polyculture.features.spread import Spread

N = 240


def dense(edges):
    return sp.csr_array(edges.astype(np.float32))


@pytest.fixture(scope="module")
def noisy():
    """Vectors that know little of the label, and random edges."""
    rng = np.random.RandomState(0)
    y = rng.randint(0, 2, N)
    block = (0.4 * (2 * y[:, None] - 1) + rng.normal(size=(N, 5))).astype(np.float32)
    random = rng.random_sample((N, N)) < 0.05
    friends = (y[:, None] == y) & (rng.random_sample((N, N)) < 0.05) & ~np.eye(N, dtype=bool)
    return y, block, dense(random), dense(friends)


@pytest.fixture(scope="module")
def two_views():
    """A view that knows little, and a sparse one: items come in 40 groups of one label that share a word."""
    rng = np.random.RandomState(0)
    group = np.arange(N) // 6
    y = rng.randint(0, 2, 40)[group]
    block = (0.4 * (2 * y[:, None] - 1) + rng.normal(size=(N, 5))).astype(np.float32)
    words = sp.csr_array(np.eye(40, dtype=np.float32)[group])
    return y, {"semantic": block}, {"semantic": block, "lexical": words}


class TestChoice:
    def test_noise_is_not_chosen(self, noisy):
        y, block, random, _ = noisy
        spread = Spread(hops=(0, 1, 2))
        found = spread.fit_transform({"v": block}, {"v": block}, y, given=random)
        assert (spread.kind_, spread.hops_, spread.layers_) == ("none", 0, {})
        np.testing.assert_array_equal(found, block)
        assert set(spread.scores_) == {"none 0", "given 1", "given 2"}

    def test_edges_between_items_of_one_label_are_chosen(self, noisy):
        y, block, _, friends = noisy
        spread = Spread()
        found = spread.fit_transform({"v": block}, {"v": block}, y, given=friends)
        assert spread.kind_ == "given"
        assert spread.hops_ in (1, 2)
        assert spread.scores_[f"given {spread.hops_}"] > spread.scores_["none 0"] + 0.1
        assert found.shape == block.shape
        assert not np.array_equal(found, block)

    @pytest.mark.parametrize("graph", ["auto", "other", "words"])
    def test_neighbours_in_another_view_are_chosen(self, two_views, graph):
        y, blocks, views = two_views
        spread = Spread(graph, neighbours=5)
        spread.fit_transform(blocks, views, y)
        assert spread.kind_ == (graph if graph != "auto" else spread.kind_)
        assert spread.kind_ in ("other", "words")
        assert [layer.view for layer in spread.layers_.values()] == ["lexical"]

    def test_among_many_items_neighbours_are_looked_for_only_where_they_are_asked_for(self, two_views, monkeypatch):
        y, blocks, views = two_views
        monkeypatch.setattr(module, "SEARCHED", N - 1)
        left = Spread(neighbours=5)
        left.fit_transform(blocks, views, y)
        assert (left.kind_, set(left.scores_)) == ("none", {"none 0"})
        for spread in (Spread("other", neighbours=5), Spread(neighbours=5, hops=(1, 2))):
            spread.fit_transform(blocks, views, y)
            assert spread.kind_ == "other"

    def test_without_a_zero_some_graph_is_taken_even_one_that_does_not_help(self, noisy):
        y, block, random, _ = noisy
        spread = Spread(hops=(1, 2))
        spread.fit_transform({"v": block}, {"v": block}, y, given=random)
        assert spread.kind_ == "given"
        assert spread.hops_ == max((1, 2), key=lambda hops: spread.scores_[f"given {hops}"])

    @pytest.mark.parametrize("settings", [{"hops": (0,)}, {"hops": ()}, {"graph": "none"}])
    def test_a_graph_that_is_not_asked_for_is_not_built(self, noisy, settings, monkeypatch):
        y, block, _, friends = noisy
        monkeypatch.setattr(module, "build_graph", lambda *a, **k: pytest.fail("a graph was built"))
        spread = Spread(**settings)
        found = spread.fit_transform({"v": block, "w": 2 * block}, {"v": block}, y, given=friends)
        np.testing.assert_array_equal(found, np.hstack([block, 2 * block]))
        np.testing.assert_array_equal(
            spread.transform({"v": block[:3], "w": block[:3]}, {}), np.hstack([block[:3]] * 2)
        )

    def test_given_edges_are_read_once_and_no_choice_is_spread_twice(self, noisy, monkeypatch):
        y, block, _, friends = noisy
        built, spread = [], []
        build, fit = module.build_graph, Propagation.fit_transform
        monkeypatch.setattr(module, "build_graph", lambda *a, **k: built.append(a) or build(*a, **k))
        monkeypatch.setattr(Propagation, "fit_transform", lambda p, *a, **k: spread.append(p.hops) or fit(p, *a, **k))
        Spread(hops=(0, 1, 2)).fit_transform({"v": block}, {"v": block}, y, given=friends)
        assert (len(built), spread) == (1, [1, 2])

    @pytest.mark.parametrize("hops", [(0, 1, 20), (0, 1, 2)])
    def test_what_is_given_back_is_the_choice_wherever_it_was_tried(self, noisy, hops):
        y, block, _, friends = noisy
        spread = Spread(hops=hops)
        found = spread.fit_transform({"v": block, "w": 2 * block}, {"v": block, "w": block}, y, given=friends)
        chosen = Propagation("appnp", hops=spread.hops_, alpha=0.5)
        edges = build_graph("given", friends, symmetric=True).edges
        expected = [chosen.fit_transform(part, edges) for part in (block, 2 * block)]
        assert spread.kind_ == "given"
        np.testing.assert_array_equal(found, np.hstack(expected))
        assert {layer.propagation.hops for layer in spread.layers_.values()} == {spread.hops_}

    def test_held_out_items_judge_where_they_are_many(self, noisy):
        y, block, _, friends = noisy
        held = np.arange(N) % 2 == 0
        # the labels of held-out items are turned: by them the friends are no help
        turned = np.where(held, np.random.RandomState(1).randint(0, 2, N), y)
        spread = Spread(hops=(0, 1, 2))
        spread.fit_transform({"v": block}, {"v": block}, turned, given=friends, validation=held)
        assert spread.scores_["none 0"] < 0.65
        assert spread.scores_["given 1"] < 0.65

    def test_every_domain_has_the_same_say(self, noisy):
        y, block, _, friends = noisy
        domain = np.where(np.arange(N) < 200, "large", "small")
        spread = Spread()
        spread.fit_transform({"v": block}, {"v": block}, y, domain=domain, given=friends)
        plain = Spread()
        plain.fit_transform({"v": block}, {"v": block}, y, given=friends)
        assert spread.scores_ != plain.scores_

    def test_unlabelled_items_are_in_the_graph_and_do_not_judge(self, noisy):
        y, block, _, friends = noisy
        some = np.where(np.arange(N) < 160, y, -1)
        spread = Spread()
        found = spread.fit_transform({"v": block}, {"v": block}, some, given=friends)
        assert spread.kind_ == "given"
        assert not np.array_equal(found[160:], block[160:])

    def test_the_same_seed_gives_the_same(self, two_views):
        y, blocks, views = two_views
        one, two = (Spread(random_state=3).fit_transform(blocks, views, y) for _ in range(2))
        np.testing.assert_array_equal(one, two)


class TestErrors:
    @pytest.mark.parametrize(
        ("params", "error", "says"),
        [
            ({"graph": "web"}, ParameterError, "no graph named 'web'; use one of none, given"),
            ({"propagation": "diffusion"}, ParameterError, "no propagation named 'diffusion'; use one of sgc"),
            ({"hops": (0, -1)}, ParameterError, "none may be negative"),
            ({"graph": "given"}, DataError, "no edges were; pass graph="),
        ],
    )
    def test_bad_parameters(self, noisy, params, error, says):
        y, block, *_ = noisy
        with pytest.raises(error, match=says):
            Spread(**params).fit_transform({"v": block}, {"v": block}, y)

    def test_a_graph_over_other_items(self, noisy):
        y, block, *_ = noisy
        with pytest.raises(ShapeError, match=rf"graph is \(3, 3\), expected one row and one column for each of {N}"):
            Spread().fit_transform({"v": block}, {"v": block}, y, given=dense(np.eye(3)))


METHODS = ["sgc", "sign", "appnp"]


class TestLaterItems:
    @pytest.mark.parametrize("method", METHODS)
    def test_over_given_edges_they_are_what_fitted_ones_that_give_nothing_are(self, noisy, method):
        y, block, _, friends = noisy
        square = friends.toarray()
        square = np.maximum(square, square.T)
        square[:, 200:] = square[200:, 200:] = 0
        spread = Spread("given", method, hops=(2,))
        spread.fit_transform({"v": block[:200]}, {"v": block[:200]}, y[:200], given=dense(square[:200, :200]))
        later = spread.transform({"v": block[200:]}, {}, edges=dense(square[200:, :200]))
        layer = spread.layers_["v"]
        together = type(layer.propagation)(**layer.propagation.get_params()).fit_transform(block, dense(square))
        np.testing.assert_allclose(later, together[200:], atol=1e-5)

    def test_without_edges_they_keep_their_own_vectors(self, noisy):
        y, block, _, friends = noisy
        spread = Spread("given", hops=(1,))
        spread.fit_transform({"v": block}, {"v": block}, y, given=friends)
        np.testing.assert_allclose(spread.transform({"v": block[:4]}, {}), block[:4], rtol=1e-6)

    @pytest.mark.parametrize("kind", ["same", "other", "words"])
    def test_they_do_not_see_each_other(self, two_views, kind):
        y, blocks, views = two_views
        spread = Spread(kind, hops=(2,), neighbours=5)
        spread.fit_transform(blocks, views, y)
        rows = np.arange(0, 60, 7)
        together = spread.transform(*({n: v[rows] for n, v in part.items()} for part in (blocks, views)))
        alone = [
            spread.transform(*({n: v[[row]] for n, v in part.items()} for part in (blocks, views))) for row in rows
        ]
        np.testing.assert_allclose(together, np.vstack(alone), atol=1e-5)


class TestCopies:
    @pytest.fixture
    def doubled(self, noisy):
        y, block, _, friends = noisy
        every = np.r_[np.arange(N), np.arange(30)]
        return y[every], block[every], friends[every][:, every], np.arange(N + 30) >= N

    def test_they_are_not_part_of_the_graph(self, noisy, doubled):
        y, block, _, friends = noisy
        plain = Spread()
        expected = plain.fit_transform({"v": block}, {"v": block}, y, given=friends)
        spread = Spread()
        many, vectors, edges, copies = doubled
        wild = np.where(copies[:, None], 1e6, vectors).astype(np.float32)
        found = spread.fit_transform({"v": wild}, {"v": wild}, many, given=edges, copies=copies)
        np.testing.assert_allclose(found[~copies], expected, atol=1e-6)
        assert spread.scores_ == plain.scores_
        assert spread.layers_["v"].graph.edges.shape == (N, N)

    def test_they_receive_over_the_edges_of_their_item(self, doubled):
        y, vectors, edges, copies = doubled
        spread = Spread("given", "sgc", hops=(1,))
        found = spread.fit_transform({"v": vectors}, {"v": vectors}, y, given=edges, copies=copies)
        np.testing.assert_allclose(found[copies], found[:30], atol=1e-5)

    def test_in_a_graph_of_words_they_do_so_too(self, two_views):
        y, blocks, views = two_views
        every = np.r_[np.arange(N), np.arange(30)]
        copies = np.arange(N + 30) >= N
        spread = Spread("other", hops=(1,), neighbours=5)
        parts = [{n: v[every] for n, v in part.items()} for part in (blocks, views)]
        found = spread.fit_transform(*parts, y[every], copies=copies)
        fitted = Spread("other", hops=(1,), neighbours=5)
        np.testing.assert_allclose(found[~copies], fitted.fit_transform(blocks, views, y), atol=1e-6)
        later = fitted.transform(*({n: v[:30] for n, v in part.items()} for part in (blocks, views)))
        np.testing.assert_allclose(found[copies], later, atol=1e-6)


class TestShares:
    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize("kind", ["same", "other", "words"])
    def test_own_and_neighbours_parts_add_up_to_the_vector(self, two_views, method, kind):
        y, blocks, views = two_views
        blocks = blocks | {"lexical": views["lexical"].toarray()[:, :6]}
        spread = Spread(kind, method, hops=(2,), neighbours=5)
        spread.fit_transform(blocks, views, y)
        row = [{n: v[[7]] for n, v in part.items()} for part in (blocks, views)]
        vector = spread.transform(*row)[0]
        shares = spread.shares(row[1], most=N)
        width = sum(b.shape[1] for b in blocks.values()) * (3 if method == "sign" else 1)
        assert shares[-1][0].stop == width == len(vector)
        total = np.zeros(width)
        for columns, items, parts in shares:
            assert parts.shape == (len(items), columns.stop - columns.start)
            total[columns] += parts.sum(axis=0)
        total += self.own(spread, row)
        np.testing.assert_allclose(total, vector, atol=1e-5)

    def own(self, spread, row):
        """What an item's own vector adds."""
        blocks, views = row
        hops = range(3) if spread.propagation_ == "sign" else [2]
        return np.concatenate(
            [
                layer.propagation.neighbour_parts(layer.graph.attach(views[layer.view]), hop).own * blocks[name][0]
                for name, layer in spread.layers_.items()
                for hop in hops
            ]
        )

    def test_the_largest_come_first(self, two_views):
        y, blocks, views = two_views
        spread = Spread("other", hops=(1,), neighbours=5)
        spread.fit_transform(blocks, views, y)
        row = {n: v[[7]] for n, v in views.items()}
        ((_, all_items, _),) = spread.shares(row, most=N)
        ((_, items, parts),) = spread.shares(row, most=3)
        assert len(items) == len(parts) == 3
        assert items.tolist() == all_items[:3].tolist()

    def test_no_graph_has_no_shares(self, noisy):
        y, block, random, _ = noisy
        spread = Spread()
        spread.fit_transform({"v": block}, {"v": block}, y, given=random)
        assert spread.shares({"v": block[:1]}) == []


@pytest.mark.parametrize("kind", ["none", "given", "words", "other", "same"])
def test_comes_back_from_its_state_bit_for_bit(two_views, noisy, tmp_path, kind):
    y, blocks, views = two_views
    spread = Spread(kind, hops=(1, 2), neighbours=4)
    spread.fit_transform(blocks, views, y, given=noisy[3])
    store.save(tmp_path / "spread", spread.state(), kind="spread", facts={})
    again = Spread.from_state(store.load(tmp_path / "spread", kind="spread"))
    later = [{n: v[:20] for n, v in part.items()} for part in (blocks, views)]
    edges = noisy[3][:20] if kind == "given" else None
    np.testing.assert_array_equal(again.transform(*later, edges=edges), spread.transform(*later, edges=edges))
    assert (again.kind_, again.hops_, again.scores_) == (spread.kind_, spread.hops_, spread.scores_)
    shares = [part.shares({n: v[:1] for n, v in views.items()}) for part in (again, spread)]
    assert len(shares[0]) == len(shares[1]) == (kind in ("words", "other", "same"))
    for one, other in zip(*shares, strict=True):
        assert one[0] == other[0]
        np.testing.assert_array_equal(one[1], other[1])
        np.testing.assert_array_equal(one[2], other[2])


def of_friends(noisy):
    y, block, _, friends = noisy
    spread = Spread(hops=(2,))
    return spread, spread.fit_transform({"v": block}, {"v": block}, y, given=friends), block, friends


def test_a_graph_that_comes_later_spreads_vectors_too(noisy):
    spread, fitted, block, friends = of_friends(noisy)
    found = spread.transform({"v": block}, {"v": block}, graph=friends)
    np.testing.assert_allclose(found, fitted, rtol=1e-5, atol=1e-6)


def test_a_later_graph_of_another_size_is_refused(noisy):
    spread, _, block, friends = of_friends(noisy)
    with pytest.raises(ShapeError, match="one row and one column for each of 3 items"):
        spread.transform({"v": block[:3]}, {"v": block[:3]}, graph=friends)


def test_edges_that_no_model_asked_for_are_said_to_be_of_no_use(noisy, caplog):
    y, block, random, _ = noisy
    spread = Spread()
    spread.fit_transform({"v": block}, {"v": block}, y, given=random)
    spread.transform({"v": block}, {"v": block}, graph=random)
    assert "these are not used" in caplog.text
