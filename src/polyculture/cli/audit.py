"""``polyculture audit``: how many independent models are there, and which few to keep."""

from __future__ import annotations

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
    words,
)
from polyculture.cli.engines import EngineName, Workers, running_on
from polyculture.cli.kept import RunFolder, kept_in
from polyculture.cli.reporting import write_report
from polyculture.memory import size_of

if TYPE_CHECKING:
    from polyculture.auditing import AuditResult

KINDS = ("auto", "answers", "long", "wide", "outcomes", "detections", "embeddings", "models")
MEASURES = "cka, mutual_knn, rbf_cka, rsa, procrustes, svcca"
_LEAST, _BLOCKS = 2**20, 2**31
"""Bytes of the blocks of products: at least, and unless less is allowed in all."""


def audit_command(
    paths: Annotated[
        list[Path],
        typer.Argument(
            parser=here, metavar="PATH...", help="Predictions, embeddings, detections or models: see the README."
        ),
    ],
    kind: Annotated[str, typer.Option("--kind", help=f"What the files hold: {', '.join(KINDS)}.")] = "auto",
    item: Annotated[str, typer.Option("--item", metavar="COLUMN", help="Column of items.")] = "item",
    model: Annotated[str, typer.Option("--model", metavar="COLUMN", help="Column of models.")] = "model",
    prediction: Annotated[
        str, typer.Option("--prediction", metavar="COLUMN", help="Column of answers.")
    ] = "prediction",
    label: Annotated[str, typer.Option("--label", metavar="COLUMN", help="Column of right answers.")] = "label",
    group: Annotated[str, typer.Option("--group", metavar="COLUMN", help="Column of groups of items.")] = "group",
    models: Annotated[
        str | None, typer.Option("--models", metavar="A,B,...", help="The only models to take, by their names.")
    ] = None,
    options: Annotated[
        str | None, typer.Option("--options", metavar="A,B,...", help="Answers allowed; others count as wrong.")
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option("--truth", parser=here, metavar="FILE", help="Objects that detections are matched with."),
    ] = None,
    iou: Annotated[float, typer.Option("--iou", help="Overlap from which a box has found an object.")] = 0.5,
    cards: Annotated[
        Path | None,
        typer.Option(
            "--cards", parser=here, metavar="FILE", help="One row a model: model, company, architecture, size, ..."
        ),
    ] = None,
    measures: Annotated[
        str, typer.Option("--measures", metavar="A,B,...", help=f"Measures of representations, among {MEASURES}.")
    ] = "cka,mutual_knn",
    neighbours: Annotated[int, typer.Option("--neighbours", metavar="K", help="Of each item, for mutual_knn.")] = 10,
    permutations: Annotated[int, typer.Option("--permutations", metavar="N", help="Draws of a null.")] = 200,
    level: Annotated[float, typer.Option("--level", help="Coverage of the intervals.")] = 0.95,
    adjust: Annotated[
        str, typer.Option("--adjust", help="For many pairs: benjamini-hochberg or holm.")
    ] = "benjamini-hochberg",
    memory: Memory = None,
    cache: Annotated[bool, typer.Option("--cache/--no-cache", help="Use what the same files gave before.")] = True,
    seed: Seed = 0,
    jobs: Annotated[int, typer.Option("--jobs", metavar="N", help="Threads of the products; 0 is all.")] = 0,
    json: JsonFile = None,
    report: ReportFile = None,
    run: RunFolder = None,
    engine: EngineName = "local",
    workers: Workers = None,
    language: Language = "en",
    quiet: Quiet = False,
) -> None:
    """Find out how alike models are, against chance: by what they answered, how they see, or what they are made of."""
    check_choice("--kind", kind, KINDS)
    check_outputs(inputs=[*paths, truth, cards], json=(json, ()), report=(report, HTML))
    check_ranges(
        seed=(seed, 0, 2**31),
        iou=(iou, 0.01, 1),
        level=(level, 0.5, 0.9999),
        neighbours=(neighbours, 1, 2**20),
        permutations=(permutations, 1, 10**6),
        jobs=(jobs, 0, 1024),
    )
    settings: dict[str, Any] = {
        "kind": kind,
        "columns": {"item": item, "model": model, "prediction": prediction, "label": label, "group": group},
        "options": words(options),
        "models": words(models),
        "truth": truth,
        "iou": iou,
        "cards": cards,
        "measures": words(measures) or (),
        "neighbours": neighbours,
        "permutations": permutations,
        "level": level,
        "adjust": adjust,
        "memory": _BLOCKS if memory is None else max(_LEAST, min(_BLOCKS, size_of(memory) // 4)),
        "cache": cache,
        "seed": seed,
    }
    # how much is held at a time changes no number
    asked = {name: value for name, value in settings.items() if name not in ("cache", "memory")}
    with kept_in(run, "audit", [*paths, truth, cards], asked, [json, report]):
        with running_on(engine, workers, quiet=quiet):
            found = _audit(paths, settings, jobs=jobs, quiet=quiet)
        _tell(found, json)
        write_report(found, report, [*paths, truth, cards], language)


def _audit(paths: list[Path], settings: dict[str, Any], *, jobs: int, quiet: bool) -> AuditResult:
    from threadpoolctl import threadpool_limits

    from polyculture.auditing import audit
    from polyculture.cli.screen import progress

    with progress(quiet=quiet), threadpool_limits(jobs or None):
        return audit(paths, **settings)


def _tell(found: AuditResult, json: Path | None) -> None:
    from polyculture.auditing.tables import headline, tables
    from polyculture.cli.screen import show
    from polyculture.tables import cell

    if json is not None:
        found.to_json(json)
    typer.echo(headline(found))
    for table in tables(found):
        show(table.title, table.columns, [[cell(value) for value in row] for row in table.rows])
