"""From whatever a user has to a result."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from polyculture.ancestry.audited import audited
from polyculture.ancestry.of_cards import lineage_of
from polyculture.ancestry.result import LineageResult
from polyculture.ancestry.settings import Settings
from polyculture.data.model_cards import cards_from, read_model_cards
from polyculture.data.model_cards.types import NO_PARENTS
from polyculture.errors import DataError
from polyculture.progress import Steps


def lineage(
    source: Any, *, columns: Mapping[str, str] | None = None, audit: Any = None, **settings: Any
) -> LineageResult:
    r"""Find out from how few ancestors an ecosystem of models descends, and how sure that is.

    A model with k parents has 1/k from each of them, so that every model goes back to its roots in parts that sum to
    one. The mean parts are the roots' shares, and one over the sum of their squares is the number of equal founders
    that would do as well:

    .. math:: s_r = \frac{1}{N} \sum_i p_{ir}, \qquad N_e = 1 \Big/ \sum_r s_r^2

    Every estimate has bounds for parents that nobody declared, ``low`` and ``high``, and most have an ``interval`` for
    other models of the same ecosystem; see ``meaning`` in the result.

    Parameters
    ----------
    source : path, sequence of paths, data frame, mapping of column to list, or sequence of mappings
        A table with the columns ``name``, ``parents`` (a list, or names between semicolons), ``organisation``,
        ``architecture``, ``date``, ``downloads``; metadata of the Hugging Face Hub as JSON; Ecosystem Graphs as YAML, a
        folder of it or a zip. An empty cell declares no parents; ``none`` says that there are none.
    columns : mapping of str to str, optional
        Names of columns of a table that are called otherwise.
    audit : AuditResult or path of its JSON, optional
        Of the same models: tells how well ancestry predicts shared errors.
    **settings
        ``level``, ``kinds``, ``top``, ``permutations``, ``seed``; see
        :class:`polyculture.ancestry.settings.Settings`.

    Returns
    -------
    LineageResult

    Raises
    ------
    PolycultureError
        If the input does not hold models; the sentence names the file, the row or column, and what to do.

    References
    ----------
    Lacy 1989, Zoo Biology 8; Bommasani et al. 2023, Ecosystem Graphs, arXiv:2303.15772; Laufer et al. 2025, Anatomy of
    a machine learning ecosystem, arXiv:2508.06811.

    Examples
    --------
    >>> found = lineage({"name": ["a", "b", "c", "d"], "parents": ["none", "none", "a", "A; b"]})
    >>> [(root["name"], root["estimate"]) for root in found.roots]
    [('a', 0.625), ('b', 0.375)]
    >>> round(found.effective_founders["estimate"], 3)
    1.882
    """
    chosen = Settings(**_tupled(settings))
    given = None if audit is None else audited(audit)
    with Steps().step("read the models"):
        cards = read_model_cards(source, columns=columns) if _is_path(source) else cards_from(source, columns=columns)
    if NO_PARENTS in cards.counted and cards.parents.is_empty():
        raise DataError(f"{cards.source}: has no column of parents; name it, as in columns={{'parents': 'base'}}")
    return lineage_of(cards, chosen, given)


def _is_path(source: Any) -> bool:
    if isinstance(source, str | Path):
        return True
    return isinstance(source, list | tuple) and bool(source) and all(isinstance(each, str | Path) for each in source)


def _tupled(settings: Mapping[str, Any]) -> dict[str, Any]:
    kinds = settings.get("kinds")
    return {**settings, "kinds": (kinds,) if isinstance(kinds, str) else None if kinds is None else tuple(kinds)}
