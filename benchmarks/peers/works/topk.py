"""Recommendations, beside implicit and the LightGCN of PyG."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from work import Work

USERS, ITEMS, FACTORS, K = 10_000, 20_000, 64, 20
EPOCHS, LEAST = 100, 5

Films = tuple[sp.csr_matrix, np.ndarray, np.ndarray, np.ndarray]


def prepare(path: Path) -> None:
    """Numbers of users and items, and what users have, items of which few are popular."""
    rng = np.random.default_rng(0)
    share = 1.0 / (np.arange(ITEMS) + 10.0)
    what = rng.choice(ITEMS, size=USERS * 27, p=share / share.sum())
    seen = sp.csr_array((np.ones(len(what), np.float32), (np.repeat(np.arange(USERS), 27), what)), (USERS, ITEMS))
    seen.sum_duplicates()
    users, items = (rng.standard_normal((n, FACTORS)).astype(np.float32) for n in (USERS, ITEMS))
    np.savez(path, users=users, items=items, data=seen.data, indices=seen.indices, indptr=seen.indptr)


def read(path: Path) -> tuple[np.ndarray, np.ndarray, sp.csr_matrix]:
    """Numbers of users and items, and what is not to be recommended."""
    with np.load(path) as kept:
        seen = sp.csr_matrix((kept["data"], kept["indices"], kept["indptr"]), shape=(USERS, ITEMS))
        return kept["users"], kept["items"], seen


def our_lists(path: Path) -> Callable[[], np.ndarray]:
    """Blocks of users."""
    from polyculture.recommend.ranked import best, blocks, hide

    users, items, given = read(path)
    seen = sp.csr_array(given)

    def ask() -> np.ndarray:
        found = []
        for rows in blocks(np.arange(USERS), ITEMS):
            scores = users[rows] @ items.T
            hide(scores, seen[rows])
            found.append(best(scores, K))
        return np.concatenate(found)

    return ask


def their_lists(path: Path) -> Callable[[], np.ndarray]:
    """Heaps in C++."""
    from implicit.cpu.topk import topk

    users, items, seen = read(path)
    return lambda: topk(items, users, K, filter_query_items=seen, num_threads=1)[0]


def prepare_films(path: Path) -> None:
    """What users took in two domains, books and films; the film of each user that is held out."""
    import polars as pl

    folder = Path(os.environ["POLYCULTURE_DATA"]) / "amazon_cross_domain"
    rows = pl.read_parquet(folder / "interactions.parquet")
    rows = rows.filter(pl.col("pair") == rows.filter(pl.col("domain") == "movie")["pair"][0])
    taken = rows.filter(pl.col("split") == "train").group_by("domain", "item").len()
    rows = rows.join(taken.filter(pl.col("len") >= LEAST), on=["domain", "item"])
    users = sorted(rows["user"].unique().to_list())
    items = sorted(rows.select(pl.concat_str("domain", pl.lit("/"), pl.col("item").cast(str))).to_series().unique())
    user = {name: place for place, name in enumerate(users)}
    item = {name: place for place, name in enumerate(items)}
    kept: dict[str, Any] = {"film": np.array([name.startswith("movie/") for name in items])}
    for split in rows["split"].unique():
        part = rows.filter(pl.col("split") == split)
        names = part.select(pl.concat_str("domain", pl.lit("/"), pl.col("item").cast(str))).to_series()
        kept |= {f"{split}_user": np.array([user[u] for u in part["user"]])}
        kept |= {f"{split}_item": np.array([item[i] for i in names])}
    np.savez(path, **kept)


def films(path: Path) -> Films:
    """Users by items of both domains; which are films; users with a film held out, and which it is."""
    with np.load(path) as kept:
        film = kept["film"]
        taken, wanted = ((kept[f"{s}_user"], kept[f"{s}_item"]) for s in ("train", "test"))
    users = max(taken[0].max(), wanted[0].max()) + 1
    train = sp.csr_matrix((np.ones(len(taken[0]), np.float32), taken), shape=(users, len(film)))
    train.data[:] = 1
    here = film[wanted[1]]
    return train, film, wanted[0][here], wanted[1][here]


def ndcg(users: np.ndarray, items: np.ndarray, given: Any) -> float:
    """NDCG@10 of one held-out film each among all films that the user has not; scores are products."""
    train, film, user, item = given
    own, columns = sp.csr_matrix(train)[:, film], np.cumsum(film) - 1
    ranks = []
    for rows in np.array_split(np.arange(len(user)), max(1, len(user) // 500)):
        scores = users[user[rows]] @ items[film].T
        scores[own[user[rows]].nonzero()] = -np.inf
        wanted = scores[np.arange(len(rows)), columns[item[rows]]]
        ranks.append((scores > wanted[:, None]).sum(axis=1))
    rank = np.concatenate(ranks)
    return float(np.where(rank < 10, 1 / np.log2(rank + 2), 0).mean())


def our_films(path: Path) -> Callable[[], float]:
    """The filter of the graph; settings and use of books are chosen on interactions held out of train."""
    import pandas as pd

    from polyculture.recommend import CrossDomainRecommender

    train, film, user, item = films(path)
    rows = train.tocoo()
    table = pd.DataFrame(
        {"user": rows.row.astype(str), "item": rows.col.astype(str), "shop": film[rows.col].astype(str)}
    )

    def ask() -> float:
        model = CrossDomainRecommender("spectral", vectors=256, random_state=0).fit(table, domain="shop")
        found = model.recommend(user.astype(str).tolist(), k=10, domain="True")
        place = {(u, i): r for u, i, r in ranked(found)}
        ranks = [place.get((str(u), str(i)), 99) for u, i in zip(user, item, strict=True)]
        return float(np.mean([1 / np.log2(rank + 2) if rank < 10 else 0 for rank in ranks]))

    return ask


def ranked(found: Any) -> list[tuple[str, str, int]]:
    """User, item and place from 0."""
    frame = found.frame()
    return [(u, i, r - 1) for u, i, r in frame.select("user", "item", "rank").iter_rows()]


def als(path: Path) -> Callable[[], float]:
    """Alternating least squares on both domains; factors and weight chosen on a tenth of the films in train."""
    from implicit.als import AlternatingLeastSquares

    train, film, user, item = films(path)

    def judged(factors: int, alpha: float, given: Any) -> float:
        model = AlternatingLeastSquares(factors=factors, alpha=alpha, random_state=0, num_threads=1)
        model.fit(given[0], show_progress=False)
        return ndcg(model.user_factors, model.item_factors, given)

    def ask() -> float:
        rest = without_some(train, film)
        settings = [(factors, alpha) for factors in (32, 64, 128) for alpha in (1.0, 10.0)]
        best = max(settings, key=lambda setting: judged(*setting, rest))
        return judged(*best, (train, film, user, item))

    return ask


def without_some(train: sp.csr_matrix, film: np.ndarray) -> Films:
    """A tenth of the films in train, one a user at most, and train without them."""
    rng = np.random.default_rng(0)
    rows = train.tocoo()
    places = rng.permutation(np.flatnonzero(film[rows.col]))
    _, first = np.unique(rows.row[places], return_index=True)
    held = rng.permutation(places[first])[: len(places) // 10]
    rest = np.setdiff1d(np.arange(train.nnz), held)
    kept = sp.csr_matrix((rows.data[rest], (rows.row[rest], rows.col[rest])), shape=train.shape)
    return kept, film, rows.row[held], rows.col[held]


def light_gcn(path: Path) -> Callable[[], float]:
    """64 numbers, three layers, pairs of a taken and a random item; the whole graph in each of some steps."""
    import torch
    from torch_geometric.nn import LightGCN

    train, film, user, item = films(path)
    rows = train.tocoo()
    users, items = train.shape
    taken = torch.from_numpy(np.stack([rows.row, rows.col + users]).astype(np.int64))
    edges = torch.cat([taken, taken.flip(0)], dim=1)

    def ask() -> float:
        torch.manual_seed(0)
        model = LightGCN(users + items, 64, 3)
        steps = torch.optim.Adam(model.parameters(), lr=0.01)
        for _ in range(EPOCHS):
            steps.zero_grad()
            other = torch.stack([taken[0], torch.randint(users, users + items, (taken.shape[1],))])
            ranks = model(edges, torch.cat([taken, other], dim=1)).chunk(2)
            model.recommendation_loss(*ranks, node_id=taken.unique()).backward()
            steps.step()
        with torch.no_grad():
            found = model.get_embedding(edges).numpy()
        return ndcg(found[:users], found[users:], (train, film, user, item))

    return ask


FILMS = (
    "Amazon, users of books and films, items that five or more of them took in train, one film of a user held out: "
    "NDCG@10 among all films that the user has not. Both sides have both domains. One thread, one run, seed 0."
)

recommended = partial(
    Work,
    quantity="NDCG@10",
    kind="more",
    prepare=prepare_films,
    ours=our_films,
    data="amazon_cross_domain",
    repeats=1,
    seconds=290,
)

WORKS = [
    Work(
        name="Best items of all users",
        peer="implicit",
        quantity="mean number of the item",
        kind="same",
        prepare=prepare,
        ours=our_lists,
        theirs=their_lists,
        needs=("implicit",),
        close=0,
        protocol=(
            f"Scores are products of {FACTORS} made numbers of {USERS:,} users and {ITEMS:,} items; the {K} best items "
            "that a user has not, as lists. One thread."
        ),
        limits="The kernel alone; what a recommender does around it is not timed.",
        below="Ours scores users in blocks and holds the scores of one; the peer's heap in C++ holds fewer at once.",
        better="Kernels in C++, and on GPUs.",
    ),
    recommended(
        name="Films for readers, least squares",
        peer="implicit",
        theirs=als,
        needs=("implicit",),
        protocol=(
            f"{FILMS} The peer's factors (32, 64, 128) and weight (1, 10) are chosen on a tenth of the films of train."
        ),
        limits="One model of each: ours is the filter of the graph, whose settings and use of books it chooses itself.",
        below="Ours tries dozens of settings with and without books, the peer seven, and holds scores of many users.",
        better="One quick model in C++ that also grows with new users.",
    ),
    recommended(
        name="Films for readers, LightGCN",
        peer="torch-geometric",
        theirs=light_gcn,
        protocol=f"{FILMS} The peer: 64 numbers, 3 layers, Adam at 0.01, {EPOCHS} steps over all interactions.",
        limits=(
            "Nothing of it is chosen, and more steps may help it: what is compared is what its layer gives as it comes."
        ),
        below="Ours tries dozens of settings, the peer one, and holds scores of many users.",
        better="A layer for networks of one's own, which can hold features and learn on GPUs.",
    ),
]
