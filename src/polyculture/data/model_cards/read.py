"""Files of models, of any of the formats that there are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from polyculture.data.audit_input.files import Paths, checked
from polyculture.data.audit_input.parquet import read_parquets
from polyculture.data.model_cards.ecosystem_graphs import YAML, bytes_of, cards_of_assets, in_folder, in_zip
from polyculture.data.model_cards.hugging_face import cards_of_hub, is_hub
from polyculture.data.model_cards.table import cards_of_table
from polyculture.data.model_cards.types import ModelCards, joined
from polyculture.data.readers import read_table
from polyculture.errors import DataError

LINES = (".jsonl", ".ndjson")
KNOWN = (".csv", ".tsv", ".parquet", ".json", *LINES, *YAML, ".zip")


def read_model_cards(paths: Paths, *, columns: Mapping[str, str] | None = None) -> ModelCards:
    r"""Models and their parents, from files.

    Parameters
    ----------
    paths : path or sequence of paths
        Tables (``.csv``, ``.tsv``, ``.parquet``, ``.json``, ``.jsonl``) with the columns ``name``, ``parents`` (a list,
        or names between semicolons), ``organisation``, ``architecture``, ``date``, ``downloads``; metadata of the
        Hugging Face Hub (``.json``, ``.jsonl``); Ecosystem Graphs (``.yaml``, or a folder or ``.zip`` of these). An
        empty cell declares nothing; ``none`` or ``from scratch`` says that there are no parents.
    columns : mapping of str to str, optional
        Names of columns of tables that are called otherwise.

    Returns
    -------
    ModelCards

    Raises
    ------
    DataError
        If a file is missing, damaged, or does not hold models.
    ParameterError
        If `columns` names something else than a table has.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "models.csv")
    ...     _ = path.write_text("name,parents\nbase,none\ntuned,base\nmerged,tuned;base\n", encoding="utf-8")
    ...     read_model_cards(path).parents.rows()
    [(1, 'base', None), (2, 'tuned', None), (2, 'base', None)]
    """
    several = [Path(paths)] if isinstance(paths, str | Path) else [Path(path) for path in paths]
    files = [path for path in several if not path.is_dir()]
    if files or not several:
        checked(files)
    found = [_folder(path) if path.is_dir() else _file(path, columns or {}) for path in several]
    return joined(found, str(several[0]) if len(several) == 1 else f"{several[0]} and {len(several) - 1} more")


def cards_from(data: Any, *, columns: Mapping[str, str] | None = None, source: str = "the table") -> ModelCards:
    """Models and their parents, from what is in memory.

    Parameters
    ----------
    data : polars or pandas DataFrame, mapping of column to list, or sequence of mappings
        A table as `read_model_cards` takes it, or objects as ``huggingface_hub`` gives them.
    columns : mapping of str to str, optional
    source : str

    Returns
    -------
    ModelCards

    Raises
    ------
    DataError
        If it does not hold models.

    Examples
    --------
    >>> cards_from([{"id": "org/a", "tags": ["base_model:merge:org/b", "base_model:merge:org/c"]}]).parents.rows()
    [(0, 'org/b', 'merge'), (0, 'org/c', 'merge')]
    """
    if isinstance(data, ModelCards):
        return data
    if isinstance(data, pl.DataFrame):
        return cards_of_table(data, source, columns or {})
    if isinstance(data, Mapping):
        lengths = {len(values) for values in data.values() if hasattr(values, "__len__")}
        if len(lengths) != 1:
            raise DataError(f"{source}: has columns of different lengths; give one cell a model in each")
        return cards_of_table({str(name): list(values) for name, values in data.items()}, source, columns or {})
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return _objects(((f"{source}: entry {i}", each) for i, each in enumerate(data, 1)), source, columns or {})
    try:
        table = nw.from_native(data, eager_only=True)
    except nw.exceptions.DuplicateError as error:
        raise DataError(f"{source}: two columns have the same name; rename one") from error
    except TypeError as error:
        raise DataError(
            f"{source}: is a {type(data).__name__}; give a path, a DataFrame or a list of models"
        ) from error
    lists = {name: _plain(table.get_column(name)) for name in table.columns}
    return cards_of_table(lists, source, columns or {})


def _plain(column: Any) -> list[Any]:
    nulls = column.is_null().to_list()
    return [None if null else cell for cell, null in zip(column.to_list(), nulls, strict=True)]


def _folder(path: Path) -> ModelCards:
    return cards_of_assets(in_folder(path), str(path))


def _file(path: Path, columns: Mapping[str, str]) -> ModelCards:
    ending = path.suffix.lower()
    if ending in YAML:
        return cards_of_assets(iter([(str(path), bytes_of(path))]), str(path))
    if ending == ".zip":
        return cards_of_assets(in_zip(path), str(path))
    if ending == ".parquet":
        frame = next(read_parquets([path]))
        if isinstance(frame, DataError):
            raise frame
        return cards_of_table(frame, str(path), columns)
    if ending in (".json", *LINES):
        rows = _lines(path) if ending in LINES else _array(path)
        return _objects(rows, str(path), columns)
    if ending not in KNOWN:
        raise DataError(f"{path}: the ending {ending!r} is not known; give a file that ends in {', '.join(KNOWN)}")
    return cards_of_table(read_table(path), str(path), columns)


def _objects(rows: Iterator[tuple[str, Any]], source: str, columns: Mapping[str, str]) -> ModelCards:
    """Models of the Hub, or rows of a table, as the first of them looks."""
    rows = _checked(rows)
    first = next(rows, None)
    if first is None:
        raise DataError(f"{source}: holds no models; give at least one")
    if not columns and is_hub(first[1]):
        return cards_of_hub(_with(first, rows), source)
    table = [row for _, row in _with(first, rows)]
    names = dict.fromkeys(name for row in table for name in row)
    return cards_of_table({name: [row.get(name) for row in table] for name in names}, source, columns)


def _with(first: tuple[str, Any], rows: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    yield first
    yield from rows


def _checked(rows: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for place, row in rows:
        if not isinstance(row, Mapping):
            raise DataError(f"{place}: is a {type(row).__name__}, not an object; write one object for each model")
        yield place, row


def _lines(path: Path) -> Iterator[tuple[str, Any]]:
    """Objects of a file, one a line; not all of the file is held at once."""
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as stream:
            for number, line in enumerate(stream, start=1):
                if line.strip():
                    yield f"{path}: line {number}", _loaded(line, f"{path}: line {number}")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not UTF-8 (byte {error.start} of a part); save the file as UTF-8") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error


def _array(path: Path) -> Iterator[tuple[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    found = _loaded(text, str(path))
    if isinstance(found, Mapping):
        found = next((found[name] for name in ("models", "data") if isinstance(found.get(name), list)), [found])
    if not isinstance(found, list):
        raise DataError(f"{path}: holds a {type(found).__name__}; save a list of models")
    return ((f"{path}: model {number}", row) for number, row in enumerate(found, start=1))


def _loaded(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{place}: is no whole JSON ({error}); write it again") from error
