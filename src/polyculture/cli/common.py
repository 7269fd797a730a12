"""What the commands share: options, errors in one sentence, and outputs that are checked before the work."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from difflib import get_close_matches
from errno import ENOSPC
from json import loads as json_of
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from polyculture.addresses import is_remote, without_secrets
from polyculture.cli.replaced import forget, tell_replaced, watch
from polyculture.cli.spoken import as_options, options_of
from polyculture.cli.warned import one_line_each
from polyculture.errors import DataError, ParameterError, PolycultureError
from polyculture.memory import limited, size_of

ENDINGS = (".parquet", ".csv", ".tsv", ".jsonl", ".ndjson")
"""Of tables that are read and written."""
HTML = (".html", ".htm")
"""Of reports."""
_SCHEME = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]+:)/")


def here(given: str | Path) -> Path:
    """A path as it is; a copy of what lies at an address."""
    if given == "":
        fail("a file is named by an empty word; give its path")
    if not is_remote(given):
        return Path(given)
    from polyculture.data.remote import local_copy

    try:
        return local_copy(given)
    except PolycultureError as error:
        fail(str(error))  # typer would take it for its own


DataFile = Annotated[
    Path, typer.Argument(parser=here, metavar="DATA", help=f"Items, one a row: {' '.join(ENDINGS[:4])}")
]
ModelFolder = Annotated[Path, typer.Argument(metavar="MODEL", help="Folder that `polyculture fit` wrote.")]
TextColumn = Annotated[str, typer.Option("--text", metavar="COLUMN", help="Column of texts.")]
LabelColumn = Annotated[str, typer.Option("--label", metavar="COLUMN", help="Column of classes; empty is no label.")]
DomainColumn = Annotated[
    str | None,
    typer.Option(
        "--domain", metavar="COLUMN", help="Column of domains; 'domain' where there is one, else all are one."
    ),
]
SplitColumn = Annotated[
    str | None,
    typer.Option("--split", metavar="COLUMN", help="Column of train, validation, test, unlabelled; 'split' if any."),
]
IdColumn = Annotated[str | None, typer.Option("--id", metavar="COLUMN", help="Column of unique ids; 'id' if any.")]
JsonFile = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write what was found as JSON.")]
ReportFile = Annotated[
    Path | None, typer.Option("--report", metavar="FILE.html", help="Write a report to open anywhere.")
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Same data, same seed, same numbers.")]


def _limit(ctx: typer.Context, size: str | None) -> str | None:
    """Set the limit until the command ends."""
    if size is not None:
        ctx.with_resource(limited(size_of(size)))
        if not size.strip()[-1].isalpha():
            typer.echo(f"Note: --memory {printable(size)} has no unit and is taken for GiB", err=True)
    return size


Memory = Annotated[
    str | None,
    typer.Option(
        "--memory",
        metavar="SIZE",
        callback=_limit,
        help="What it may take, such as 4GB; work that may need more is refused before it begins.",
    ),
]


def _device(ctx: typer.Context, name: str | None) -> str | None:
    """Compute there until the command ends."""
    if name is not None:
        from polyculture.device import on

        ctx.with_resource(on(name))
    return name


Device = Annotated[
    str | None,
    typer.Option(
        "--device",
        metavar="NAME",
        callback=_device,
        help="Where networks compute: cpu, cuda, or auto for a graphics card where there is one; cpu if not given.",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show every epoch.")]


LANGUAGES = ("en", "zh")
"""Of reports."""


def _spoken(language: str) -> str:
    check_choice("--language", language, LANGUAGES)
    return language


Language = Annotated[str, typer.Option("--language", help="Of the report: en, or zh for Chinese.", callback=_spoken)]
COMMAND: ContextVar[tuple[str, ...]] = ContextVar("command", default=())
"""What was typed behind the name of the program, without the secrets of addresses."""


# typer keeps its own copy of click, and shows one of its exceptions only
UsageError: type[Any] = typer.BadParameter.__mro__[1]


class PlainErrors(TyperGroup):
    """Commands whose errors are one sentence on stderr and an exit code, never a traceback."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Remember what was typed, which a report tells."""
        COMMAND.set(tuple(without_secrets(word) for word in args))
        return list(super().parse_args(ctx, args))

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        forget()
        try:
            with one_line_each():
                return super().invoke(ctx)
        except PolycultureError as error:
            fail(as_options(str(error), options_of(ctx)))
        except UsageError as error:
            if not error.format_message():
                raise  # a command without its arguments shows its help
            command = f" {ctx.invoked_subcommand}" if ctx.invoked_subcommand not in (None, "*") else ""
            fail(f"{error.format_message().rstrip('.')}; see polyculture{command} --help")
        except KeyboardInterrupt as stop:
            # what a run folder keeps is told by whoever keeps it
            more = "".join(f" {printable(str(said))}" for said in stop.args)
            typer.echo(f"\nInterrupted; what was written before is whole.{more}", err=True)
            raise typer.Exit(130) from None
        except ModuleNotFoundError as error:
            if not error.name or error.name.startswith("polyculture"):
                raise
            fail(f"this needs the package {error.name}, which is not installed; run: pip install 'polyculture[all]'")
        except BrokenPipeError:
            raise  # the reader of our output has seen enough; typer knows what to do
        except OSError as error:
            # files name themselves; what is full and has no name is where tables are printed
            named = error.filename or ("standard output" if error.errno == ENOSPC else "")
            where = f"{named}: " if named else ""
            fail(f"{where}{error.strerror or error}; check the path, its permissions and the room on the disk")
        finally:
            tell_replaced()


def fail(sentence: str) -> NoReturn:
    """Say what is wrong in one line on stderr, after what was replaced all the same, and exit with 2."""
    tell_replaced()
    typer.echo(f"Error: {printable(without_secrets(sentence))}", err=True)
    raise typer.Exit(2) from None


def printable(text: str) -> str:
    r"""Text from outside without what a terminal would obey: line breaks and escape sequences become spaces.

    Examples
    --------
    >>> from polyculture.cli.common import printable
    >>> printable("two\nlines"), printable("\x1b[31mred")
    ('two lines', ' [31mred')
    """
    return "".join(c if c.isprintable() else " " for c in text)


def check_outputs(
    *,
    folder: Path | None = None,
    folder_option: str = "--out",
    inputs: Sequence[Path | None] = (),
    **files: tuple[Path | None, Sequence[str]],
) -> None:
    """Find out before the work whether its results can be written, and that they replace nothing that it reads.

    Parameters
    ----------
    folder : path or None
        An output that is a folder; it is made later if there is none.
    folder_option : str
        What names it.
    inputs : sequence of path or None
        Files that are read.
    **files
        Option to its path, or None, and the endings that it may have; none are any.

    Raises
    ------
    DataError
        Naming the option, the path and what to do.
    """
    given = {f"--{name}": (path, endings) for name, (path, endings) in files.items() if path is not None}
    if folder is not None:
        _check_folder(folder_option, folder)
    for option, (path, endings) in given.items():
        _check_file(option, path, endings)
    places = [path.resolve() for path, _ in given.values()] + ([folder.resolve()] if folder is not None else [])
    if len(set(places)) < len(places):
        raise DataError(f"{places[-1]}: is named by two options; give each output a place of its own")
    watch([*(path for path, _ in given.values()), *([folder] if folder is not None else [])])
    read = {path.resolve() for path in inputs if path is not None}
    for option, (path, _) in given.items():
        if path.resolve() in read:
            raise DataError(f"{option} {path}: is a file that is read, and would be lost; choose another name")


def check_ours(option: str, folder: Path, file: str, mark: str) -> None:
    """A folder that is not empty must hold what this program wrote: its file bears a mark."""
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    try:
        ours = mark in json_of((folder / file).read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        ours = False
    if not ours and not _broken_off(folder):
        raise DataError(f"{option} {folder}: holds other things than a model; name a new folder")


def _broken_off(folder: Path) -> bool:
    from polyculture import store

    return store.broken_off(folder)


def _check_file(option: str, path: Path, endings: Sequence[str]) -> None:
    _check_here(option, path)
    if endings and path.suffix.lower() not in endings:
        raise DataError(f"{option} {path}: the ending {path.suffix!r} is not known; end it in {', '.join(endings)}")
    if path.is_dir():
        raise DataError(f"{option} {path}: is a folder; name a file in it")
    if str(path) == "-" or (path.exists() and not path.is_file()):
        raise DataError(f"{option} {path}: is no ordinary file; name a file to write")
    _check_parent(option, path)


def _check_folder(option: str, path: Path) -> None:
    _check_here(option, path)
    if path.exists() and not path.is_dir():
        raise DataError(f"{option} {path}: is a file; name a folder")
    _check_parent(option, path)
    if path.is_dir() and not os.access(path, os.W_OK):
        raise DataError(f"{option} {path}: may not be written to; choose another folder")


def _check_here(option: str, path: Path) -> None:
    # a path has lost one of the slashes of an address
    address = _SCHEME.sub(r"\1//", str(path))
    if is_remote(address) and not path.absolute().parent.is_dir():
        raise DataError(f"{option} {address}: is an address, and this is written here; name a path, and copy it there")


def _check_parent(option: str, path: Path) -> None:
    parent = path.absolute().parent
    if not parent.is_dir():
        raise DataError(f"{option} {path}: the folder {parent} does not exist; make it first, or choose another")
    if not os.access(parent, os.W_OK):
        raise DataError(f"{option} {path}: the folder {parent} may not be written to; choose another")


def words(listed: str | None) -> tuple[str, ...] | None:
    """What an option lists between commas; None where it was not given.

    Examples
    --------
    >>> from polyculture.cli.common import words
    >>> words("a, b,")
    ('a', 'b')
    """
    return None if listed is None else tuple(word.strip() for word in listed.split(",") if word.strip())


def check_choice(option: str, value: str, allowed: Sequence[str]) -> None:
    """A word must be one of those allowed; the sentence names the nearest."""
    if value not in allowed:
        near = get_close_matches(value, allowed, n=1)
        hint = f"did you mean {near[0]}? it is " if near else "use "
        raise ParameterError(f"{option} {value}: is not known; {hint}one of {', '.join(allowed)}")


def check_ranges(**values: tuple[float, float, float]) -> None:
    """Numbers must lie between their bounds, inclusively: option to (value, lowest, highest)."""
    for name, (value, low, high) in values.items():
        if not low <= value <= high:
            raise ParameterError(
                f"--{name.replace('_', '-')} {value}: is out of range; give a number between {low} and {high}"
            )


def write_json(path: Path | None, schema: str, found: Mapping[str, Any]) -> None:
    """Write a command's findings, if asked to, with the schema that scripts rely on."""
    if path is not None:
        from polyculture import store

        store.write_json(path, {"schema": f"polyculture.{schema}", **found})
