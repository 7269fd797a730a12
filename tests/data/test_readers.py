"""Readers: what comes in as it was written, and one clear sentence for what cannot."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polyculture.data import DomainData, from_frame, read
from polyculture.errors import DataError

TABLE = {
    "text": ["good, really", 'a "quoted"\nline', "三体很好看"],
    "label": ["+", None, "-"],
    "domain": ["books", "films", "books"],
    "split": ["train", "unlabelled", "dev"],
    "id": ["x", "y", "z"],
}


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def written(folder: Path, ending: str) -> Path:
    path = folder / f"table.{ending}"
    frame = pl.DataFrame(TABLE)
    if ending == "parquet":
        frame.write_parquet(path)
    elif ending in ("csv", "tsv"):
        frame.write_csv(path, separator="," if ending == "csv" else "\t")
    else:
        frame.write_ndjson(path)
    return path


def columns(data: DomainData) -> dict[str, list[object]]:
    assert data.split is not None
    return {
        "text": data.texts.tolist(),
        "label": data.label.tolist(),
        "domain": data.domain.tolist(),
        "split": data.split.tolist(),
        "id": data.ids.tolist(),
    }


WANTED = TABLE | {"split": ["train", "unlabelled", "validation"]}


@pytest.mark.parametrize("ending", ["parquet", "csv", "tsv", "jsonl", "ndjson"])
def test_every_format_gives_the_same_items(tmp_path: Path, ending: str) -> None:
    assert columns(read(written(tmp_path, ending))) == WANTED


@pytest.mark.parametrize("library", [pl, pd])
def test_polars_and_pandas_give_the_same_items(library: object) -> None:
    assert columns(from_frame(library.DataFrame(TABLE))) == WANTED  # type: ignore[attr-defined]


def test_a_missing_cell_of_pandas_is_no_label_and_no_text() -> None:
    frame = pd.DataFrame({"text": ["a", None], "label": [1.0, float("nan")]})
    data = from_frame(frame)
    assert data.texts.tolist() == ["a", ""]
    assert data.label.tolist() == [1.0, None]


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    assert read(write(tmp_path, "a.csv", "\ufefftext\ngood\n")).texts.tolist() == ["good"]


def test_labels_of_csv_stay_words(tmp_path: Path) -> None:
    assert read(write(tmp_path, "a.csv", "text,label\na,1\nb,-1\nc,\n")).label.tolist() == ["1", "-1", None]


def test_labels_of_parquet_stay_numbers(tmp_path: Path) -> None:
    pl.DataFrame({"text": ["a", "b"], "label": [1, 0]}).write_parquet(tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet").label.tolist() == [1, 0]


def test_a_key_that_a_line_lacks_is_an_empty_cell(tmp_path: Path) -> None:
    path = write(tmp_path, "a.jsonl", '{"text": "a"}\n\n{"text": "b", "label": "+"}\n')
    assert read(path).label.tolist() == [None, "+"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", '{"vector": [1, 2.5]}\n{"vector": [0, -1]}\n'),
        ("a.csv", 'vector\n"[1, 2.5]"\n"[0, -1]"\n'),
    ],
)
def test_vectors_come_from_a_column_of_lists(tmp_path: Path, name: str, content: str) -> None:
    data = read(write(tmp_path, name, content))
    np.testing.assert_array_equal(data.items["vector"], np.array([[1, 2.5], [0, -1]], dtype=np.float32))


def test_vectors_come_from_several_columns(tmp_path: Path) -> None:
    data = read(write(tmp_path, "a.csv", "x,y\n1,2.5\n0,-1\n"), vector=["x", "y"])
    np.testing.assert_array_equal(data.items["vector"], np.array([[1, 2.5], [0, -1]], dtype=np.float32))


BAD: list[tuple[str, str | bytes, dict[str, object], str]] = [
    ("a.csv", b"", {}, r"a\.csv: is empty; write it again"),
    ("a.csv", "\n\n", {}, r"nothing but blank lines"),
    ("a.csv", "text\n", {}, r"has no rows"),
    ("a.xlsx", "x", {}, r"the ending '\.xlsx' is not known; give a file that ends in \.parquet, \.csv"),
    ("a.parquet", b"PAR1 torn", {}, r"is no whole Parquet file .*write it again"),
    ("a.jsonl", '{"text": "a"}\n{"text": \n', {}, r"line 2 is no valid JSON"),
    ("a.jsonl", '{"text": "a"}\n[1]\n', {}, r"line 2 holds a list, not an object"),
    ("a.jsonl", "[" * 100_000, {}, r"line 1 is no valid JSON"),
    ("a.jsonl", '{"text": ["a"]}\n', {}, r"row 1 has a list in 'text'"),
    ("a.csv", "text,label\na,1\nb\n", {}, r"row 2 \(line 3\) has 1 cells, the header has 2"),
    ("a.csv", "text,label\na,1,2\n", {}, r"row 1 \(line 2\) has 3 cells, the header has 2"),
    ("a.csv", 'text\n"open\n', {}, r"no valid CSV"),
    ("a.csv", "text,text\na,b\n", {}, r"'text' stands twice"),
    (
        "a.csv",
        "review,label\na,1\n",
        {},
        r"neither a column 'text' nor 'vector'; name one of its columns, review, label",
    ),
    ("a.csv", "review,label\na,1\n", {"text": "reviw"}, r"no column 'reviw', did you mean 'review'\?"),
    ("a.csv", "text,domain\na,x\nb,\n", {}, r"row 2 has nothing in 'domain'; fill it in"),
    ("a.csv", "text,id\na,x\nb,x\n", {}, r"the id 'x' stands in more than one row"),
    ("a.csv", "text,split\na,train\nb,later\n", {}, r"row 2 has the split 'later'; use one of train"),
    ("a.csv", 'text\n \n""\n', {}, r"all texts in 'text' are empty"),
    ("a.csv", "text\ngood\ncaf\xe9\n".encode("latin-1"), {}, r"line 3 is not UTF-8; save the file as UTF-8"),
    (
        "a.jsonl",
        '{"text":"a","label":1}\n{"text":"b","label":"+"}\n',
        {},
        r"mixes words and numbers \(1 in row 1, '\+' in row 2\)",
    ),
    ("a.jsonl", '{"text":"a","label":[1]}\n', {}, r"row 1 has a list in 'label'"),
    (
        "a.jsonl",
        '{"vector":[1,2]}\n{"vector":[1]}\n',
        {},
        r"row 2 has 1 numbers in 'vector', row 1 has 2",
    ),
    (
        "a.jsonl",
        '{"vector":[1,2]}\n{"vector":[1,NaN]}\n',
        {},
        r"row 2 has the number nan in 'vector', position 2, that is not finite",
    ),
    ("a.jsonl", '{"vector":[1,2]}\n{"vector":["x",1]}\n', {}, r"row 2 has no list of numbers in 'vector'"),
    ("a.csv", "vector\nx\n", {}, r"row 1 has no list of numbers in 'vector'; write it like"),
    ("a.csv", "x,y\n1,2\n3,z\n", {"vector": ["x", "y"]}, r"row 2 has 'z' in 'y'; give a number"),
]


@pytest.mark.parametrize(("name", "content", "names", "sentence"), BAD)
def test_bad_input_is_one_sentence_that_says_where(
    tmp_path: Path, name: str, content: str | bytes, names: dict[str, str], sentence: str
) -> None:
    path = write(tmp_path, name, content)
    with pytest.raises(DataError, match=sentence) as caught:
        read(path, **names)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_path_that_leads_nowhere_or_to_a_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        read(tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match="is a folder"):
        read(tmp_path / "folder.csv")


@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_a_truncated_parquet_file_is_one_sentence(tmp_path: Path, share: float) -> None:
    whole = written(tmp_path, "parquet").read_bytes()
    path = write(tmp_path, "cut.parquet", whole[: int(share * len(whole))])
    with pytest.raises(DataError, match=r"cut\.parquet: is no whole Parquet file") as caught:
        read(path)
    assert "\n" not in str(caught.value)


def test_tables_that_are_not_in_memory_say_what_to_give() -> None:
    with pytest.raises(DataError, match="collect a lazy one first"):
        from_frame(pl.DataFrame(TABLE).lazy())
    with pytest.raises(DataError, match="is a list, not a table"):
        from_frame([1, 2])


def test_two_pandas_columns_of_one_name_are_refused() -> None:
    with pytest.raises(DataError, match="two columns have the same name"):
        from_frame(pd.DataFrame([["a", "b"]], columns=["text", "text"]))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(min_size=1, max_size=200), ending=st.sampled_from(["csv", "tsv", "jsonl"]))
def test_any_bytes_are_items_or_a_data_error(tmp_path: Path, data: bytes, ending: str) -> None:
    path = write(tmp_path, f"any.{ending}", data)
    try:
        said = ""
        assert len(read(path)) > 0
    except DataError as error:
        said = str(error)
    assert not said or str(path) in said


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00")), min_size=1))
def test_json_lines_keep_every_text_as_it_is(tmp_path: Path, texts: list[str]) -> None:
    if not any(text.strip() for text in texts):
        texts.append("a")
    path = write(tmp_path, "any.jsonl", "".join(json.dumps({"text": t}, ensure_ascii=False) + "\n" for t in texts))
    assert read(path).texts.tolist() == texts


def test_importing_data_loads_neither_torch_nor_polars() -> None:
    code = "import sys, polyculture.data as d; d.DATASETS; print({'torch', 'polars', 'sklearn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
