"""What a survey of papers depends on, as values that a run folder knows it by."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from polyculture import store
from polyculture.surveying.sources import Reading, paths_of
from polyculture.surveying.vocabulary import Vocabulary


def depends_on(source: Any, how: Reading, rows: int) -> dict[str, Any]:
    """Files by their content, what is in memory as it is, the vocabulary, and how papers are read.

    Parameters
    ----------
    source : path, sequence of paths, Papers or Tagged
    how : Reading
    rows : int
        Papers that are read at a time; 0 for all.
    """
    if not store.keeping():
        return {}
    plain = asdict(Reading(None, how.communities, how.years, how.columns, how.format, how.abstracts))
    plain["vocabulary"] = _vocabulary(how.vocabulary)
    paths = paths_of(source)
    given = source if paths is None else [(path.name, store.content_of(path)) for path in paths]
    return {"source": given, "reading": plain, "rows": rows}


def _vocabulary(given: Any) -> Any:
    if isinstance(given, Vocabulary):
        families = {**given.families, **{f"beside {kind}": names for kind, names in given.beside.items()}}
        return {name: {m: each.model_dump() for m, each in methods.items()} for name, methods in families.items()}
    return None if given is None else store.content_of(Path(given))
