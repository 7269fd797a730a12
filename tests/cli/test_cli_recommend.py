"""``polyculture recommend``: what is learnt from a file is kept, judged, and served as tables."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from cli_runs import run

from polyculture.cli import recommend as options
from polyculture.data.interactions import FORMATS, clean, splitting
from polyculture.recommend import CrossDomainRecommender

QUICK = ("--set", "method=spectral", "--set", "vectors=8", "--set", "others=[1.0]", "--quiet")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty users of two tastes, who take books and films of theirs; the last of each domain is a test."""
    folder = tmp_path_factory.mktemp("shop")
    rng = np.random.default_rng(0)
    rows = [
        {
            "user": f"u{user}",
            "item": 2 * int(item) + user % 2,
            "domain": domain,
            "time": time,
            "text": f"{domain} {item}",
        }
        for user in range(60)
        for domain in ("book", "film")
        for time, item in enumerate(rng.permutation(12)[:6])
    ]
    pl.DataFrame(rows).write_csv(folder / "likes.csv")
    return folder


@pytest.fixture(scope="module")
def model(shop: Path) -> Path:
    done = run(
        *("recommend", "fit", shop / "likes.csv", "--hold-out", "last", "--out", shop / "model"),
        *("--json", shop / "fit.json", *QUICK),
    )
    assert done.code == 0, done.err
    assert done.out.splitlines()[-1] == str(shop / "model")
    (shop / "fit.txt").write_text(done.out)
    return shop / "model"


def test_fit_keeps_a_model_and_judges_it_on_what_is_held_out(shop: Path, model: Path) -> None:
    told = json.loads((shop / "fit.json").read_text())
    assert told["schema"] == "polyculture.recommend-fit/1"
    assert told["data"]["users"] == 60
    assert told["data"]["domains"]["book"] == {
        "users": 60, "items": 24, "interactions": 360, "train": 300, "validation": 0, "test": 60,
    }  # fmt: skip
    judged = {(row["domain"], row["model"]): row for row in told["evaluation"]}
    for domain in ("book", "film"):
        # by chance an item of one's own taste is among ten of the 19 that are left about every other time
        assert judged[domain, "fused"]["recall@10"] > judged[domain, "popularity"]["recall@10"] + 0.2
    assert [step["name"] for step in told["steps"]] == ["read", "fit", "save", "evaluate"]
    assert "judged on the test split" in (shop / "fit.txt").read_text()
    assert CrossDomainRecommender.load(model).interactions_.domains.tolist() == ["book", "film"]


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_predict_writes_a_row_for_each_item(shop: Path, model: Path, ending: str) -> None:
    out = shop / f"p.{ending}"
    done = run("recommend", "predict", model, "--out", out, "--for", "u1,u2,nobody", "-k", 3, "--quiet")
    assert done.code == 0, done.err
    readers = {"csv": pl.read_csv, "parquet": pl.read_parquet, "jsonl": pl.read_ndjson}
    table = readers[ending](out)
    assert table.columns == ["user", "item", "rank", "score", "domain", "text"]
    assert table["user"].to_list() == ["u1"] * 3 + ["u2"] * 3 + ["nobody"] * 3
    assert table["rank"].to_list() == [1, 2, 3] * 3
    first = table.filter(pl.col("user") != "nobody")
    assert all(int(item.partition("/")[2]) % 2 == int(user[1:]) % 2 for user, item in first[["user", "item"]].rows())
    expected = CrossDomainRecommender.load(model).recommend(["u1", "u2", "nobody"], 3)
    assert table["item"].to_list() == expected.items.ravel().tolist()


def test_predict_says_because_of_what_and_for_whom_a_file_asks(shop: Path, model: Path) -> None:
    pl.DataFrame({"who": ["u5", "nobody", "u5"]}).write_csv(shop / "who.csv")
    out, told = shop / "p.csv", shop / "p.json"
    done = run(
        *("recommend", "predict", model, "--users", shop / "who.csv", "--user", "who", "--out", out, "-k", 2),
        *("--domain", "film", "--reasons", 2, "--json", told, "--quiet"),
    )
    assert done.code == 0, done.err
    table = pl.read_csv(out)
    assert table["user"].to_list() == ["u5"] * 2 + ["nobody"] * 2
    assert set(table["domain"]) == {"film"}
    assert table["text"].str.starts_with("film ").all()
    reasons = table["because_of"].to_list()
    assert reasons[2:] == ["what most users take"] * 2
    assert all(reason.count("%") == 2 for reason in reasons[:2])
    expected = CrossDomainRecommender.load(model).reasons("u5", table["item"][0], most=2)
    texts = CrossDomainRecommender.load(model).interactions_.item_text
    assert reasons[0].startswith(f"{texts[expected['item'][0]]} ({expected['share'][0]:.0%}); ")
    counts = json.loads(told.read_text())
    assert (counts["users"], counts["unknown"], counts["rows"]) == (2, 1, 4)


def test_predict_serves_everybody_and_can_recommend_what_they_have(shop: Path, model: Path) -> None:
    taken = pl.read_csv(shop / "likes.csv").select("user", pl.format("{}/{}", "domain", "item").alias("item"), "time")
    had = set(taken.filter(pl.col("time") < 5)[["user", "item"]].rows())
    for seen in (False, True):
        done = run("recommend", "predict", model, "--out", shop / "p.csv", "-k", 5, "--quiet", *["--seen"][: int(seen)])
        assert done.code == 0, done.err
        given = set(pl.read_csv(shop / "p.csv")[["user", "item"]].rows())
        assert len({user for user, _ in given}) == 60
        assert bool(given & had) == seen


def test_evaluate_gives_again_what_fit_told(shop: Path, model: Path) -> None:
    told = shop / "e.json"
    data = ("recommend", "evaluate", model, shop / "likes.csv", "--hold-out", "last", "--json", told, "--quiet")
    done = run(*data)
    assert done.code == 0, done.err
    assert json.loads(told.read_text())["evaluation"] == json.loads((shop / "fit.json").read_text())["evaluation"]
    assert run(*data, "-k", 1).code == 0
    assert {"recall@1", "ndcg@1"} <= set(json.loads(told.read_text())["evaluation"][0])


def test_evaluate_counts_what_the_model_does_not_know(shop: Path, model: Path) -> None:
    (shop / "later.csv").write_text("user,item,domain\nu1,3,book\nstranger,3,book\nu1,99,film\nu1,3,song\n")
    done = run("recommend", "evaluate", model, shop / "later.csv", "--json", shop / "l.json", "--quiet")
    assert done.code == 0, done.err
    policies = {
        policy["what"]: policy["count"] for policy in json.loads((shop / "l.json").read_text())["data"]["policies"]
    }
    assert policies == {f"interactions of unknown {what}": 1 for what in ("users", "items", "domains")}
    assert "interactions of unknown users" in done.out


def test_similar_items_are_of_the_same_taste(shop: Path, model: Path) -> None:
    done = run(
        *("recommend", "similar", model, "book/2", "film/3", "-k", 4, "--domain", "film"),
        *("--out", shop / "s.csv", "--json", shop / "s.json", "--quiet"),
    )
    assert done.code == 0, done.err
    table = pl.read_csv(shop / "s.csv")
    assert table["like"].to_list() == ["book/2"] * 4 + ["film/3"] * 4
    assert [int(item.partition("/")[2]) % 2 for item in table["item"]] == [0] * 4 + [1] * 4
    assert json.loads((shop / "s.json").read_text())["similar"][0]["item"] == table["item"][0]
    assert "similar items" in done.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("predict", "MODEL", "--out", "p.csv", "--domain", "fil"), ("--domain fil", "did you mean film")),
        (("predict", "MODEL", "--out", "p.csv", "--users", "none.csv"), ("none.csv", "does not exist")),
        (("predict", "MODEL", "--out", "p.csv", "--users", "likes.csv", "--user", "who"), ("'who'", "user, item")),
        (("predict", "MODEL", "--out", "likes.csv", "--users", "likes.csv"), ("--out", "would be lost")),
        (("predict", "MODEL", "--out", "p.csv", "--users", "gaps.csv"), ("gaps.csv", "row 2 has no user")),
        (("predict", "bare.csv", "--out", "p.csv"), ("bare.csv", "is no folder")),
        (("predict", "empty", "--out", "p.csv"), ("empty",)),
        (("similar", "MODEL", "book/222"), ("book/222: is no item", "did you mean book/22")),
        (("similar", "MODEL", "book/2", "--domain", "song"), ("--domain song", "book, film")),
        (("evaluate", "MODEL", "bare.csv", "--hold-out", "last"), ("has no times",)),
        (("evaluate", "MODEL", "trained.csv"), ("no test interactions",)),
        (("fit", "likes.csv", "--out", "new", "--set", "method=magic"), ("magic",)),
        (("fit", "likes.csv", "--out", "new", "--set", "vectors=0"), ("vectors is 0",)),
        (("fit", "likes.csv", "--out", "new", "--set", "metod=ease"), ("--set metod", "did you mean method")),
    ],
)
def test_what_is_wrong_with_a_model_or_what_is_asked_of_it(shop: Path, model: Path, arguments, says) -> None:
    (shop / "bare.csv").write_text("user,item\nu1,3\nu1,5\n")
    (shop / "gaps.csv").write_text("user,n\nu1,3\n,5\n")
    (shop / "trained.csv").write_text("user,item,split\nu1,3,train\n")
    (shop / "empty").mkdir(exist_ok=True)
    placed = [
        model if word == "MODEL" else shop / word if "." in word or word in ("empty", "new") else word
        for word in arguments
    ]
    done = run("recommend", *placed, "--quiet")
    assert done.code == 2, done.out
    assert done.err.startswith("Error: ")
    assert done.err.count("\n") == 1
    for part in says:
        assert part in done.err
    assert not (shop / "new").exists()


def test_a_damaged_model_is_refused(shop: Path, model: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in model.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    largest = max(copy.iterdir(), key=lambda path: path.stat().st_size)
    data = bytearray(largest.read_bytes())
    data[len(data) // 2] ^= 1
    largest.write_bytes(data)
    done = run("recommend", "predict", copy, "--out", tmp_path / "p.csv", "--quiet")
    assert done.code == 2
    assert str(copy) in done.err
    assert not (tmp_path / "p.csv").exists()


def test_the_options_are_those_that_the_readers_know() -> None:
    assert tuple(FORMATS) == options.FORMATS
    assert clean.CHOICES["duplicates"] == options.DUPLICATES
    assert clean.CHOICES["negative"] == clean.CHOICES["missing"] == options.REFUSE_OR_DROP
    assert splitting.HOW == options.HOLD_OUT
