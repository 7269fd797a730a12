"""Models from Ecosystem Graphs: YAML files of assets and what they depend on, in a folder or a zip."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from polyculture.data.audit_input.tables import words
from polyculture.data.model_cards.clean import as_cards
from polyculture.data.model_cards.types import PARENTS, ModelCards
from polyculture.data.model_cards.yaml_text import BYTES, plain_yaml
from polyculture.errors import DataError

YAML = (".yaml", ".yml")
FILES, WHOLE = 20_000, 2**29
"""Files in a zip, and bytes of all of them, at most."""
FIELDS = {"name": "name", "organisation": "organization", "date": "created_date", "kind": "type"}


def cards_of_assets(files: Iterator[tuple[str, bytes]], source: str) -> ModelCards:
    """Models, datasets and applications of YAML files, by their names and bytes.

    Raises
    ------
    DataError
        If a file is damaged, or none holds an asset.
    """
    rows: dict[str, list[Any]] = {name: [] for name in FIELDS}
    parents: dict[str, list[Any]] = {name: [] for name in PARENTS}
    for called, data in files:
        for number, asset in enumerate(_assets(plain_yaml(data, called), called), start=1):
            names = _names(_value(asset.get("dependencies")), number, called)
            parents["row"] += [len(rows["name"])] * len(names)
            parents["name"] += names
            for column, field in FIELDS.items():
                rows[column].append(_word(_value(asset.get(field)), field, number, called))
    if not rows["name"]:
        raise DataError(f"{source}: holds no assets; give YAML files with a list of them, each with a name")
    parents["relation"] = [None] * len(parents["row"])
    models = pl.DataFrame([words(values, name, source) for name, values in rows.items()])
    names_of = words(parents["name"], "dependencies", source)
    return as_cards(models, pl.DataFrame({**parents, "name": names_of}, schema=PARENTS), source)


def in_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of the YAML files of a folder and those in it, in order of their names."""
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in YAML and path.is_file()):
        yield str(path), bytes_of(path)


def bytes_of(path: Path) -> bytes:
    """The bytes of a file, of no more than a YAML file may have."""
    try:
        with path.open("rb") as stream:
            return stream.read(BYTES + 1)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error


def in_zip(path: Path) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of the YAML files of a zip, in order of their names; nothing is unpacked to the disk."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = sorted(
                (e for e in archive.infolist() if Path(e.filename).suffix.lower() in YAML and not e.is_dir()),
                key=lambda entry: entry.filename,
            )
            if len(entries) > FILES:
                raise DataError(f"{path}: holds {len(entries):,} YAML files, more than {FILES:,}; split it")
            left = WHOLE
            for entry in entries:
                with archive.open(entry) as stream:
                    data = stream.read(min(BYTES, left) + 1)
                left -= len(data)
                if left < 0:
                    raise DataError(f"{path}: unpacks to more than {WHOLE:,} bytes; split it")
                yield f"{path}: {entry.filename}", data
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: is no whole zip ({error}); write it again") from error


def _assets(documents: Sequence[Any], called: str) -> Iterator[Mapping[str, Any]]:
    for document in documents:
        several = document if isinstance(document, list) else [document] if document else []
        for number, asset in enumerate(several, start=1):
            if not isinstance(asset, dict):
                kind = "text" if isinstance(asset, str) else "a list"
                raise DataError(f"{called}: entry {number} is {kind}, not an asset; write - name: ... for each")
            yield asset


def _value(field: Any) -> Any:
    """A field, or the value of one that comes with an explanation."""
    return field.get("value") if isinstance(field, dict) else field


def _word(value: Any, field: str, number: int, called: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise DataError(f"{called}: asset {number} has a list or a mapping in {field!r}; write a word")


def _names(value: Any, number: int, called: str) -> list[str]:
    if value is None or isinstance(value, str):
        return [value] if value else []
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return value
    raise DataError(f"{called}: asset {number} has other things than names in 'dependencies'; write a list of names")
