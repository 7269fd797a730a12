"""From whatever a user has to a result: read, look whether it is known, measure, keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from polyculture import store
from polyculture.arrays import Array
from polyculture.auditing import kept
from polyculture.auditing.cards import Cards, read_cards
from polyculture.auditing.of_answers import audit_answers
from polyculture.auditing.of_embeddings import audit_embeddings
from polyculture.auditing.of_models import audit_models
from polyculture.auditing.result import AuditResult
from polyculture.auditing.settings import DEFAULT_MEMORY, Settings
from polyculture.auditing.sources import Read, Reading, paths_of, read
from polyculture.data.answers import Answers, Embeddings, ModelFile, Policy
from polyculture.data.audit_input.files import called, checked, stems
from polyculture.progress import LOG

READ = (Answers, Embeddings, ModelFile, Policy)
"""What is measured, as records."""


def audit(
    source: Any,
    *,
    kind: str = "auto",
    columns: Mapping[str, str] | None = None,
    options: Sequence[str] | None = None,
    models: Sequence[str] | None = None,
    labels: Array | None = None,
    truth: str | Path | None = None,
    iou: float = 0.5,
    cards: Any = None,
    cache: bool = True,
    **settings: Any,
) -> AuditResult:
    """Find out how alike models are and how much of it is chance, and which few of them to keep.

    Parameters
    ----------
    source : path, sequence of paths, data frame, mapping of model to array, Answers or Embeddings
        Predictions (a long table with one row for each item and model, a wide one with a column for each model, or a
        file for each model), right-or-wrong outcomes, embeddings (one array for each model and layer), or weights.
    kind : {"auto", "answers", "long", "wide", "outcomes", "detections", "embeddings", "models"}
        What the source holds; found out from endings, columns and shapes if ``"auto"``.
    columns : mapping or None
        Names of the columns ``item``, ``model``, ``prediction``, ``label``, ``group`` where they differ from these.
    options : sequence of str or None
        Answers allowed; others are counted and are wrong.
    models : sequence of str or None
        The models to take: columns of a wide table, rows of a long one, files that are of one model each. If None,
        all, and of a wide table each column that has no other meaning.
    labels : array of shape (n,) or None
        Right answers, where the source is a mapping of model to answers.
    truth : path or None
        Table of objects that detections are matched with, for ``kind="detections"``.
    iou : float in (0, 1]
        Overlap (intersection over union) from which a box has found an object.
    cards : path, data frame or None
        One row a model: ``model``, and columns that pairs may share, such as company, architecture, size.
    cache : bool
        Keep the result of files, and use what the same files and settings gave before; not where a run is open.
    **settings
        See :class:`Settings`.

    Returns
    -------
    AuditResult

    Raises
    ------
    PolycultureError
        If the input does not hold what is needed; the sentence names the file, the row or column, and what to do.

    Examples
    --------
    >>> found = audit({"a": [1, 1, 0, 0], "b": [1, 1, 0, 0], "c": [1, 0, 1, 0]}, kind="outcomes")
    >>> found.systemic_failure["observed"], round(found.systemic_failure["expected"], 6)
    (0.25, 0.125)
    """
    how, chosen = Reading(kind, dict(columns or {}), options, models, labels, truth, iou), Settings(**settings)
    name = _named(source, how, cards, chosen) if cache or store.keeping() else None
    if name is None or not cache or store.keeping():
        return _measure(source, how, cards, chosen, name)
    found = kept.load(name)
    if found is not None:
        LOG.info("known from an earlier run on the same files and settings")
    else:
        found = _measure(source, how, cards, chosen, name)
        kept.save(name, found)
    return found


def _named(source: Any, how: Reading, cards: Any, settings: Settings) -> str | None:
    """What files and settings are called that give a result; None where files are not all that it depends on."""
    paths = paths_of(source)
    linked = any(path.suffix.lower() == ".onnx" for path in paths or ())  # its weights may lie in other files
    if paths is None or linked or not isinstance(cards, str | Path | None):
        return None
    beside = [Path(path) for path in (how.truth, cards) if path is not None]
    files = checked(paths)
    # paths are told apart by their content, and how much is held at a time changes no number
    known = replace(how, truth=None if how.truth is None else Path(how.truth).name)
    return kept.fingerprint([*files, *beside], stems(files), known, replace(settings, memory=DEFAULT_MEMORY))


def _measure(source: Any, how: Reading, cards: Any, settings: Settings, name: str | None) -> AuditResult:
    """Measure, each part a step of a run if one is open; what has no name is known by what was read."""
    given = read(source, how) if name is None else None
    known = None if cards is None else read_cards(cards)
    asked = {
        "files": name,
        "given": given,
        "cards": known,
        "settings": asdict(replace(settings, memory=DEFAULT_MEMORY)),
    }

    def measured() -> AuditResult:
        found = store.step("read", lambda: read(source, how), READ) if given is None else given
        return _measured(found, source, settings, known)

    with store.part("audit", kinds=READ, **asked) as part:
        return part.step("audit", measured, (AuditResult,))


def _measured(given: Read, source: Any, settings: Settings, known: Cards | None) -> AuditResult:
    if isinstance(given, Answers):
        return audit_answers(given, settings, known)
    if isinstance(given, Embeddings):
        return audit_embeddings(given, settings, known)
    return audit_models(given, settings, source=called(paths_of(source) or []))
