"""A shop of several departments serves people in one of them from what they took in the others.

The departments are the four largest genres of MovieLens (fetched with pip when first asked for, and kept). An
interaction is a rating of four or five stars. For each genre the same recommender is asked three times: for what most
people take, learning from the genre alone, and learning from all four. Then a fifth of the people lose all that they
took in a genre, and are served from what they took elsewhere.

    OMP_NUM_THREADS=1 python examples/shop.py

Nothing is chosen on what is judged: the recommender holds out a part of what it may learn from. Each figure is the mean
of the users' NDCG@10 over the seeds, which hold out other interactions and hide other people.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from polyculture.data.interactions import Interactions, hold_out, load_interactions
from polyculture.measure.ranking import ndcg_at
from polyculture.recommend import CrossDomainRecommender

GENRES = ("Action", "Comedy", "Crime", "Drama")
K = 10

Figures = dict[tuple[str, str], list[float]]


def films() -> Interactions:
    """Liked films of the four genres; a film is of the first of its genres."""
    data = load_interactions("movielens", genres="first", least_rating=4)
    codes = [data.domains.tolist().index(name) for name in GENRES]
    data = data.take(np.isin(data.domain, codes))
    names = (data.users[data.user], data.items[data.item])
    return Interactions.of(*names, domain=data.domains[data.domain], time=data.time, item_text=data.item_text)


def learnt(data: Interactions, seed: int, *, together: bool = True) -> CrossDomainRecommender:
    """A recommender of what is not in the test."""
    others = (0.5, 1.0) if together else ()
    return CrossDomainRecommender(("popularity", "ease"), others=others, most_users=400, random_state=seed).fit(data)


def regulars(data: Interactions, seed: int) -> Iterator[tuple[str, str, float]]:
    """One film of each person in each genre is held out."""
    held = hold_out(data, "random", seed=seed)
    test = held.take(held.within("test"))
    for together in (False, True):
        found = learnt(held, seed, together=together).evaluate(test, k=[K])
        for row in found.to_dicts():
            if row["model"] == "fused":
                yield row["domain"], "all genres" if together else "this genre alone", row[f"ndcg@{K}"]
            elif together and row["model"] == "popularity":
                yield row["domain"], "what most people take", row[f"ndcg@{K}"]


def newcomers(data: Interactions, seed: int) -> Iterator[tuple[str, str, float]]:
    """A fifth of the people are new to a genre."""
    hidden = np.random.default_rng(seed).permutation(len(data.users)) % 5
    for code, genre in enumerate(data.domains.tolist()):
        new = (hidden[data.user] == code) & (data.domain == code)
        known = data.take(~new)
        model = learnt(known, seed)
        users = np.intersect1d(data.user[new], known.user)
        relevant = data.take(new).matrix()[users]
        found = model.recommend(data.users[users].tolist(), K, domain=genre)
        place = {name: i for i, name in enumerate(data.items.tolist())}
        ranked = np.array([[place.get(name, -1) for name in row] for row in found.items.tolist()])
        yield genre, "from other genres", float(np.mean(ndcg_at(ranked, relevant, K)))
        most = np.argsort(-np.asarray(known.matrix(domain=genre).sum(axis=0)), kind="stable")[:K]
        popular = ndcg_at(np.tile(most, (len(users), 1)), relevant, K)
        yield genre, "what most people take", float(np.mean(popular))


def table(title: str, figures: Figures) -> Iterator[str]:
    """A row a genre, a column a way to recommend: the mean over seeds, and how far they lie apart."""
    ways = list(dict.fromkeys(way for _, way in figures))
    yield f"\n{title}, NDCG@{K}\n\n| genre | {' | '.join(ways)} |\n|{'---|' * (len(ways) + 1)}"
    for genre in (*GENRES, "mean"):
        cells = []
        for way in ways:
            runs = [figures[name, way] for name in GENRES] if genre == "mean" else [figures[genre, way]]
            by_seed = np.mean(runs, axis=0)
            cells.append(f"{by_seed.mean():.3f} ({by_seed.min():.3f}–{by_seed.max():.3f})")
        yield f"| {genre} | {' | '.join(cells)} |"


def told(data: Interactions) -> Iterator[str]:
    """Three films for one person, and because of which others."""
    model, texts = learnt(data, 0), data.item_text or {}
    user = data.users[0]
    for item in model.recommend([user], 3, domain="Crime").items[0]:
        because = [texts.get(name, "what most people take") for name in model.reasons(user, item, most=2)["item"]]
        yield f"{texts[item]}, because of {' and '.join(because)}"


def main() -> None:
    """Print two tables and three recommendations."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    seeds = parser.parse_args().seeds
    data = films()
    for title, run in (("People who are known", regulars), ("People who are new to the genre", newcomers)):
        figures: Figures = defaultdict(list)
        for seed in seeds:
            for genre, way, value in run(data, seed):
                figures[genre, way].append(value)
        for line in table(title, figures):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    sys.stdout.write(f"\nFor user {data.users[0]}, crime:\n\n" + "\n".join(f"- {line}" for line in told(data)) + "\n")


if __name__ == "__main__":
    main()
