"""DomainData: columns that fit together, and parts of them that still do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from polyculture.data import DomainData
from polyculture.errors import DataError


def made() -> DomainData:
    return DomainData.of(
        {"text": ["a", "b", "c"], "vector": np.eye(3)},
        label=["+", None, "-"],
        domain=["x", "y", "x"],
        split=["train", "unlabelled", "test"],
        ids=["i", "j", "k"],
        graph=sp.csr_array(np.array([[0, 1, 2], [1, 0, 3], [2, 3, 0]])),
    )


def test_what_stands_for_no_label_is_no_label() -> None:
    data = DomainData.of(list("abcdefg"), label=["+", None, float("nan"), np.float32("nan"), "", " ", -1])
    assert data.labelled.tolist() == [True] + [False] * 6


def test_a_missing_text_is_an_empty_one() -> None:
    assert DomainData.of(pd.Series(["a", None, float("nan")])).texts.tolist() == ["a", "", ""]


def test_a_part_keeps_the_edges_among_its_items() -> None:
    part = made().take([2, 0])
    assert part.ids.tolist() == ["k", "i"]
    assert part.graph is not None
    assert part.graph.toarray().tolist() == [[0, 2], [2, 0]]
    assert part.items["vector"].tolist() == [[0, 0, 1], [1, 0, 0]]


def test_a_mask_takes_what_the_rows_do() -> None:
    assert made().take(np.array([True, False, True])).ids.tolist() == made().take([0, 2]).ids.tolist()


def test_rows_of_a_split_are_in_order() -> None:
    assert made().rows("test").tolist() == [2]
    assert DomainData.of(["a"]).rows("test").tolist() == []


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"label": ["+"]}, "columns differ in length"),
        ({"ids": ["i", "i"]}, "the id 'i' stands in more than one row"),
        ({"split": ["train", "later"]}, "row 2 has the split 'later'"),
        ({"domain": ["x", None]}, "row 2 has no domain"),
        ({"graph": sp.csr_array(np.eye(3))}, r"the graph is \(3, 3\), expected \(2, 2\)"),
    ],
)
def test_columns_that_do_not_fit_are_refused(more: dict[str, object], sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        DomainData.of(["a", "b"], **more)  # type: ignore[arg-type]


def test_no_modality_is_refused() -> None:
    with pytest.raises(DataError, match="no modality given"):
        DomainData.of({})


def test_a_single_text_is_not_taken_letter_by_letter() -> None:
    with pytest.raises(DataError, match="give a list of texts"):
        DomainData.of("great film")


def test_labels_of_mixed_type_are_named() -> None:
    with pytest.raises(DataError, match="mixed type \\(int, str\\)"):
        _ = DomainData.of(["a", "b"], label=[1, "neg"]).classes
