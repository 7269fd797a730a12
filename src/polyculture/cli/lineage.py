"""``polyculture lineage``: from how few ancestors does an ecosystem of models descend."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyculture.cli.common import (
    HTML,
    JsonFile,
    Language,
    Quiet,
    ReportFile,
    Seed,
    check_outputs,
    check_ranges,
    here,
    words,
)
from polyculture.cli.reporting import write_report
from polyculture.errors import ParameterError

if TYPE_CHECKING:
    from polyculture.ancestry import LineageResult


def lineage_command(
    paths: Annotated[
        list[Path],
        typer.Argument(
            parser=here,
            metavar="PATH...",
            help="Models: a table (.csv .tsv .parquet .json .jsonl) with name and parents, Hugging Face metadata "
            "(.json .jsonl), or Ecosystem Graphs (.yaml, a folder or .zip of it).",
        ),
    ],
    columns: Annotated[
        str | None,
        typer.Option("--columns", metavar="NAME=COLUMN,...", help="Columns of a table that are called otherwise."),
    ] = None,
    kinds: Annotated[
        str | None,
        typer.Option("--kinds", metavar="A,B,...", help="Count only these kinds; others are ancestors still."),
    ] = None,
    audit: Annotated[
        Path | None, typer.Option("--audit", parser=here, metavar="FILE", help="JSON of an audit of the same models.")
    ] = None,
    top: Annotated[int, typer.Option("--top", metavar="N", help="Roots that are looked at one by one.")] = 50,
    permutations: Annotated[
        int, typer.Option("--permutations", metavar="N", help="Of models, to compare kinship with shared errors.")
    ] = 1000,
    level: Annotated[float, typer.Option("--level", help="Coverage of the intervals.")] = 0.95,
    seed: Seed = 0,
    json: JsonFile = None,
    report: ReportFile = None,
    language: Language = "en",
    quiet: Quiet = False,
) -> None:
    """Find out from how few ancestors an ecosystem of models descends, what falls with each, and how sure that is."""
    check_outputs(inputs=[*paths, audit], json=(json, ()), report=(report, HTML))
    check_ranges(
        seed=(seed, 0, 2**31), level=(level, 0.5, 0.9999), top=(top, 1, 10_000), permutations=(permutations, 1, 10**6)
    )
    settings: dict[str, Any] = {
        "columns": _pairs(columns),
        "kinds": words(kinds),
        "audit": audit,
        "top": top,
        "permutations": permutations,
        "level": level,
        "seed": seed,
    }
    found = _lineage(paths, settings, quiet=quiet)
    _tell(found, json)
    write_report(found, report, [*paths, audit], language)


def _pairs(listed: str | None) -> dict[str, str]:
    """Parts and the columns that hold them."""
    pairs = [word.partition("=") for word in words(listed) or ()]
    if odd := [name for name, sign, column in pairs if not (name and sign and column)]:
        raise ParameterError(f"--columns has {odd[0]!r} without a column; write it like name=model,parents=base_model")
    return {name.strip(): column.strip() for name, _, column in pairs}


def _lineage(paths: list[Path], settings: dict[str, Any], *, quiet: bool) -> LineageResult:
    from polyculture.ancestry import lineage
    from polyculture.cli.screen import progress

    with progress(quiet=quiet):
        return lineage(paths, **settings)


def _tell(found: LineageResult, json: Path | None) -> None:
    from polyculture.ancestry.tables import headline, tables
    from polyculture.cli.common import printable
    from polyculture.cli.screen import show
    from polyculture.tables import cell

    if json is not None:
        found.to_json(json)
    typer.echo(printable(headline(found)))
    for table in tables(found):
        show(table.title, table.columns, [[cell(value) for value in row] for row in table.rows])
