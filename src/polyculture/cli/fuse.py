"""``polyculture fuse``: models of one architecture to one model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyculture.cli.common import JsonFile, Quiet, check_choice, check_outputs, here, write_json
from polyculture.errors import ParameterError

if TYPE_CHECKING:
    from polyculture.fuse.files import Fused

METHODS = ("average", "task_arithmetic", "ties", "dare", "wudi", "tsv_m", "iso_c", "fisher", "regmean")
"""Those that need no function of the whole model."""


def fuse_command(
    experts: Annotated[
        list[Path],
        typer.Argument(parser=here, metavar="EXPERT...", help="Files of safetensors, or folders of transformers."),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE.safetensors", help="The fused weights.")],
    base: Annotated[
        Path | None,
        typer.Option("--base", parser=here, metavar="BASE", help="What the experts started from; file or folder."),
    ] = None,
    method: Annotated[str, typer.Option("--method", metavar="M", help=f"One of {', '.join(METHODS)}.")] = "average",
    grams: Annotated[
        list[Path] | None,
        typer.Option(
            "--grams",
            parser=here,
            metavar="FILE",
            help="For regmean: Gram sums of an expert; once an expert, in order.",
        ),
    ] = None,
    fishers: Annotated[
        list[Path] | None,
        typer.Option(
            "--fishers", parser=here, metavar="FILE", help="For fisher: a diagonal; once an expert, in order."
        ),
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A setting of the method: scale=0.3.")
    ] = None,
    json: JsonFile = None,
    quiet: Quiet = False,
) -> None:
    """Merge models of one architecture, tensor by tensor: memory is that of the largest tensor, not of the models."""
    check_choice("--method", method, METHODS)
    sums = {name: paths for name, paths in (("grams", grams), ("fishers", fishers)) if paths}
    read = [*experts, base, *(grams or []), *(fishers or [])]
    check_outputs(inputs=read, out=(out, (".safetensors",)), json=(json, ()))
    from polyculture.cli.screen import progress
    from polyculture.fuse.files import fuse_files

    given = _settings(settings or [])
    with progress(quiet=quiet):
        found = fuse_files(experts, out, base=base, method=method, **given, **sums)
    write_json(json, "fuse/1", found.plain())
    _tell(found)


def _settings(pairs: list[str]) -> dict[str, Any]:
    """What --set gives; a value that is no JSON stays a word, for the method to refuse by its name."""
    from json import loads

    found: dict[str, Any] = {}
    for pair in pairs:
        name, mark, value = (part.strip() for part in pair.partition("="))
        if not name.isidentifier() or not mark or not value:
            raise ParameterError(f"--set {pair}: is no setting; write NAME=VALUE, for example scale=0.3")
        if name in ("grams", "fishers"):
            raise ParameterError(f"--set {pair}: names files; give them by --{name}")
        if name in found:
            raise ParameterError(f"--set {pair}: {name} is given twice; give it once")
        try:
            found[name] = loads(value)
        except (ValueError, RecursionError):
            found[name] = value
    return found


def _tell(found: Fused) -> None:
    from polyculture.cli.screen import show
    from polyculture.tables import cell

    typer.echo(f"{found.method} of {len(found.experts)} experts is in {found.out}")
    policies = [
        ("merged", found.tensors - found.averaged - found.copied),
        ("averaged, as the method does not apply", found.averaged),
        ("of whole numbers, copied from the base model", found.copied),
        ("of these, other numbers in an expert", len(found.differing)),
    ]
    show("tensors", ["what was done", "tensors"], [[name, cell(count)] for name, count in policies])
