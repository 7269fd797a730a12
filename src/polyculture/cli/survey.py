"""``polyculture survey``: whether research communities become alike, and who took what from whom."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyculture.cli.common import (
    HTML,
    JsonFile,
    Language,
    Memory,
    Quiet,
    ReportFile,
    Seed,
    check_choice,
    check_outputs,
    check_ranges,
    here,
)
from polyculture.cli.engines import EngineName, Workers, running_on
from polyculture.cli.kept import RunFolder, kept_in
from polyculture.cli.reporting import write_report
from polyculture.errors import DataError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyculture.surveying import SurveyResult

FORMATS = ("auto", "parquet", "csv", "json", "openalex", "arxiv", "bibtex", "acl")
_YEARS = re.compile(r"(\d{4})(?:-(\d{4}))?")


def survey_command(
    paths: Annotated[
        list[Path],
        typer.Argument(
            parser=here,
            metavar="PAPERS...",
            help="A table with community, year, title and optional abstract (.parquet .csv .tsv .jsonl), works of "
            "OpenAlex, metadata of arXiv, BibTeX (.bib), or the folder 'data' of the ACL Anthology.",
        ),
    ],
    vocabulary: Annotated[
        Path | None,
        typer.Option("--vocabulary", parser=here, metavar="FILE.toml", help="Methods to look for, instead of our own."),
    ] = None,
    communities: Annotated[
        str | None,
        typer.Option(
            "--communities",
            metavar="A,B,...",
            help="Look at these only; WORD=NAME,... makes communities of the source's own words.",
        ),
    ] = None,
    one_community: Annotated[
        str | None, typer.Option("--one-community", metavar="NAME", help="All papers are of this community.")
    ] = None,
    years: Annotated[
        str | None, typer.Option("--years", metavar="A-B", help="First and last year to look at, as in 2010-2025.")
    ] = None,
    format: Annotated[str, typer.Option("--format", help=f"What the files are: {', '.join(FORMATS)}.")] = "auto",  # noqa: A002
    paper_id: Annotated[str | None, typer.Option("--paper-id", metavar="COLUMN", help="Column of ids.")] = None,
    community: Annotated[
        str | None, typer.Option("--community", metavar="COLUMN", help="Column of communities.")
    ] = None,
    year: Annotated[str | None, typer.Option("--year", metavar="COLUMN", help="Column of years.")] = None,
    title: Annotated[str | None, typer.Option("--title", metavar="COLUMN", help="Column of titles.")] = None,
    abstract: Annotated[str | None, typer.Option("--abstract", metavar="COLUMN", help="Column of abstracts.")] = None,
    tags: Annotated[
        str | None,
        typer.Option("--tags", metavar="A,B.*,...", help="Columns of true and false: papers that come tagged."),
    ] = None,
    abstracts: Annotated[
        bool,
        typer.Option(
            "--abstracts/--no-abstracts",
            help="Look for methods in abstracts, too; leave them out where only some communities have them.",
        ),
    ] = True,
    batch: Annotated[
        int | None,
        typer.Option(
            "--batch",
            metavar="N",
            help="Papers read and tagged at a time; 0 keeps all. Without it, large files are read in batches.",
        ),
    ] = None,
    questions: Annotated[
        str | None,
        typer.Option("--questions", metavar="A,B,...", help="Ask these only; a word that is none lists them."),
    ] = None,
    draws: Annotated[int, typer.Option("--draws", metavar="N", help="Times that papers are drawn anew.")] = 1000,
    nulls: Annotated[int, typer.Option("--nulls", metavar="N", help="Times that communities are shuffled.")] = 200,
    least: Annotated[
        int, typer.Option("--least", metavar="N", help="Papers that a community and year needs that name a method.")
    ] = 30,
    level: Annotated[float, typer.Option("--level", help="Coverage of the intervals, 0.5 to 0.9999.")] = 0.95,
    memory: Memory = None,  # noqa: ARG001 - the option sets the limit itself
    seed: Seed = 0,
    jobs: Annotated[int, typer.Option("--jobs", metavar="N", help="Threads; 0 is all.")] = 0,
    json: JsonFile = None,
    report: ReportFile = None,
    run: RunFolder = None,
    engine: EngineName = "local",
    workers: Workers = None,
    language: Language = "en",
    quiet: Quiet = False,
) -> None:
    """Find out how varied the methods of research communities are, whether communities become alike, and who leads."""
    check_choice("--format", format, FORMATS)
    check_outputs(inputs=[*paths, vocabulary], json=(json, ()), report=(report, HTML))
    check_ranges(
        seed=(seed, 0, 2**31),
        level=(level, 0.5, 0.9999),
        draws=(draws, 20, 10**5),
        nulls=(nulls, 19, 10**5),
        least=(least, 1, 10**6),
        jobs=(jobs, 0, 1024),
        batch=(batch or 0, 0, 10**9),
    )
    columns = {"paper_id": paper_id, "community": community, "year": year, "title": title, "abstract": abstract}
    settings: dict[str, Any] = {
        "vocabulary": vocabulary,
        "communities": _communities(communities, one_community),
        "years": _span(years),
        "columns": {part: name for part, name in columns.items() if name is not None} | _tags(tags),
        "format": format,
        "abstracts": abstracts,
        "batch": batch,
        "draws": draws,
        "nulls": nulls,
        "least": least,
        "confidence": level,
        "seed": seed,
        "jobs": jobs,
    }
    settings |= _asked(questions)
    asked = {name: value for name, value in settings.items() if name != "jobs"}
    with kept_in(run, "survey", [*paths, vocabulary], asked, [json, report]):
        with running_on(engine, workers, quiet=quiet):
            found = _survey(paths, settings, quiet=quiet)
        _tell(found, json)
        write_report(found, report, [*paths, vocabulary], language)


def _words(option: str, listed: str) -> list[str]:
    words = [word.strip() for word in listed.split(",") if word.strip()]
    if not words:
        raise ParameterError(f"{option} {listed!r}: names nothing; give one or more words with commas between")
    return words


def _tags(listed: str | None) -> dict[str, list[str]]:
    return {} if listed is None else {"tags": _words("--tags", listed)}


def _span(years: str | None) -> tuple[int, int] | None:
    """First and last year; one alone is both."""
    if years is None:
        return None
    found = _YEARS.fullmatch(years.strip())
    if not found:
        raise ParameterError(f"--years {years}: is no span of years; write it like 2010-2025")
    first, last = int(found[1]), int(found[2] or found[1])
    if first > last:
        raise ParameterError(f"--years {years}: begins after it ends; write it like {last}-{first}")
    return first, last


def _communities(listed: str | None, one: str | None) -> str | Mapping[str, str] | list[str] | None:
    """Communities to look at, or how the source's own words make them."""
    if listed is not None and one is not None:
        raise ParameterError("--communities and --one-community exclude each other; give one of them")
    if one is not None or listed is None:
        return one
    words = _words("--communities", listed)
    pairs = [tuple(part.strip() for part in word.rpartition("=")) for word in words if "=" in word]
    if not pairs:
        return words
    if len(pairs) < len(words) or not all(word and name for word, _, name in pairs):
        raise ParameterError(f"--communities {listed}: mixes names and words; write all of it like cs.CL=NLP,cs.CV=CV")
    return {word: name for word, _, name in pairs}


def _asked(listed: str | None) -> dict[str, list[str]]:
    from polyculture.surveying.settings import QUESTIONS

    if listed is None:
        return {}
    words = _words("--questions", listed)
    for word in words:
        check_choice("--questions", word, QUESTIONS)
    return {"questions": words}


def _survey(paths: list[Path], settings: dict[str, Any], *, quiet: bool) -> SurveyResult:
    from polyculture.cli.screen import progress
    from polyculture.surveying import survey

    try:
        with progress(quiet=quiet):
            return survey(paths, **settings)
    except DataError as error:
        raise DataError(_in_options(str(error))) from error


def _in_options(sentence: str) -> str:
    """A message to a programmer, as one to who gives options.

    Examples
    --------
    >>> _in_options("name one for it, as in columns={'paper_id': ...}, from a, b")
    'name one for it, as in --paper-id COLUMN, from a, b'
    """
    named = re.sub(r"columns=\{'(\w+)': \.\.\.\}", lambda part: f"--{part[1].replace('_', '-')} COLUMN", sentence)
    return named.replace("communities='NLP'", "--one-community NLP")


def _tell(found: SurveyResult, json: Path | None) -> None:
    from polyculture.cli.common import printable
    from polyculture.cli.screen import show
    from polyculture.surveying.headline import headline
    from polyculture.surveying.tables import tables
    from polyculture.tables import cell

    if json is not None:
        found.to_json(json)
    typer.echo(printable(headline(found)))
    for table in tables(found):
        show(table.title, table.columns, [[cell(value) for value in row] for row in table.rows])
