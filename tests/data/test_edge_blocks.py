from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from polyculture.data.graphs import edge_blocks
from polyculture.errors import DataError

ENDS = np.random.default_rng(0).integers(0, 99, (57, 2))
WEIGHTS = np.random.default_rng(1).integers(1, 9, 57) / 2


def read(paths, rows=10):
    parts = list(edge_blocks(paths, rows=rows))
    return parts, [np.concatenate(column) for column in zip(*parts, strict=True)]


def lines(separator, *, weighted=False):
    rows = np.column_stack([ENDS, WEIGHTS]) if weighted else ENDS
    return "\n".join(separator.join(str(v if i > 1 else int(v)) for i, v in enumerate(row)) for row in rows)


def save(path, *, weighted=False):
    if path.suffix == ".npy":
        np.save(path, ENDS)
    elif path.suffix == ".parquet":
        columns = {"from": ENDS[:, 0], "to": ENDS[:, 1]} | ({"weight": WEIGHTS} if weighted else {})
        pl.DataFrame(columns).write_parquet(path)
    else:
        path.write_text(lines("," if path.suffix == ".csv" else " ", weighted=weighted))
    return path


@pytest.mark.parametrize("ending", [".npy", ".parquet", ".csv", ".txt"])
def test_every_form_gives_the_edges_in_blocks(tmp_path, ending):
    parts, (tail, head) = read(save(tmp_path / f"edges{ending}"))
    np.testing.assert_array_equal(np.column_stack([tail, head]), ENDS)
    assert len(parts) > 1
    assert ending in (".csv", ".txt") or max(len(part[0]) for part in parts) == 10


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".txt"])
def test_weights_are_a_third_column(tmp_path, ending):
    *_, weight = read(save(tmp_path / f"edges{ending}", weighted=True))[1]
    np.testing.assert_array_equal(weight, WEIGHTS)


def test_remarks_and_windows_line_ends(tmp_path):
    path = tmp_path / "edges.txt"
    path.write_bytes(b"# a remark\r\n%another\r\n" + lines("\t").replace("\n", "\r\n").encode() + b"\r\n# the end\r\n")
    _, (tail, head) = read(path, rows=1000)
    np.testing.assert_array_equal(np.column_stack([tail, head]), ENDS)


def test_a_folder_is_read_by_name(tmp_path):
    np.save(tmp_path / "b.npy", ENDS[30:])
    np.save(tmp_path / "a.npy", ENDS[:30])
    (tmp_path / "notes.md").write_text("not these")
    _, (tail, _) = read(tmp_path)
    np.testing.assert_array_equal(tail, ENDS[:, 0])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("e.txt", b"0 1\none two\n", "no edges|number the nodes"),
        ("e.csv", b"source,target\n0,1\n", "number the nodes from 0 on"),
        ("e.txt", b"0 1 2 3\n", "has 4 columns"),
        ("e.csv", b"0,1\n2,\n", "empty cells"),
        ("e.txt", b"7" * 400, "more than 160 bytes"),
        ("e.npy", b"nothing", "no whole numpy array"),
        ("e.parquet", b"nothing", "no whole Parquet file"),
        ("e.doc", b"0 1", "no edges that can be read"),
    ],
)
def test_files_of_another_form(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        list(edge_blocks(tmp_path / name, rows=10))


def test_arrays_of_another_form_and_files_that_are_not_there(tmp_path):
    np.save(tmp_path / "e.npy", np.ones((3, 2)))
    with pytest.raises(DataError, match="whole numbers of shape"):
        list(edge_blocks(tmp_path / "e.npy"))
    with pytest.raises(DataError, match="no such file"):
        list(edge_blocks(tmp_path / "f.npy"))
