"""What is told of a recommender: what was chosen, which domains the others do not help, and what it had learnt."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from polyculture.cli.screen import note, show
from polyculture.data.answers import Policy

if TYPE_CHECKING:
    import polars as pl

    from polyculture.data.interactions import Interactions

UNJUDGED = "– (too few held-out users)"


def show_choices(choices: Mapping[str, Any]) -> None:
    """Print what was chosen for each domain: a row for each member of a blend, the heaviest first."""
    rows = [
        row
        for name, choice in choices.items()
        for who, members, worth in (
            ("all" if not choice.cold else "with a history in it", choice.warm, choice.worth),
            ("new to it", choice.cold, choice.cold_worth),
        )
        for row in _members(name, who, members, worth)
    ]
    columns = ["domain", "users", "weight", "model", "other domains count", "settings", "held-out NDCG"]
    show("chosen on interactions that were held out", columns, rows)


def _members(domain: str, who: str, members: Sequence[Any], worth: float) -> Iterator[list[str]]:
    """One row a member; domain, users and worth stand in the first."""
    for i, member in enumerate(sorted(members, key=lambda each: -each.weight)):
        settings = ", ".join(f"{name} {value:g}" for name, value in member.settings.items())
        first = [domain, who] if i == 0 else ["", ""]
        last = "" if i else UNJUDGED if math.isnan(worth) else f"{worth:.4f}"
        yield [*first, f"{member.weight:.2f}", member.method, f"{member.others:g} ×", settings, last]


def tell_losses(found: pl.DataFrame, *, quiet: bool) -> None:
    """Say for which domains the same methods without the other domains rank better."""
    for domain, measure, fused, alone in losses(found):
        note(
            f"{domain}: the other domains do not help here: {measure} is {fused:.4f} with them and {alone:.4f} without "
            "(the row specialist); --set others=[] learns each domain by itself",
            quiet=quiet,
        )


def losses(found: pl.DataFrame) -> Iterator[tuple[str, str, float, float]]:
    """Domains whose fused row is below that of the specialist, by NDCG at the first cut.

    Examples
    --------
    >>> import polars as pl
    >>> rows = {"domain": ["a", "a", "b", "b"], "model": ["fused", "specialist"] * 2, "ndcg@5": [0.2, 0.3, 0.3, 0.2]}
    >>> list(losses(pl.DataFrame(rows)))
    [('a', 'ndcg@5', 0.2, 0.3)]
    """
    measure = next((name for name in found.columns if name.startswith("ndcg@")), None)
    if measure is None:
        return
    values = {(row["domain"], row["model"]): row[measure] for row in found.to_dicts()}
    for domain in dict.fromkeys(found["domain"].to_list()):
        fused, alone = (values.get((domain, model), math.nan) for model in ("fused", "specialist"))
        if fused < alone:
            yield domain, measure, fused, alone


def learnt(judged: Interactions, known: Interactions) -> Iterator[Policy]:
    """How many of the interactions that are judged the model had learnt: what a user has is never ranked again."""
    both = judged.matrix().multiply(known.matrix())
    if both.nnz:
        done = "never ranked again, so they count as missed; judge on interactions that fit was not given"
        yield Policy(f"judged interactions that were also learnt (of {judged.matrix().nnz})", int(both.nnz), done)
