"""The command line, one command a module; heavy imports wait until a command runs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from polyculture import __version__
from polyculture.cli.adapt import adapt_command
from polyculture.cli.audit import audit_command
from polyculture.cli.card import card_command
from polyculture.cli.common import PlainErrors
from polyculture.cli.demo import demo_command
from polyculture.cli.evaluate import evaluate_command
from polyculture.cli.explain import explain_command
from polyculture.cli.fit import fit_command
from polyculture.cli.fuse import fuse_command
from polyculture.cli.lineage import lineage_command
from polyculture.cli.list_ import list_command
from polyculture.cli.predict import predict_command
from polyculture.cli.recommend import recommend_app
from polyculture.cli.survey import survey_command

__all__ = ["app", "main"]

# Without rich's mark-up, help needs no rich: it is there in a third of the time.
app = typer.Typer(
    name="polyculture",
    cls=PlainErrors,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"polyculture {__version__}")
        raise typer.Exit


@app.callback()
def _polyculture(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Measure how alike models have become, and grow variety back: fit one model that serves every domain."""


app.command("demo")(demo_command)
app.command("audit")(audit_command)
app.command("survey")(survey_command)
app.command("lineage")(lineage_command)
app.command("fit")(fit_command)
app.command("predict")(predict_command)
app.command("evaluate")(evaluate_command)
app.command("explain")(explain_command)
app.command("adapt")(adapt_command)
app.command("fuse")(fuse_command)
app.command("card")(card_command)
app.add_typer(recommend_app, name="recommend")
app.command("list")(list_command)


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows no Greek shows a question mark and not a traceback.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    app()
