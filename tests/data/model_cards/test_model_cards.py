"""Metadata of models in every form, well-meant and not."""

from __future__ import annotations

import io
import json
import os
import random
import time
import zipfile
from pathlib import Path

import polars as pl
import pytest

from polyculture.data.model_cards import cards_from, read_model_cards
from polyculture.data.model_cards.yaml_text import plain_yaml
from polyculture.errors import DataError, ParameterError, PolycultureError

TABLE = "name,parents,organisation,architecture,date,downloads\nbase,none,o,bert,2023-05-01,7\ntuned,base,o,,2023/6,\n"
HUB = [
    {
        "id": "org/merge",
        "tags": ["base_model:org/a", "base_model:merge:org/a", "base_model:merge:org/b", "license:mit"],
        "cardData": {"base_model": ["org/a", "org/b"]},
        "createdAt": "2024-03-05T01:02:03.000Z",
        "downloads": 12,
        "config": {"model_type": "llama"},
    },
    {"modelId": "lone", "author": "me", "config": {"architectures": ["Net"]}, "createdAt": "2022-03-02T23:29:04.000Z"},
    {
        "id": "org/b",
        "cardData": {"base_model": "https://huggingface.co/org/c/tree/main", "base_model_relation": "adapter"},
    },
]
ASSETS = """
- name: Base
  type: dataset
  organization: No
  created_date: {value: 2021-02-03, explanation: said so}
  dependencies: []
- name: Tuned
  type: model
  organization: 360
  created_date: 2022-10-01
  dependencies: {explanation: why, value: [Base, Unknown]}
"""
WANTED = [("base", "o", "bert", "2023-05", 7.0, True), ("tuned", "o", None, "2023-06", None, False)]
FACTS = ("name", "organisation", "architecture", "month", "downloads", "is_root")


def rows(cards):
    return cards.models.select(FACTS).rows()


def edges(cards):
    return cards.parents.rows()


def test_a_table_of_text(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text(TABLE, encoding="utf-8")
    cards = read_model_cards(path)
    assert rows(cards) == WANTED
    assert edges(cards) == [(1, "base", None)]


@pytest.mark.parametrize("ending", ["parquet", "jsonl", "json", "tsv"])
def test_the_same_table_in_other_formats(tmp_path, ending):
    path = tmp_path / f"m.{ending}"
    frame = pl.read_csv(io.StringIO(TABLE))
    if ending == "parquet":
        frame.with_columns(pl.col("parents").str.split(";")).write_parquet(path)
    elif ending == "jsonl":
        frame.write_ndjson(path)
    elif ending == "json":
        path.write_text(json.dumps(frame.with_columns(pl.col("parents").str.split(";")).to_dicts()), encoding="utf-8")
    else:
        frame.write_csv(path, separator="\t")
    cards = read_model_cards(path)
    assert rows(cards) == WANTED
    assert edges(cards) == [(1, "base", None)]


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("a; b ;;c", ["a", "b", "c"]),
        ('["a;b", "c"]', ["a;b", "c"]),
        ("[a; b]", ["a", "b"]),
        (["a", None, " b "], ["a", "b"]),
        ("from scratch", []),
        ("Unknown", []),
        ("unknown; a", [None, "a"]),
        ("", []),
        ("none; a", ["a"]),
    ],
)
def test_cells_of_parents(cell, found):
    assert [name for _, name, _ in edges(cards_from({"name": ["m"], "parents": [cell]}))] == found


def test_a_relation_has_a_column(tmp_path):
    cards = cards_from({"model": ["m", "n"], "base_model": ["a;b", "a"], "relation": ["merge", None]})
    assert edges(cards) == [(0, "a", "merge"), (0, "b", "merge"), (1, "a", None)]


def test_two_columns_of_one_name_are_refused():
    pd = pytest.importorskip("pandas")
    with pytest.raises(DataError, match="two columns have the same name"):
        cards_from(pd.DataFrame([["m", "n"]], columns=["name", "name"]))


def test_pandas_is_a_table_too():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"name": ["m", "n"], "parents": [["n"], None], "downloads": [3, 4]})
    cards = cards_from(frame)
    assert edges(cards) == [(0, "n", None)]
    assert cards.models["downloads"].to_list() == [3.0, 4.0]


def test_columns_are_found_or_named():
    cards = cards_from({"Id": ["m"], "up": ["x"], "Organization": ["o"]}, columns={"parents": "up"})
    assert rows(cards)[0][:2] == ("m", "o")
    assert edges(cards) == [(0, "x", None)]
    with pytest.raises(ParameterError, match="parent'"):
        cards_from({"name": ["m"]}, columns={"parent": "up"})


@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_the_hub(tmp_path, ending):
    path = tmp_path / f"m.{ending}"
    path.write_text(json.dumps(HUB) if ending == "json" else "\n".join(map(json.dumps, HUB)), encoding="utf-8")
    cards = read_model_cards(path)
    assert edges(cards) == [(0, "org/a", "merge"), (0, "org/b", "merge"), (2, "org/c", "adapter")]
    assert rows(cards) == [
        ("org/merge", "org", "llama", "2024-03", 12.0, False),
        ("lone", "me", "Net", None, None, False),
        ("org/b", "org", None, None, None, False),
    ]


@pytest.mark.parametrize("form", ["file", "folder", "zip"])
def test_ecosystem_graphs(tmp_path, form):
    path = tmp_path / "a.yaml"
    path.write_text(ASSETS, encoding="utf-8")
    if form == "zip":
        with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(path, "assets/a.yaml")
            archive.writestr("readme.md", "no yaml")
    cards = read_model_cards({"file": path, "folder": tmp_path, "zip": tmp_path / "a.zip"}[form])
    assert cards.models.select("name", "organisation", "month", "kind").rows() == [
        ("Base", "No", "2021-02", "dataset"),
        ("Tuned", "360", "2022-10", "model"),
    ]
    assert edges(cards) == [(1, "Base", None), (1, None, None)]


def test_several_files_are_one_listing(tmp_path):
    (tmp_path / "a.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(ASSETS, encoding="utf-8")
    cards = read_model_cards([tmp_path / "a.csv", tmp_path / "b.yaml"])
    assert cards.models["name"].to_list() == ["base", "tuned", "Base", "Tuned"]
    assert cards.parents["row"].to_list() == [1, 3, 3]


def test_what_asks_for_a_decision_is_counted():
    cards = cards_from({
        "name": ["a", " ", "b"], "parents": ["", "a", "unknown"], "date": ["soon", "2020-13", "2021"]
    })  # fmt: skip
    assert cards.counted == {
        "dates that are not understood": 3,
        "parents that are given as unknown": 1,
        "rows without a name": 1,
    }
    assert cards.models["name"].to_list() == ["a", "b"]


def test_names_may_be_long_and_from_right_to_left():
    names = ["z" * 10_000, "נתונים", "a\u202eb", "名前 (2)"]
    cards = cards_from({"name": names, "parents": [None, *names[:3]]})
    assert cards.models["name"].to_list() == names
    assert cards.parents["name"].to_list() == names[:3]


def test_yaml_words_stay_words():
    found = plain_yaml(b"- {a: no, b: 1_000, c: 2021-02-31, d: ~, e: !!python/object:os.system x, a: twice}", "f")
    assert found == [[{"a": "no", "b": "1_000", "c": "2021-02-31", "d": "~", "e": "x"}]]


BOMB = "a: &a [x, x]\n" + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(9))
BAD_FILES = {
    "no.csv": (None, "does not exist"),
    "empty.csv": (b"", "is empty"),
    "blank.csv": (b"\n\n", "blank lines"),
    "header.csv": (b"name,parents\n", "no rows"),
    "latin.csv": ("name\nGr\u00fcn\n".encode("latin-1"), "UTF-8"),
    "ragged.csv": (b"name,parents\na\n", "row 1"),
    "twice.csv": (b"name,name\na,b\n", "twice"),
    "quotes.csv": (b'name,parents\n"a,b\n', "quotes"),
    "nameless.csv": (b"title,parents\na,b\n", "'name'"),
    "unnamed.csv": (b"name,parents\n ,b\n", "no model has a name"),
    "words.csv": (b"name,downloads\na,many\n", "row 1.*'downloads'"),
    "negative.csv": (b"name,downloads\na,1\nb,-5\n", "row 2.*'downloads'"),
    "ending.xlsx": (b"PK", "'.xlsx' is not known"),
    "cut.json": (json.dumps(HUB).encode()[:-40], "no whole JSON"),
    "cut.jsonl": (b'{"id": "a"}\n{"id": "b"', "line 2"),
    "number.json": (b"3", "save a list"),
    "list.json": (b"[1, 2]", "model 1.*int"),
    "nothing.json": (b"[]", "no models"),
    "idless.json": (b'[{"id": null, "tags": []}]', "no id"),
    "tags.json": (b'[{"id": "a", "tags": [3]}]', "tags"),
    "base.json": (b'[{"id": "a", "cardData": {"base_model": {"x": 1}}}]', "names"),
    "downloads.json": (b'[{"id": "a", "downloads": [1]}]', "'downloads'"),
    "deep.json": (b"[" * 100_000, "JSON"),
    "half.json": (b'[{"id": "a\\ud800"}]', "half a character"),
    "half-parent.json": (b'[{"name": "a", "parents": ["\\ud800"]}]', "half a character"),
    "parents.json": (b'[{"name": "a", "parents": [1]}]', "row 1.*'parents'"),
    "mapping.json": (b'[{"name": {"x": 1}, "parents": []}]', "row 1"),
    "text.parquet": (b"PAR1 no", "Parquet"),
    "bomb.yaml": (BOMB.encode(), "alias"),
    "self.yaml": (b"&a [*a]", "alias"),
    "deep.yaml": (b"[" * 1000, "nested"),
    "colon.yaml": (b"- a: b: c\n", "line 1"),
    "tab.yaml": (b"- a:\n\t- b\n", "line 2"),
    "word.yaml": (b"just words\n", "not an asset"),
    "number.yaml": (b"- 3\n", "not an asset"),
    "key.yaml": (b"? [a]\n: b\n", "key"),
    "deps.yaml": (b"- name: a\n  dependencies: [[b]]\n", "'dependencies'"),
    "named.yaml": (b"- name: [a]\n", "'name'"),
    "void.yaml": (b"# nothing\n", "no assets"),
    "bytes.yaml": (b"- name: \xff\xfe\x00\n", "YAML"),
    "cut.zip": (b"PK\x03\x04 and no more", "zip"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_are_refused_in_one_sentence(tmp_path, name):
    data, said = BAD_FILES[name]
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(DataError, match=said) as caught:
        read_model_cards(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_things_that_are_no_models(tmp_path):
    (tmp_path / "inside").mkdir()
    with pytest.raises(DataError, match="no assets"):
        read_model_cards(tmp_path / "inside")
    with pytest.raises(DataError, match="at least one"):
        read_model_cards([])
    for odd in (3, {"name": ["a"], "parents": ["b", "c"]}, [3], [], object()):
        with pytest.raises(DataError):
            cards_from(odd)


def test_a_zip_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("polyculture.data.model_cards.ecosystem_graphs.WHOLE", 1000)
    path = tmp_path / "big.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.yaml", "# " + "x" * 100_000)
    with pytest.raises(DataError, match="unpacks to more"):
        read_model_cards(path)


def damaged(data: bytes, rng: random.Random) -> bytes:
    """A file after a few accidents."""
    found = bytearray(data)
    for _ in range(rng.randint(1, 2)):
        at, kind = rng.randrange(len(found) + 1), rng.randrange(5)
        if kind == 0:
            del found[at : at + rng.randint(1, 40)]
        elif kind == 1:
            found[at:at] = rng.randbytes(rng.randint(1, 8))
        elif kind == 2:
            found = found[: max(at, 1)]
        elif kind == 3:
            found[at:at] = rng.choice([b"[", b"{", b"*a", b"&a ", b"\0", b'"', b";", b"\n- ", b"\xef\xbb\xbf", b"null"])
        else:
            found[at:at] = found[: rng.randint(1, 60)]
        if not found:
            found = bytearray(b"x")
    return bytes(found)


def originals(folder: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.yaml", ASSETS)
    return {
        "csv": TABLE.encode(),
        "json": json.dumps(HUB).encode(),
        "jsonl": "\n".join(map(json.dumps, HUB)).encode(),
        "yaml": ASSETS.encode(),
        "zip": (folder / "a.zip").read_bytes(),
    }


def refusal(path: Path) -> str | None:
    """Why a file is refused; None if it is read."""
    try:
        cards = read_model_cards(path)
    except PolycultureError as error:
        return str(error)
    assert cards.models["name"].null_count() == 0
    assert cards.parents.height == 0 or cards.parents["row"].max() < cards.models.height
    return None


def test_five_hundred_damaged_files_are_read_or_refused(tmp_path):
    rng, said = random.Random(0), []
    files = originals(tmp_path)
    for number in range(500):
        ending = list(files)[number % len(files)]
        path = tmp_path / f"damaged.{ending}"
        path.write_bytes(damaged(files[ending], rng))
        start = time.perf_counter()
        said.append(refusal(path))
        assert time.perf_counter() - start < 10
    refused = [each for each in said if each is not None]
    assert all("damaged." in each and len(each) < 2000 for each in refused)
    assert min(len(refused), len(said) - len(refused)) > 50


@pytest.mark.data
def test_the_assets_of_ecosystem_graphs_are_all_there():
    folder = os.environ.get("POLYCULTURE_DATA")
    if not folder:
        pytest.skip("POLYCULTURE_DATA names no folder")
    cards = read_model_cards(Path(folder, "ecosystem_graphs", "assets.zip"))
    assert cards.models.height == 639
    assert dict(cards.models["kind"].value_counts().iter_rows()) == {"model": 429, "dataset": 112, "application": 98}
    assert 810 <= cards.parents.height <= 820
