"""The command of the survey run in this process, and small made papers for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import typer
from cli_runs import Done
from typer.testing import CliRunner

from polyculture.cli.common import PlainErrors
from polyculture.cli.survey import survey_command

METHODS = ("transformers", "a convolutional neural network", "an LSTM", "graph neural networks")
QUICK = ("--draws", 20, "--nulls", 19, "--jobs", 1, "--quiet")

app = typer.Typer(cls=PlainErrors, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.callback()
def _group() -> None:
    """A group, as in the command line itself."""


app.command("survey")(survey_command)


def run_survey(*args: object) -> Done:
    """Run the command; an exception that it did not turn into a sentence is raised."""
    done = CliRunner().invoke(app, ["survey", *(str(arg) for arg in args)], catch_exceptions=False)
    return Done(done.exit_code, done.stdout, done.stderr)


def made_papers(each: int = 16, years: tuple[int, ...] = (2018, 2019, 2020, 2021)) -> dict[str, list[Any]]:
    """Columns of papers of two communities, which name four methods in shares of their own."""
    table: dict[str, list[Any]] = {name: [] for name in ("paper_id", "community", "year", "title")}
    for year in years:
        for community, step in (("CV", 1), ("NLP", 3)):
            for i in range(each):
                method = METHODS[(i * step + i // 5) % (2 + (i + step) % 3)]
                title = f"Study {i} of {year}: {method} for the {community} of {i * 7} odd things"
                row = (f"{community}{year}.{i}", community, year, title)
                for name, value in zip(table, row, strict=True):
                    table[name].append(value)
    return table


def write_papers(path: Path, **columns: Any) -> Path:
    """The made papers with some columns replaced, or left out where None, as the file that the ending tells."""
    table = {name: value for name, value in {**made_papers(), **columns}.items() if value is not None}
    frame = pl.DataFrame(table)
    {".csv": frame.write_csv, ".parquet": frame.write_parquet, ".jsonl": frame.write_ndjson}[path.suffix](path)
    return path
