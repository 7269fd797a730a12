"""Each finding on both sides of its threshold, and where it cannot be known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import audited
import made
import pytest
from kinds import descended
from surveyed import surveyed

from polyculture.ancestry import lineage
from polyculture.evaluation import Evaluation
from polyculture.report import Finding, audit_findings, page_of

NAN = float("nan")


def finding(found: Any, words: str) -> Finding:
    (hit,) = [each for each in page_of(found).findings if words in each.title]
    return hit


def ends(value: float, low: float, high: float) -> dict[str, float]:
    return {"estimate": value, "low": low, "high": high}


LEADS = [(0.1, 2.0, "passed"), (-0.1, 2.0, "concern"), (-2.0, -1.0, "concern"), (NAN, 1.0, "not checked")]
RIVALS = [("pooled", "one model for all"), ("specialists", "specialist for each"), ("ngrams", "n-grams")]


@pytest.mark.parametrize(("low", "high", "status"), LEADS)
@pytest.mark.parametrize(("name", "words"), RIVALS)
def test_the_fused_model_must_be_ahead_with_its_whole_interval(
    low: float, high: float, status: str, name: str, words: str
) -> None:
    e = made.full()
    lead = {**e.lead, name: {"mean": ends(0.5, low, high), "worst": ends(0.5, low, high)}}
    assert finding(replace(e, lead=lead), words).status == status


def test_without_a_baseline_there_is_nothing_to_be_ahead_of() -> None:
    rows = {"fused": made.full().accuracy["fused"]}
    for words in ("one model for all", "left behind"):
        hit = finding(Evaluation(accuracy=rows), words)
        assert hit.status == "not checked"
        assert hit.reason
    assert finding(Evaluation(accuracy=rows), "best of its base models").status == "not applicable"


@pytest.mark.parametrize(("low", "high", "status"), LEADS)
def test_the_fused_model_must_be_ahead_of_its_best_base_model(low: float, high: float, status: str) -> None:
    def row(mean: float) -> dict[str, Any]:
        scores = {"mean": mean, "worst": mean, "by_domain": {"a": mean}}
        return {"macro_f1": scores, "accuracy": scores}

    rows = {"fused": row(80), "encoder:worse": row(60), "encoder:best": row(79)}
    lead = {"encoder:best": {"mean": ends(0.5, low, high)}, "encoder:worse": {"mean": ends(20, 19, 21)}}
    hit = finding(Evaluation(accuracy=rows, lead=lead), "best of its base models")
    assert hit.status == status
    assert status == "not checked" or "best" in hit.sentence


@pytest.mark.parametrize(("learnt", "status"), [(0, "passed"), (1, "concern"), (None, "not checked")])
def test_items_that_the_model_learnt_from_are_told(learnt: int | None, status: str) -> None:
    e = Evaluation(accuracy={"fused": made.full().accuracy["fused"]}, data={"items": 10, "learnt": learnt})
    assert finding(e, "among the training items").status == status


@pytest.mark.parametrize(("gap", "status"), [(-1.5, "concern"), (-0.5, "passed"), (2.0, "passed")])
def test_a_domain_is_left_behind_below_its_specialist(gap: float, status: str) -> None:
    def row(a: float, b: float) -> dict[str, Any]:
        scores = {"mean": (a + b) / 2, "worst": min(a, b), "by_domain": {"a": a, "b": b}}
        return {"macro_f1": scores, "accuracy": scores}

    e = Evaluation(accuracy={"fused": row(80, 80 + gap), "specialists": row(75, 80)})
    hit = finding(e, "left behind")
    assert hit.status == status
    assert f"{min(5.0, gap):+.1f}" in hit.sentence


@pytest.mark.parametrize(("error", "status"), [(0.02, "passed"), (0.05, "concern")])
def test_probabilities_must_be_calibrated_on_items_that_were_not_used_for_it(error: float, status: str) -> None:
    rows = {"held out": {"before": 0.2, "after": 0.03}, "test": {"before": 0.2, "after": error}}
    assert finding(made.full(calibration=rows), "taken at their word").status == status
    unknown = {"test": {"before": 0.2, "after": NAN}}
    assert finding(made.full(calibration=unknown), "taken at their word").status == "not checked"


@pytest.mark.parametrize(("value", "status"), [(49.0, "concern"), (51.0, "passed")])
def test_a_class_is_missed_below_half(value: float, status: str) -> None:
    classes = {
        name: {**row, "sensitivity": ends(value if i == 0 else 90.0, 40.0, 95.0)}
        for i, (name, row) in enumerate(made.full().classes.items())
    }
    assert finding(made.full(classes=classes), "class missed").status == status


@pytest.mark.parametrize(("low", "status"), [(0.01, "passed"), (-0.01, "concern")])
def test_reasons_must_beat_chance_in_both_tests(low: float, status: str) -> None:
    found = dict(made.full().interpretability)
    margin = {"reasons": 0.4, "random": 0.5, "margin": ends(0.1, low, 0.2)}
    found["models"] = {"fused": {**found["models"]["fused"], "insertion": margin}}
    assert finding(made.full(interpretability=found), "reasons true").status == status


def test_a_step_whose_loss_helps_is_a_concern() -> None:
    e = made.full()
    means = {name: 50.0 + (name == "whole") for name in e.ablation}
    better, worse = (
        {name: row | {"macro_f1": {**row["macro_f1"], "mean": found[name]}} for name, row in e.ablation.items()}
        for found in (means | {"without adapt": 99.0}, means)
    )
    hit = finding(replace(e, ablation=better), "every step")
    assert hit.status == "concern"
    assert "without adapt" in hit.sentence
    assert finding(replace(e, ablation=worse), "every step").status == "passed"


@pytest.mark.parametrize(("kish", "status"), [(1.9, "concern"), (2.1, "passed")])
def test_what_serves_the_domains_must_be_worth_half_as_many_models(kish: float, status: str) -> None:
    found = dict(made.full().homogenization)
    after = {**found["populations"]["after fusion"], "kish": ends(kish, kish - 0.1, kish + 0.1)}
    found["populations"] = {**found["populations"], "after fusion": after}
    assert finding(made.full(homogenization=found), "serve the domains").status == status


@pytest.mark.parametrize(("count", "status"), [(0, "passed"), (1, "concern"), (None, "not checked")])
def test_items_on_both_sides_of_a_split_are_a_concern(count: int | None, status: str) -> None:
    data = {**made.full().data, "duplicates": {"across_splits": count}}
    assert finding(made.full(data=data), "among the training items").status == status


@pytest.mark.parametrize(("low", "status"), [(1.1, "concern"), (0.9, "passed")])
def test_failing_together_beyond_chance_is_a_concern(low: float, status: str) -> None:
    found = audited.answers()
    intervals = {**found.joint_failure["intervals"], "ratio": {"low": low, "high": 2.0}}
    joint = {**found.joint_failure, "intervals": intervals}
    hit = finding(replace(found, joint_failure=joint), "more often than independent ones")
    assert hit.status == status
    assert "differ in difficulty" in hit.reason


@pytest.mark.parametrize(("beyond", "status"), [(0, "passed"), (9, "concern")])
def test_without_labels_pairs_beyond_chance_are_counted(beyond: int, status: str) -> None:
    found = audited.embeddings()
    summary = {name: {**mean, "beyond_chance": beyond} for name, mean in found.summary.items()}
    assert finding(replace(found, summary=summary), "more alike than chance").status == status
    assert finding(audited.models(), "more alike than chance").status == "not checked"


@pytest.mark.parametrize(("kish", "status"), [(4.4, "concern"), (4.6, "passed")])
def test_models_must_be_worth_half_as_many_independent_ones(kish: float, status: str) -> None:
    found = audited.answers(9, effective_models={"kish": ends(kish, kish - 1, kish + 1)})
    assert finding(found, "half as many").status == status


@pytest.mark.parametrize(("low", "status"), [(0.02, "concern"), (0.001, "passed")])
def test_items_on_which_all_fail_beyond_chance_are_a_concern(low: float, status: str) -> None:
    found = audited.answers()
    intervals = {**found.systemic_failure["intervals"], "observed": {"low": low, "high": 0.05}}
    systemic = {**found.systemic_failure, "observed": 0.03, "expected": 0.01, "intervals": intervals}
    assert finding(replace(found, systemic_failure=systemic), "all models fail").status == status


@pytest.mark.parametrize(("above", "status"), [(3, "concern"), (1, "passed")])
def test_the_same_wrong_answers_are_a_concern(above: int, status: str) -> None:
    agreement = {"observed": 0.4, "expected": 0.3, "pairs": 36, "pairs_above": above}
    assert finding(audited.answers(agreement_both_wrong=agreement), "same wrong answers").status == status


def test_near_twins_families_and_decisions_are_concerns_where_there_are_any() -> None:
    found = audited.answers()
    assert finding(found, "near twins").status == "concern"
    assert finding(replace(found, near_twins=[]), "near twins").status == "passed"
    assert finding(found, "taken as it is").status == "concern"
    assert finding(replace(found, policies=[]), "taken as it is").status == "passed"
    one = {**found.families, "families": [{"models": found.models[:5], "stability": 1.0, "stable": True}]}
    assert finding(replace(found, families=one), "family dominate").status == "concern"
    assert finding(found, "family dominate").status == "passed"
    none = {"families": [], "reason": "noise would give as much"}
    assert finding(replace(found, families=none), "family dominate").status == "passed"


def test_groups_and_the_chosen_few_are_judged() -> None:
    found = audited.answers()
    assert finding(found, "group of items").status == "concern"
    assert finding(replace(found, groups=[]), "group of items").status == "not applicable"
    assert finding(found, "chosen few").status == "passed"


FEW = [
    ({"joint_failure": ends(0.9, 0.8, 1.0)}, "concern"),
    ({"joint_failure": ends(0.04, 0.02, 0.06), "best_accuracy": ends(0.04, 0.02, 0.06)}, "concern"),
    ({"joint_failure": ends(0.0, 0.0, 0.01), "best_accuracy": ends(0.0, 0.0, 0.01)}, "not applicable"),
    ({"models": ["b", "a"], "most_accurate": ["a", "b"]}, "not applicable"),
    ({"models": ["c", "a"], "most_accurate": ["a", "b"]}, "passed"),
]


@pytest.mark.parametrize(("changed", "status"), FEW)
def test_the_chosen_few_must_fail_less_often_than_others(changed: dict[str, Any], status: str) -> None:
    found = audited.answers()
    sizes = [{**size, **changed} for size in found.portfolio["sizes"]]
    assert finding(replace(found, portfolio={**found.portfolio, "sizes": sizes}), "chosen few").status == status


def test_any_group_with_its_whole_interval_above_one_is_a_concern() -> None:
    found = audited.answers()
    ratios = {"wide": ends(5.0, 0.5, 9.0), "clear": ends(1.5, 1.2, 1.8)}
    groups = [{**found.groups[0], "group": name, "joint_failure_ratio": ratio} for name, ratio in ratios.items()]
    hit = finding(replace(found, groups=groups), "group of items")
    assert hit.status == "concern"
    assert "clear" in hit.sentence
    assert finding(replace(found, groups=groups[:1]), "group of items").status == "passed"


def test_converging_communities_are_a_concern_asked_either_way() -> None:
    found = surveyed()
    assert finding(found, "converging, among papers that name").status == "concern"
    assert finding(found, "converging, among all").status == "passed"
    assert finding(replace(found, convergence=[]), "converging, among all").status == "not checked"


def test_a_verdict_that_hangs_on_one_community_is_a_concern() -> None:
    found = surveyed()
    assert finding(found, "hang on").status == "not checked"
    cases = (("cannot tell", -0.01, "concern"), ("converging", -0.01, "passed"), ("converging", 0.01, "concern"))
    for verdict, change, status in cases:
        without = [{"community": "c1", "estimate": change, "corrected": change, "verdict": verdict}]
        rows = [row | {"without": without} if row["verdict"] == "converging" else row for row in found.convergence]
        assert finding(replace(found, convergence=rows), "hang on").status == status


@pytest.mark.parametrize(("last", "status"), [(1.0, "concern"), (3.0, "passed")])
def test_variety_that_fell_beyond_its_interval_is_a_concern(last: float, status: str) -> None:
    found = surveyed()
    first, now = ({"corrected": 3.0, "low": 2.5, "high": 3.5}, {"corrected": last, "low": last, "high": last + 0.1})
    rows = [
        row | (first if row["year"] == 2010 else now) if row["measure"] == "alpha" else row for row in found.divergence
    ]
    assert finding(replace(found, divergence=rows), "variety within").status == status


def test_one_community_that_leads_copies_and_few_names_are_concerns() -> None:
    found = surveyed()
    assert finding(found, "stand in two communities").status == "concern"
    assert finding(found, "enough papers").status == "passed"
    cells = [row | {"naming": 5} for row in found.cells]
    assert finding(replace(found, cells=cells), "enough papers").status == "concern"


LEADERS = [
    ([12, 0, 0], "concern"),  # p 3 / 3 ** 12
    ([6, 4, 0], "passed"),  # above half, and as many by chance in 23 % of cases
    ([20, 10, 10], "passed"),  # half, and rare by chance
    ([9, 0, 0], "not applicable"),
    ([20, 0], "not applicable"),
    ([0, 0, 0], "not checked"),
]


@pytest.mark.parametrize(("leads", "status"), LEADERS)
def test_who_leads_must_lead_beyond_chance_among_several(leads: list[int], status: str) -> None:
    found = surveyed(communities=len(leads))
    level = dict(found.transfer["method"])
    level["behind"] = [row | {"leads": leads[int(row["community"][1:])]} for row in level["behind"]]
    assert finding(replace(found, transfer={"method": level}), "lead all others").status == status


def test_abstracts_that_only_some_have_are_a_concern() -> None:
    found = surveyed()
    assert finding(found, "read alike").status == "not applicable"
    for share, status in ((0.5, "concern"), (0.95, "passed")):
        cells = [row | {"abstracts": share if row["community"] == "c0" else 1.0} for row in found.cells]
        changed = replace(found, cells=cells, settings={**found.settings, "abstracts": True})
        assert finding(changed, "read alike").status == status
    assert finding(replace(found, partial="it ends early"), "whole source").status == "concern"
    assert finding(found, "whole source").status == "passed"


def test_lineages_are_judged_by_their_roots() -> None:
    found = descended()
    for founders, models, status in ((11.9, 120, "concern"), (12.1, 120, "passed"), (1.9, 5, "concern")):
        count, worth = {**found.count, "models": models}, {**found.effective_founders, "estimate": founders}
        assert finding(replace(found, count=count, effective_founders=worth), "few founders").status == status
    assert finding(found, "stand behind").status == "concern"
    roots = [{**root, "estimate": 0.2} for root in found.roots]
    assert finding(replace(found, roots=roots), "stand behind").status == "passed"
    assert finding(found, "left without a root").status == "concern"
    none = [{**each, "wholly": {**each["wholly"], "estimate": 1}} for each in found.withdrawn]
    assert finding(replace(found, withdrawn=none), "left without a root").status == "passed"


def test_one_founder_is_few_and_two_of_a_few_models_are_not() -> None:
    one = finding(lineage({"name": ["a", "b", "c"], "parents": [None, "a", "b"]}), "few founders")
    assert one.status == "concern"
    assert "have 1 root, worth 1" in one.sentence
    two = lineage({"name": ["a", "b", "c", "d"], "parents": [None, None, "a", "b"]})
    assert finding(two, "few founders").status == "passed"
    assert finding(lineage({"name": ["a"], "parents": [None]}), "few founders").status == "not applicable"


def test_concentration_kinship_and_what_is_declared_are_judged() -> None:
    found = descended()
    for value, status in ((0.3, "concern"), (0.2, "passed")):
        part = dict(found.concentration["architecture"])
        part["hhi"] = {**part["hhi"], "estimate": value}
        changed = replace(found, concentration={"architecture": part})
        assert finding(changed, "architectures").status == status
        assert finding(changed, "organisations").status == "not applicable"
    assert finding(found, "common descent").status == "concern"
    assert finding(replace(found, shared_errors={}), "common descent").status == "not checked"
    assert finding(found, "parents known").status == "passed"
    assert finding(replace(found, unresolved={"share_of_edges": 0.3}), "parents known").status == "concern"
    assert finding(replace(found, cycles=[["a", "b"]]), "free of circles").status == "concern"
    assert finding(found, "free of circles").status == "passed"
    silent = {**found.count, "roots": 10, "roots_of_unknown_parents": 6}
    assert finding(replace(found, count=silent), "say that they are roots").status == "concern"


def test_twins_that_could_not_be_looked_for_are_not_passed() -> None:
    found = replace(
        audited.answers(), near_twins=[], not_measured={"near_twins": "With fewer than 6 models no likeness."}
    )
    assert finding(found, "near twins").status == "not checked"


@pytest.mark.parametrize(("beyond", "status"), [(0, "passed"), (12, "concern")])
def test_the_same_wrong_answers_are_counted_by_adjusted_p_values(beyond: int, status: str) -> None:
    agreement = {"observed": 0.4, "expected": 0.3, "pairs": 36, "pairs_above": 12 - beyond}
    summary = {"agreement_both_wrong": {"beyond_chance": beyond, "pairs": 36}}
    found = audited.answers(agreement_both_wrong=agreement, summary=summary)
    assert audit_findings._same_answers(found).status == status
