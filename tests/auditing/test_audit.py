"""The whole audit, from what a user has to a result."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from safetensors.numpy import save_file
from sklearn.metrics import cohen_kappa_score

from polyculture import AuditResult, audit
from polyculture.auditing import entry, sources
from polyculture.auditing.result import LISTED
from polyculture.cli import audit as command
from polyculture.errors import DataError, ParameterError
from polyculture.measure.representation.pairs import MEASURED

MEASURES = ("error_consistency", "error_correlation", "joint_failure", "agreement", "capa", "agreement_both_wrong")
KEYS = {
    "schema", "models", "items", "accuracy", "effective_models", "joint_failure", "systemic_failure", "pairs",
    "families", "portfolio", "not_measured",
}  # fmt: skip


def pool(n: int = 600, seed: int = 0) -> pl.DataFrame:
    """Three copies-with-noise of one model and three that share nothing but hard items, on four options."""
    rng = np.random.default_rng(seed)
    label, hard = rng.integers(4, size=n), rng.random(n) < 0.3
    first = np.where(rng.random(n) < np.where(hard, 0.4, 0.9), label, rng.integers(4, size=n))
    columns = {f"twin{k}": np.where(rng.random(n) < 0.95, first, rng.integers(4, size=n)) for k in range(3)}
    for k in range(3):
        columns[f"other{k}"] = np.where(rng.random(n) < np.where(hard, 0.4, 0.9), label, rng.integers(4, size=n))
    frames = [
        pl.DataFrame({"item": np.arange(n), "model": name, "prediction": answers, "label": label, "group": hard})
        for name, answers in columns.items()
    ]
    return pl.concat([frame.with_columns(pl.col("group").cast(pl.String)) for frame in frames])


@pytest.fixture(scope="module")
def found() -> AuditResult:
    return audit(pool())


def test_json_holds_what_scripts_rely_on(found: AuditResult, tmp_path: Path) -> None:
    found.to_json(tmp_path / "a.json")
    plain = json.loads((tmp_path / "a.json").read_text())
    assert plain.keys() >= KEYS
    assert plain["schema"] == "polyculture.audit/1"
    assert len(plain["pairs"]) == 15
    for name in ("kish", "participation_ratio", "spectral_entropy"):
        assert plain["effective_models"][name].keys() == {"estimate", "low", "high"}
    for name in ("joint_failure", "systemic_failure"):
        assert plain[name].keys() >= {"observed", "expected", "ratio", "intervals"}
    for pair in plain["pairs"]:
        for name in MEASURES:
            assert pair[name].keys() == {"estimate", "low", "high", "null", "calibrated", "p", "p_adjusted"}


def test_numbers_are_those_of_the_table(found: AuditResult) -> None:
    wide = pool().pivot("model", index=["item", "label"], values="prediction")
    right = {name: (wide[name] == wide["label"]).to_numpy() for name in found.models}
    assert found.accuracy == pytest.approx({name: values.mean() for name, values in right.items()})
    for pair in found.pairs:
        expected = cohen_kappa_score(right[pair["a"]], right[pair["b"]])
        assert pair["error_consistency"]["estimate"] == pytest.approx(expected, abs=1e-12)
        assert pair["items"] == 600
    wrong = ~np.stack(list(right.values()), axis=1)
    assert found.systemic_failure["observed"] == pytest.approx(wrong.all(axis=1).mean())
    assert found.systemic_failure["expected"] == pytest.approx(wrong.mean(axis=0).prod())
    both = [(wrong[:, i] & wrong[:, j]).mean() for i in range(6) for j in range(i)]
    assert found.joint_failure["observed"] == pytest.approx(np.mean(both))


def test_copies_are_a_family_and_one_of_them_is_kept(found: AuditResult) -> None:
    families = [set(family["models"]) for family in found.families["families"]]
    assert {"twin0", "twin1", "twin2"} in families
    three = found.portfolio["sizes"][2]["models"]
    assert sum(name.startswith("twin") for name in three) <= 1


def test_groups_and_what_they_explain_are_told(found: AuditResult) -> None:
    assert [group["group"] for group in found.groups] == ["false", "true"]
    assert 0 < found.joint_failure["given_groups"]["explained"]["estimate"] < 1


def test_the_result_reads_as_a_page(found: AuditResult) -> None:
    said = str(found)
    assert said.startswith("6 models, ")
    assert "as often as independent models would" in said.splitlines()[0]
    assert "families of models" in said
    assert found.frames()["pairs"].height == 15


def test_a_second_run_on_the_same_files_measures_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYCULTURE_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "answers.parquet"
    pool(120).write_parquet(path)
    first = audit(path)
    measured = []

    def counted(*given: object) -> AuditResult:
        measured.append(given)
        return first

    monkeypatch.setattr(entry, "_measure", counted)
    again = audit(path)
    assert not measured
    assert json.dumps(again.to_dict()) == json.dumps(first.to_dict())
    assert again.pair_table is not None
    assert again.pair_table.equals(first.pair_table)
    audit(path, seed=1)
    pool(121).write_parquet(path)
    audit(path)
    assert len(measured) == 2


def test_a_damaged_memory_of_a_result_is_computed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYCULTURE_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "answers.parquet"
    pool(60).write_parquet(path)
    first = audit(path)
    for kept in (tmp_path / "cache" / "audits").iterdir():
        kept.write_bytes(kept.read_bytes()[:50])
    assert json.dumps(audit(path).to_dict()) == json.dumps(first.to_dict())


def test_pairs_of_many_models_go_to_a_file_beside(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    many = LISTED + 1
    found = audit({f"m{k}": rng.random(40) < 0.5 for k in range(many)}, kind="outcomes")
    found.to_json(tmp_path / "many.json")
    plain = json.loads((tmp_path / "many.json").read_text())
    assert plain["pairs_file"] == "many.pairs.parquet"
    table = pl.read_parquet(tmp_path / "many.pairs.parquet")
    assert table.height == many * (many - 1) // 2
    assert 0 < len(plain["pairs"]) <= 210
    listed = max(pair["error_consistency"]["estimate"] for pair in plain["pairs"])
    assert listed == table["error_consistency"].max()


def test_without_labels_only_agreement_is_measured() -> None:
    found = audit(pool().drop("label"))
    assert set(found.summary) == {"agreement"}
    assert found.not_measured.keys() >= {"accuracy", "joint_failure", "systemic_failure", "portfolio"}
    assert found.multiplicity["ambiguity"]["estimate"] > 0.4


def test_probabilities_bring_their_measures() -> None:
    rng = np.random.default_rng(0)
    frame = pool(200)
    p = rng.dirichlet(np.ones(4), size=frame.height)
    frame = frame.drop("prediction").with_columns(**{f"p_{k}": p[:, k] for k in range(4)})
    found = audit(frame)
    assert "capa_probabilistic" in found.summary
    assert found.multiplicity["rashomon_capacity"]["estimate"] > 1


def test_embeddings_are_compared_layer_by_layer() -> None:
    rng = np.random.default_rng(0)
    x, noise = rng.normal(size=(2, 60, 8))
    found = audit({"a": {"0": noise, "1": x}, "b": {"0": x + 0.1 * noise}, "c": {"0": rng.normal(size=(60, 4))}})
    pairs = {(pair["a"], pair["b"]): pair["cka"] for pair in found.pairs}
    assert pairs["a", "b"]["estimate"] > 0.9
    assert pairs["a", "c"]["estimate"] < 0.2
    assert pairs["a", "b"]["p_adjusted"] < 0.05 < pairs["a", "c"]["p_adjusted"]
    assert np.array(found.maps["a|b"]["values"]).shape == (2, 1)
    assert "systemic_failure" in found.not_measured
    assert any("without an id" in policy["what"] for policy in found.policies)


def test_model_files_are_compared_without_running_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    weights = {"w": rng.normal(size=(8, 4)).astype("f4"), "b": np.ones(4, "f4")}
    save_file(weights, tmp_path / "base.safetensors")
    save_file({**weights, "b": np.zeros(4, "f4")}, tmp_path / "tuned.safetensors")
    found = audit([tmp_path / "base.safetensors", tmp_path / "tuned.safetensors"], kind="models", cache=False)
    assert found.pairs[0]["identical"]["estimate"] == pytest.approx(32 / 40)
    assert found.pairs[0]["shapes"]["estimate"] == 1


def test_cards_explain_likeness() -> None:
    cards = {f"{kind}{k}": {"company": kind, "size": k + 1.0} for kind in ("twin", "other") for k in range(3)}
    found = audit(pool(), cards=cards)
    terms = {term["name"] for term in found.regressions["error_consistency"]["terms"]}
    assert "same company" in terms


def test_few_items_make_no_copies() -> None:
    """Eight independent models that are nearly always right agree on twenty items now and then."""
    for seed in range(20):
        right = np.random.default_rng(seed).random((20, 8)) < 0.95
        found = audit({f"m{k}": right[:, k] for k in range(8)}, kind="outcomes")
        assert found.near_twins == []


def test_models_that_fail_alike_but_answer_otherwise_are_no_copies() -> None:
    rng = np.random.default_rng(0)
    label, hard = rng.integers(4, size=300), rng.random(300) < 0.3
    one, other = np.where(hard, (label + 1) % 4, label), np.where(hard, (label + 2) % 4, label)
    assert audit({"one": one, "other": other}, labels=label).near_twins == []
    assert audit({"one": one, "other": one}, labels=label).near_twins[0]["copy"]


def test_missing_answers_are_no_wrong_ones() -> None:
    """The best model answers half of the items: it is still the best, and chance is that of who answered."""
    rng = np.random.default_rng(0)
    label = rng.integers(3, size=2000)
    accuracy = {"best": 0.95, "good": 0.7, "poor": 0.6}
    answers = {m: np.where(rng.random(2000) < a, label, (label + 1) % 3).astype(object) for m, a in accuracy.items()}
    answers["best"][rng.random(2000) < 0.5] = None
    found = audit(answers, labels=label)
    assert found.portfolio["single"] == "best"
    assert found.joint_failure["intervals"]["ratio"]["low"] < 1 < found.joint_failure["intervals"]["ratio"]["high"]
    assert found.missing["complete_items"] == found.systemic_failure["items"] == (answers["best"] != None).sum()  # noqa: E711


@pytest.mark.parametrize(
    ("source", "settings", "error", "said"),
    [
        ({"a": [1, 0]}, {"kind": "outcomes"}, DataError, "one model"),
        ({"a": [1, 0], "b": [1, 0]}, {"kind": "answer"}, ParameterError, "use one of"),
        ({"a": [1, 0], "b": [1, 0]}, {"adjust": "none"}, ParameterError, "use one of"),
        ({"a": [1, 0], "b": [1, 0]}, {"blocks": 1}, ParameterError, "blocks is 1; use 2 or more"),
        ({"a": [1, 0], "b": [1, 0]}, {"level": 1.5}, ParameterError, "between 0 and 1"),
        ({"a": np.ones((5, 2)), "b": np.ones((4, 2))}, {}, DataError, "rows"),
        ({"a": [1, 0], "b": [1, 0]}, {"kind": "outcomes", "cards": {"c": {"x": 1}}}, DataError, "no model has a card"),
        (pl.DataFrame({"item": [1], "model": ["a"]}), {"columns": {"score": "x"}}, ParameterError, "score"),
        ("a.csv", {"kind": "detections"}, ParameterError, "truth"),
        ({"a": [1, 0], "b": [1, 0]}, {"measures": ("foo",)}, ParameterError, "foo"),
    ],
)
def test_bad_input_is_one_sentence(source: object, settings: dict[str, object], error: type, said: str) -> None:
    with pytest.raises(error, match=said) as caught:
        audit(source, **settings)
    assert "\n" not in str(caught.value)


def test_the_command_offers_what_an_audit_takes() -> None:
    """The command names them itself, so that its help loads nothing."""
    assert command.KINDS == sources.KINDS
    assert command.MEASURES.split(", ") == list(MEASURED)
