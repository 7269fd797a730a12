"""Who took what, where: the one type that a recommender learns from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.data.answers import Policy
from polyculture.data.interactions.coding import Values, coded, named, numbers
from polyculture.data.interactions.naming import homes_of, qualified, recoded, split_names, with_texts
from polyculture.errors import DataError, ParameterError

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class Interactions:
    """Who took what, where: one row an interaction, with users, items and domains coded by their sorted names.

    Parameters
    ----------
    users, items, domains : object arrays of sorted names
        All that are known, also those without a row. There is one domain, "all", where none is named.
    user, item, domain : int64 arrays of shape (n,)
        Positions in `users`, `items` and `domains`.
    rating, time : float64 arrays of shape (n,), or None
        How much the user liked the item, and when it was taken; any unit.
    split : object array of shape (n,), or None
        "train", "validation" or "test".
    item_text : mapping of item name to str, or None
        What is written about an item; items may lack.
    policies : tuple of Policy
        Every decision that reading took.
    source : str
        What to call the interactions in messages.

    Raises
    ------
    DataError
        If columns differ in length, names are not sorted, positions lie outside them, or a split is unknown.

    Examples
    --------
    >>> from polyculture.data.interactions import Interactions
    >>> data = Interactions.of(["ann", "bob", "ann"], ["tea", "tea", "pot"], domain=["food", "food", "home"])
    >>> len(data), data.items.tolist(), data.domains.tolist(), data.item_domain.tolist()
    (3, ['pot', 'tea'], ['food', 'home'], [1, 0])
    >>> data.matrix().toarray().tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """

    users: Array
    items: Array
    domains: Array
    user: Ints
    item: Ints
    domain: Ints
    rating: Floats | None = None
    time: Floats | None = None
    split: Array | None = None
    item_text: Mapping[str, str] | None = None
    source: str = "the interactions"
    policies: tuple[Policy, ...] = ()
    qualified: bool = field(default=False)
    """Whether items are called "domain/item"."""
    homes: Ints | None = field(default=None, repr=False)
    """What `item_domain` was when these rows were taken from more."""

    def __post_init__(self) -> None:
        columns = {"user": self.user, "item": self.item, "domain": self.domain}
        more = {"rating": self.rating, "time": self.time, "split": self.split}
        lengths = {name: len(column) for name, column in (columns | more).items() if column is not None}
        if len(set(lengths.values())) > 1:
            raise DataError(f"{self.source}: columns differ in length: {lengths}; give each one value a row")
        for name, codes in columns.items():
            names = getattr(self, f"{name}s").tolist()
            if names != sorted(set(names)):
                raise DataError(f"{self.source}: {name}s are not sorted, or one stands twice; use Interactions.of")
            if len(codes) and not 0 <= codes.min() <= codes.max() < len(names):
                raise DataError(f"{self.source}: one {name} lies outside the {len(names)} {name}s; use Interactions.of")
        self._check_split()

    def _check_split(self) -> None:
        unknown = np.zeros(0, bool) if self.split is None else ~np.isin(self.split, SPLITS)
        if self.split is not None and unknown.any():
            row = int(np.argmax(unknown))
            raise DataError(
                f"{self.source}: row {row + 1} has the split {self.split[row]!r}; use one of {', '.join(SPLITS)}"
            )

    @classmethod
    def of(
        cls,
        user: Values,
        item: Values,
        *,
        domain: Values | None = None,
        rating: Values | None = None,
        time: Values | None = None,
        split: Values | None = None,
        item_text: Mapping[str, str] | None = None,
        shared_items: bool = False,
        source: str = "the interactions",
    ) -> Interactions:
        """Build from columns of names.

        Parameters
        ----------
        user, item : sequences of n names
            Words or numbers; the number 1 and the word "1" are one name.
        domain : sequence of n names, or None
        rating, time : sequences of n numbers, or None
        split : sequence of n str, or None
            "train", "validation" ("valid", "val", "dev") or "test".
        item_text : mapping of item name to str, or None
            By the names in `item`. Where there is one domain, an item that has a text and no row is known, too; of
            several, nothing tells which it is of, and it is left out.
        shared_items : bool
            Whether a name that occurs in several domains is one item of several domains. Otherwise it is another item
            in each, and where this happens once, *all* items are called "domain/item".
        source : str

        Raises
        ------
        DataError
            If columns differ in length, a name is missing, a rating or time is no finite number, or a split is unknown.

        Examples
        --------
        >>> two = ["book", "film"]
        >>> Interactions.of([1, 1], [7, 7], domain=two).items.tolist()
        ['book/7', 'film/7']
        >>> Interactions.of([1, 1], [7, 7], domain=two, shared_items=True).item_domain.tolist()
        [-1]
        """
        lengths = {len(column) for column in (user, item, domain, rating, time, split) if column is not None}
        if len(lengths) > 1:
            raise DataError(f"{source}: columns differ in length: {sorted(lengths)}; give each one value a row")

        def by_row(row: int) -> str:
            return f"{source}: row {row + 1}"

        users, who = coded(user, "user", source)
        items, what = coded(item, "item", source)
        domains, where = coded(["all"] * len(who) if domain is None else domain, "domain", source)
        if item_text:
            item_text = {named(name): text for name, text in item_text.items()}
        if item_text and len(domains) == 1:
            items, what = with_texts(items, what, item_text)
        clash = not shared_items and bool((homes_of(what, where, len(items)) == -1).any())
        if clash:
            items, what, item_text = qualified(items, what, domains, where, item_text, source)
        return cls(
            users=users,
            items=items,
            domains=domains,
            user=who,
            item=what,
            domain=where,
            rating=None if rating is None else numbers(rating, "rating", by_row),
            time=None if time is None else numbers(time, "time", by_row),
            split=None if split is None else split_names(split),
            item_text=item_text,
            source=source,
            qualified=clash,
        )

    def __len__(self) -> int:
        return len(self.user)

    def matrix(self, *, domain: str | None = None) -> sp.csr_array:
        """Users by items, 1 where there is an interaction, however often; float32, shape (n_users, n_items).

        Parameters
        ----------
        domain : str or None
            Only interactions of this domain; the shape stays.

        Raises
        ------
        ParameterError
            If there is no domain of this name.
        """
        rows = slice(None) if domain is None else self.domain == self._place(domain)
        who, what = self.user[rows], self.item[rows]
        shape = (len(self.users), len(self.items))
        found = sp.csr_array((np.ones(len(who), np.float32), (who, what)), shape=shape)
        found.sum_duplicates()
        found.data[:] = 1
        return found

    @property
    def item_domain(self) -> Ints:
        """Domain of each item, shape (n_items,); -1 for an item of several, and for one that never had a row."""
        if self.homes is not None:
            return self.homes
        return np.maximum(homes_of(self.item, self.domain, len(self.items)), -1)

    def take(self, rows: Sequence[int] | Array) -> Interactions:
        """The rows at these positions (or under this mask), among the same users, items and domains."""
        chosen = np.asarray(rows)
        chosen = chosen if chosen.dtype == bool else chosen.astype(np.intp)

        def of(column: Array | None) -> Array | None:
            return None if column is None else column[chosen]

        return replace(
            self,
            user=self.user[chosen],
            item=self.item[chosen],
            domain=self.domain[chosen],
            rating=of(self.rating),
            time=of(self.time),
            split=of(self.split),
            homes=self.item_domain,
        )

    def within(self, *splits: str) -> Mask:
        """Which rows are in one of these splits, shape (n,); without splits, all rows are in "train"."""
        if self.split is None:
            return np.full(len(self), "train" in splits)
        return np.isin(self.split, splits)

    def like(self, known: Interactions) -> Interactions:
        """The same interactions, coded by the users, items and domains of others; what those lack is left out.

        Where these have no domains and the others have, an item is of the domain that it has there.

        Parameters
        ----------
        known : Interactions
            Such as what a recommender has learnt from.

        Returns
        -------
        Interactions
            Its `policies` count the rows that were left out.

        Examples
        --------
        >>> known = Interactions.of(["ann", "bob"], ["tea", "pot"])
        >>> later = Interactions.of(["ann", "cid"], ["pot", "tea"]).like(known)
        >>> later.user.tolist(), later.item.tolist(), later.policies[0].count
        ([0], [0], 1)
        """
        return recoded(self, known)

    def counts(self) -> dict[str, dict[str, int]]:
        """Users, items and rows of each domain, and the rows by split where there are splits."""
        found = {}
        for code, name in enumerate(self.domains.tolist()):
            here = self.domain == code
            of = {"users": len(np.unique(self.user[here])), "items": len(np.unique(self.item[here]))}
            of["interactions"] = int(here.sum())
            if self.split is not None:
                of |= {split: int((self.split[here] == split).sum()) for split in SPLITS}
            found[name] = of
        return found

    def _place(self, domain: str) -> int:
        names = self.domains.tolist()
        if domain not in names:
            raise ParameterError(f"{self.source}: has no domain {domain!r}; use one of {', '.join(names)}")
        return int(names.index(domain))
