"""All pairs at once against one pair at a time, counted plainly from the definitions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.testing as npt
import pytest
from scipy import stats

from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.measure import error_consistency_bound, error_consistency_matrix, error_correlation_matrix
from polyculture.measure.inference.interval import jackknife_reach, random_blocks
from polyculture.measure.outcome import slabs, sums
from polyculture.measure.outcome.pairs import OutcomePairs, outcome_pairs

NAMES = {
    "error_consistency",
    "error_correlation",
    "joint_failure",
    "agreement",
    "capa",
    "capa_probabilistic",
    "agreement_both_wrong",
}


class Case(NamedTuple):
    correct: np.ndarray
    answered: np.ndarray
    answers: np.ndarray
    labels: np.ndarray
    option_counts: np.ndarray
    probabilities: list[np.ndarray]

    def measured(self, **options: object) -> OutcomePairs:
        given = self._asdict() | options
        return outcome_pairs(given.pop("correct"), **given)


def made(*, m: int = 5, n: int = 300, missing: float = 0.1, outside: float = 0.03, seed: int = 0) -> Case:
    """Models that fail on hard items and follow the same tempting answers; items offer two to four options."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(2, 5, n)
    labels = rng.integers(0, counts)
    wrong = rng.random((n, m)) < np.where(rng.random((n, 1)) < 0.5, 0.7, 0.2)
    elsewhere = np.where(rng.random((n, m)) < 0.4, 1, 1 + rng.integers(0, counts[:, None] - 1, (n, m)))
    answers = np.where(wrong, labels[:, None] + elsewhere, labels[:, None]) % counts[:, None]
    answers[rng.random((n, m)) < outside] = -2
    answered = rng.random((n, m)) >= missing
    answers[~answered] = -1
    tables = []
    for given in answers.T:
        table = (rng.dirichlet(np.ones(4), n) + 3 * np.eye(4)[np.maximum(given, 0)]) * (np.arange(4) < counts[:, None])
        table[given == -1] = np.nan
        tables.append(table / table.sum(axis=1, keepdims=True))
    return Case((answers == labels[:, None]) & answered, answered, answers, labels, counts, tables)


def plain(case: Case, a: int, b: int, rows: np.ndarray) -> dict[str, float]:
    """Every measure and null of one pair on some items, item by item."""
    rows = rows[case.answered[rows, a] & case.answered[rows, b]]
    right_a, right_b, labels = case.correct[rows, a], case.correct[rows, b], case.labels[rows]
    same = (case.answers[rows, a] == case.answers[rows, b]) & (case.answers[rows, a] >= 0)
    spread = 1 / (case.option_counts[rows] - 1)

    def adjusted(observed: float, p: float, q: float, even: float) -> tuple[float, float]:
        chance = p * q + (1 - p) * (1 - q) * even
        return (observed - chance) / (1 - chance), chance

    p, q = right_a.mean(), right_b.mean()
    table_a, table_b = case.probabilities[a][rows], case.probabilities[b][rows]
    on_right = [table[np.arange(len(rows)), labels].mean() for table in (table_a, table_b)]
    capa, chance = adjusted(same.mean(), p, q, spread.mean())
    return {
        "error_consistency": adjusted((right_a == right_b).mean(), p, q, 1)[0],
        "error_correlation": np.corrcoef(right_a, right_b)[0, 1],
        "joint_failure": (~right_a & ~right_b).mean(),
        "agreement": same.mean(),
        "agreement null": chance,
        "capa": capa,
        "capa_probabilistic": adjusted((table_a * table_b).sum(axis=1).mean(), *on_right, spread.mean())[0],
        **plain_both_wrong(case, a, b, rows, same, spread),
    }


def plain_both_wrong(case: Case, a: int, b: int, rows: np.ndarray, same: np.ndarray, spread: np.ndarray) -> dict:
    both = ~case.correct[rows, a] & ~case.correct[rows, b]
    others = [j for j in range(len(case.probabilities)) if j not in (a, b)]
    judged, expected = [], []
    for row, agreed in zip(rows[both], same[both], strict=True):
        wrong = [case.answers[row, j] for j in others if case.answered[row, j] and not case.correct[row, j]]
        if len(wrong) >= 2:
            pairs = [(x == y) and x >= 0 for i, x in enumerate(wrong) for j, y in enumerate(wrong) if i != j]
            judged.append(agreed)
            expected.append(np.mean(pairs))
    if not judged:
        judged, expected = same[both], spread[both]
    return {"agreement_both_wrong": np.mean(judged), "agreement_both_wrong null": np.mean(expected)}


@pytest.mark.parametrize("small", [False, True], ids=["at once", "in portions"])
@pytest.mark.parametrize(("missing", "m"), [(0.1, 5), (0.0, 5), (0.0, 3), (0.2, 3)])
def test_every_pair_is_what_its_definition_says(
    missing: float, m: int, *, small: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if small:
        monkeypatch.setattr(sums, "PRODUCT", 40)
        monkeypatch.setattr(slabs, "STACK", 1)
    case = made(m=m, missing=missing)
    found = case.measured(blocks=20)
    assert set(found.measures) == NAMES
    assert not found.not_measured
    for a, b in [(a, b) for a in range(m) for b in range(m) if a != b]:
        expected = plain(case, a, b, np.arange(300))
        for name in NAMES:
            npt.assert_allclose(found.measures[name].estimate[a, b], expected[name], atol=3e-8, err_msg=name)
        for name in ("agreement", "agreement_both_wrong"):
            npt.assert_allclose(found.measures[name].null[a, b], expected[f"{name} null"], atol=1e-6, err_msg=name)
        assert found.items[a, b] == (case.answered[:, a] & case.answered[:, b]).sum()


@pytest.mark.parametrize("missing", [0.0, 0.15])
def test_intervals_and_p_are_those_of_the_plain_jackknife(missing: float) -> None:
    case = made(missing=missing)
    found = case.measured(blocks=20, seed=4, level=0.9)
    order = random_blocks(300, 20, 4)
    left = [plain(case, 0, 2, np.setdiff1d(np.arange(300), block)) for block in order]
    for name in ("error_consistency", "error_correlation", "capa", "capa_probabilistic"):
        pair = found.measures[name]
        reach = jackknife_reach(np.array([values[name] for values in left]), 0.9)
        ends = pair.estimate[0, 2] + np.array([-reach, reach])
        npt.assert_allclose([pair.low[0, 2], pair.high[0, 2]], ends, atol=1e-7, err_msg=name)
    for name in ("agreement", "agreement_both_wrong"):
        excess = np.array(
            [values[name] - values[f"{name} null"] for values in (plain(case, 0, 2, np.arange(300)), *left)]
        )
        error = np.sqrt(19 / 20 * ((excess[1:] - excess[1:].mean()) ** 2).sum())
        npt.assert_allclose(found.measures[name].p[0, 2], stats.t.sf(excess[0] / error, 19), atol=1e-5, err_msg=name)


def test_p_of_right_and_wrong_is_fishers_exact_test() -> None:
    case = made()
    found = case.measured()
    for a, b in ((0, 1), (2, 1), (3, 4)):
        shared = case.answered[:, a] & case.answered[:, b]
        wrong_a, wrong_b = ~case.correct[shared, a], ~case.correct[shared, b]
        table = [[(x & y).sum() for y in (wrong_b, ~wrong_b)] for x in (wrong_a, ~wrong_a)]
        expected = stats.fisher_exact(table, alternative="greater").pvalue
        for name in ("error_consistency", "error_correlation", "joint_failure"):
            npt.assert_allclose(found.measures[name].p[a, b], expected, rtol=1e-8)
    assert np.isnan(np.diagonal(found.measures["joint_failure"].p)).all()


def test_shares_have_wilsons_interval() -> None:
    case = made(missing=0)
    found = case.measured(level=0.9).measures["joint_failure"]
    hits = int((~case.correct[:, 0] & ~case.correct[:, 1]).sum())
    expected = stats.binomtest(hits, 300).proportion_ci(0.9, method="wilson")
    npt.assert_allclose([found.low[0, 1], found.high[0, 1]], [expected.low, expected.high])


def test_where_shared_failures_are_few_their_share_decides() -> None:
    # Six failures each, two of them shared; turned around, two items that both get right.
    wrong = np.zeros((100, 2), bool)
    wrong[:6, 0] = wrong[4:10, 1] = True
    share = stats.binomtest(2, 100).proportion_ci(0.95, method="wilson")
    kappa = [1 - (12 - 200 * end) / 100 / (2 * 0.06 * 0.94) for end in (share.low, min(share.high, 0.06))]
    for correct in (~wrong, wrong):
        pair = outcome_pairs(correct, blocks=100).measures["error_consistency"]
        left = [error_consistency_matrix(np.delete(correct, item, axis=0))[0, 1] for item in range(100)]
        reach = jackknife_reach(np.array(left), 0.95)
        expected = min(kappa[0], pair.estimate[0, 1] - reach), max(kappa[1], pair.estimate[0, 1] + reach)
        npt.assert_allclose([pair.low[0, 1], pair.high[0, 1]], expected)


def test_the_only_shared_failure_is_no_reason_to_know_nothing() -> None:
    # All failures of a model in one block: without it there is no correlation, and so no jackknife.
    wrong = np.zeros((200, 2), bool)
    wrong[0] = True
    found = outcome_pairs(~wrong).measures["error_correlation"]
    assert found.estimate[0, 1] == pytest.approx(1)
    assert found.low[0, 1] < 0.2 < found.high[0, 1]


@pytest.mark.parametrize(("error", "n", "kappa"), [(0.03, 300, 0), (0.05, 300, 0), (0.05, 1000, 0), (0.03, 300, 0.3)])
def test_intervals_cover_where_shared_failures_are_few(error: float, n: int, kappa: float) -> None:
    # Twenty pairs at a time of which one model repeats a share κ of what the other does; κ and φ are then the same.
    one = np.arange(20)
    hits = dict.fromkeys(("error_consistency", "error_correlation"), 0)
    for seed in range(50):
        rng = np.random.default_rng(seed)
        first, other = rng.random((2, n, 20)) < error
        wrong = np.hstack([first, np.where(rng.random((n, 20)) < kappa, first, other)])
        found = outcome_pairs(~wrong, seed=seed).measures
        for name in hits:
            low, high = found[name].low[one, one + 20], found[name].high[one, one + 20]
            hits[name] += int(((low <= kappa) & (kappa <= high)).sum())
    assert all(hit >= 950 for hit in hits.values()), hits


def p_by_chance(error: float, n: int, draws: int) -> dict[str, np.ndarray]:
    """p of two models that have nothing to do with each other; that of whole counts is spread within its step."""
    values: dict[str, list[float]] = {"error_consistency": [], "capa": [], "agreement_both_wrong": []}
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        answers = np.where(rng.random((n, 2)) < error, rng.integers(1, 4, (n, 2)), 0)
        found = outcome_pairs(None, answers=answers, labels=np.zeros(n, int), option_counts=np.full(n, 4), seed=seed)
        for name, kept in values.items():
            kept.append(found.measures[name].p[0, 1])
        one, other = (wrong := answers > 0).sum(axis=0)
        values["error_consistency"][-1] -= stats.hypergeom.pmf(wrong.all(axis=1).sum(), n, one, other) * rng.random()
    return {name: np.array(kept) for name, kept in values.items()}


def test_p_is_uniform_by_chance() -> None:
    for name, values in p_by_chance(0.3, 400, 500).items():
        assert stats.kstest(values, "uniform").pvalue > 0.01, name


def test_p_where_few_items_defeat_both_errs_on_the_large_side() -> None:
    for name, values in p_by_chance(0.15, 400, 200).items():
        # Fisher's test stays exact; a jackknife of ten items does not.
        assert np.mean(values <= 0.05) <= (0.09 if name == "error_consistency" else 0.06), name


def test_largest_values_are_reached_by_nested_errors_and_by_no_others() -> None:
    case = made(missing=0)
    found = case.measured()
    accuracy = case.correct.mean(axis=0)
    bound = error_consistency_bound(accuracy[0], accuracy[1])
    npt.assert_allclose(found.measures["error_consistency"].highest[0, 1], bound)
    for name, pair in found.measures.items():
        assert (pair.estimate <= pair.highest + 1e-12)[~np.eye(5, dtype=bool)].all(), name
    nested = np.sort(case.correct, axis=0)
    reached = outcome_pairs(
        nested, answers=np.where(nested, 0, 1), labels=np.zeros(300, int), option_counts=np.full(300, 4)
    )
    for name in ("error_consistency", "error_correlation", "joint_failure", "agreement", "capa"):
        npt.assert_allclose(reached.measures[name].estimate, reached.measures[name].highest, err_msg=name)
        off = ~np.eye(5, dtype=bool)
        npt.assert_allclose(reached.measures[name].calibrated[off], 1, err_msg=name)


def test_matrices_of_right_and_wrong_are_the_known_ones() -> None:
    correct = made(missing=0).correct
    found = outcome_pairs(correct)
    npt.assert_allclose(found.measures["error_consistency"].estimate, error_consistency_matrix(correct), atol=1e-12)
    npt.assert_allclose(found.measures["error_correlation"].estimate, error_correlation_matrix(correct), atol=1e-12)
    failed = (~correct).mean(axis=0)
    npt.assert_allclose(found.measures["joint_failure"].null, np.outer(failed, failed))
    assert (found.measures["error_consistency"].null == 0).all()
    assert set(found.not_measured) == NAMES - {"error_consistency", "error_correlation", "joint_failure"}


def test_an_answer_outside_the_options_is_wrong_and_like_no_other() -> None:
    answers = np.array([[0, 0], [1, 1], [-2, -2], [-1, -1]] * 10)
    found = outcome_pairs(None, answers=answers, labels=np.zeros(40, int), option_counts=np.full(40, 3))
    assert found.measures["agreement"].estimate[0, 1] == 0.5
    assert found.measures["agreement_both_wrong"].estimate[0, 1] == pytest.approx(1 / 3)
    assert found.measures["joint_failure"].estimate[0, 1] == 0.75


def test_tempting_answers_are_the_null_and_not_a_finding() -> None:
    # All wrong answers are the same, for all models: nothing is shared by one pair alone.
    rng = np.random.default_rng(0)
    answers = (rng.random((400, 8)) < 0.5) * 1
    options = {"answers": answers, "labels": np.zeros(400, int), "option_counts": np.full(400, 5)}
    found = outcome_pairs(None, **options).measures["agreement_both_wrong"]
    npt.assert_allclose(found.null[0, 1:], 1, atol=1e-6)
    assert not found.reason
    few = outcome_pairs(None, **options | {"answers": answers[:, :3]}).measures["agreement_both_wrong"]
    npt.assert_allclose(few.null[0, 1:], 0.25)
    assert "3 of the pairs" in few.reason


def test_copies_among_independent_models_stand_out() -> None:
    case = made(m=12, missing=0, seed=3)
    answers, correct = case.answers.copy(), case.correct.copy()
    answers[:, 1], correct[:, 1] = answers[:, 0], correct[:, 0]
    found = case.measured(answers=answers, correct=correct, probabilities=None).measures["agreement_both_wrong"]
    p = found.p[np.triu_indices(12, 1)]
    assert p.argmin() == 0
    assert p[0] < 1e-4


def test_right_answers_may_differ_where_there_is_no_label() -> None:
    answers = np.array([[0, 1], [0, 0], [2, 2], [3, 1]] * 5)
    correct = np.array([[True, True], [True, True], [False, False], [False, False]] * 5)
    options = {"answers": answers, "option_counts": np.full(20, 4)}
    found = outcome_pairs(correct, **options)
    assert found.measures["agreement"].estimate[0, 1] == 0.5
    assert found.measures["agreement_both_wrong"].estimate[0, 1] == 0.5
    with pytest.raises(DataError, match="correct is True in row 0, column 1, but the answer is 1 and the label 0"):
        outcome_pairs(correct, labels=np.zeros(20, int), **options)


def test_what_is_not_known_is_not_measured() -> None:
    case = made()
    alone = case.measured(correct=None, labels=None, probabilities=None)
    assert set(alone.measures) == {"agreement"}
    npt.assert_allclose(alone.measures["agreement"].estimate, case.measured().measures["agreement"].estimate, atol=1e-7)
    assert np.isnan(alone.measures["agreement"].null).all()
    assert "not known" in alone.measures["agreement"].reason
    assert set(alone.not_measured) == NAMES - {"agreement"} | {"effective"}
    uncounted = case.measured(option_counts=None)
    assert set(uncounted.not_measured) == {"capa", "capa_probabilistic"}
    assert np.isnan(uncounted.measures["agreement"].null).all()
    assert "options" in uncounted.measures["agreement"].reason


def test_some_models_give_probabilities() -> None:
    case = made()
    tables = [None, *case.probabilities[1:4], None]
    some, every = (
        case.measured(probabilities=given).measures["capa_probabilistic"] for given in (tables, case.probabilities)
    )
    npt.assert_allclose(some.estimate[1:4, 1:4], every.estimate[1:4, 1:4])
    assert np.isnan(some.estimate[0]).all()
    assert "both models give probabilities" in some.reason
    assert "capa_probabilistic" in case.measured(probabilities=tables[:1] * 4 + tables[1:2]).not_measured


def test_probabilities_in_half_precision_are_as_good() -> None:
    case = made()
    rough = [table.astype(np.float16) for table in case.probabilities]
    expected, found = (
        case.measured(probabilities=p).measures["capa_probabilistic"] for p in (case.probabilities, rough)
    )
    npt.assert_allclose(found.estimate, expected.estimate, atol=1e-3)
    with pytest.raises(DataError, match=r"probabilities\[0\] .* softmax"):
        case.measured(probabilities=[table * 2 for table in rough])


def test_models_that_share_no_item_or_never_vary() -> None:
    rng = np.random.default_rng(0)
    correct = np.column_stack([rng.random((40, 2)) < 0.5, np.ones(40, bool), np.ones(40, bool)])
    answered = np.ones((40, 4), bool)
    answered[:20, 0] = answered[20:, 1] = False
    found = outcome_pairs(correct, answered=answered)
    kappa = found.measures["error_consistency"]
    assert found.items[0, 1] == 0
    for pair in ((0, 1), (2, 3)):
        assert np.isnan([kappa.estimate[pair], kappa.low[pair], kappa.p[pair]]).all()
    assert kappa.estimate[0, 2] == 0
    assert kappa.reason
    assert np.isnan(found.measures["error_correlation"].estimate[2]).all()
    assert found.measures["joint_failure"].estimate[2, 3] == 0
    assert found.measures["joint_failure"].high[2, 3] > 0.05


def test_few_items_and_few_models() -> None:
    assert np.isnan(outcome_pairs(np.array([[True], [False]])).effective["kish"].estimate)
    found = outcome_pairs(np.array([[True, False], [False, True], [True, True]]))
    assert found.blocks == 3
    assert found.measures["error_consistency"].estimate[0, 1] == pytest.approx(-0.5)
    with pytest.raises(ShapeError, match="1 item"):
        outcome_pairs(np.array([[True, False]]))


def test_fewer_blocks_where_memory_is_short() -> None:
    correct = np.random.default_rng(0).random((500, 40)) < 0.6
    block = 40 * 40  # blocks of so few items are counted in one byte a pair
    assert outcome_pairs(correct, memory=block * 20).blocks == 20
    assert outcome_pairs(correct, memory=1).blocks == 10
    plenty, short = outcome_pairs(correct), outcome_pairs(correct, memory=1)
    npt.assert_array_equal(short.measures["error_consistency"].estimate, plenty.measures["error_consistency"].estimate)


def test_errors_say_what_to_do() -> None:
    case = made()
    with pytest.raises(ParameterError, match="pass `correct`, `answers`, or both"):
        outcome_pairs(None)
    with pytest.raises(ShapeError, match=r"answers has shape \(299, 5\)"):
        case.measured(answers=case.answers[1:])
    with pytest.raises(ShapeError, match=r"answered has shape \(300, 4\)"):
        case.measured(answered=case.answered[:, 1:])
    with pytest.raises(DataError, match="Item 7 has 1 options"):
        case.measured(option_counts=np.where(np.arange(300) == 7, 1, case.option_counts))
    with pytest.raises(DataError, match="drop the items without a label"):
        case.measured(labels=np.where(np.arange(300) == 7, -1, case.labels))
    with pytest.raises(DataError, match=r"answers holds 0\.5"):
        case.measured(answers=case.answers + 0.5)
    with pytest.raises(DataError, match="correct holds 2"):
        outcome_pairs(case.correct + 1)
    with pytest.raises(ParameterError, match="level"):
        outcome_pairs(case.correct, level=95)
    with pytest.raises(ParameterError, match="blocks is 1"):
        outcome_pairs(case.correct, blocks=1)
    with pytest.raises(ShapeError, match="4 tables of probabilities and 5 models"):
        case.measured(probabilities=case.probabilities[1:])


def test_same_seed_same_numbers_and_inputs_untouched() -> None:
    case = made()
    before = [np.copy(part) for part in case[:5]]
    first, second = case.measured(seed=1), case.measured(seed=1)
    for name in NAMES:
        npt.assert_array_equal(first.measures[name].low, second.measures[name].low)
    assert all((now == then).all() for now, then in zip(case[:5], before, strict=True))
