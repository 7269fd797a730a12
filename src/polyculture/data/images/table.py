"""Pictures that a table names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from polyculture.data.dataset import DomainData
from polyculture.data.each_file import left_out
from polyculture.data.images.decoding import Look
from polyculture.data.images.files import read_all
from polyculture.errors import DataError


def read_image_table(
    path: str | Path,
    *,
    image: str = "image",
    label: str | None = None,
    domain: str | None = None,
    split: str | None = None,
    id: str | None = None,  # noqa: A002 - the name of the column
    text: str | None = None,
    size: int = 64,
    aspect: str = "pad",
    background: int = 255,
    unreadable: str = "raise",
) -> DomainData:
    r"""Pictures whose paths are a column of a table, with what the other columns say of them.

    Parameters
    ----------
    path : path
        A table as `polyculture.data.read` takes it: CSV, TSV, JSON Lines or Parquet.
    image : str
        Column of paths; those that are not absolute are relative to the folder of the table.
    label, domain, split, id : str or None
        Names of columns; see `polyculture.data.from_frame`.
    text : str or None
        Column of texts that go with the pictures, a second modality.
    size, aspect, background
        See `read_images`.
    unreadable : {"raise", "skip"}
        See `read_image_folder`.

    Returns
    -------
    DomainData
        ``items["image"]`` uint8 of shape (n, size, size, 3), and ``items["text"]`` if asked for.

    Raises
    ------
    DataError
        If the table is damaged or lacks a column, or a picture cannot be read; the sentence names the row or the file.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("RGB", (8, 8)).save(pathlib.Path(folder, "1.png"))
    ...     _ = pathlib.Path(folder, "scans.csv").write_text("file,label\n1.png,ill\n")
    ...     data = read_image_table(pathlib.Path(folder, "scans.csv"), image="file", size=8)
    >>> data.items["image"].shape, data.label.tolist()
    ((1, 8, 8, 3), ['ill'])
    """
    from polyculture.data.readers import read

    look, path = Look(size, aspect, background), Path(path)
    data = read(path, text=image, label=label, domain=domain, split=split, id=id)
    paths = [path.parent / name for name in data.texts]
    for row, name in enumerate(data.texts, start=1):
        if not name.strip() or "\0" in name:
            raise DataError(f"{path}: row {row} names no picture in {image!r}; write its path, or take the row out")
    images, kept = read_all(paths, look, unreadable, str(path))
    data, lost = data.take(kept), left_out(kept)
    items: dict[str, Any] = {"image": images}
    if text is not None:
        items["text"] = read(path, text=text).texts[kept]
    return replace(data, items=items, source=f"{path} ({lost})" if lost else str(path))
