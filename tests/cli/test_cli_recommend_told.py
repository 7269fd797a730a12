"""What ``polyculture recommend`` says of what was chosen, of domains that do not help, and of what was learnt."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from cli_runs import run

from polyculture.cli.recommend_told import tell_losses

QUICK = ("--set", "method=ease", "--set", "others=[1.0]")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    rows = [
        {"user": f"u{u}", "item": f"{d}{(u + i) % 12}", "domain": d, "split": "test" if i == 5 else "train"}
        for u in range(30)
        for d in ("book", "film")
        for i in range(6)
    ]
    frame = pl.DataFrame(rows)
    frame.write_csv(folder / "all.csv")
    frame.filter(pl.col("split") == "train").drop("split").write_csv(folder / "learnt.csv")
    frame.filter(pl.col("split") == "test").drop("split").write_csv(folder / "new.csv")
    done = run("recommend", "fit", folder / "all.csv", "--out", folder / "model", *QUICK)
    assert done.code == 0, done.err
    (folder / "fit.txt").write_text(done.out + done.err)
    return folder


def test_what_was_chosen_is_told_without_nan_and_without_the_insides_of_python(shop: Path) -> None:
    said = (shop / "fit.txt").read_text()
    assert "nan" not in said
    assert not set("{}'") & set(said)
    assert "too few held-out users" in said


def test_interactions_that_were_learnt_are_counted(shop: Path) -> None:
    done = run("recommend", "evaluate", shop / "model", shop / "learnt.csv", "--json", shop / "e.json", "--quiet")
    assert "judged interactions that were also learnt (of 300)" in done.out
    (policy,) = json.loads((shop / "e.json").read_text())["data"]["policies"]
    assert policy["count"] == 300
    assert "that fit was not given" in policy["done"]


def test_new_interactions_are_not(shop: Path) -> None:
    done = run("recommend", "evaluate", shop / "model", shop / "new.csv", "--json", shop / "n.json", "--quiet")
    assert "also learnt" not in done.out
    assert json.loads((shop / "n.json").read_text())["data"]["policies"] == []


@pytest.mark.parametrize(("alone", "said"), [(0.3, True), (0.1, False), (float("nan"), False)])
def test_a_domain_that_the_others_do_not_help_is_named(
    alone: float, said: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = {"domain": ["a"] * 2, "model": ["fused", "specialist"], "ndcg@10": [0.2, alone]}
    tell_losses(pl.DataFrame(rows), quiet=False)
    assert ("a: the other domains do not help" in capsys.readouterr().err) == said
