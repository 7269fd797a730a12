"""RecBole's atomic files: ``.inter`` for interactions, ``.item`` for what is known of items."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from polyculture.data.graphs.files import bounded
from polyculture.data.interactions.columns import find, named_columns
from polyculture.data.interactions.raw import Raw, joined
from polyculture.data.interactions.text import filled, table
from polyculture.errors import DataError

TYPES = ("token", "token_seq", "float", "float_seq")
PARTS = {"train": "train", "valid": "validation", "val": "validation", "test": "test"}
"""What RecBole's benchmark files, such as ``name.train.inter``, have before their ending, and the split that it is."""
_ENDING = re.compile(r"\.inter(\.gz)?$")

Names = Mapping[str, str | None]


def read_recbole(path: Path, names: Names) -> Raw:
    """A file ``.inter`` with the ``.item`` beside it, or a folder that has one, or one for each split."""
    found = inter_files(path) if path.is_dir() else {"": path}
    if not found:
        raise DataError(f"{path}: has no file .inter; name another folder, or a file")
    home, stem = (path, "") if path.is_dir() else (path.parent, _stem(path))
    items = _items(home, stem or _stem(next(iter(found.values()))))
    source = str(path)
    parts = {split: parse(bounded(file), str(file), names, items=items) for split, file in found.items()}
    return next(iter(parts.values())) if "" in parts else joined(parts, source)


def inter_files(folder: Path) -> dict[str, Path]:
    """The file ``.inter`` of a folder under "", or those of its splits under their names."""
    paths = sorted(path for path in folder.iterdir() if _ENDING.search(path.name.lower()))
    by_split = {PARTS.get(_ENDING.sub("", path.name.lower()).rpartition(".")[2], ""): path for path in paths}
    if len(by_split) < len(paths) or ("" in by_split and len(by_split) > 1):
        raise DataError(
            f"{folder}: has {len(paths)} files .inter, and not one for each of train, valid and test; name one"
        )
    return {split: by_split[split] for split in ("", *PARTS.values()) if split in by_split}


def parse(data: bytes, source: str, names: Names, *, items: tuple[bytes, str] | None = None) -> Raw:
    """Interactions of the bytes of a file ``.inter``, with those of a file ``.item`` and its name.

    A column that is named for the domain or the text, and that the interactions lack, is one of the items; of several
    words in its cell the first is the domain.
    """
    columns, lines = fields(data, source)
    facts, _ = fields(*items) if items else ({}, [])
    of_items = {part for part in ("domain", "text") if names.get(part) in facts and names.get(part) not in columns}
    raw = named_columns(columns, names, source, lines=lines, elsewhere=tuple(of_items))
    if items is None:
        return raw
    key = find(facts, "item", names["item"] if names.get("item") in facts else None, items[1])
    known = facts[str(key)]
    if "domain" in of_items:
        first = {item: words.partition(" ")[0] for item, words in zip(known, facts[str(names["domain"])], strict=True)}
        raw = replace(raw, columns={**raw.columns, "domain": [first.get(item, "") for item in raw.columns["item"]]})
    text = find(facts, "text", names["text"] if "text" in of_items else None, items[1])
    if text is None or "text" in raw.columns:
        return raw
    return replace(raw, item_text={item: words for item, words in zip(known, facts[text], strict=True) if words})


def fields(data: bytes, source: str) -> tuple[dict[str, list[str]], list[int]]:
    """Columns of an atomic file by name, without the types that its header gives, and the number of each line.

    Raises
    ------
    DataError
        If the header is not of the form ``name:type``, or a line has another number of cells.
    """
    numbered = filled(data, source)
    _, first = next(numbered, (0, ""))
    header = [cell.strip().partition(":") for cell in first.split("\t")]
    for name, _, kind in header:
        if not name or kind not in TYPES:
            raise DataError(
                f"{source}: the header has {(name + ':' + kind).rstrip(':')!r}; write name:type, tabs between, with "
                f"one of the types {', '.join(TYPES)}"
            )
    names = [name for name, _, _ in header]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{source}: the column {twice!r} stands twice in the header; rename one")
    return table(numbered, "\t", names, source)


def _stem(path: Path) -> str:
    stem = _ENDING.sub("", path.name)
    return stem.rpartition(".")[0] if stem.rpartition(".")[2].lower() in PARTS and "." in stem else stem


def _items(folder: Path, stem: str) -> tuple[bytes, str] | None:
    for name in (f"{stem}.item", f"{stem}.item.gz"):
        if (path := folder / name).is_file():
            return bounded(path), str(path)
    return None
