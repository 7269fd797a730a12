"""Recommendation across domains as one estimator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from polyculture import store
from polyculture.arrays import Array, Floats, Ints
from polyculture.data.answers import Policy
from polyculture.data.interactions import Interactions, from_frame
from polyculture.errors import DataError, ParameterError
from polyculture.memory import check, recommend
from polyculture.recommend import MODELS
from polyculture.recommend.answers import positions_of, reasons_frame, similar, top_items
from polyculture.recommend.choice import Choice
from polyculture.recommend.choose import Plan, choose, items_of
from polyculture.recommend.cold_items import lent
from polyculture.recommend.edges import Held, edges_of, held_of
from polyculture.recommend.judged import judged
from polyculture.recommend.ranges import check_share, check_weight, check_whole, cuts_of, methods_of, weights_of
from polyculture.recommend.result import Recommendations
from polyculture.recommend.search import ORDERED, TIMED, possible
from polyculture.recommend.serving import Serving, serve
from polyculture.recommend.serving_state import kept_serving
from polyculture.recommend.stored import read_state, written_state
from polyculture.recommend.times import check_times

if TYPE_CHECKING:
    import polars as pl

AUTO = ("popularity", "co_occurrence", "light_gcn", "spectral", "ease", "user_ease", "timed_ease")


class CrossDomainRecommender(BaseEstimator):  # type: ignore[misc]
    """Items for users, learnt from the interactions of all domains together.

    Each domain is served by models of its own: linear filters of the graph of users and items, or vectors learnt over
    it, where the edges of other domains weigh as much as helps this domain (from nothing upwards), and a weighted sum
    of those. Which models, settings and weights: by NDCG on interactions that are held out of the training part. Users
    with a history in other domains only have a choice of their own, made on users whose history in the domain was held
    out whole. A user of whom nothing is known is served by the domain's popularity.

    Parameters
    ----------
    method : str or sequence of str
        ``"auto"`` (all that are fitted to the size within minutes), or one or more of
        ``polyculture.recommend.MODELS``, whatever the size. ``"markov"``, ``"gru4rec"`` and ``"sasrec"`` tell the next
        item from the last ones, need times, and join only where they are named; the latter two need torch.
    others : tuple of float > 0
        What edges of other domains may weigh, beside 0; an empty tuple keeps domains apart.
    validation : float in (0, 0.5]
        Share of each user's history that is held out to choose by, where the interactions name no validation split:
        drawn at random, or the last of it where a method is named that tells the next item.
    cold_validation : float in [0, 0.5]
        Share of the users of several domains who lose one of them to choose for new users.
    refit : bool
        Whether rows of a validation split that was given are learnt from in the end. What is held out of the training
        part always is.
    vectors : int >= 1
        Singular vectors at most.
    most_users : int >= 20
        Users on whom a choice is made, at most.
    k : int >= 1
        Choices are made by NDCG at k.
    rating_weight : float >= 0
        How much more an interaction weighs for each standard deviation that its rating is above the mean; 0 counts all
        the same. Held-out interactions always count the same.
    reorder : bool
        Whether a small network may put the best items of each user in order, where 300 users or more take two items of
        a domain and that gains on held-out interactions.
    unknown : str
        ``"popularity"`` serves users of unknown names by popularity, ``"error"`` refuses them.
    random_state : int

    Attributes
    ----------
    interactions_ : Interactions
        What was learnt from, with the names of users, items and domains.
    choices_ : dict of domain to Choice
        Members of the blends with their settings and weights, and what they were worth on held-out interactions.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.data.interactions import Interactions
    >>> from polyculture.recommend import CrossDomainRecommender
    >>> rng = np.random.default_rng(0)
    >>> taste = np.arange(60) % 2
    >>> rows = [(u, 2 * int(i) + taste[u], d) for u in range(60) for d in "ab" for i in rng.permutation(10)[:5]]
    >>> data = Interactions.of(*[list(c) for c in zip(*[(u, f"{d}{i}", d) for u, i, d in rows])][:2],
    ...                        domain=[d for *_, d in rows])
    >>> model = CrossDomainRecommender(vectors=8).fit(data)
    >>> found = model.recommend(["0", "1"], k=2, domain="b")
    >>> [[int(name[1:]) % 2 for name in row] for row in found.items.tolist()]
    [[0, 0], [1, 1]]
    """

    def __init__(
        self,
        method: str | Sequence[str] = "auto",
        *,
        others: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0),
        validation: float = 0.1,
        cold_validation: float = 0.1,
        refit: bool = True,
        vectors: int = 512,
        most_users: int = 2000,
        k: int = 10,
        rating_weight: float = 0.0,
        reorder: bool = True,
        unknown: str = "popularity",
        random_state: int = 0,
    ) -> None:
        self.method = method
        self.others = others
        self.validation = validation
        self.cold_validation = cold_validation
        self.refit = refit
        self.vectors = vectors
        self.most_users = most_users
        self.k = k
        self.rating_weight = rating_weight
        self.reorder = reorder
        self.unknown = unknown
        self.random_state = random_state

    def fit(
        self,
        interactions: Any,
        *,
        user: str = "user",
        item: str = "item",
        domain: str | None = None,
        rating: str | None = None,
        time: str | None = None,
        text: str | None = None,
    ) -> Self:
        """Choose and learn.

        Parameters
        ----------
        interactions : Interactions, or a table
            Rows of the test split are left out; those of a validation split are held out to choose by.
        user, item, domain, rating, time, text : str or None
            Columns, where a table is given.

        Raises
        ------
        DataError
            If there is no interaction to learn from, or a method needs times and there are none.
        ParameterError
            If a parameter is out of range, or a method is unknown.
        """
        plan = self._plan()
        if not isinstance(interactions, Interactions):
            interactions = from_frame(
                interactions, user=user, item=item, domain=domain, rating=rating, time=time, text=text
            )
        data = interactions.take(~interactions.within("test"))
        if not len(data):
            raise DataError(f"{data.source}: holds no interaction to learn from; give rows outside the test split")
        plan = replace(plan, refit=self.refit or not data.within("validation").any())
        if self.method == "auto":
            shape, timed = (len(data.users), len(data.items)), data.time is not None
            plan = replace(plan, methods=tuple(name for name in plan.methods if possible(name, shape, timed=timed)))
        check_times(data, [name for name in plan.methods if name in TIMED])
        self._check_memory(data, plan.methods)
        about = {"data": replace(data, source=""), "plan": plan, "asked": self.get_params()}
        with store.part("recommend", kinds=(Interactions, Policy, Plan), **about):
            return self._learn(data, plan)

    def _check_memory(self, data: Interactions, methods: Sequence[str]) -> None:
        """Refuse interactions that may need more than the limit, where there is one."""
        dense = self.method == "auto" or any("ease" in name for name in methods)
        ordered = any(name in ORDERED for name in methods)
        counts = (len(data.users), len(data.items), len(data))
        check(recommend(*counts, vectors=self.vectors, dense=dense, timed="timed_ease" in methods, ordered=ordered))

    def _learn(self, data: Interactions, plan: Plan) -> Self:
        shares = (self.validation, self.cold_validation)
        last = any(name in ORDERED for name in plan.methods)
        held = held_of(data, *shares, rating_weight=self.rating_weight, seed=self.random_state, last=last)
        self.interactions_ = data if self.refit else data.take(~data.within("validation"))
        self.edges_ = edges_of(self.interactions_, self.rating_weight)
        new = lent(self.interactions_)
        self.choices_: dict[str, Choice] = {}
        self.serving_: dict[str, Serving] = {}
        for code, name in enumerate(data.domains.tolist()):
            items = items_of(self.interactions_, name, code)
            choice = Choice.from_state(store.step(f"choice {name}", partial(_chosen, held, name, items, plan)))
            self.choices_[name] = choice
            fit = partial(serve, self.edges_, name, items, choice, lent=new, times=held.times, seed=self.random_state)
            self.serving_[name] = kept_serving(fit, self.edges_, name)
        return self

    def _plan(self) -> Plan:
        methods = methods_of(self.method, AUTO)
        for name in methods:
            MODELS.load(name)
        check_share("validation", self.validation, nothing=False)
        check_share("cold_validation", self.cold_validation, nothing=True)
        check_weight("rating_weight", self.rating_weight)
        for name, least in (("vectors", 1), ("most_users", 20), ("k", 1)):
            check_whole(name, getattr(self, name), least)
        if self.unknown not in ("popularity", "error"):
            raise ParameterError(f"unknown is {self.unknown!r}; use popularity or error")
        return Plan(
            methods, weights_of(self.others), self.most_users, self.vectors, self.k, self.random_state, self.reorder
        )

    def scores(self, users: Sequence[str], *, domain: str | None = None) -> Floats:
        """Scores of all items; those of other domains are minus infinity where a domain is named.

        Returns
        -------
        float32 array of shape (len(users), n_items)
            On one scale within each user and domain.
        """
        check_is_fitted(self, "serving_")
        rows = self._rows(users)
        out = np.full((len(rows), len(self.interactions_.items)), -np.inf, dtype=np.float32)
        for serving in map(self.serving_.__getitem__, self._asked(domain)):
            out[:, serving.items] = np.maximum(out[:, serving.items], serving.scores(rows))
        return out

    def recommend(
        self, users: Sequence[str], k: int = 10, *, domain: str | None = None, exclude_seen: bool = True
    ) -> Recommendations:
        """The k best items for each user, of one domain or of all.

        Parameters
        ----------
        users : sequence of str
        k : int >= 1
        domain : str or None
        exclude_seen : bool
            Whether items that the user has taken are left out.

        Raises
        ------
        ParameterError
            If k or the domain is no valid one, or a user is unknown and `unknown` is "error".
        """
        check_is_fitted(self, "serving_")
        rows = self._rows(users)
        seen = self._seen() if exclude_seen else None
        columns, scores = top_items([self.serving_[name] for name in self._asked(domain)], rows, seen, k)
        return Recommendations(np.array(list(users), dtype=object), self._named(columns), scores)

    def similar_items(self, items: Sequence[str], k: int = 10, *, domain: str | None = None) -> Recommendations:
        """Items that the same users take, by the cosine of their columns of the normalised graph of all domains.

        Parameters
        ----------
        items : sequence of str
        k : int >= 1
        domain : str or None
            Only items of this domain.

        Raises
        ------
        ParameterError
            If k, the domain or an item is no valid one.
        """
        check_is_fitted(self, "serving_")
        rows = positions_of(self.interactions_.items, items, "item")
        columns, scores = similar(self._seen(), rows, [self.serving_[n].items for n in self._asked(domain)], k)
        return Recommendations(np.array(list(items), dtype=object), self._named(columns), scores, "item")

    def reasons(self, user: str, item: str, *, most: int = 5, domain: str | None = None) -> pl.DataFrame:
        """Because of these: what each item of the user's history adds to the score of an item.

        Exact, as scores are sums over the history. What popularity or a model over users adds to a blend has one row,
        named "(other users)"; it is the only one where nothing is known of the user.

        Parameters
        ----------
        user, item : str
        most : int >= 1
            Rows at most.
        domain : str or None
            As which domain's the item is recommended, where it is one of several; None is the one with the highest
            score, which :meth:`recommend` takes too.

        Returns
        -------
        polars frame
            item, domain, share (of the sum of the absolute parts; signed), adds, and score (the whole); the largest
            parts first.

        Raises
        ------
        ParameterError
            If the user, item or domain is unknown, or the item is not in the domain.
        """
        check_is_fitted(self, "serving_")
        known = self.interactions_
        row, column = positions_of(known.users, [user], "user")[0], positions_of(known.items, [item], "item")[0]
        names = [name for name in self._asked(domain) if column in self.serving_[name].items]
        if not names and domain is not None:
            raise ParameterError(f"{item!r} is no item of {domain!r}; leave the domain out")
        if not names:
            raise ParameterError(f"{item!r} is in no domain, as nobody took it and no text tells of it")
        parts = {name: self.serving_[name].parts(int(row), int(column)) for name in names}
        name = max(names, key=lambda name: float(parts[name][1].sum()))
        return reasons_frame(*parts[name], most, known, name)

    def evaluate(self, held_out: Interactions, *, k: Sequence[int] = (10, 20)) -> pl.DataFrame:
        """Recall, NDCG, hit rate and MRR on interactions that were not learnt from, beside the baselines.

        Items that a user had when the model was fitted are left out of the ranking; every other item of the domain is
        ranked. NDCG's best list ends at k, and recall is divided by the number of relevant items.

        Parameters
        ----------
        held_out : Interactions
            Where they have a test split, its rows alone count; rows of a training split never do.
        k : sequence of int >= 1

        Returns
        -------
        polars frame
            domain, model ("fused", "specialist": the same methods with no edge of another domain, and "popularity"),
            users, and a column a measure and k.

        Raises
        ------
        DataError
            If these are no interactions, or all are of the training split.
        ParameterError
            If a k is no whole number from 1, or there is none.
        """
        check_is_fitted(self, "serving_")
        cuts = cuts_of(k)
        if not isinstance(held_out, Interactions):
            raise DataError(f"held_out is a {type(held_out).__name__}; give Interactions, from_frame makes some")
        known = _outside_training(held_out).like(self.interactions_)
        return judged(self.serving_, self._seen(), known, cuts)

    def save(self, folder: str | Path) -> None:
        """Keep in a folder; see :func:`polyculture.store.save`."""
        check_is_fitted(self, "serving_")
        facts = {name: len(getattr(self.interactions_, name)) for name in ("users", "items", "domains")}
        store.save(folder, written_state(self), kind="recommender", facts=facts)

    @classmethod
    def load(cls, folder: str | Path) -> CrossDomainRecommender:
        """What was saved; nothing in the folder is executed."""
        return store.rebuilt(folder, partial(read_state, cls), kind="recommender")

    def notes(self) -> list[str]:
        """What was chosen for each domain, in sentences."""
        check_is_fitted(self, "serving_")
        return [line for name, choice in self.choices_.items() for line in choice.told(name)]

    def _seen(self) -> Any:
        return sum(self.edges_.values())

    def _rows(self, users: Sequence[str]) -> Ints:
        return positions_of(self.interactions_.users, users, "user", missing=self.unknown == "popularity")

    def _asked(self, domain: str | None) -> list[str]:
        names = [str(name) for name in self.interactions_.domains]
        if domain is not None and domain not in names:
            raise ParameterError(f"there is no domain {domain!r}; use one of {', '.join(names)}")
        return names if domain is None else [domain]

    def _named(self, columns: Ints) -> Array:
        names = np.array([*self.interactions_.items.tolist(), None], dtype=object)
        found: Array = names[columns]
        return found


def _chosen(held: Held, domain: str, items: Ints, plan: Plan) -> store.State:
    return choose(held, domain, items, plan).state()


def _outside_training(data: Interactions) -> Interactions:
    """Rows of the test split, or without one those outside the training split; all where there are no splits."""
    if data.split is None:
        return data
    tested = data.within("test")
    found = data.take(tested if tested.any() else ~data.within("train"))
    if not len(found):
        raise DataError(f"{data.source}: all interactions are of the training split; mark some as test")
    return found
