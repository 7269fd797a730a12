"""Boxes find objects one to one, as a plain loop over images, classes and scores would have them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from polyculture.data.audit_input import read_detections
from polyculture.data.audit_input.boxes import intersection_over_union
from polyculture.errors import ParameterError

THERE = pl.DataFrame(
    {
        "item": ["s", "s", "t"],
        "label": ["cat", "cat", "dog"],
        "x1": [0, 1, 0],
        "y1": [0, 0, 0],
        "x2": [4, 5, 2],
        "y2": [4, 4, 2],
    }
)


def boxes(folder: Path, rows: str, name: str = "boxes.csv") -> Path:
    path = folder / name
    path.write_text("item,model,prediction,score,x1,y1,x2,y2\n" + rows, encoding="utf-8")
    return path


def test_a_box_finds_one_object_and_the_best_score_chooses_first(tmp_path: Path) -> None:
    # both boxes of m overlap the first object most; the second has the higher score and takes it
    rows = "s,m,cat,0.5,0,0,4,4\ns,m,cat,0.9,0,0,4,4\nt,n,dog,0.1,0,0,2,2\n"
    answers = read_detections(boxes(tmp_path, rows), THERE)
    assert answers.items.tolist() == ["s#1", "s#2", "t#1"]
    assert answers.groups is not None
    assert answers.groups.tolist() == ["cat", "cat", "dog"]
    assert answers.correct is not None
    assert answers.correct.tolist() == [[True, False], [True, False], [False, True]]
    assert answers.policies == ()


def test_boxes_of_another_class_image_or_overlap_find_nothing_and_are_counted(tmp_path: Path) -> None:
    rows = "s,m,dog,1,0,0,4,4\nu,m,cat,1,0,0,4,4\ns,m,cat,1,3,3,9,9\ns,n,cat,1,0,0,4,4\n"
    answers = read_detections(boxes(tmp_path, rows), THERE)
    assert answers.correct is not None
    assert answers.correct[:, 0].tolist() == [False] * 3
    assert [(policy.what, policy.count) for policy in answers.policies] == [("boxes of 'm' that match no object", 3)]


def test_an_object_that_overlaps_exactly_enough_is_found(tmp_path: Path) -> None:
    # 3 of 5 columns are shared
    rows = "s,m,cat,1,2,0,6,4\nt,m,dog,1,0,0,1,2\nt,n,dog,1,0,0,2,2\n"
    found = {iou: read_detections(boxes(tmp_path, rows), THERE, iou=iou).correct for iou in (0.5, 0.6, 0.61)}
    assert [table[1, 0] for table in found.values() if table is not None] == [True, True, False]
    assert [table[2, 0] for table in found.values() if table is not None] == [True, False, False]


def test_a_file_without_models_is_of_one(tmp_path: Path) -> None:
    frame = THERE.rename({"label": "prediction"})
    for name in ("yolo", "detr"):
        frame.write_csv(tmp_path / f"{name}.csv")
    THERE.write_parquet(tmp_path / "truth.parquet")
    answers = read_detections([tmp_path / "yolo.csv", tmp_path / "detr.csv"], tmp_path / "truth.parquet")
    assert answers.models == ("yolo", "detr")
    assert answers.correct is not None
    assert answers.correct.all()


def greedy(there: pl.DataFrame, found: pl.DataFrame, iou: float) -> np.ndarray:
    """The plain way: model by model, box by box in the order of scores."""
    models = found["model"].unique(maintain_order=True).to_list()
    right = np.zeros((there.height, len(models)), dtype=bool)
    corners = there.select("x1", "y1", "x2", "y2").to_numpy()
    for j, model in enumerate(models):
        of_model = found.filter(pl.col("model") == model).sort("score", descending=True, maintain_order=True)
        for box in of_model.iter_rows(named=True):
            best, chosen = iou, None
            for i, thing in enumerate(there.iter_rows(named=True)):
                if right[i, j] or (thing["item"], thing["label"]) != (box["item"], box["prediction"]):
                    continue
                x = min(box["x2"], corners[i, 2]) - max(box["x1"], corners[i, 0])
                y = min(box["y2"], corners[i, 3]) - max(box["y1"], corners[i, 1])
                shared = max(x, 0) * max(y, 0)
                own = (box["x2"] - box["x1"]) * (box["y2"] - box["y1"])
                other = (corners[i, 2] - corners[i, 0]) * (corners[i, 3] - corners[i, 1])
                overlap = shared / (own + other - shared)
                if overlap > best or (overlap == best and chosen is None):
                    best, chosen = overlap, i
            if chosen is not None:
                right[chosen, j] = True
    return right


def scatter(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    x, y = rng.uniform(0, 3, (2, n))
    return {"item": rng.integers(0, 4, n), "x1": x, "y1": y, "x2": x + rng.uniform(1, 3, n), "y2": y + 2}


@pytest.mark.parametrize("seed", range(5))
def test_crowded_images_are_matched_as_by_a_plain_loop(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    there = pl.DataFrame({**scatter(rng, 40), "label": rng.integers(0, 2, 40)})
    found = pl.DataFrame(
        {
            **scatter(rng, 300),
            "model": rng.integers(0, 3, 300),
            "prediction": rng.integers(0, 2, 300),
            "score": rng.random(300).round(2),
        }
    )
    found.write_parquet(tmp_path / "found.parquet")
    for iou in (0.2, 0.5):
        answers = read_detections(tmp_path / "found.parquet", there, iou=iou)
        wanted = greedy(there, found, iou)
        assert wanted.any()
        np.testing.assert_array_equal(answers.correct, wanted)
        missed = 300 - wanted.sum()
        assert sum(policy.count for policy in answers.policies) == missed


def test_overlap_of_a_box_with_itself_is_one_and_of_boxes_apart_none() -> None:
    box = np.array([[0.0, 0.0, 2.0, 3.0]])
    assert intersection_over_union(box, box).tolist() == [1.0]
    assert intersection_over_union(box, box + 5).tolist() == [0.0]
    assert intersection_over_union(box, box + np.array([2, 0, 2, 0])).tolist() == [0.0]


def test_an_overlap_out_of_range_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="iou is 0; give a share"):
        read_detections(boxes(tmp_path, ""), THERE, iou=0)
