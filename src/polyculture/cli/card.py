"""``polyculture card``: a model or a result in short, for a model page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polyculture.cli.common import JsonFile, Quiet, check_outputs, here

MARKDOWN = (".md", ".markdown")


def card_command(
    given: Annotated[
        list[Path],
        typer.Argument(
            parser=here,
            metavar="MODEL_OR_RESULT...",
            help="Folder of a model, and JSON of fit, evaluate, demo, recommend or audit; one of each kind.",
        ),
    ],
    out: Annotated[Path | None, typer.Option("--out", metavar="CARD.md", help="Write the card as Markdown.")] = None,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="What the card is called.")] = None,
    json: JsonFile = None,
    quiet: Quiet = False,
) -> None:
    """Say in short what a model is, how it was judged, and what nobody knows about it: Markdown for a model page.

    Without --out the card is printed, unless --quiet.
    """
    check_outputs(inputs=given, out=(out, MARKDOWN), json=(json, (".json",)))
    from polyculture.report.card import make_card, render_card, write_card

    card = make_card(*given, name=name)
    if json is not None:
        card.to_json(json)
    if out is not None:
        write_card(card, out)
    elif not quiet:
        typer.echo(render_card(card), nl=False)
