"""Each format of interactions, in the smallest file that shows what it can hold."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp

from polyculture.data.interactions import Interactions, from_frame, read_interactions
from polyculture.errors import DataError, ParameterError

INTER = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t7\t4\t30\n2\t7\t5\t20\n1\t8\t1\t10\n"
ITEM = "item_id:token\tmovie_title:token_seq\tclass:token_seq\n7\tThe Kid\tComedy Drama\n8\tAlien\tHorror\n9\tHeat\t\n"


def put(folder: Path, **files: str | bytes) -> Path:
    """Write files, of which names have __ for a point."""
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        path = folder / name.replace("__", ".")
        path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return folder


def told(data: Interactions) -> list[tuple[str, str, str]]:
    rows = zip(data.users[data.user], data.items[data.item], data.domains[data.domain], strict=True)
    return [(str(user), str(item), str(domain)) for user, item, domain in rows]


def policies(data: Interactions) -> dict[str, int]:
    return {policy.what: policy.count for policy in data.policies}


PAIRS = [("1", "7", "all"), ("2", "7", "all"), ("1", "8", "all")]


@pytest.mark.parametrize("name", ["x__inter", "x__inter__gz"])
def test_recbole_reads_types_and_the_titles_beside(tmp_path, name):
    put(tmp_path, **{name: INTER, "x__item": ITEM})
    for path in (tmp_path, tmp_path / name.replace("__", ".")):
        data = read_interactions(path)
        assert told(data) == PAIRS
        assert data.rating.tolist() == [4, 5, 1]
        assert data.time.tolist() == [30, 20, 10]
        assert data.split is None
        assert data.item_text == {"7": "The Kid", "8": "Alien", "9": "Heat"}


def test_an_item_that_was_disliked_is_not_new_and_one_without_a_row_is(tmp_path):
    put(tmp_path, x__inter=INTER, x__item=ITEM)
    assert read_interactions(tmp_path).items.tolist() == ["7", "8", "9"]
    liked = read_interactions(tmp_path, least_rating=2)
    assert liked.items.tolist() == ["7", "9"]
    assert liked.item_text == {"7": "The Kid", "9": "Heat"}


def test_recbole_takes_the_first_word_of_an_items_column_for_its_domain(tmp_path):
    put(tmp_path, x__inter=INTER, x__item=ITEM)
    data = read_interactions(tmp_path / "x.inter", domain="class", text="class")
    assert data.domains.tolist() == ["Comedy", "Horror"]
    assert data.item_text == {"7": "Comedy Drama", "8": "Horror"}


def test_recboles_benchmark_files_are_splits(tmp_path):
    head, *lines = INTER.splitlines()
    files = zip(("train", "valid", "test"), lines, strict=True)
    put(tmp_path, **{f"x__{split}__inter": f"{head}\n{line}\n" for split, line in files}, x__item=ITEM)
    data = read_interactions(tmp_path)
    assert told(data) == PAIRS
    assert data.split.tolist() == ["train", "validation", "test"]
    assert data.item_text["8"] == "Alien"
    assert read_interactions(tmp_path / "x.test.inter").item_text["8"] == "Alien"


@pytest.mark.parametrize("ending", ["", "__gz"])
def test_lightgcn_reads_a_line_a_user(tmp_path, ending):
    put(tmp_path, **{f"train__txt{ending}": "1 7 8\n2 7\n3\n\n", f"test__txt{ending}": "1 9\n"})
    path = tmp_path / f"train.txt{ending.replace('__', '.')}"
    data = read_interactions(path)
    assert told(data) == [("1", "7", "all"), ("1", "8", "all"), ("2", "7", "all")]
    assert policies(data) == {f"users without items in {path.name}": 1}
    both = read_interactions(tmp_path)
    assert both.split.tolist() == ["train"] * 3 + ["test"]
    assert both.items.tolist() == ["7", "8", "9"]


def test_a_matrix_and_the_test_lines_are_one_release(tmp_path):
    matrix = sp.csr_array(np.array([[1, 0, 1], [0, 0, 1]]))
    np.savez(tmp_path / "train_csr.npz", indptr=matrix.indptr, indices=matrix.indices, shape=matrix.shape)
    put(tmp_path, test__txt__gz="0 1\n")
    data = read_interactions(tmp_path)
    assert told(data) == [("0", "0", "all"), ("0", "2", "all"), ("1", "2", "all"), ("0", "1", "all")]
    assert data.split.tolist() == ["train"] * 3 + ["test"]
    assert read_interactions(tmp_path / "train_csr.npz").matrix().nnz == 3


def test_a_matrix_that_scipy_wrote_keeps_its_values_as_ratings(tmp_path):
    sp.save_npz(tmp_path / "x.npz", sp.csr_array(np.array([[5.0, 0], [0, 3.5]])))
    assert read_interactions(tmp_path / "x.npz").rating.tolist() == [5, 3.5]
    sp.save_npz(tmp_path / "x.npz", sp.csr_array(np.eye(2)))
    assert read_interactions(tmp_path / "x.npz").rating is None


def test_movielens_in_its_three_forms(tmp_path):
    rows = [("1", "7", "4", "30"), ("2", "7", "5", "20"), ("1", "8", "1", "10")]
    forms = {
        "u__data": "\n".join("\t".join(row) for row in rows),
        "ratings__dat": "\n".join("::".join(row) for row in rows),
        "ratings__csv": "\n".join(",".join(row) for row in [("userId", "movieId", "rating", "timestamp"), *rows]),
    }
    for name, text in forms.items():
        folder = tmp_path / name
        folder.mkdir()
        put(folder, **{name: text})
        for path in (folder, folder / name.replace("__", ".")):
            data = read_interactions(path)
            assert told(data) == PAIRS
            assert data.rating.tolist() == [4, 5, 1]
            assert data.time.tolist() == [30, 20, 10]


@pytest.mark.parametrize(
    ("ratings", "films"),
    [
        ({"ratings__dat": "1::7::4::30\n1::8::5::20\n"}, {"movies__dat": b"7::Am\xe9lie::Comedy|Romance\n8::X::War\n"}),
        (
            {"ratings__csv": "userId,movieId,rating,timestamp\n1,7,4,30\n1,8,5,20\n"},
            {"movies__csv": 'movieId,title,genres\n7,"Amélie",Comedy|Romance\n8,X,War\n'},
        ),
    ],
)
def test_movielens_has_titles_and_first_genres(tmp_path, ratings, films):
    put(tmp_path, **ratings, **films)
    data = read_interactions(tmp_path, domain="genres")
    assert data.domains.tolist() == ["Comedy", "War"]
    assert data.item_text == {"7": "Amélie", "8": "X"}
    assert read_interactions(tmp_path).domains.tolist() == ["all"]


def test_titles_of_the_oldest_movielens(tmp_path):
    put(tmp_path, u__data="1\t7\t4\t30\n", u__item=b"7|Am\xe9lie|1-Jan|x\n")
    assert read_interactions(tmp_path).item_text == {"7": "Amélie"}


TABLE = pl.DataFrame(
    {
        "who": ["ann", "ann", "bob"],
        "what": [7, 7, 8],
        "where": ["a", "b", "a"],
        "stars": [4.0, 5.0, 3.0],
        "when": ["2024-01-01", "2024-01-02T00:00:00+00:00", "2024-01-03"],
        "says": ["tea", "pot", ""],
        "part": ["train", "val", "test"],
    }
)
NAMES = {"user": "who", "item": "what", "domain": "where", "rating": "stars", "time": "when"}
NAMES |= {"text": "says", "split": "part"}


def write(table: pl.DataFrame, path: Path) -> None:
    writers = {".csv": table.write_csv, ".parquet": table.write_parquet, ".jsonl": table.write_ndjson}
    writers.get(path.suffix, lambda p: table.write_csv(p, separator="\t"))(path)


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".parquet", ".jsonl", ".ndjson"])
def test_tables_by_named_columns(tmp_path, ending):
    path = tmp_path / f"x{ending}"
    write(TABLE, path) if ending != ".ndjson" else TABLE.write_ndjson(path)
    data = read_interactions(path, **NAMES)
    assert told(data) == [("ann", "a/7", "a"), ("ann", "b/7", "b"), ("bob", "a/8", "a")]
    assert data.rating.tolist() == [4, 5, 3]
    assert np.diff(data.time).tolist() == [86400, 86400]
    assert data.split.tolist() == ["train", "validation", "test"]
    assert data.item_text == {"a/7": "tea", "b/7": "pot"}
    shared = read_interactions(path, **NAMES, shared_items=True)
    assert shared.items.tolist() == ["7", "8"]
    assert policies(shared) == {"items with several texts": 1}


def test_tables_in_memory_are_read_alike():
    dates = TABLE.with_columns(pl.col("when").str.slice(0, 10).str.to_date())
    for table in (TABLE, dates, dates.to_pandas(), pd.DataFrame(TABLE.to_dict(as_series=False))):
        data = from_frame(table, **NAMES)
        assert told(data) == [("ann", "a/7", "a"), ("ann", "b/7", "b"), ("bob", "a/8", "a")]
        assert data.time.tolist() == [1704067200 + day * 86400 for day in range(3)]


def test_usual_names_are_found_whatever_their_case(tmp_path):
    put(tmp_path, x__csv="UserID,parent_asin,Rating,timestamp,title\nann,B7,5,1,tea\n")
    data = read_interactions(tmp_path / "x.csv")
    assert told(data) == [("ann", "B7", "all")]
    assert (data.rating.tolist(), data.time.tolist(), data.item_text) == ([5], [1], {"B7": "tea"})


AGAIN = "user,item,rating,time\nann,tea,1,30\nann,tea,2,10\nbob,tea,3,1\nann,tea,5,20\n"


@pytest.mark.parametrize(("choice", "ratings"), [("once", [1, 3]), ("last", [1, 3]), ("keep", [1, 2, 3, 5])])
def test_what_is_given_again_is_counted(tmp_path, choice, ratings):
    put(tmp_path, x__csv=AGAIN)
    data = read_interactions(tmp_path / "x.csv", duplicates=choice)
    assert data.rating.tolist() == ratings
    assert policies(data) == {"interactions given again": 2}
    assert data.matrix().nnz == 2


def test_the_last_is_that_of_the_file_where_there_are_no_times(tmp_path):
    put(tmp_path, x__csv="\n".join(line.rpartition(",")[0] for line in AGAIN.splitlines()))
    assert read_interactions(tmp_path / "x.csv", duplicates="last").rating.tolist() == [3, 5]


def test_the_same_in_train_and_test_is_kept_and_counted(tmp_path):
    put(tmp_path, train__txt="1 7 8\n", test__txt="1 8 9\n")
    data = read_interactions(tmp_path)
    assert len(data) == 4
    assert policies(data) == {"held-out interactions that are in train, too": 1}


def test_ratings_below_the_least_are_left_out(tmp_path):
    put(tmp_path, x__csv="user,item,rating\na,1,-2\na,2,0\na,3,3\na,4,4\n")
    path = tmp_path / "x.csv"
    assert read_interactions(path, least_rating=4).items.tolist() == ["4"]
    assert policies(read_interactions(path, least_rating=4)) == {"interactions rated below 4": 3}
    dropped = read_interactions(path, negative="drop")
    assert dropped.items.tolist() == ["2", "3", "4"]
    assert policies(dropped) == {"interactions with a negative rating": 1, "interactions rated 0": 1}
    assert len(read_interactions(path, least_rating=-5)) == 4


def test_rows_that_lack_something_are_dropped_as_asked(tmp_path):
    put(tmp_path, x__csv="user,item,rating\na,1,3\n,2,3\nb,,3\n,,\nc,3,\n")
    data = read_interactions(tmp_path / "x.csv", missing="drop")
    assert told(data) == [("a", "1", "all")]
    assert policies(data) == {
        "interactions without user": 2, "interactions without item": 1, "interactions without rating": 1,
    }  # fmt: skip


def test_a_format_may_be_named(tmp_path):
    put(tmp_path, likes="1 7 8\n")
    assert len(read_interactions(tmp_path / "likes", format="lightgcn")) == 2


CSV = "user,item,rating,time,split\n"


def npz(**arrays):
    good = {"indptr": np.array([0, 1, 2]), "indices": np.array([0, 1]), "shape": np.array([2, 2])}
    return {name: array for name, array in (good | arrays).items() if array is not None}


BAD = [
    # name, content, options, what is said
    ("x.csv", "", {}, "x.csv: is empty"),
    ("x.csv", "user,item\n", {}, "has no interactions"),
    ("x.csv", "who,item\na,b\n", {}, "has no column 'user'; name the one that holds the users, out of who, item"),
    ("x.csv", "user,what\na,b\n", {}, "has no column 'item'"),
    ("x.csv", "user,item\na,b\n", {"user": "usr"}, "has no column 'usr', did you mean 'user'"),
    ("x.csv", "user,item\na,b\n", {"rating": "stars"}, "has no column 'stars'; its columns are user, item"),
    ("x.csv", "user,item\na,b\n", {"item": "user"}, "the column 'user' cannot hold users and items"),
    ("x.csv", "user,item\na,b,c\n", {}, r"row 1 \(line 2\) has 3 cells"),
    ("x.csv", "user,item,item\na,b,c\n", {}, "stands twice"),
    ("x.csv", b"user,item\n\xff,b\n", {}, "line 2 is not UTF-8"),
    ("x.csv", 'user,item\n"a,b\n', {}, "no valid CSV"),
    ("x.csv", "user,item\na,b\n,c\n", {}, "row 2 has no user"),
    ("x.csv", "user,item\na,b\nc,\n", {}, "row 2 has no item"),
    ("x.csv", CSV + "a,b,3,1,train\na,c,,1,train\n", {}, "row 2 has no rating"),
    ("x.csv", CSV + "a,b,3,1,train\na,c,3,,train\n", {}, "row 2 has no time"),
    ("x.csv", CSV + "a,b,3,1,train\na,c,3,1,\n", {}, "row 2 has no split"),
    ("x.csv", CSV + "a,b,good,1,train\n", {}, "row 1 has the rating 'good'"),
    ("x.csv", CSV + "a,b,inf,1,train\n", {}, "row 1 has the rating 'inf'"),
    ("x.csv", CSV + "a,b,3,yesterday,train\n", {}, "row 1 has the time 'yesterday'; give a finite number or a date"),
    ("x.csv", CSV + "a,b,3,nan,train\n", {}, "row 1 has the time 'nan'"),
    ("x.csv", CSV + "a,b,3,1,later\n", {}, "row 1 has the split 'later'; use one of train, validation, test"),
    ("x.csv", CSV + "a,b,3,1,train\na,c,-1,1,train\n", {}, r"row 2 has the rating -1; set the least rating"),
    ("x.csv", CSV + "a,b,3,1,train\n", {"least_rating": 4}, "no interactions left; 1 interactions rated below 4"),
    ("x.csv", "user,item\n,b\n", {"missing": "drop"}, "no interactions left; 1 interactions without user"),
    ("x.csv", "user,item\na,b\nc,b\na,b\n", {"duplicates": "refuse"}, "row 3 gives again that 'a' took 'b'"),
    ("x.parquet", b"PAR1 no", {}, "no whole Parquet file"),
    ("x.jsonl", '{"user": "a", "item": "b"}\n[1]\n', {}, "line 2 holds a list"),
    ("x.jsonl", '{"user": "a", "item": "b"}\n{"user": "a"}\n', {}, "row 2 has no item"),
    ("x.jsonl", '{"user": "a", ', {}, "line 1 is no valid JSON"),
    ("x.inter", "user_id\titem_id\n1\t2\n", {}, "the header has 'user_id'; write name:type"),
    ("x.inter", "user_id:token\titem_id:word\n1\t2\n", {}, "the header has 'item_id:word'"),
    ("x.inter", "user_id:token\titem_id:token\n1\t2\n3\n", {}, r"line 3 has 1 cells, expected 2 \(user_id, item_id\)"),
    ("x.inter", "user_id:token\titem_id:token\n1\t2\n\n3\t\n", {}, "line 4 has no item"),
    ("x.inter", "user_id:token\tuser_id:token\n1\t2\n", {}, "stands twice"),
    ("x.inter", "user_id:token\titem_id:token\n", {}, "has no interactions"),
    ("x.inter", INTER, {"domain": "class"}, "has no column 'class'"),
    ("x.txt", "1 2\n3 4\n1 5\n", {}, "line 3 is of the user '1' again"),
    ("x.txt", "user,item\n1,2\n", {}, "line 1 is 'user,item', no user and items apart by blanks"),
    ("x.txt", "1\n2\n", {}, "has no interactions"),
    ("x.txt", "1 2\n", {"user": "user"}, "has no columns with names, so user='user' means nothing"),
    ("x.txt.gz", b"\x1f\x8b\x08 no", {}, "cannot be read"),
    ("x.txt.gz", gzip.compress(b"1 2 3\n" * 500, mtime=0)[:-9], {}, "cannot be read"),
    ("x.txt.gz", b"1 2 3\n", {}, "cannot be read"),
    ("x.data", "1\t2\t3\n", {}, r"line 1 has 3 cells, expected 4 \(user, item, rating, time\)"),
    ("x.dat", "1::2::3::4\n1:2:3:4\n", {}, "line 2 has 1 cells, expected 4"),
    ("x.dat", "1::2::3::4\n", {"domain": "genres"}, "has no movies.dat or movies.csv beside it"),
    ("x.npz", b"PK no", {}, "no whole file of numpy arrays"),
    ("x.npz", npz(indptr=None), {}, "has no array 'indptr', only indices, shape"),
    ("x.npz", npz(indices=np.array([0, {}], dtype=object)), {}, "holds Python objects"),
    ("x.npz", npz(indices=np.array([0, 2])), {}, "user 1 has the item 2, there are 2"),
    ("x.npz", npz(indices=np.array([-1, 1])), {}, "user 0 has the item -1"),
    ("x.npz", npz(indices=np.array([0.0, 1.0])), {}, "'indices' is of float64"),
    ("x.npz", npz(indptr=np.array([0, 2, 1])), {}, "does not rise from 0"),
    ("x.npz", npz(indptr=np.array([0, 2])), {}, "'indptr' has 2 numbers, 2 users need 3"),
    ("x.npz", npz(shape=np.array([2])), {}, r"the shape is \[2\]"),
    ("x.npz", npz(data=np.array([1.0])), {}, "'data' is not one number"),
    ("x.npz", npz(data=np.array([1.0, -2.0])), {}, "row 2 has the rating -2"),
    ("x.doc", "1 2\n", {}, "the ending '.doc' is not known"),
]


@pytest.mark.parametrize(("name", "content", "options", "says"), BAD)
def test_bad_input_is_one_sentence(tmp_path, name, content, options, says):
    path = tmp_path / name
    if isinstance(content, dict):
        np.savez(path, **content)
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(DataError, match=says) as caught:
        read_interactions(path, **options)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "holds no interactions that are known"),
        ({"test__txt": "1 2\n"}, "holds no interactions that are known"),
        ({"a__inter": INTER, "b__inter": INTER}, "has 2 files .inter"),
        ({"a__inter": INTER, "a__test__inter": INTER}, "has 2 files .inter"),
        ({"train__txt": "1 2\n", "test__txt": "1 2\n1 3\n"}, r"test\.txt: line 2 is of the user '1' again"),
        ({"train__txt": "1 2\n", "test__txt": ""}, r"test\.txt: is empty"),
        ({"a__inter": INTER, "a__item": "item_id:token\n7\t8\n"}, r"a\.item: line 2 has 2 cells"),
        ({"ratings__dat": "1::2::3::4\n", "movies__dat": "2::x\n"}, r"movies\.dat: line 1 has 2 cells"),
        (
            {"ratings__csv": "userId,movieId\n1,2\n", "movies__csv": "id,name\n2,x\n"},
            r"movies\.csv: has not the columns",
        ),
        ({"u__data": "1\t2\t3\t4\n", "u__item": "2\n"}, r"u\.item: line 1 is not an id and a title"),
    ],
)
def test_a_bad_folder_is_one_sentence(tmp_path, files, says):
    with pytest.raises(DataError, match=says):
        read_interactions(put(tmp_path, **files))


def test_the_line_of_the_right_file_is_named_when_a_release_has_several(tmp_path):
    head = "user_id:token\titem_id:token\trating:float\n"
    put(tmp_path, x__train__inter=head + "1\t7\t4\n1\t8\t4\n", x__test__inter=head + "\n1\t9\tbad\n")
    with pytest.raises(DataError, match=r"x\.test\.inter: line 3 has the rating 'bad'"):
        read_interactions(tmp_path)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"format": "xml"}, "format is 'xml'; use one of table, recbole"),
        ({"duplicates": "twice"}, "duplicates is 'twice'; use one of once, last"),
        ({"negative": "abs"}, "negative is 'abs'"),
        ({"missing": "guess"}, "missing is 'guess'"),
        ({"least_rating": float("nan")}, "least_rating is nan"),
    ],
)
def test_a_choice_that_is_not_known_is_refused(tmp_path, options, says):
    put(tmp_path, x__csv="user,item\na,b\n")
    with pytest.raises(ParameterError, match=says):
        read_interactions(tmp_path / "x.csv", **options)


@pytest.mark.parametrize("format_", ["recbole", "lightgcn", "csr", "movielens", "table"])
def test_any_format_of_what_is_not_there_is_one_sentence(tmp_path, format_):
    for path in (tmp_path, tmp_path / "none", tmp_path / "none.csv"):
        with pytest.raises(DataError):
            read_interactions(path, format=format_)


def test_missing_files_are_named(tmp_path):
    for name in ("x", "x.csv", "x.txt", "x.inter", "x.npz", "x.dat"):
        with pytest.raises(DataError, match=rf"{name}: does not exist"):
            read_interactions(tmp_path / name)


@pytest.fixture
def benchmark_data() -> Path:
    folder = os.environ.get("POLYCULTURE_DATA")
    if not folder:
        pytest.skip("POLYCULTURE_DATA names no folder")
    return Path(folder)


@pytest.mark.data
def test_gowalla_as_lightgcn_released_it(benchmark_data):
    data = read_interactions(benchmark_data / "gowalla")
    assert (len(data.users), len(data.items)) == (29_858, 40_981)
    assert (int(data.within("train").sum()), int(data.within("test").sum())) == (810_128, 217_242)
    assert data.policies == ()
    released = np.load(benchmark_data / "gowalla" / "train_csr.npz", allow_pickle=False)
    train = data.take(data.within("train")).matrix()
    by_number = train[np.argsort(data.users.astype(int))][:, np.argsort(data.items.astype(int))]
    assert by_number.indptr.tolist() == released["indptr"].tolist()
    by_number.sort_indices()
    starts = released["indptr"]
    for row in range(0, len(starts) - 1, 997):
        expected = sorted(released["indices"][starts[row] : starts[row + 1]].tolist())
        assert by_number.indices[starts[row] : starts[row + 1]].tolist() == expected


@pytest.mark.data
def test_two_markets_with_the_same_numbers_are_kept_apart(benchmark_data):
    table = pl.read_parquet(benchmark_data / "amazon_cross_domain" / "interactions.parquet")
    data = from_frame(table.filter(pair="Book_Movie"))
    assert data.domains.tolist() == ["book", "movie"]
    assert data.qualified
    assert len(data.users) == 5_000
    assert {name: of["test"] for name, of in data.counts().items()} == {"book": 5_000, "movie": 5_000}
