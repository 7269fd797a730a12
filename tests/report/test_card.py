"""Cards: what they say, what they refuse, and that text from outside stays text in Markdown and in YAML."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from made import Make, around
from markdown_it import MarkdownIt
from scipy.stats import binomtest

from polyculture import __version__, audit
from polyculture.errors import DataError, StoreError
from polyculture.evaluation import Evaluation
from polyculture.report.card import Card, make_card, render_card, write_card
from polyculture.report.card.commands import fit_command
from polyculture.report.card.front_matter import front_matter
from polyculture.report.card.inert import fenced, inert
from polyculture.report.card.limits import limits
from polyculture.report.card.told import task_of
from polyculture.store import save

GOLDEN = Path(__file__).with_name("card_golden.md")
HOSTILE = (
    "<script>alert(1)</script>",
    "![x](https://a.b/c.png)",
    "[x](javascript:alert(1))",
    "see https://a.b and www.a.b and me@a.b",
    "a|b|c",
    "`code` **bold** __init__ ~~gone~~ $x$ \\(y\\)",
    "two\n\n# heading\n---\nkey: value",
    "--- \n!!python/object/apply:os.system [x]",
    "abc\u202efed\x00",
    "- [ ] task",
    "1. first",
    "=====",
    "&lt;b&gt;",
    "x" * 10_000,
)
PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def row(**of_domains: float) -> dict[str, Any]:
    values = list(of_domains.values())
    scores = {"mean": sum(values) / len(values), "worst": min(values), "by_domain": dict(of_domains)}
    return {"macro_f1": scores, "accuracy": scores}


def small() -> Evaluation:
    """Two domains, one baseline, likeness before and after."""
    population = {
        name: around(value, 0.02)
        for name, value in {
            "error_consistency": 0.4,
            "joint_failure": 0.06,
            "joint_failure_expected": 0.01,
            "joint_failure_ratio": 6.0,
            "kish": 1.8,
            "cka": 0.5,
        }.items()
    }
    rates = {"items": 60, "sensitivity": around(40.0, 5.0), "specificity": around(90.0, 2.0)}
    return Evaluation(
        accuracy={"fused": row(books=90.0, films=80.0), "pooled": row(books=85.0, films=81.0)},
        lead={"pooled": {"mean": around(2.0, 1.5), "worst": around(-1.0, 2.0)}},
        data={"source": "test.csv", "items": 220, "domains": {"books": 200, "films": 20}},
        classes={"rare": rates},
        homogenization={
            "sentence": "They fail more alike, and less often.",
            "populations": {
                "specialists": {"models": ["a", "b"], "about": "one a domain", **population},
                "after fusion": {"models": ["a", "b"], "about": "as served", **population},
            },
        },
    )


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    small().to_json(tmp_path / "scores.json")
    return tmp_path / "scores.json"


@pytest.fixture
def audited(tmp_path: Path) -> Path:
    answers = {"a": [1, 1, 0, 0] * 10, "b": [1, 1, 0, 0] * 10, "c": [1, 0, 1, 0] * 10}
    audit(answers, kind="outcomes").to_json(tmp_path / "audit.json")
    return tmp_path / "audit.json"


def hashed(card: Card) -> Card:
    """The same card without what changes with a version or a byte of its inputs."""
    inputs = [{**each, "sha256": "0" * 8} for each in card.repeat["inputs"]]
    return Card(**{**card.to_dict(), "repeat": {**card.repeat, "polyculture": "0", "inputs": inputs}})


def test_a_card_of_an_evaluation_is_what_it_was(scores: Path) -> None:
    assert render_card(hashed(make_card(scores, name="A small one"))) == GOLDEN.read_text(encoding="utf-8")


def test_rows_stand_by_their_mean_with_intervals(scores: Path) -> None:
    card = make_card(scores)
    assert [each["row"] for each in card.accuracy["rows"]] == ["fused", "pooled"]
    assert card.accuracy["rows"][1]["behind_by"] == around(2.0, 1.5)
    wilson = binomtest(16, 20).proportion_ci(method="wilson")
    films = card.accuracy["by_domain"][1]["accuracy"]
    assert (films["low"], films["high"]) == (100 * wilson.low, 100 * wilson.high)


def test_limits_name_what_is_weak_few_and_missed(scores: Path) -> None:
    said = " ".join(make_card(scores).limits)
    assert "weakest on “films”" in said
    assert "fewer than 100 items: “films” (20)" in said
    assert "misses more than half of the items of: “rare”" in said
    assert "No licence is stated" in said


def test_what_was_not_asked_is_listed(scores: Path, audited: Path) -> None:
    said = " ".join(make_card(scores, audited).not_measured)
    assert "domains that it has not seen" in said
    assert "how alike the models fail" not in said


@pytest.mark.parametrize(
    ("encoder", "named"), [("cover/image-pretrained", True), ("pretrained:wordllama", True), ("rnn", False)]
)
def test_what_has_to_be_there_to_load_it_is_a_limit(encoder: str, named: bool) -> None:
    model = {"kind": "CrossDomainClassifier", "encoders": [encoder], "notes": ["nothing is held out"], "domains": []}
    said = " ".join(limits(model, {}, {}, tied=False))
    assert ("kept by name" in said) is named
    assert "When it was fitted: nothing is held out." in said


def test_metrics_are_a_model_index(scores: Path) -> None:
    found = yaml.safe_load(front_matter(make_card(scores)).strip("-\n"))
    assert "license" not in found
    (result,) = found["model-index"][0]["results"]
    assert {metric["name"]: metric["value"] for metric in result["metrics"]} == {
        "macro-F1, %, mean over domains": 85.0,
        "macro-F1, %, worst domain": 80.0,
        "accuracy, %, mean over domains": 85.0,
        "macro-F1, %, books": 90.0,
        "macro-F1, %, films": 80.0,
        "κ of errors after fusion": 0.4,
    }
    assert result["dataset"]["name"] == "test.csv"


def test_an_audit_alone_makes_a_card(audited: Path) -> None:
    card = make_card(audited)
    assert card.audit["models"] == 3
    assert card.audit["headline"] in " ".join(render_card(card).split())
    assert card.accuracy == {}
    assert "model-index" not in front_matter(card)


def fitted(**changes: Any) -> dict[str, Any]:
    counts = {"books": {"train": 50, "validation": 10}, "new": {"unlabelled": 7}}
    settings = {"encoders": "lexical; rm -rf", "seed": 3, "jobs": None, "graph": None}
    return {
        "schema": "polyculture.fit/1",
        "data": {"source": "items.csv", "items": counts},
        "settings": settings,
        "evaluation": small().to_dict(),
        **changes,
    }


def test_a_fit_brings_its_own_evaluation_and_its_settings(tmp_path: Path) -> None:
    (tmp_path / "fit.json").write_text(json.dumps(fitted()), encoding="utf-8")
    card = make_card(tmp_path / "fit.json")
    assert card.accuracy["own"] == "fused"
    assert card.data["by_domain"]["books"] == {"train": 50, "validation": 10, "judged": 200}
    assert card.data["by_domain"]["new"] == {"unlabelled": 7}
    assert card.repeat["commands"] == ["polyculture fit DATA --out MODEL --encoders 'lexical; rm -rf' --seed 3"]
    assert "Items came from items.csv" in render_card(card)


def test_no_card_names_a_place_on_a_machine(tmp_path: Path) -> None:
    place = "/home/somebody/secret"
    settings = {"seed": 0, "backbone": f"{place}/bert", "leakage": "drop"}
    inner = {**small().to_dict(), "data": {"source": f"{place}/test.csv", "domains": {}}}
    data = {"source": f"{place}/items.csv", "items": {"books": {"train": 5}}}
    (tmp_path / "fit.json").write_text(json.dumps(fitted(settings=settings, data=data, evaluation=inner)))
    (tmp_path / "r.json").write_text(json.dumps(ranked(data={"source": rf"C:\\{place}\\baskets.csv"})))
    found = replace(audit({"a": [1, 1, 0, 0], "b": [1, 0, 1, 0]}, kind="outcomes"), source=f"{place}/answers.csv")
    found.to_json(tmp_path / "audit.json")
    card = make_card(*(tmp_path / name for name in ("fit.json", "r.json", "audit.json")), name="mine")
    page = render_card(card)
    assert "secret" not in page + json.dumps(card.to_dict())
    assert "Items came from items.csv" in page
    assert "Judged on test.csv." in page
    assert "of baskets.csv" in page
    assert card.repeat["commands"][0].endswith("--leakage drop --seed 0 --backbone FOLDER")


@pytest.mark.parametrize(
    ("backbone", "told"),
    [
        ("minilm", "minilm"),
        ("owner/name", "owner/name"),
        ("./bert", "FOLDER"),
        ("a/b/c", "FOLDER"),
        ("bert/", "FOLDER"),
    ],
)
def test_a_name_on_a_hub_is_no_folder(backbone: str, told: str) -> None:
    assert fit_command({"settings": {"backbone": backbone}})["command"].endswith(f"--backbone {told}")


def test_the_command_of_an_audit_has_what_was_not_the_default(tmp_path: Path) -> None:
    found = audit({"a": [1, 1, 0, 0], "b": [1, 0, 1, 0]}, kind="outcomes", level=0.9, adjust="holm", seed=4)
    found.to_json(tmp_path / "audit.json")
    (command,) = make_card(tmp_path / "audit.json").repeat["commands"]
    assert command == "polyculture audit PREDICTIONS --level 0.9 --adjust holm --seed 4 --json audit.json"


def test_an_evaluation_that_was_given_goes_before_that_of_the_fit(scores: Path, tmp_path: Path) -> None:
    other = Evaluation(accuracy={"fused": row(cups=10.0)}).to_dict()
    (tmp_path / "fit.json").write_text(json.dumps(fitted(evaluation=other)), encoding="utf-8")
    assert make_card(tmp_path / "fit.json").accuracy["by_domain"][0]["domain"] == "cups"
    assert make_card(tmp_path / "fit.json", scores).accuracy["by_domain"][0]["domain"] == "books"


def test_domains_that_a_model_does_not_know_are_a_limit(scores: Path) -> None:
    model = {"kind": "CrossDomainClassifier", "encoders": [], "notes": [], "domains": ["books"]}
    said = " ".join(limits(model, make_card(scores).accuracy, {}, tied=True))
    assert "Judged on domains that it was not fitted on: “films”." in said
    assert "Nothing in the files ties the figures to this model" in said


def test_a_file_too_large_to_be_a_result_is_not_read(scores: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("polyculture.report.card.sources.LARGEST", 10)
    with pytest.raises(DataError, match="is larger than"):
        make_card(scores)


def ranked(**changes: Any) -> dict[str, Any]:
    row = {"domain": "books|", "model": "fused", "users": 9, "ndcg@10": 0.25, "mrr@10": None}
    return {
        "schema": "polyculture.recommend-evaluate/1",
        "data": {"source": "baskets.csv"},
        "evaluation": [row, {**row, "model": "popularity", "ndcg@10": 0.5, "recall@5": 1.0}],
        **changes,
    }


def test_a_recommender_has_its_rankings(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps(ranked()), encoding="utf-8")
    card = make_card(tmp_path / "r.json")
    page = render_card(card)
    assert "| domain | model | users | ndcg&#64;10 | mrr&#64;10 | recall&#64;5 |" in page
    assert "| books\\| | fused | 9 | 0.250 | – | – |" in page
    assert "| books\\| | popularity | 9 | 0.500 | – | 1.000 |" in page
    assert "intervals over users" in page
    assert "neither an evaluation" not in page


def test_a_recommender_that_was_not_judged_says_so(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps(ranked(evaluation=None)), encoding="utf-8")
    assert "neither an evaluation nor an audit" in render_card(make_card(tmp_path / "r.json"))
    (tmp_path / "r.json").write_text(json.dumps(ranked(evaluation=[{"domain": "a"}])), encoding="utf-8")
    with pytest.raises(DataError, match="an evaluation of a recommender"):
        make_card(tmp_path / "r.json")


def test_the_folder_of_a_recommender_tells_its_size(tmp_path: Path) -> None:
    save(tmp_path / "shops", {}, kind="recommender", facts={"users": 3, "items": 40, "domains": 2})
    page = render_card(make_card(tmp_path / "shops"))
    assert "| items | 40 |" in page
    assert "polyculture recommend evaluate MODEL" in page


def test_a_large_evaluation_is_cut_and_says_so(make: Make, tmp_path: Path) -> None:
    make(tuple(f"d{i}" for i in range(60))).to_json(tmp_path / "e.json")
    assert "(20 more rows are in the JSON.)" in render_card(make_card(tmp_path / "e.json"))


def test_the_json_holds_what_the_page_says(scores: Path, tmp_path: Path) -> None:
    card = make_card(scores)
    card.to_json(tmp_path / "card.json")
    found = json.loads((tmp_path / "card.json").read_text(encoding="utf-8"))
    assert found["schema"] == "polyculture.card/1"
    assert found["repeat"]["polyculture"] == __version__
    assert found["accuracy"]["rows"][0]["mean"] == 85.0


def test_the_same_input_gives_the_same_card(scores: Path, tmp_path: Path) -> None:
    for name in ("1.md", "2.md"):
        write_card(make_card(scores), tmp_path / name)
    assert (tmp_path / "1.md").read_bytes() == (tmp_path / "2.md").read_bytes()


def named(name: str, folder: Path) -> str:
    """The card of an evaluation whose every name is this one."""
    found = small().to_dict()
    found["accuracy"] = {"fused": row(**{name: 90.0, "other": 80.0}), name: row(**{name: 70.0, "other": 60.0})}
    found["data"] = {"source": name, "items": 20, "domains": {name: 20}}
    found["classes"] = {name: found["classes"]["rare"]}
    found["homogenization"]["sentence"] = name
    found["lead"] = {}
    (folder / "e.json").write_text(json.dumps(found), encoding="utf-8")
    return render_card(make_card(folder / "e.json", name=name))


def shape(body: str) -> list[list[str]]:
    """Kinds of blocks of a page, each with the kinds of what stands in it."""
    kinds = ({child.type for child in token.children or []} for token in PARSER.parse(body))
    return [[token.type, *sorted(of)] for token, of in zip(PARSER.parse(body), kinds, strict=True)]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_text_wherever_they_stand(name: str, tmp_path: Path) -> None:
    _, head, body = named(name, tmp_path).split("---\n", 2)
    _, plain_head, plain_body = named("plain", tmp_path).split("---\n", 2)
    index, plain = (yaml.safe_load(text)["model-index"][0] for text in (head, plain_head))
    assert [m["value"] for m in index["results"][0]["metrics"]] == [m["value"] for m in plain["results"][0]["metrics"]]
    assert "\n" not in index["name"]
    assert shape(body) == shape(plain_body)
    assert "\u202e" not in head + body
    assert "\x00" not in head + body


@given(st.text(max_size=80))
def test_any_text_is_one_paragraph_of_text(text: str) -> None:
    tokens = PARSER.parse(f"{inert(text)}")
    assert [token.type for token in tokens] in ([], ["paragraph_open", "inline", "paragraph_close"])
    for token in tokens:
        assert {child.type for child in token.children or []} <= {"text"}


@given(st.text(alphabet="ab`~$\n \"'", max_size=40))
def test_no_command_ends_its_block(text: str) -> None:
    (block,) = PARSER.parse(fenced([text]))
    assert block.type == "fence"
    assert block.content.rstrip("\n").strip() == " ".join(text.split())


def test_links_need_brackets_no_more() -> None:
    said = inert("https://a.b www.c.d mailto:e@f.g")
    assert "://" not in said
    assert "www." not in said
    assert "@" not in said


def test_missing_numbers_are_dashes_and_no_metrics(tmp_path: Path) -> None:
    Evaluation(accuracy={"fused": row(a=math.nan)}).to_json(tmp_path / "e.json")
    card = make_card(tmp_path / "e.json")
    assert "| fused (this model) | – |" in render_card(card)
    assert "model-index" not in front_matter(card)


def damaged(change: Any) -> dict[str, Any]:
    found = small().to_dict()
    change(found)
    return found


@pytest.mark.parametrize(
    "change",
    [
        lambda e: e.update(accuracy=3),
        lambda e: e.update(accuracy={"fused": {}}),
        lambda e: e["accuracy"]["fused"]["macro_f1"].update(mean="much"),
        lambda e: e.pop("data"),
        lambda e: e["data"].update(domains=[1]),
        lambda e: e.update(classes={"a": {}}),
        lambda e: e["homogenization"]["populations"]["specialists"].pop("kish"),
        lambda e: e.update(lead={"pooled": {"mean": 1}}),
    ],
)
def test_what_is_not_what_its_schema_says_is_refused_by_name(change: Any, tmp_path: Path) -> None:
    (tmp_path / "e.json").write_text(json.dumps(damaged(change)), encoding="utf-8")
    with pytest.raises(DataError, match=r"e\.json: does not hold what an evaluation does, as .*; write it again"):
        make_card(tmp_path / "e.json")


def test_what_is_missing_is_named_with_what_writes_it(tmp_path: Path) -> None:
    (tmp_path / "e.json").write_text(json.dumps(damaged(lambda e: e.pop("data"))), encoding="utf-8")
    with pytest.raises(DataError, match=r"'data' is missing; write it again .* \(polyculture evaluate, ") as caught:
        make_card(tmp_path / "e.json")
    assert "Error" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"schema": "polyculture.survey/1"}', "[" * 100_000, "\ud800"])
def test_what_is_no_result_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "e.json").write_text(text, encoding="utf-8", errors="surrogatepass")
    with pytest.raises(DataError, match=r"e\.json: is n"):
        make_card(tmp_path / "e.json")


def test_nothing_or_two_of_a_kind_are_refused(scores: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.json"
    again.write_bytes(scores.read_bytes())
    with pytest.raises(DataError, match="one of each kind"):
        make_card(scores, again)
    with pytest.raises(DataError, match="nothing is given"):
        make_card()
    with pytest.raises(DataError, match="is no file and no folder"):
        make_card(tmp_path / "absent.json")


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no saved"):
        make_card(tmp_path)


@pytest.mark.parametrize(
    ("kind", "modalities", "task"),
    [
        ("CrossDomainClassifier", {"image": "image"}, "image-classification"),
        ("CrossDomainClassifier", {"a": "text", "b": "image"}, ""),
        ("CrossDomainRegressor", {"x": "vector"}, "tabular-regression"),
        ("recommender", {}, ""),
    ],
)
def test_the_task_is_what_a_model_page_calls_it(kind: str, modalities: dict[str, str], task: str) -> None:
    assert task_of({"kind": kind, "modalities": modalities}) == task
