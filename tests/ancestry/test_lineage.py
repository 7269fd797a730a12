"""Every answer of a lineage, on ecosystems whose answers are known."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from polyculture import audit
from polyculture.ancestry import lineage
from polyculture.errors import DataError, ParameterError

FAMILY = {
    "name": ["base", "rival", "a", "b", "merge", "alone"],
    "parents": ["none", "none", "base", "base", "a; rival", None],
    "organisation": ["x", "y", "x", "x", "z", None],
    "architecture": ["t", "t", "t", None, "t", "u"],
    "date": ["2021-01", "2021-02", "2022-01", "2022-02", "2022-03", "2022-03"],
    "downloads": [100, 10, 50, 20, 20, 0],
}


@pytest.fixture(scope="module")
def family():
    return lineage(FAMILY)


def ends(found, *names):
    for name in names:
        found = found[name]
    return found["estimate"], found["low"], found["high"]


def test_shares_and_founders(family):
    # base: itself, a, b and half of merge; rival: itself and half of merge; alone declares nothing
    shares = {root["name"]: root["estimate"] for root in family.roots}
    assert shares == pytest.approx({"base": 3.5 / 6, "rival": 1.5 / 6, "alone": 1 / 6})
    hhi = (3.5**2 + 1.5**2 + 1) / 36
    high = (4.5**2 + 1.5**2) / 36
    assert ends(family.diversity, "hhi") == pytest.approx((hhi, hhi, high))
    assert ends(family.effective_founders) == pytest.approx((1 / hhi, 1 / high, 1 / hhi))
    assert ends(family.diversity, "roots") == pytest.approx((3, 2, 3))
    assert ends(family.diversity, "largest_share") == pytest.approx((3.5 / 6, 3.5 / 6, 4.5 / 6))
    assert [root["parents"] for root in family.roots] == ["says it has none", "says it has none", "does not say"]
    assert family.roots[0]["share_of_downloads"] == pytest.approx(180 / 200)


def test_kinship_and_depth(family):
    pairs = np.array([
        [4, 0, 2, 2, 1, 0], [0, 4, 0, 0, 2, 0], [2, 0, 4, 1, 2, 0],
        [2, 0, 1, 4, 0.5, 0], [1, 2, 2, 0.5, 4, 0], [0, 0, 0, 0, 0, 4],
    ]) / 8  # fmt: skip
    assert family.kinship["mean"]["estimate"] == pytest.approx(pairs.mean())
    assert family.kinship["founder_genome_equivalents"]["estimate"] == pytest.approx(1 / (2 * pairs.mean()))
    assert family.depth["longest_line"] == ["base", "a", "merge"]
    assert family.depth["models_at"] == {"0": 3, "1": 2, "2": 1}
    assert ends(family.depth, "mean") == pytest.approx((4 / 6, 4 / 6, np.inf))
    assert family.depth["mean"]["if_children_of_the_largest"]["all"] == pytest.approx(5 / 6)


def test_what_falls(family):
    falls = {each["root"]: each for each in family.withdrawn}
    assert ends(falls["base"], "touched") == (4, 4, 5)
    assert ends(falls["base"], "wholly") == (3, 3, 4)
    assert falls["base"]["share_of_downloads"] == pytest.approx(190 / 200)
    assert ends(falls["alone"], "touched") == (1, 1, 1)


def test_concentration_and_months(family):
    by = family.concentration["organisation"]
    assert ends(by, "hhi") == pytest.approx((11 / 25, 12 / 36, 18 / 36))
    assert (by["categories"], by["unknown"], by["largest"][0]) == (3, 1, {"name": "x", "models": 3})
    assert ends(family.concentration["month"], "effective_number")[0] == pytest.approx(36 / 8)
    march = family.months[-1]
    assert (march["month"], march["models"]) == ("2022-03", 2)
    assert march["effective_founders"]["estimate"] == pytest.approx(1 / (0.25**2 + 0.25**2 + 0.5**2))


def test_kinds_that_do_not_count_are_ancestors_still():
    given = {"name": ["d", "m", "n"], "parents": ["none", "d", "d"], "kind": ["dataset", "model", "model"]}
    whole, only = lineage(given), lineage(given, kinds="model")
    assert (whole.count["models"], only.count["models"]) == (3, 2)
    assert only.roots[0]["name"] == "d"
    assert only.withdrawn[0]["touched"]["estimate"] == 2
    with pytest.raises(DataError, match="dataset, model"):
        lineage(given, kinds="mode")


def test_order_of_rows_and_case_of_names_change_nothing(family):
    frame = pl.DataFrame(FAMILY, strict=False)
    turned = frame.reverse().with_columns(pl.col("parents").str.to_uppercase())
    found = lineage(turned)
    assert ends(found.effective_founders) == pytest.approx(ends(family.effective_founders))
    assert found.kinship["mean"]["estimate"] == pytest.approx(family.kinship["mean"]["estimate"])
    assert {r["name"]: r["estimate"] for r in found.roots} == pytest.approx(
        {r["name"]: r["estimate"] for r in family.roots}
    )


def planted(seed, models=150):
    """An ecosystem and its truth: every model descends from one or two that were there before."""
    rng = np.random.default_rng(seed)
    parents, parts = [], np.zeros((models, models))
    for i in range(models):
        k = 0 if i < 3 or rng.random() < 0.05 else min(1 + (rng.random() < 0.2), i)
        above = rng.choice(i, k, replace=False).tolist() if k else []
        parents.append(above)
        parts[i] = np.eye(models)[i] if not k else parts[above].mean(axis=0)
    return rng, parents, (parts.mean(axis=0) ** 2).sum()


@pytest.mark.parametrize("seed", range(12))
def test_planted_ancestry_is_inside_the_bounds_when_parents_are_hidden(seed):
    rng, parents, truth = planted(seed)
    told = []
    for above in parents:
        hidden = len(above) == 1 and rng.random() < 0.3
        told.append(None if hidden else "; ".join(f"m{a}" for a in above) or ("none" if rng.random() < 0.5 else None))
    found = lineage({"name": [f"m{i}" for i in range(len(parents))], "parents": told})
    hhi = found.diversity["hhi"]
    assert hhi["low"] - 1e-12 <= truth <= hhi["high"] + 1e-12
    assert hhi["low"] < hhi["high"]


def test_the_json_and_the_frames(family, tmp_path):
    family.to_json(tmp_path / "l.json")
    plain = json.loads((tmp_path / "l.json").read_text(encoding="utf-8"))
    assert next(iter(plain)) == "schema"
    assert plain["schema"] == "polyculture.lineage/1"
    wanted = {"models", "edges", "unresolved", "roots", "effective_founders", "kinship", "concentration", "depth"}
    assert wanted | {"withdrawn", "counted", "not_measured"} <= set(plain)
    assert plain["edges"][0] == {"child": "a", "parent": "base", "relation": None, "given": "base", "how": "exact"}
    assert plain["not_measured"] == {"shared errors": "no audit of these models was given"}
    frames = family.frames()
    assert frames["models"].height == 6
    assert frames["roots"].height == 3
    assert "6 models descend from 3 roots" in str(family)


def test_many_models_go_to_files_beside_the_json(family, tmp_path, monkeypatch):
    monkeypatch.setattr("polyculture.ancestry.result.LISTED", 3)
    family.to_json(tmp_path / "l.json")
    plain = json.loads((tmp_path / "l.json").read_text(encoding="utf-8"))
    assert "models" not in plain
    assert pl.read_parquet(tmp_path / plain["edges_file"]).height == 4


def test_the_same_models_give_the_same_bytes(tmp_path):
    for name in ("a.json", "b.json"):
        lineage(FAMILY, seed=1).to_json(tmp_path / name)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def answers(seed=0):
    """Two families whose models err alike, and one that errs alone."""
    rng = np.random.default_rng(seed)
    names, parents, right = [], [], {}
    for root in "pqr":
        shared = rng.random(400) < 0.7
        for i in range(5):
            names.append(f"{root}{i}")
            parents.append("none" if i == 0 else f"{root}0")
            right[f"{root.upper()}-{i}"] = np.where(rng.random(400) < 0.8, shared, rng.random(400) < 0.7).astype(int)
    return {"name": names, "parents": parents}, right


def test_ancestry_predicts_shared_errors(tmp_path):
    cards, right = answers()
    found = audit(right, kind="outcomes")
    found.to_json(tmp_path / "audit.json")
    errors = lineage(cards, audit=found, permutations=200).shared_errors
    kin = next(term for term in errors["terms"] if term["name"] == "kinship")
    assert errors["models"] == 15
    assert kin["interval"]["low"] > 0
    assert kin["p_permuted"] < 0.02
    assert kin["low"] <= kin["estimate"] <= kin["high"]
    again = lineage(cards, audit=tmp_path / "audit.json", permutations=200).shared_errors
    assert again["terms"][1:] == errors["terms"][1:]  # the constant has no p by permutation, and NaN is no NaN


def test_unrelated_errors_are_not_predicted():
    cards, right = answers()
    rng = np.random.default_rng(1)
    found = audit({name: (rng.random(400) < 0.7).astype(int) for name in right}, kind="outcomes")
    errors = lineage(cards, audit=found, permutations=200).shared_errors
    kin = next(term for term in errors["terms"] if term["name"] == "kinship")
    assert kin["p_permuted"] > 0.05


def test_audits_that_do_not_fit_are_refused(tmp_path):
    cards, right = answers()
    found = audit({f"other {name}": value for name, value in right.items()}, kind="outcomes")
    with pytest.raises(DataError, match="0 are listed"):
        lineage(cards, audit=found)
    for text in ("[]", "{}", '{"schema": "polyculture.audit/1"', '{"schema": "polyculture.survey/1", "models": []}'):
        (tmp_path / "x.json").write_text(text, encoding="utf-8")
        with pytest.raises(DataError, match=r"x\.json"):
            lineage(cards, audit=tmp_path / "x.json")
    damaged = '{"schema": "polyculture.audit/1", "models": ["a"], "summary": {"capa": {}}, "pairs": [{"a": "q"}]}'
    (tmp_path / "x.json").write_text(damaged, encoding="utf-8")
    with pytest.raises(DataError, match="damaged audit"):
        lineage(cards, audit=tmp_path / "x.json")
    with pytest.raises(DataError, match="AuditResult"):
        lineage(cards, audit=3)


def test_settings_out_of_range_are_refused():
    for name, value in {"level": 2, "top": 0, "permutations": 0, "seed": -1}.items():
        with pytest.raises(ParameterError, match=name):
            lineage(FAMILY, **{name: value})


@pytest.mark.parametrize("names", [["a"], ["a", "b"], ["z" * 10_000, "\u202eb"]])
def test_the_smallest_ecosystems(names):
    found = lineage({"name": names, "parents": [None] * len(names)})
    assert found.count["models"] == len(names)
    assert found.effective_founders["estimate"] == pytest.approx(len(names))
    assert found.effective_founders["low"] == pytest.approx(1)
    assert str(found)


@pytest.mark.data
def test_ecosystem_graphs():
    folder = os.environ.get("POLYCULTURE_DATA")
    if not folder:
        pytest.skip("POLYCULTURE_DATA names no folder")
    found = lineage(Path(folder, "ecosystem_graphs", "assets.zip"))
    assert found.count["models"] == 637
    assert found.count["roots"] == 455
    assert found.roots[0]["name"] == "CommonCrawl"
    assert found.cycles == [
        [
            "Anthropic Helpfulness dataset",
            "Anthropic Harmlessness dataset",
            "Anthropic RLHF models",
            "Anthropic Human Feedback Interface",
        ]
    ]
    assert found.effective_founders["estimate"] == pytest.approx(116.65, abs=0.01)


def test_a_table_without_a_column_of_parents_is_refused():
    with pytest.raises(DataError, match="has no column of parents"):
        lineage({"name": ["a", "b"], "mother": [None, "a"]})
    assert len(lineage({"name": ["a", "b"], "mother": [None, "a"]}, columns={"parents": "mother"}).roots) == 1
