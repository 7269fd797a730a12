"""Items of a command's DATA: texts, numbers, and files of images and of sound that a table or a folder names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyculture.cli.common import check_ranges
from polyculture.errors import DataError, ParameterError, PolycultureError

if TYPE_CHECKING:
    from polyculture.cli.table import Table
    from polyculture.data import DomainData

SIZE = 32
TextColumn = Annotated[
    str | None,
    typer.Option("--text", metavar="COLUMN", help="Column of texts; 'text' where no other modality is named."),
]
ImageColumn = Annotated[
    str | None,
    typer.Option(
        "--image", metavar="COLUMN", help="Column of paths of images; DATA may also be a folder domain/class/file."
    ),
]
AudioColumn = Annotated[
    str | None,
    typer.Option("--audio", metavar="COLUMN", help="Column of paths of WAV files; a folder's files are then sounds."),
]
VectorColumns = Annotated[
    str | None,
    typer.Option("--vector", metavar="A,B,...", help="Columns of numbers, or one column of lists of numbers."),
]
ImageSize = Annotated[int | None, typer.Option("--image-size", metavar="N", help="Sides of the images, in pixels.")]


@dataclass(frozen=True)
class Modalities:
    """The columns that items are made of."""

    text: str | None = None
    image: str | None = None
    audio: str | None = None
    vector: str | None = None
    size: int = SIZE

    def check(self, path: Path) -> None:
        """The options must fit what DATA is.

        Raises
        ------
        ParameterError
            If they do not, or the size is out of its range.
        """
        check_ranges(image_size=(self.size, 8, 1024))
        if not is_table(path) and (self.text or self.vector):
            option = "--text" if self.text else "--vector"
            raise ParameterError(f"{option}: names a column, and {path} is no table; leave it out")

    @property
    def of_texts(self) -> bool:
        """Whether items are texts alone."""
        return not (self.image or self.audio or self.vector)


def read_items(path: Path, wanted: Modalities, **names: str | None) -> DomainData:
    """Items of DATA with their labels, domains, splits and ids.

    Parameters
    ----------
    path : path
        A table, a folder of files, or an archive of MedMNIST.
    wanted : Modalities
    names : str or None
        Columns of ``label``, ``domain``, ``split`` and ``id``.

    Raises
    ------
    DataError
        If it cannot be read; the sentence names file, row or column.
    """
    from polyculture.cli.table import read_texts

    if not is_table(path):
        return _of_files(path, wanted)
    if wanted.of_texts:
        return read_texts(path, text=wanted.text or "text", **names)
    from polyculture.data.readers import read_table

    return items_of(read_table(path), path, wanted, **names)


def _of_files(path: Path, wanted: Modalities) -> DomainData:
    if not path.is_dir():
        from polyculture.data.images import read_medmnist

        return read_medmnist(path, wanted.size)
    if wanted.audio is not None:
        from polyculture.data.audio import read_audio_folder

        return read_audio_folder(path)
    from polyculture.data.images import read_image_folder

    return read_image_folder(path, wanted.size)


def items_of(table: Table, path: Path, wanted: Modalities, **names: str | None) -> DomainData:
    """Items of a table of which these columns are looked at; a cell without a path is an item without an image."""
    from polyculture.cli.table import texts_of
    from polyculture.data.frames import from_columns
    from polyculture.data.readers import with_lists

    if wanted.of_texts:
        return texts_of(table, path, text=wanted.text or "text", domain=names.get("domain"))
    columns: Mapping[str, Sequence[Any]] = {name: list(table[name]) for name in _names(table)}
    vectors = None if wanted.vector is None else [name.strip() for name in wanted.vector.split(",") if name.strip()]
    vector = vectors[0] if vectors and len(vectors) == 1 and _holds_lists(columns.get(vectors[0], ())) else vectors
    if isinstance(vector, str) and path.suffix.lower() in (".csv", ".tsv"):
        columns = with_lists(path, columns, vector)
    # the reader wants a text or a vector; where there is neither, the paths stand in for texts
    stand_in = wanted.text or (None if wanted.vector else wanted.image or wanted.audio)
    kept = _looked_at(columns, wanted, vectors or [], names)
    found = from_columns(kept, text=stand_in, vector=vector, source=str(path), **names)
    items: dict[str, Any] = {name: found.items[name] for name in ("text", "vector") if getattr(wanted, name)}
    present: dict[str, Any] = {}
    for name in ("image", "audio"):
        if (column := getattr(wanted, name)) is not None:
            items[name], present[name] = _files_of(kept, column, path, name, wanted.size)
    if len(items) > 1:
        return replace(found, items=items, present={n: there for n, there in present.items() if not there.all()})
    _check_all_there(present, path, wanted)
    return replace(found, items=items)


def _holds_lists(values: Sequence[Any]) -> bool:
    """Whether the first cell with something in it is a list, or in a CSV looks like one."""
    first = next((value for value in values if value is not None), None)
    return first is not None and (
        str(first).lstrip().startswith("[") if isinstance(first, str) else hasattr(first, "__len__")
    )


def _names(table: Table) -> list[str]:
    from polyculture.cli.table import names

    return names(table)


def _looked_at(
    columns: Mapping[str, Sequence[Any]], wanted: Modalities, vectors: Sequence[str], names: Mapping[str, str | None]
) -> Mapping[str, Sequence[Any]]:
    """The columns that are named, or stand under a part's own name; all of them where a named one is not there."""
    named = [wanted.text, wanted.image, wanted.audio, *vectors, *names.values()]
    if any(name is not None and name not in columns for name in named):
        # the reader of all columns complains best about a name that is none
        return columns
    return {name: values for name, values in columns.items() if name in (*named, *names)}


def _files_of(columns: Mapping[str, Sequence[Any]], column: str, path: Path, kind: str, size: int) -> tuple[Any, Any]:
    """Files that a column names, relative to the table's folder, and which rows name one."""
    import numpy as np

    from polyculture.features.items import scattered

    if column not in columns:
        raise DataError(f"{path}: has no column {column!r}; its columns are {', '.join(columns)}")
    cells = [str(value).strip() if value is not None else "" for value in columns[column]]
    there = np.array([bool(cell) for cell in cells], dtype=bool)
    if not there.any():
        raise DataError(f"{path}: {column!r} names no file in any row; name the column that holds paths")
    paths = [path.parent / cell for cell in cells if cell]
    if kind == "audio":
        from polyculture.data.audio import read_sounds

        return scattered(read_sounds(paths), there), there
    from polyculture.data.images import read_images

    return scattered(read_images(paths, size), there), there


def _check_all_there(present: Mapping[str, Any], path: Path, wanted: Modalities) -> None:
    for name, there in present.items():
        if not there.all():
            row, column = int((~there).argmax()) + 1, getattr(wanted, name)
            raise DataError(f"{path}: row {row} names no file in {column!r}; write its path, or take the row out")


def is_table(path: Path) -> bool:
    """Whether DATA has columns: it is no folder, and no archive of MedMNIST."""
    return not path.is_dir() and path.suffix.lower() != ".npz"


def note_lacking(model: Path, given: DomainData) -> None:
    """Say which modalities a model was fitted on that these items do not have."""
    from polyculture.progress import LOG

    lacking = [name for name in _modalities(model) if name not in given.items]
    if lacking and any(name in given.items for name in _modalities(model)):
        LOG.warning("answers without %s, which the model was fitted on, too", ", ".join(lacking))


def size_of(model: Path) -> int:
    """Sides of the images that a kept model was fitted on; the default where it read none, or cannot be read."""
    image = _modalities(model).get("image")
    return SIZE if image is None else int(image["shape"][0])


def _modalities(model: Path) -> dict[str, Any]:
    from polyculture import store

    try:
        return dict(store.facts(model, kind="CrossDomainClassifier").get("modalities", {}))
    except PolycultureError:
        # said where the model is loaded
        return {}
