"""From folders and files to a card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from polyculture.errors import DataError
from polyculture.report.card.commands import audit_command, base_name, fit_command
from polyculture.report.card.judged import accuracy_of, audit_of, homogenization_of, recommendation_of
from polyculture.report.card.limits import limits, not_measured
from polyculture.report.card.record import Card
from polyculture.report.card.sources import Source, read_sources
from polyculture.report.card.told import told_by
from polyculture.version import __version__

_ARTICLE = {
    "model": "a model",
    "fit": "a fit",
    "evaluation": "an evaluation",
    "recommendation": "a fit or an evaluation of a recommender",
    "audit": "an audit",
}
_WRITTEN_BY = {
    "model": "polyculture fit or recommend fit",
    "fit": "polyculture fit --json",
    "evaluation": "polyculture evaluate, fit or demo, with --json",
    "recommendation": "polyculture recommend fit or recommend evaluate, with --json",
    "audit": "polyculture audit --json",
}


def make_card(*paths: str | Path, name: str | None = None) -> Card:
    """A card from the folder of a model and what commands wrote as JSON: `fit`, `evaluate` or `demo`, and `audit`.

    Parameters
    ----------
    *paths : path
        At most one of each kind.
    name : str or None
        What the card is called; that of the first folder or file where it is None.

    Returns
    -------
    Card

    Raises
    ------
    DataError
        If nothing is given, a file is none of these, or does not hold what its schema says.
    StoreError
        If a folder holds no model, or a damaged one.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from polyculture import audit
    >>> from polyculture.report.card import make_card
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "audit.json")
    ...     audit({"a": [1, 1, 0, 0], "b": [1, 1, 0, 0], "c": [1, 0, 1, 0]}, kind="outcomes").to_json(path)
    ...     card = make_card(path)
    >>> card.name, card.audit["models"]
    ('audit', 3)
    """
    sources = read_sources(paths)
    first = next(iter(sources.values())).path
    evaluation = _evaluation(sources)
    model, accuracy = _read(told_by, sources.get("model")), _read(accuracy_of, evaluation)
    recommendation = _read(recommendation_of, sources.get("recommendation"))
    audit = _read(audit_of, sources.get("audit"))
    return Card(
        name=name if name is not None else first.resolve().name if first.is_dir() else first.stem,
        model=model,
        data=_data(sources.get("fit"), accuracy),
        accuracy=accuracy,
        homogenization=_read(homogenization_of, evaluation),
        recommendation=recommendation,
        audit=audit,
        limits=list(limits(model, accuracy, audit, tied="model" in sources and len(sources) > 1)),
        not_measured=list(not_measured(evaluation.found if evaluation else None, recommendation, audit)),
        repeat=_repeat(sources),
    )


def _read(part: Callable[[Mapping[str, Any]], dict[str, Any]], source: Source | None) -> dict[str, Any]:
    """A part of the card, empty where its source was not given; one that is not what its schema says is refused."""
    if source is None:
        return {}
    try:
        return part(source.found)
    except (AttributeError, LookupError, TypeError, ValueError, OverflowError, RecursionError) as error:
        lacking = isinstance(error, KeyError) and error.args
        why = f"{error.args[0]!r} is missing" if lacking else "something in it is of another kind"
        raise DataError(
            f"{source.path}: does not hold what {_ARTICLE[source.what]} does, as {why}; write it again with this "
            f"version ({_WRITTEN_BY[source.what]}), or leave it out"
        ) from error


def _evaluation(sources: Mapping[str, Source]) -> Source | None:
    """The one that was given, or the one that `fit` made where there were test items."""
    if "evaluation" in sources or "fit" not in sources:
        return sources.get("evaluation")
    fit = sources["fit"]
    inner = fit.found.get("evaluation")
    return replace(fit, what="evaluation", found=inner) if isinstance(inner, Mapping) else None


def _data(fit: Source | None, accuracy: Mapping[str, Any]) -> dict[str, Any]:
    """Where items came from, and how many of each domain were for what."""
    fitted = _read(_fitted, fit)
    by_domain: dict[str, dict[str, Any]] = dict(fitted.get("by_domain", {}))
    for row in accuracy.get("by_domain", ()):
        if row["items"] is not None:
            by_domain[row["domain"]] = {**by_domain.get(row["domain"], {}), "judged": row["items"]}
    if not by_domain:
        return {}
    source = {"source": fitted["source"]} if fitted else {}
    return {**source, "by_domain": {domain: by_domain[domain] for domain in sorted(by_domain)}}


def _fitted(found: Mapping[str, Any]) -> dict[str, Any]:
    data = found["data"]
    counts = {str(d): {str(part): int(n) for part, n in of.items()} for d, of in data["items"].items()}
    return {"source": base_name(str(data["source"])), "by_domain": counts}


def _repeat(sources: Mapping[str, Source]) -> dict[str, Any]:
    """Commands with names in capitals for files, settings, and what was read with its SHA-256."""
    fit, audit = sources.get("fit"), sources.get("audit")
    commands = [_read(fit_command, fit)["command"]] if fit else []
    if "model" in sources:
        which = "recommend evaluate" if sources["model"].found["kind"] == "recommender" else "evaluate"
        commands.append(f"polyculture {which} MODEL TEST --json scores.json")
    if audit:
        commands.append(_read(audit_command, audit)["command"])
    inputs = [{"what": s.what, "name": s.path.resolve().name, "sha256": s.sha256} for s in sources.values()]
    return {"commands": commands, "polyculture": __version__, "inputs": inputs}
