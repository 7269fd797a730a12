"""Answers come in the same from every layout and format, and every decision about them is counted."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from polyculture.data.answers import MISSING, OUTSIDE, Answers
from polyculture.data.audit_input import answers_from, read_answers
from polyculture.errors import DataError, PolycultureError

ITEMS = ["q1", "q2", "q3", "q4"]
LABELS = ["a", "b", "c", "a"]
GIVEN = {"bert": ["a", "b", "a", "c"], "gpt": ["a", "a", "a", "a"], "t5": ["b", "b", "c", "a"]}
RIGHT = np.array([[1, 1, 0], [1, 0, 1], [0, 0, 1], [0, 1, 1]], dtype=bool)


def long_frame() -> pl.DataFrame:
    rows = [
        {"item": item, "model": model, "prediction": said[i], "label": LABELS[i]}
        for model, said in GIVEN.items()
        for i, item in enumerate(ITEMS)
    ]
    return pl.DataFrame(rows)


def wide_frame() -> pl.DataFrame:
    return pl.DataFrame({"item": ITEMS, "label": LABELS, **GIVEN})


def write(frame: pl.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    elif path.suffix == ".jsonl":
        frame.write_ndjson(path)
    else:
        frame.write_csv(path, separator="\t" if path.suffix == ".tsv" else ",")
    return path


def from_text(folder: Path, text: str, name: str = "a.csv", **options: object) -> Answers:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_answers(path, **options)  # type: ignore[arg-type]


def noted(answers: Answers) -> dict[str, int]:
    return {policy.what: policy.count for policy in answers.policies}


def check_same(answers: Answers) -> None:
    assert answers.items.tolist() == ITEMS
    assert answers.models == tuple(GIVEN)
    assert answers.correct is not None
    np.testing.assert_array_equal(answers.correct, RIGHT)
    assert answers.answered is None
    assert answers.answers is not None
    assert answers.labels is not None
    words = np.array(answers.options)
    np.testing.assert_array_equal(words[answers.answers], np.array(list(GIVEN.values())).T)
    assert words[answers.labels].tolist() == LABELS
    assert answers.option_counts is not None
    assert answers.option_counts.tolist() == [3] * 4


@pytest.mark.parametrize("frame", [long_frame(), wide_frame()], ids=["long", "wide"])
@pytest.mark.parametrize("ending", [".parquet", ".csv", ".tsv", ".jsonl"])
def test_every_format_and_layout_gives_the_same(tmp_path: Path, frame: pl.DataFrame, ending: str) -> None:
    answers = read_answers(write(frame, tmp_path / f"answers{ending}"))
    check_same(answers)
    assert answers.policies == ()


@pytest.mark.parametrize("ending", [".parquet", ".csv"])
def test_a_file_a_model_gives_the_same_and_labels_may_come_from_one_alone(tmp_path: Path, ending: str) -> None:
    paths = []
    for model, said in GIVEN.items():
        frame = pl.DataFrame({"item": ITEMS, "prediction": said})
        if model == "t5":
            frame = frame.with_columns(label=pl.Series(LABELS))
        paths.append(write(frame, tmp_path / f"{model}{ending}"))
    check_same(read_answers(paths))


def test_files_whose_rows_are_in_another_order_are_brought_together_by_item(tmp_path: Path) -> None:
    paths = []
    for seed, (model, said) in enumerate(GIVEN.items()):
        frame = pl.DataFrame({"item": ITEMS, "prediction": said, "label": LABELS})
        shuffled = frame if seed == 0 else frame.sample(fraction=1, shuffle=True, seed=seed)
        paths.append(write(shuffled, tmp_path / f"{model}.csv"))
    check_same(read_answers(paths))


def test_files_of_one_name_are_called_by_their_folders(tmp_path: Path) -> None:
    paths = []
    for model, said in GIVEN.items():
        (tmp_path / model).mkdir()
        paths.append(write(pl.DataFrame({"item": ITEMS, "prediction": said}), tmp_path / model / "test.csv"))
    assert read_answers(paths).models == ("bert/test", "gpt/test", "t5/test")


@pytest.mark.parametrize("frame", [long_frame(), wide_frame()], ids=["long", "wide"])
def test_tables_in_memory_give_the_same(frame: pl.DataFrame) -> None:
    check_same(answers_from(frame))
    check_same(answers_from(pd.DataFrame(frame.to_dict(as_series=False))))


def test_arrays_in_memory_give_the_same() -> None:
    check_same(answers_from(GIVEN, labels=LABELS, items=ITEMS))
    table = np.array(list(GIVEN.values())).T
    check_same(answers_from(table, labels=np.array(LABELS), items=ITEMS, models=list(GIVEN)))


@pytest.mark.parametrize("values", [RIGHT, RIGHT.astype(np.int8), RIGHT.astype(float), RIGHT.astype(object)])
def test_right_and_wrong_in_memory(values: np.ndarray) -> None:
    answers = answers_from(values, models=list(GIVEN))
    assert answers.answers is None
    np.testing.assert_array_equal(answers.correct, RIGHT)


@pytest.mark.parametrize("cast", [pl.Boolean, pl.Int8, pl.UInt64, pl.Float64, pl.String])
@pytest.mark.parametrize("ending", [".parquet", ".csv", ".jsonl"])
def test_a_wide_table_of_ones_and_zeros_without_labels_is_right_and_wrong(
    tmp_path: Path, ending: str, cast: type[pl.DataType]
) -> None:
    columns = {model: pl.Series(RIGHT[:, j]).cast(pl.Int8).cast(cast) for j, model in enumerate(GIVEN)}
    answers = read_answers(write(pl.DataFrame({"item": ITEMS, **columns}), tmp_path / f"board{ending}"))
    np.testing.assert_array_equal(answers.correct, RIGHT)
    assert (answers.answers, answers.labels, answers.option_counts) == (None, None, None)
    assert noted(answers) == {"cells": 12}


def test_the_same_table_holds_answers_where_it_is_told_so_or_has_labels(tmp_path: Path) -> None:
    text = "item,a,b\nq1,1,0\nq2,0,1\n"
    assert from_text(tmp_path, text, kind="wide").options == ("1", "0")
    labelled = from_text(tmp_path, "item,a,b,label\nq1,1,0,0\nq2,0,1,0\n")
    assert labelled.correct is not None
    assert labelled.correct.tolist() == [[False, True], [True, False]]


@pytest.mark.parametrize("cell", ["", "NaN"])
def test_missing_cells_are_no_answers_and_counted(tmp_path: Path, cell: str) -> None:
    frame = pl.DataFrame({"item": ITEMS, "a": [1, None, 0, 1], "b": [1, 0, None, 1]})
    if cell:
        frame = frame.with_columns(pl.col("a", "b").cast(pl.Float64).fill_null(float("nan")))
    answers = read_answers(write(frame, tmp_path / "board.parquet"))
    assert answers.answered is not None
    np.testing.assert_array_equal(answers.answered, [[1, 1], [0, 1], [1, 0], [1, 1]])
    np.testing.assert_array_equal(answers.correct, [[1, 1], [0, 0], [0, 0], [1, 1]])
    assert noted(answers)["missing answers"] == 2


def test_a_model_that_lacks_an_item_did_not_answer_it(tmp_path: Path) -> None:
    answers = from_text(tmp_path, "item,model,prediction,label\nq1,a,x,x\nq2,a,y,y\nq2,b,x,y\n")
    assert answers.answers is not None
    assert answers.answers.tolist() == [[0, MISSING], [1, 0]]
    assert answers.answered is not None
    assert answers.answered.tolist() == [[True, False], [True, True]]


def test_answers_outside_given_options_are_wrong_and_counted(tmp_path: Path) -> None:
    answers = from_text(tmp_path, "item,label,a,b\nq1,x,x,<|end|>\nq2,y,y,x\n", options=["x", "y"])
    assert answers.answers is not None
    assert answers.answers.tolist() == [[0, OUTSIDE], [1, 0]]
    assert answers.options == ("x", "y")
    assert answers.correct is not None
    assert answers.correct.tolist() == [[True, False], [True, False]]
    assert noted(answers) == {"answers outside the options": 1}


def test_without_given_options_all_words_that_occur_are_options(tmp_path: Path) -> None:
    answers = from_text(tmp_path, "item,label,a,b\nq1,x,x,z\nq2,y,y,x\n")
    assert set(answers.options) == {"x", "y", "z"}
    assert answers.option_counts is not None
    assert answers.option_counts.tolist() == [3, 3]


def test_an_option_without_a_probability_in_any_model_is_not_offered(tmp_path: Path) -> None:
    answers = from_text(
        tmp_path,
        "item,model,prediction,label,p_x,p_y,p_z\n"
        "q1,a,x,x,0.5,0.25,0.25\nq2,a,y,x,0.5,0.5,\n"
        "q1,b,y,x,0.2,0.8,0\nq2,b,z,x,1,0,\n",
    )
    assert answers.option_counts is not None
    assert answers.option_counts.tolist() == [3, 2]
    assert answers.answers is not None
    assert answers.answers.tolist() == [[0, 1], [1, OUTSIDE]]
    np.testing.assert_allclose(answers.probabilities["a"], [[0.5, 0.25, 0.25], [0.5, 0.5, 0]])
    assert noted(answers) == {"answers outside the options": 1, "answers that are not the most probable option": 1}


def test_a_column_of_counts_says_how_many_options_an_item_offers(tmp_path: Path) -> None:
    answers = from_text(tmp_path, "item,options,label,a,b\nq1,4,x,x,y\nq2,,y,y,y\n")
    assert answers.option_counts is not None
    assert answers.option_counts.tolist() == [4, 2]
    assert noted(answers) == {"items without a number of options": 1}


def test_probabilities_are_divided_by_their_sum_and_counted(tmp_path: Path) -> None:
    answers = from_text(
        tmp_path,
        "item,model,prediction,label,p_x,p_y\n"
        "q1,a,x,x,0.5996,0.3999\nq2,a,x,x,0,0\nq3,a,x,x,0.75,0.25\n"
        "q1,b,x,x,,\nq2,b,x,x,,\nq3,b,y,x,,\n",
    )
    np.testing.assert_allclose(answers.probabilities["a"][[0, 2]].sum(axis=1), 1, rtol=0, atol=1e-15)
    assert np.isnan(answers.probabilities["a"][1]).all()
    assert set(answers.probabilities) == {"a"}
    assert noted(answers) == {
        "rows whose probabilities are all zero": 1,
        "models without probabilities": 1,
        "rows of probabilities that do not sum to 1 (but to 0.9995 to 0.9995)": 1,
    }


def test_half_precision_probabilities_come_as_ones_that_sum_to_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = rng.dirichlet(np.ones(7), 200).astype(np.float16)
    frame = pl.DataFrame(
        {
            "item": np.tile(np.arange(100), 2),
            "model": np.repeat(["a", "b"], 100),
            "label": np.tile(rng.integers(0, 7, 100), 2),
            **{f"p_{k}": table[:, k].astype(np.float32) for k in range(7)},
        }
    )
    answers = read_answers(write(frame, tmp_path / "half.parquet"))
    for j, model in enumerate("ab"):
        np.testing.assert_allclose(answers.probabilities[model].sum(axis=1), 1, rtol=0, atol=1e-6)
        np.testing.assert_allclose(answers.probabilities[model], table[100 * j :][:100], atol=2e-3)
    assert answers.answers is not None
    best = np.array(answers.options)[answers.answers]
    np.testing.assert_array_equal(best, table.reshape(2, 100, 7).argmax(axis=2).T.astype(str))
    assert noted(answers)["answers that are not given but have probabilities"] == 200


def test_a_row_with_probabilities_of_some_options_only_has_none(tmp_path: Path) -> None:
    answers = from_text(
        tmp_path,
        "item,model,prediction,label,p_x,p_y\nq1,a,x,x,0.5,\nq2,a,x,y,0.5,0.5\nq1,b,y,x,0.5,0.5\nq2,b,y,y,0.5,0.5\n",
    )
    assert np.isnan(answers.probabilities["a"]).tolist() == [[True, True], [False, False]]
    assert noted(answers) == {"rows with probabilities of some options only": 1}


def test_rows_that_say_the_same_twice_are_read_once(tmp_path: Path) -> None:
    text = "item,model,prediction,label\nq1,a,x,x\nq1,b,y,x\nq1,a,x,x\nq2,a,y,y\nq2,b,y,y\n"
    answers = from_text(tmp_path, text)
    assert answers.items.tolist() == ["q1", "q2"]
    assert noted(answers) == {"rows that repeat another": 1}
    wide = from_text(tmp_path, "item,label,a,b\nq1,x,x,y\nq2,y,y,y\nq1,x,x,y\n")
    assert wide.items.tolist() == ["q1", "q2"]
    assert noted(wide) == {"rows that repeat another": 1}
    np.testing.assert_array_equal(wide.correct, answers.correct)


def test_items_without_a_label_models_without_answers_and_idle_items_are_left_out(tmp_path: Path) -> None:
    answers = from_text(tmp_path, "item,label,a,b,c\nq1,x,x,y,\nq2,,x,x,x\nq3,y,y,y,\nq4,y,,,\n")
    assert answers.items.tolist() == ["q1", "q3"]
    assert answers.models == ("a", "b")
    assert answers.answered is None
    assert noted(answers) == {
        "items without a label": 1,
        "models without answers (c)": 1,
        "items that no model answers": 1,
    }


def test_without_any_label_answers_are_compared_alone(tmp_path: Path) -> None:
    answers = from_text(tmp_path, "item,a,b\nq1,x,y\nq2,y,y\n")
    assert answers.correct is None
    assert answers.labels is None
    assert answers.accuracy is None
    assert noted(answers) == {"items without a label": 2}


def test_verdicts_on_free_answers_keep_both(tmp_path: Path) -> None:
    answers = from_text(
        tmp_path,
        "item,model,prediction,correct\nq1,a,Paris,1\nq1,b,paris,true\nq2,a,Rome,0\nq2,b,,1\nq3,a,x,FALSE\nq3,b,y,0\n",
    )
    assert answers.correct is not None
    assert answers.correct.tolist() == [[True, True], [False, False], [False, False]]
    assert answers.answered is not None
    assert answers.answered.tolist() == [[True, True], [True, False], [True, True]]
    assert noted(answers)["answers not known to be right or wrong, or the reverse"] == 1


def test_a_label_decides_against_a_column_of_right_and_wrong(tmp_path: Path) -> None:
    text = "item,model,prediction,label,correct\nq1,a,x,x,0\nq1,b,y,x,0\n"
    answers = from_text(tmp_path, text)
    assert answers.correct is not None
    assert answers.correct.tolist() == [[True, False]]
    assert noted(answers) == {"answers that are right by label or by column, but not by both": 1}


def test_ids_are_of_a_task_and_tasks_are_groups(tmp_path: Path) -> None:
    answers = from_text(tmp_path, "task,item,a,b\nmaths,1,1,0\nlaw,1,0,0\nlaw,2,1,1\n")
    assert answers.items.tolist() == ["maths/1", "law/1", "law/2"]
    assert answers.groups is not None
    assert answers.groups.tolist() == ["maths", "law", "law"]


def test_items_without_a_group_are_one(tmp_path: Path) -> None:
    answers = from_text(tmp_path, "item,group,a,b\nq1,u,1,0\nq2,,0,0\n")
    assert answers.groups is not None
    assert answers.groups.tolist() == ["u", "(none)"]
    assert noted(answers)["items without a group"] == 1


def test_columns_may_have_other_names_and_spaces_around_words_mean_nothing(tmp_path: Path) -> None:
    text = " id , system,said ,gold\nq1,a, x,x \nq1 ,b,y,x\n"
    answers = from_text(tmp_path, text, item="id", model="system", prediction="said", label="gold")
    assert answers.items.tolist() == ["q1"]
    assert answers.correct is not None
    assert answers.correct.tolist() == [[True, False]]


def test_columns_that_are_no_models_may_be_left_out(tmp_path: Path) -> None:
    answers = from_text(tmp_path, "item,subject,a,b\nq1,law,1,0\nq2,art,0,0\n", models=["a", "b"])
    assert answers.models == ("a", "b")


@pytest.mark.parametrize("kind", ["wide", "long", "one file a model", "in memory"])
def test_models_that_are_asked_for_are_the_only_ones(kind: str, tmp_path: Path) -> None:
    long = long_frame().with_columns(prediction=pl.when(model="gpt").then(pl.lit("z")).otherwise("prediction"))
    asked = ["t5", "bert"]
    if kind == "wide":
        answers = read_answers(write(wide_frame().with_columns(gpt=pl.lit("z")), tmp_path / "a.csv"), models=asked)
    elif kind == "long":
        answers = read_answers(write(long, tmp_path / "a.parquet"), models=asked)
    elif kind == "in memory":
        answers = answers_from(long, models=asked)
    else:
        paths = [write(rows.drop("model"), tmp_path / f"{name}.csv") for (name,), rows in long.group_by("model")]
        answers = read_answers(paths, models=asked)
    assert answers.models == tuple(asked)
    assert answers.correct is not None
    np.testing.assert_array_equal(answers.correct, RIGHT[:, [2, 0]])
    # what only others said is no option
    assert sorted(answers.options) == ["a", "b", "c"]
    assert noted(answers) == {}


def test_models_of_right_and_wrong_or_with_probabilities_are_chosen_too(tmp_path: Path) -> None:
    answers = from_text(
        tmp_path, "model,item,correct\na,q1,1\nb,q1,0\nc,q1,1\na,q2,0\nb,q2,1\nd,q3,1\n", models=["b", "a"]
    )
    assert answers.correct is not None
    assert (answers.models, answers.correct.tolist()) == (("b", "a"), [[False, True], [True, False]])
    assert noted(answers)["items that no model answers"] == 1
    text = "item,model,label,p_x,p_y\nq1,a,x,0.6,0.4\nq1,b,x,0.3,0.7\nq1,c,x,0.1,0.9\n"
    rated = from_text(tmp_path, text, models=["c", "a"]).probabilities
    assert {name: values.tolist() for name, values in rated.items()} == {"c": [[0.1, 0.9]], "a": [[0.6, 0.4]]}


@pytest.mark.parametrize(
    ("models", "said"),
    [
        (["bert", "gtp"], "has no model 'gtp', did you mean 'gpt'?"),
        (["bert", "gpt", "bert"], "names 'bert' twice"),
        ([], "models is"),
        ("bert", "two"),
    ],
)
def test_models_that_are_not_there_are_told(models: list[str], said: str) -> None:
    with pytest.raises(PolycultureError, match=re.escape(said)):
        answers_from(long_frame(), models=models)


def test_numbers_of_different_types_are_the_same_word(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "item": [1, 2, 3],
            "label": pl.Series([3.0, None, 1.0]),
            "a": pl.Series([3, 2, 2], dtype=pl.Int8),
            "b": ["3", "1", "1"],
            "c": pl.Series(["3", "2", "1"], dtype=pl.Categorical),
        }
    )
    answers = read_answers(write(frame, tmp_path / "types.parquet"))
    np.testing.assert_array_equal(answers.correct, [[1, 1, 1], [0, 1, 1]])


def test_numbers_far_apart_are_words_as_well() -> None:
    answers = answers_from({"a": np.array([10**12, -5, 2**63], dtype=object), "b": np.array([10**12, 0, -5])})
    assert set(answers.options) == {"1000000000000", "-5", "9223372036854775808", "0"}


def test_the_order_is_that_of_first_appearance_for_numbers_too() -> None:
    frame = pl.DataFrame({"item": [7, 3, 7, 3], "model": [9, 9, 2, 2], "prediction": [1, 0, 1, 1]})
    answers = answers_from(frame)
    assert answers.items.tolist() == ["7", "3"]
    assert answers.models == ("9", "2")
    assert answers.options == ("1", "0")


def test_probabilities_in_memory_need_options_and_their_shape() -> None:
    table = np.array([[0.5, 0.5], [0.9, 0.1]])
    answers = answers_from(
        {"a": ["x", "y"], "b": ["x", "x"]}, labels=["x", "y"], options=["x", "y"], probabilities={"a": table}
    )
    np.testing.assert_array_equal(answers.probabilities["a"], table)
    with pytest.raises(DataError, match=r"probabilities of 'a' have the shape \(2, 3\)"):
        answers_from({"a": ["x"], "b": ["x"]}, options=["x", "y"], probabilities={"a": np.ones((2, 3))})


def test_a_wide_table_of_many_options_needs_more_than_two_bytes() -> None:
    n = 40_000
    words = [f"w{i}" for i in range(n)]
    answers = answers_from({"a": words, "b": words[::-1]}, labels=words)
    assert answers.accuracy is not None
    assert answers.accuracy.tolist() == [1.0, 0.0]
    assert len(answers.options) == n


def test_random_tables_come_out_as_they_went_in(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    n, m = 300, 12
    said, labels = rng.integers(0, 5, (n, m)), rng.integers(0, 5, n)
    gone = rng.random((n, m)) < 0.1
    rows = rng.permutation(np.flatnonzero(~gone.ravel()))
    item, model = rows // m, rows % m
    frame = pl.DataFrame({"item": item, "model": model, "prediction": said[item, model], "label": labels[item]})
    answers = read_answers(write(frame, tmp_path / "long.parquet"))
    place, column = answers.items.astype(int), np.array(answers.models, dtype=int)
    assert answers.answered is not None
    np.testing.assert_array_equal(answers.answered, ~gone[place][:, column])
    np.testing.assert_array_equal(answers.correct, (said == labels[:, None])[place][:, column] & answers.answered)
    assert answers.answers is not None
    words = np.array([*answers.options, "-"])[answers.answers]
    np.testing.assert_array_equal(words, np.where(gone, "-", said.astype(str))[place][:, column])
