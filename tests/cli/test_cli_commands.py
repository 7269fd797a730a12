"""What the commands do: learn, predict, judge, list, show the loop."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from cli_runs import fit, made, run, write

from polyculture import CrossDomainClassifier, DomainData, Evaluation
from polyculture.cli import demo
from polyculture.cli.list_ import KINDS, REGISTRIES
from polyculture.measure import list_measures

ROW = {"mean": 80.0, "worst": 70.0, "by_domain": {"books": 90.0, "films": 70.0}}


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))


def api(model: Path, table: Mapping[str, Any]) -> tuple[list[Any], np.ndarray]:
    fitted = CrossDomainClassifier.load(model)
    return (
        fitted.predict(table["text"], domain=table["domain"]).tolist(),
        fitted.predict_proba(table["text"], domain=table["domain"]),
    )


# -- fit ---------------------------------------------------------------------------------------------------------------


def test_fit_says_what_it_chose(fitted: Path) -> None:
    found = json.loads((fitted / "fit.json").read_text())
    assert found["schema"] == "polyculture.fit/1"
    assert found["classes"] == ["+", "-"]
    assert found["settings"]["encoders"] == "lexical"
    assert found["evaluation"] is None
    assert {"encoders", "graph", "experts", "merge", "domain known", "domain not known", "threshold"} == set(
        found["choices"]
    )
    assert set(found["calibration"]) == {"before", "after", "temperature"}
    names = [step["name"] for step in found["steps"]]
    assert names[:2] == ["read", "clean, deduplicate"]
    assert {"features", "backbone", "adapt", "fuse", "optimise", "save"} <= set(names)


def test_fit_learns_from_every_labelled_item_and_knows_the_unlabelled(tmp_path: Path) -> None:
    table = made()
    table["label"][:20] = [None] * 20
    done = fit(write(tmp_path / "items.csv", table), tmp_path / "m", "--json", tmp_path / "f.json")
    assert done.code == 0
    items = json.loads((tmp_path / "f.json").read_text())["data"]["items"]
    assert sum(of["unlabelled"] for of in items.values()) == 20
    assert sum(of["train"] + of["validation"] for of in items.values()) == 100
    assert "test" not in items["books"]


def test_fit_judges_on_test_items_that_it_did_not_learn_from(tmp_path: Path) -> None:
    table = made() | {"split": ["train"] * 90 + ["test"] * 30}
    # wrong on purpose: a model that had seen them would not get them all wrong
    table["label"][90:] = [{"+": "-", "-": "+"}[label] for label in table["label"][90:]]
    done = fit(write(tmp_path / "items.csv", table), tmp_path / "m", "--json", tmp_path / "f.json")
    assert done.code == 0, done.err
    judged = json.loads((tmp_path / "f.json").read_text())["evaluation"]
    assert judged["data"]["items"] == 30
    assert judged["accuracy"]["fused"]["accuracy"]["mean"] < 20
    assert "macro-F1 by domain" in done.out


def test_options_reach_the_model(tmp_path: Path, items: Path) -> None:
    options = ["--graph", "none", "--fuse", "average", "--augment", "0.5", "--threshold", "f1", "--validation", "0.3"]
    assert fit(items, tmp_path / "m", *options, "--seed", "3", "--json", tmp_path / "f.json").code == 0
    found = json.loads((tmp_path / "f.json").read_text())
    model = CrossDomainClassifier.load(tmp_path / "m")
    assert (model.random_state, model.threshold, model.validation) == (3, "f1", 0.3)
    assert (model.routed_.method_, model.features_.spread_.kind_) == ("merged", "none")
    assert found["choices"]["merge"]["method"] == "average"
    assert found["settings"]["augment"] == 0.5
    assert sum(of["validation"] for of in found["data"]["items"].values()) == 36


def test_leaking_items_are_dropped_when_asked(tmp_path: Path) -> None:
    table = made() | {"split": ["train"] * 90 + ["test"] * 30}
    table["text"][119] = table["text"][0]
    path = write(tmp_path / "items.csv", table)
    assert fit(path, tmp_path / "m").code == 2
    assert fit(path, tmp_path / "m", "--leakage", "drop", "--json", tmp_path / "f.json").code == 0
    assert json.loads((tmp_path / "f.json").read_text())["data"]["preprocess"]["duplicates"]["across_splits"] == 1


def test_without_packages_n_grams_serve_and_it_is_said(
    tmp_path: Path, items: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import polyculture.cli.learn as home

    monkeypatch.setattr(home, "find_spec", lambda name: None)
    done = run("fit", items, "--out", tmp_path / "m", "--json", tmp_path / "f.json")
    assert done.code == 0
    assert json.loads((tmp_path / "f.json").read_text())["choices"]["encoders"] == [
        "lexical:words",
        "lexical:characters",
    ]
    (note,) = [line for line in done.err.splitlines() if line.startswith("Note:")]
    assert "lexical:words, lexical:characters alone" in note
    assert "pip install 'polyculture[all]'" in note


def test_a_column_named_vector_is_no_modality_of_texts(tmp_path: Path) -> None:
    path = write(tmp_path / "items.parquet", made() | {"vector": [[0.0, 1.0]] * 120})
    assert fit(path, tmp_path / "m").code == 0
    assert run("predict", tmp_path / "m", path, "--out", tmp_path / "p.parquet", "-q").code == 0


# -- predict -----------------------------------------------------------------------------------------------------------


def columns_of(path: Path) -> dict[str, list[Any]]:
    """Columns of a file, read by other means than ours."""
    if path.suffix == ".parquet":
        return pl.read_parquet(path).to_dict(as_series=False)
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".jsonl":
        lines = [json.loads(line) for line in text.splitlines()]
        return {name: [line[name] for line in lines] for name in lines[0]}
    names, *rows = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if path.suffix == ".tsv" else ",")
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def as_words(values: list[Any]) -> list[str]:
    return ["" if value is None else str(value) for value in values]


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "jsonl"])
@pytest.mark.parametrize("source", ["csv", "parquet", "jsonl"])
def test_predict_keeps_rows_columns_and_order(source: str, ending: str, model: Path, tmp_path: Path) -> None:
    table = made()
    table["text"] = table["text"][::-1]
    table['odd, "name"'] = ['a, "b"\nc', "", None, "三体"] * 30
    path, out = write(tmp_path / f"items.{source}", table), tmp_path / f"p.{ending}"
    done = run("predict", model, path, "--out", out, "--quiet")
    assert done.code == 0, done.err
    found = columns_of(out)
    assert list(found) == [*table, "prediction", "p_+", "p_-"]
    if source == ending != "csv":
        assert {name: found[name] for name in table} == table
    # CSV has words alone, and no empty text beside no text
    assert {name: as_words(found[name]) for name in table} == {name: as_words(values) for name, values in table.items()}
    labels, probabilities = api(model, table)
    assert found["prediction"] == labels
    np.testing.assert_array_equal(np.array([found["p_+"], found["p_-"]], dtype=float).T, probabilities)


def test_probabilities_add_up_to_one(model: Path, items: Path, tmp_path: Path) -> None:
    assert run("predict", model, items, "--out", tmp_path / "p.parquet", "--quiet").code == 0
    frame = pl.read_parquet(tmp_path / "p.parquet")
    np.testing.assert_allclose(frame["p_+"] + frame["p_-"], 1.0, atol=1e-6)
    assert frame["prediction"].n_unique() == 2


def test_types_of_parquet_survive(model: Path, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    table = made() | {
        "when": [datetime(2024, 1, 2, tzinfo=UTC)] * 120,
        "list": [[1, 2]] * 120,
        "flag": [True, None] * 60,
    }
    path = write(tmp_path / "items.parquet", table)
    assert run("predict", model, path, "--out", tmp_path / "p.parquet", "-q").code == 0
    before, after = pl.read_parquet(path), pl.read_parquet(tmp_path / "p.parquet")
    assert after.drop("prediction", "p_+", "p_-").equals(before)
    assert after.schema["when"] == before.schema["when"]
    for ending in ("csv", "jsonl"):
        assert run("predict", model, path, "--out", tmp_path / f"p.{ending}", "-q").code == 0
        assert "[1, 2]" in (tmp_path / f"p.{ending}").read_text()


def test_json_lines_keep_what_no_column_could(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    rows = [
        {"text": "a good novel", "any": 1, "domain": "books"},
        {"text": "x \ud800", "any": {"b": ["c"]}, "domain": "books"},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert run("predict", model, path, "--out", tmp_path / "p.jsonl", "-q").code == 0
    found = [json.loads(line) for line in (tmp_path / "p.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["any"] for row in found] == [1, {"b": ["c"]}]
    done = run("predict", model, path, "--out", tmp_path / "p.parquet", "-q")
    assert done.code == 2
    assert "end --out in .jsonl" in done.err


def test_what_prediction_does_not_need_may_be_wrong(model: Path, tmp_path: Path) -> None:
    table = made() | {"id": ["same"] * 120, "split": ["whatever"] * 120, "label": [None] * 120}
    assert run("predict", model, write(tmp_path / "items.csv", table), "--out", tmp_path / "p.csv", "-q").code == 0


def test_domains_that_were_not_seen_are_served_and_counted(model: Path, tmp_path: Path) -> None:
    table = made()
    table["domain"][:7] = ["toys"] * 7
    path = write(tmp_path / "items.csv", table)
    done = run("predict", model, path, "--out", tmp_path / "p.csv", "--json", tmp_path / "p.json")
    assert done.code == 0
    assert "7 of 120 items are of domains that the model has not seen (toys)" in done.err
    found = json.loads((tmp_path / "p.json").read_text())
    assert found["schema"] == "polyculture.predict/1"
    assert (found["items"], found["unseen"], found["domains"]["toys"]["known"]) == (120, 7, False)
    assert sum(found["domains"]["books"]["predicted"].values()) == found["domains"]["books"]["items"]
    _, probabilities = api(model, table)
    np.testing.assert_array_equal([float(row["p_+"]) for row in rows_of(tmp_path / "p.csv")], probabilities[:, 0])


def test_predictions_are_replaced_when_asked(model: Path, items: Path, tmp_path: Path) -> None:
    once, twice = tmp_path / "p.csv", tmp_path / "q.csv"
    assert run("predict", model, items, "--out", once, "-q").code == 0
    assert run("predict", model, once, "--out", twice, "-q").code == 2
    assert run("predict", model, once, "--out", twice, "-q", "--overwrite").code == 0
    assert twice.read_bytes() == once.read_bytes()


def test_same_seed_same_bytes(fitted: Path, items: Path, tmp_path: Path) -> None:
    assert fit(items, tmp_path / "again").code == 0
    assert {p.name for p in (tmp_path / "again").iterdir()} == {p.name for p in (fitted / "model").iterdir()}
    outputs = []
    for number, model in enumerate((fitted / "model", tmp_path / "again")):
        for ending in ("csv", "parquet", "jsonl"):
            assert run("predict", model, items, "--out", tmp_path / f"{number}.{ending}", "-q").code == 0
        assert run("evaluate", model, items, "--json", tmp_path / f"{number}.json", "-q").code == 0
        outputs.append([(tmp_path / f"{number}.{e}").read_bytes() for e in ("csv", "parquet", "jsonl", "json")])
    assert outputs[0] == outputs[1]


# -- evaluate ----------------------------------------------------------------------------------------------------------


def test_evaluate_scores_what_predict_writes(model: Path, tmp_path: Path) -> None:
    table = made()
    table["label"] = [("+", "-")[i % 3 == 0] for i in range(120)]
    path = write(tmp_path / "items.csv", table)
    assert run("predict", model, path, "--out", tmp_path / "p.csv", "-q").code == 0
    done = run("evaluate", model, path, "--json", tmp_path / "e.json", "-q")
    assert done.code == 0
    found = json.loads((tmp_path / "e.json").read_text())
    assert found["schema"] == "polyculture.evaluation/1"
    right = [row["prediction"] == row["label"] for row in rows_of(tmp_path / "p.csv")]
    expected = {
        d: 100 * np.mean([r for r, of in zip(right, table["domain"], strict=True) if of == d])
        for d in ("books", "films")
    }
    judged = found["accuracy"]["fused"]["accuracy"]
    assert judged["by_domain"] == pytest.approx(expected)
    assert judged["mean"] == pytest.approx(np.mean(list(expected.values())))
    assert found["accuracy"]["fused"]["macro_f1"]["worst"] == min(
        found["accuracy"]["fused"]["macro_f1"]["by_domain"].values()
    )


def test_evaluate_judges_test_items_alone_and_names_rows_of_the_file(model: Path, tmp_path: Path) -> None:
    table = made() | {"split": ["train"] * 100 + ["test"] * 20}
    table["label"][:100] = ["elsewhere"] * 100
    path = write(tmp_path / "items.csv", table)
    assert run("evaluate", model, path, "--json", tmp_path / "e.json", "-q").code == 0
    assert json.loads((tmp_path / "e.json").read_text())["data"]["items"] == 20
    table["label"][110] = "?"
    assert "row 111 has the label '?'" in run("evaluate", model, write(path, table), "-q").err


# -- odd data ----------------------------------------------------------------------------------------------------------


def test_odd_labels_survive_as_columns(tmp_path: Path) -> None:
    labels = ('<b>"yes", [red]</b>', "nein, 不")
    for ending in ("csv", "parquet", "jsonl"):
        path = tmp_path / f"items.{ending}"
        write(path, made(labels))
        out = tmp_path / f"p.{ending}"
        if not (tmp_path / "m").exists():
            done = fit(path, tmp_path / "m")
            assert done.code == 0, done.err
        done = run("predict", tmp_path / "m", path, "--out", out, "-q")
        assert done.code == 0, done.err
        assert '<b>"yes", [red]</b>' in done.out
        if ending == "csv":
            names = list(rows_of(out)[0])
        elif ending == "parquet":
            names = pl.read_parquet(out).columns
        else:
            names = list(json.loads(out.read_text(encoding="utf-8").splitlines()[0]))
        assert names[-3:] == ["prediction", *(f"p_{label}" for label in sorted(labels))]


def test_numbers_as_labels_stay_numbers(tmp_path: Path) -> None:
    path = write(tmp_path / "items.parquet", made((0, 1)))
    assert fit(path, tmp_path / "m").code == 0
    assert run("predict", tmp_path / "m", path, "--out", tmp_path / "p.parquet", "-q").code == 0
    frame = pl.read_parquet(tmp_path / "p.parquet")
    assert frame.columns[-2:] == ["p_0", "p_1"]
    assert frame.schema["prediction"].is_integer()


def test_chinese_from_end_to_end(tmp_path: Path) -> None:
    good, bad = ("很好看", "非常喜欢", "太精彩了"), ("很难看", "非常失望", "太无聊了")
    things = ("这本小说", "这部电影", "这个故事", "那位演员")
    table: dict[str, list[Any]] = {"评论": [], "情感": [], "领域": []}
    for i in range(120):
        side = (i // 2) % 2
        table["评论"].append(f"{things[i % 4]}{(good, bad)[side][i % 3]},第{i}次{(good, bad)[side][(i + 1) % 3]}")
        table["情感"].append(("好", "坏")[side])
        table["领域"].append(("书", "影")[i % 2])
    path = write(tmp_path / "数据.csv", table)
    names = ["--text", "评论", "--domain", "领域"]
    assert fit(path, tmp_path / "模型", "--label", "情感", *names).code == 0
    assert run("predict", tmp_path / "模型", path, "--out", tmp_path / "结果.csv", *names, "-q").code == 0
    found = rows_of(tmp_path / "结果.csv")
    assert np.mean([row["prediction"] == row["情感"] for row in found]) > 0.9
    assert list(found[0])[-3:] == ["prediction", *(f"p_{label}" for label in sorted(("好", "坏")))]
    done = run("evaluate", tmp_path / "模型", path, "--label", "情感", *names, "-q")
    assert done.code == 0
    assert "影" in done.out


# -- list --------------------------------------------------------------------------------------------------------------


def registered(kind: str) -> list[str]:
    if kind == "measures":
        return [facts.name for facts in list_measures()]
    module, _, name = REGISTRIES[kind].partition(":")
    return list(getattr(import_module(module), name))


@pytest.mark.parametrize("kind", KINDS)
def test_list_shows_every_name(kind: str, tmp_path: Path) -> None:
    done = run("list", kind, "--json", tmp_path / "l.json")
    assert done.code == 0
    shown = [line.split()[0] for line in done.out.splitlines()[3:] if line.strip()]
    assert shown == registered(kind)
    found = json.loads((tmp_path / "l.json").read_text())
    assert (found["schema"], found["kind"]) == ("polyculture.list/1", kind)
    assert [entry["name"] for entry in found["entries"]] == registered(kind)
    assert all(entry["summary"] and "paper" in entry and "needs" in entry for entry in found["entries"])


def test_measures_are_listed_with_their_facts(tmp_path: Path) -> None:
    assert run("list", "measures", "--json", tmp_path / "l.json").code == 0
    (cka,) = [e for e in json.loads((tmp_path / "l.json").read_text())["entries"] if e["name"] == "cka"]
    assert cka["bounds"] == [-1, 1]
    assert cka["symmetric"] is True
    assert cka["needs"] == ["x", "y"]


# -- demo --------------------------------------------------------------------------------------------------------------


def test_the_quick_demo_takes_some_items_of_each_domain_and_of_those_that_the_further_task_alone_labels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(demo, "_ITEMS", 4)
    monkeypatch.setattr(demo, "_FURTHER", 3)
    texts, domain = [f"text {i}" for i in range(30)], ["a"] * 9 + ["b"] * 2 + ["c"] * 19
    both = DomainData.of(texts, label=[0, 1] * 15, domain=domain)
    first = both.take(np.arange(20))
    data, finer = demo._some(first, both)
    assert [int((data.domain == d).sum()) for d in "abc"] == [4, 2, 4]
    assert set(data.ids) < set(first.ids)
    assert set(data.ids) < set(finer.ids)
    assert len(finer) == len(data) + 3
    assert not set(finer.ids) - set(data.ids) & set(first.ids)


@pytest.mark.parametrize(
    ("options", "seeds", "every"),
    [([], [0], False), (["--seed", "4", "--seeds", "2"], [4, 5], False), (["--full"], [0, 1, 2, 3, 4], True)],
)
def test_demo_runs_the_loop_and_keeps_what_it_found(
    options: list[str], seeds: list[int], every: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def loop(data: str, **settings: Any) -> Evaluation:
        asked.update(settings, data=data)
        return Evaluation(accuracy={"fused": {"macro_f1": ROW, "accuracy": ROW}}, seconds=61.4)

    monkeypatch.setattr("polyculture.loop.close_the_loop", loop)
    monkeypatch.setattr("polyculture.data.packaged.load_dataset", lambda name, classes=2: f"{name} {classes}")
    monkeypatch.setattr("polyculture.cli.demo._some", lambda data, finer: (f"some of {data}", f"some of {finer}"))
    monkeypatch.setattr(Evaluation, "report", lambda _, path, **told: Path(path).write_text("report"))
    done = run("demo", "--out", tmp_path / "d", "--json", tmp_path / "e.json", "--jobs", "2", *options)
    assert done.code == 0, done.err
    some = "" if every else "some of "
    assert (asked["data"], asked["tasks"]) == (f"{some}vader-domains 2", {"three classes": f"{some}vader-domains 3"})
    assert (list(asked["seeds"]), asked["most"] is None, asked["jobs"]) == (seeds, every, 2)
    assert ("comparison" in asked["questions"]) == every
    assert (tmp_path / "d" / "report.html").read_text() == "report"
    assert (tmp_path / "d" / "demo.json").read_bytes() == (tmp_path / "e.json").read_bytes()
    assert json.loads((tmp_path / "e.json").read_text())["schema"] == "polyculture.evaluation/1"
    assert "fused" in done.out
    assert done.out.splitlines()[-3:] == [
        str(tmp_path / "d" / "demo.json"),
        str(tmp_path / "d" / "report.html"),
        "61 seconds in all",
    ]


def test_words_that_options_know_without_torch_are_those_of_the_parts() -> None:
    from polyculture.cli.fit import THRESHOLDS, TUNES
    from polyculture.features.text_backbone import tuning
    from polyculture.fuse import WEIGHT_MERGES
    from polyculture.fuse.methods import METHODS
    from polyculture.optimise.threshold import METRICS

    assert tuning.TUNES == TUNES
    assert set(THRESHOLDS) == set(METRICS)
    assert set(WEIGHT_MERGES) == set(METHODS)
