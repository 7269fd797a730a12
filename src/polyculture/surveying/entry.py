"""From whatever a user has to a result: read, tag, count, draw, measure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cache, partial
from typing import Any

from polyculture import engine, store
from polyculture.memory import check
from polyculture.memory import survey as need
from polyculture.progress import LOG
from polyculture.surveying.asked import of_level, of_papers
from polyculture.surveying.at_level import Movement, at_level, cells_of, convergence_of, of_counts, trends_of, unvaried
from polyculture.surveying.corpus import KEPT, Batch, Corpus, batch_of, corpus_of, corpus_of_batches
from polyculture.surveying.depends import depends_on
from polyculture.surveying.estimated import Estimated
from polyculture.surveying.files import batches_of_files
from polyculture.surveying.patterns import LEVELS
from polyculture.surveying.result import SurveyResult
from polyculture.surveying.settings import QUESTIONS, Settings
from polyculture.surveying.sources import (
    Communities,
    Reading,
    in_memory,
    paths_of,
    rows_at_once,
    tagged_batches,
    tagged_from,
    unpacked,
)
from polyculture.surveying.tagged import Tagged

UNASKED = "not asked (setting questions)"


def survey(
    source: Any,
    *,
    vocabulary: Any = None,
    communities: Communities = None,
    years: tuple[int, int] | None = None,
    columns: Mapping[str, Any] | None = None,
    format: str = "auto",  # noqa: A002 - what it is
    abstracts: bool = True,
    batch: int | None = None,
    draws: int = 1000,
    nulls: int = 200,
    seed: int = 0,
    **settings: Any,
) -> SurveyResult:
    """Find out how varied the methods of research communities are, and whether the communities become alike.

    Parameters
    ----------
    source : path, sequence of paths, data frame, Papers or Tagged
        Papers with community, year, title and optional abstract; or papers that are tagged already.
    vocabulary : path, Vocabulary or None
        Methods to look for; if None, what the papers are tagged with, or the one that ships with the package.
    communities : sequence of str, str, mapping or None
        Communities to look at; all if None. A single word is the community of all papers, a mapping makes communities
        of a source's own words.
    years : (int, int) or None
        First and last year to look at.
    columns : mapping or None
        Names of the columns ``paper_id``, ``community``, ``year``, ``title``, ``abstract`` where they differ, and
        patterns of those that are ``tags``; see :func:`polyculture.data.papers.read_papers`.
    format : str
        See :func:`polyculture.data.papers.read_papers`.
    abstracts : bool
        Whether methods are looked for in abstracts as well. Communities with abstracts then name more methods than
        those without; leave them out to compare such communities.
    batch : int or None
        Papers of files that are read and tagged at a time, so that memory does not grow with them; 0 keeps all. If
        None, files are read in batches where they are large (see `rows_at_once`). Questions that need all papers at
        once are then not answered, and ``not_measured`` says so; all other numbers are the same.
    draws, nulls, seed : int
        Times that papers are drawn anew, times that communities are shuffled, and where random numbers start.
    **settings
        See :class:`Settings`.

    Returns
    -------
    SurveyResult

    Raises
    ------
    PolycultureError
        If the input does not hold what is needed; the sentence names the file, the row or column, and what to do.

    Examples
    --------
    >>> import numpy as np, polars as pl, scipy.sparse as sp
    >>> from polyculture.data.papers.types import Papers
    >>> from polyculture.surveying.tagged import Tagged
    >>> frame = pl.DataFrame({"community": ["CV", "NLP"] * 60, "year": [2020, 2020, 2021, 2021, 2022, 2022] * 20})
    >>> names = sp.csr_array(np.tile(np.eye(2, dtype=bool), (60, 1)))
    >>> tagged = Tagged(Papers(frame, "memory"), ("cnn", "rnn"), ("cnn", "rnn"), (0, 1), (None, None), names, {})
    >>> found = survey(tagged, least=10, questions=["divergence"])
    >>> [row["estimate"] for row in found.divergence if row["measure"] == "beta" and row["level"] == "family"]
    [2.0, 2.0, 2.0, 2.0, 2.0, 2.0]
    """
    how = Reading(vocabulary, communities, years, dict(columns or {}), format, abstracts)
    chosen = Settings(draws=draws, nulls=nulls, seed=seed, **settings)
    source, rows = in_memory(source, how), rows_at_once(source, batch)
    paths = paths_of(source)
    if paths is not None:
        check(need(unpacked(paths), rows))
    asked = {name: value for name, value in asdict(chosen).items() if name != "jobs"}
    with store.part("survey", kinds=KEPT, **depends_on(source, how, rows), settings=asked) as part:
        return part.step("survey", lambda: survey_corpus(_corpus(source, how, rows), chosen), (SurveyResult,))


def _corpus(source: Any, how: Reading, rows: int) -> Corpus:
    """Papers read, tagged and counted, at once or in batches."""
    if rows:
        return store.step("corpus", lambda: _in_batches(source, how, rows), KEPT)
    # of papers that were tagged elsewhere nobody knows in what
    given = isinstance(source, Tagged)
    return store.step(
        "corpus", lambda: corpus_of(tagged_from(source, how), lambda papers: not given and how.reads(papers)), KEPT
    )


def _in_batches(source: Any, how: Reading, rows: int) -> Corpus:
    paths = paths_of(source) or []
    if engine.elsewhere() and len(paths) > 1:
        return corpus_of_batches(batches_of_files(paths, how, rows))

    def counted(batch: Callable[[], Tagged]) -> Batch:
        return batch_of(batch(), how.reads)

    return corpus_of_batches(
        store.step(f"batch {number}", partial(counted, batch), KEPT)
        for number, batch in enumerate(tagged_batches(source, how, rows), 1)
    )


def survey_corpus(corpus: Corpus, settings: Settings) -> SurveyResult:
    """The same of papers that are tagged and counted."""
    found: dict[str, Any] = {}
    moving: list[Movement] = []
    for name in LEVELS:
        parts, movements = _at(corpus, name, settings)
        for field, part in parts:
            _add(found, field, part)
        moving += movements
        LOG.info("level %s measured", name)
    for field, part in of_papers(corpus, settings):
        _add(found, field, part)
    _add(found, "not_measured", unvaried(moving))
    _add(found, "not_measured", {name: UNASKED for name in QUESTIONS if name not in settings.questions})
    return SurveyResult(
        papers=corpus.papers,
        convergence=list(convergence_of(moving, settings)),
        settings=asdict(settings) | {"questions": list(settings.questions), "abstracts": corpus.read},
        **_about(corpus),
        **found,
    )


def _at(corpus: Corpus, name: str, settings: Settings) -> tuple[list[tuple[str, Any]], list[Movement]]:
    """What a level of the vocabulary adds to the result's fields, and how it moves."""
    cells = cells_of(corpus, name, settings)
    level = cache(partial(at_level, corpus, cells, settings))  # drawn where a step needs it, and once
    parts = [
        *store.step(f"{name}: diversity", lambda: list(of_counts(level(), settings))),
        *store.step(f"{name}: names", lambda: of_level(corpus, level(), settings)),
    ]
    if "convergence" not in settings.questions:
        return parts, []
    trends = store.step(f"{name}: trends", lambda: trends_of(level(), settings), (Estimated,))
    return parts, [(cells, head, trend) for head, trend in trends]


def _add(found: dict[str, Any], field: str, part: Any) -> None:
    """Add rows to rows, or names to names."""
    if field not in found:
        found[field] = part
    elif isinstance(part, Mapping):
        found[field] = {**found[field], **part}
    else:
        found[field] = [*found[field], *part]


def _about(corpus: Corpus) -> dict[str, Any]:
    patterns = corpus.patterns[LEVELS[0]]
    return {
        "communities": list(patterns.communities),
        "years": [patterns.years[0], patterns.years[-1]],
        "families": list(corpus.families),
        "methods": list(corpus.methods),
        "policies": _policies(corpus.counted),
        "source": corpus.source,
        "partial": corpus.partial,
    }


def _policies(counted: Mapping[str, int]) -> Sequence[Mapping[str, Any]]:
    """What readers counted: the rule is what was met, and what was done with it."""
    split = ((rule.partition(", "), count) for rule, count in counted.items())
    return [{"what": what, "count": count, "done": done} for (what, _, done), count in split]
