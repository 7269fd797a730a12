"""Files in folders whose names say domain, class and split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polyculture.arrays import Mask
from polyculture.data.dataset import DomainData
from polyculture.data.each_file import left_out
from polyculture.data.frames import SPLIT_NAMES
from polyculture.errors import DataError, ParameterError
from polyculture.progress import LOG

LEVELS = ("domain", "class", "split")
"""What a name of a folder may say."""
FILES = 2_000_000
"""A tree of more files is refused."""


@dataclass(frozen=True)
class FileTree:
    """Files of a tree in the order of their paths, and what each level of folders says of them."""

    root: Path
    levels: tuple[str, ...]
    files: tuple[Path, ...]

    def data(self, items: Mapping[str, Any], kept: Mask) -> DomainData:
        """What was read from the files that were kept, with domain, class and split by the names of their folders."""
        names = [file.relative_to(self.root).parts for file, keep in zip(self.files, kept, strict=True) if keep]
        says = {level: [parts[depth] for parts in names] for depth, level in enumerate(self.levels)}
        splits = [SPLIT_NAMES.get(name.lower(), name.lower()) for name in says.get("split", [])]
        lost = left_out(kept)
        return DomainData.of(
            items,
            label=says.get("class"),
            domain=says.get("domain"),
            split=splits or None,
            ids=["/".join(parts) for parts in names],
            source=f"{self.root} ({lost})" if lost else str(self.root),
        )


def file_tree(path: str | Path, levels: Sequence[str], endings: Sequence[str]) -> FileTree:
    """Files with these endings, as many folders deep as there are levels; others are counted on the log.

    Raises
    ------
    DataError
        If there is no such folder, it holds no such file, or one lies elsewhere.
    ParameterError
        If a level is not known or given twice.
    """
    root, levels = Path(path), tuple(levels)
    if not levels or len(set(levels)) < len(levels) or not set(levels) <= set(LEVELS):
        raise ParameterError(f"levels is {levels}; give each of {', '.join(LEVELS)} at most once")
    form = f"{'/'.join(levels)}/file"
    if not root.is_dir():
        raise DataError(f"{root}: is no folder; name one that holds {form}")
    every = list(_walked(root, len(levels)))
    files = tuple(file for file in every if file.suffix.lower() in endings)
    if not 0 < len(files) <= FILES:
        raise DataError(
            f"{root}: holds {len(files):,} files {form} that end in {', '.join(endings)}; give 1 to {FILES:,}"
        )
    for file in files:
        if (depth := len(file.relative_to(root).parts) - 1) != len(levels):
            raise DataError(
                f"{file}: lies in {depth} folders of {root}, expected {form}; move it, or sort all files "
                "into folders alike"
            )
    if len(every) > len(files):
        LOG.info("%s: %d other files are passed over", root, len(every) - len(files))
    return FileTree(root, levels, files)


def _walked(folder: Path, below: int) -> Iterator[Path]:
    """Files that are not hidden, links among them, in the order of their names; one folder deeper than is asked for."""
    try:
        entries = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror}); check its permissions") from error
    for path in entries:
        if not path.is_dir():
            yield path
        elif below >= 0:
            yield from _walked(path, below - 1)
        else:
            raise DataError(f"{path}: lies deeper than levels say; move it, or say with levels what the folders are")
