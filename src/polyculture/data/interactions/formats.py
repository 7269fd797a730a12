"""Which format of interactions a file or a folder has, by its name alone."""

from __future__ import annotations

from pathlib import Path

from polyculture.data.audit_input.files import checked
from polyculture.data.interactions import lightgcn, movielens, recbole
from polyculture.errors import DataError

_ENDINGS = {
    "table": (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson"),
    "recbole": (".inter",),
    "lightgcn": (".txt",),
    "csr": (".npz",),
    "movielens": (".data", ".dat", ".base", ".test"),
}
_PACKED = ("recbole", "lightgcn", "movielens")


def told(path: Path) -> str:
    """The format that the name of a file, or what is in a folder, tells.

    Raises
    ------
    DataError
        If it tells none.
    """
    if path.is_dir():
        return _told_by_folder(path)
    name = path.name.lower()
    bare = name.removesuffix(".gz")
    for kind, endings in _ENDINGS.items():
        if bare.endswith(endings) and (name == bare or kind in _PACKED):
            return kind
    checked(path)
    known = ", ".join(ending for endings in _ENDINGS.values() for ending in endings)
    raise DataError(f"{path}: the ending {path.suffix!r} is not known; name the format, or end the file in {known}")


def _told_by_folder(folder: Path) -> str:
    if recbole.inter_files(folder):
        return "recbole"
    if any((folder / name).is_file() for name in movielens.FILES):
        return "movielens"
    if "train" in (found := lightgcn.parts(folder)):
        return "csr" if found["train"].suffix == ".npz" else "lightgcn"
    raise DataError(
        f"{folder}: holds no interactions that are known (.inter, train.txt, a matrix .npz, u.data, ratings.dat or "
        "ratings.csv); name a file in it"
    )
