"""Images, numbers and texts through the commands, from files to predictions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from cli_runs import Done, run, write
from PIL import Image

RNG = np.random.default_rng(0)
N = 96
QUICK = ("--graph", "none", "--quiet")


def picture(bright: int, domain: int) -> np.ndarray[Any, Any]:
    """A square in one of two corners, on a ground that the domain makes lighter or darker."""
    grey = RNG.integers(0, 40, (12, 12)) + 60 * domain
    at = slice(1, 6) if bright else slice(6, 11)
    grey[at, at] += 130
    return grey.astype(np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree of images, and a table that names them beside numbers and texts."""
    root = tmp_path_factory.mktemp("pictures")
    table: dict[str, list[Any]] = {name: [] for name in ("file", "said", "width", "height", "domain", "label")}
    for i in range(N):
        label, domain = i % 2, (i // 2) % 2
        path = root / "tree" / ("day", "night")[domain] / ("car", "tram")[label] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(label, domain)).save(path)
        row = (path.relative_to(root), f"{'red' if label else 'blue'} thing {i}", label + RNG.normal(), RNG.normal())
        for name, value in zip(table, (*map(str, row[:2]), *row[2:], ("day", "night")[domain], label), strict=True):
            table[name].append(value)
    write(root / "items.csv", table)
    return root


@pytest.fixture(scope="module")
def of_tree(folder: Path) -> Path:
    """A model of images fitted on the tree."""
    done = fitted(folder / "tree", folder / "of_tree", "--encoders", "cnn", "--image-size", 12)
    assert done.code == 0, done.err
    return folder / "of_tree"


@pytest.fixture(scope="module")
def of_all(folder: Path) -> Path:
    """A model of images, texts and numbers."""
    named = ("--image", "file", "--text", "said", "--vector", "width,height", "--image-size", 12)
    done = fitted(folder / "items.csv", folder / "of_all", *named, "--encoders", "cnn,lexical:words,vectors")
    assert done.code == 0, done.err
    return folder / "of_all"


def fitted(data: Path, out: Path, *options: object) -> Done:
    return run("fit", data, "--out", out, *QUICK, *options)


def test_a_folder_is_fitted_and_judged_by_class(folder: Path, of_tree: Path, tmp_path: Path) -> None:
    assert run("evaluate", of_tree, folder / "tree", "--json", tmp_path / "e.json", "-q").code == 0
    found = json.loads((tmp_path / "e.json").read_text())
    assert set(found["data"]["domains"]) == {"day", "night"}
    assert set(found["classes"]) == {"car", "tram"}
    assert found["accuracy"]["fused"]["accuracy"]["mean"] > 90


def test_predictions_for_a_folder_name_its_files(folder: Path, of_tree: Path, tmp_path: Path) -> None:
    assert run("predict", of_tree, folder / "tree", "--out", tmp_path / "p.csv", "-q").code == 0
    found = pl.read_csv(tmp_path / "p.csv")
    assert found.columns == ["id", "domain", "prediction", "p_car", "p_tram"]
    assert found["id"][0].startswith("day/car/")
    assert (found["prediction"] == found["id"].str.split("/").list.get(1)).mean() > 0.9


def test_a_model_of_a_tree_reads_images_that_a_table_names_at_its_own_size(
    folder: Path, of_tree: Path, tmp_path: Path
) -> None:
    done = run("predict", of_tree, folder / "items.csv", "--image", "file", "--out", tmp_path / "p.csv", "-q")
    assert done.code == 0, done.err
    assert len(pl.read_csv(tmp_path / "p.csv")) == N


def test_several_modalities_at_once_and_one_of_them_alone(folder: Path, of_all: Path, tmp_path: Path) -> None:
    facts = json.loads((of_all / "manifest.json").read_text())["facts"]["modalities"]
    assert {name: of["kind"] for name, of in facts.items()} == {"image": "image", "text": "text", "vector": "vector"}
    every = ("--image", "file", "--text", "said", "--vector", "width,height")
    for options in (every, ("--text", "said"), ("--vector", "width,height")):
        done = run("predict", of_all, folder / "items.csv", *options, "--out", tmp_path / "p.csv", "-q")
        assert done.code == 0, done.err
        assert len(pl.read_csv(tmp_path / "p.csv")) == N


def test_a_cell_without_a_path_is_an_item_without_an_image(folder: Path, of_all: Path, tmp_path: Path) -> None:
    table = pl.read_csv(folder / "items.csv").with_columns(
        file=pl.when(pl.int_range(pl.len()) == 3).then(None).otherwise(pl.col("file"))
    )
    table.write_csv(folder / "lacking.csv")
    named = ("--image", "file", "--text", "said", "--out", tmp_path / "p.csv", "-q")
    assert run("predict", of_all, folder / "lacking.csv", *named).code == 0
    assert pl.read_csv(tmp_path / "p.csv")["prediction"].null_count() == 0


WRONG: dict[str, tuple[tuple[str, ...], str]] = {
    "no such column": (("items.csv", "--image", "pic"), "has no column 'pic'; its columns are file"),
    "paths that lead nowhere": (("items.csv", "--image", "said"), "does not exist"),
    "a column of texts as numbers": (("items.csv", "--vector", "said"), "row 1 has 'blue thing 0' in 'said'"),
    "images as sounds": (("items.csv", "--audio", "file"), "is no whole WAV"),
    "a column of a folder": (("tree", "--text", "said"), "is no table; leave it out"),
    "a size of nothing": (("tree", "--image-size", "0"), "image-size"),
    "a folder without classes": (("tree/day", "--image", "file"), "day"),
    "an encoder of texts": (("tree", "--encoders", "lexical"), "reads none of the modalities: image"),
    "two ways to name base models": (("tree", "--task", "medical-image", "--encoders", "cnn"), "both name base models"),
    "a task of texts": (("items.csv", "--text", "said", "--task", "medical-image"), "is for images"),
    "a task that there is not": (("tree", "--task", "medical-images"), "medical-image"),
    "copies of images": (("tree", "--augment", "0.5"), "copies are made of texts alone"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_in_one_line(name: str, folder: Path, tmp_path: Path) -> None:
    (data, *options), says = WRONG[name]
    done = fitted(folder / data, tmp_path / "m", *options)
    assert done.code == 2
    assert says in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert not (tmp_path / "m").exists()


def test_a_file_that_is_no_image_is_named(folder: Path, tmp_path: Path) -> None:
    for name in ("day/car", "day/tram"):
        (tmp_path / "t" / name).mkdir(parents=True)
        for i in range(3):
            Image.fromarray(picture(i % 2, 0)).save(tmp_path / "t" / name / f"{i}.png")
    (tmp_path / "t/day/car/x.png").write_bytes(b"no picture")
    done = fitted(tmp_path / "t", tmp_path / "m")
    assert done.code == 2
    assert "x.png" in done.err


def test_another_modality_than_the_fitted_one_is_refused(folder: Path, of_tree: Path, tmp_path: Path) -> None:
    done = run("predict", of_tree, folder / "items.csv", "--text", "said", "--out", tmp_path / "p.csv", "-q")
    assert done.code == 2
    assert "modality 'text' was not there when the model was fitted; it knows image" in done.err


def test_a_further_domain_of_images_is_learnt(folder: Path, of_tree: Path, tmp_path: Path) -> None:
    for i in range(8):
        path = tmp_path / "dusk" / "dusk" / ("car", "tram")[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(i % 2, 1)).save(path)
    done = run("adapt", of_tree, tmp_path / "dusk", "--as", "dusk", "--out", tmp_path / "more", "-q")
    assert done.code == 0, done.err
    assert (tmp_path / "more" / "manifest.json").exists()


def test_what_a_model_goes_without_is_said(folder: Path, of_all: Path, tmp_path: Path) -> None:
    done = run("predict", of_all, folder / "items.csv", "--text", "said", "--out", tmp_path / "p.csv", "-q")
    assert done.code == 0, done.err
    done = run("predict", of_all, folder / "items.csv", "--text", "said", "--out", tmp_path / "p.csv")
    assert "which the model was fitted on, too" in " ".join(done.err.split())


def reasons(*args: object, to: Path) -> dict[str, Any]:
    done = run("explain", *args, "--quiet", "--json", to)
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(to.read_text("utf-8"))
    return found


def test_reasons_of_images_are_patches(folder: Path, of_tree: Path, tmp_path: Path) -> None:
    found = reasons(of_tree, folder / "tree", "--items", 6, "--most", 3, "--faithfulness", to=tmp_path / "why.json")
    assert len(found["items"]) == 6
    for item in found["items"]:
        assert item["id"].endswith(".png")
        first = item["patches"][0]
        # the square stands in rows and columns 1 to 5 or 6 to 10
        assert (first["row"] < 6) == (first["column"] < 6)
    assert found["faithfulness"]["patches"]["items"] == 6


def test_reasons_of_several_modalities_are_shares(folder: Path, of_all: Path, tmp_path: Path) -> None:
    named = ("--image", "file", "--text", "said", "--vector", "width,height", "--rows", "1,2")
    found = reasons(of_all, folder / "items.csv", *named, to=tmp_path / "why.json")
    assert [item["text"] for item in found["items"]] == ["blue thing 0", "red thing 1"]
    views = {"text/cnn", "text/lexical:words", "image/image-cnn", "vector/vectors"}
    assert all(item["modalities"].keys() == views for item in found["items"])


def test_reasons_of_a_kind_that_does_not_apply(folder: Path, of_tree: Path) -> None:
    done = run("explain", of_tree, folder / "tree", "--kinds", "words", "--quiet")
    assert done.code == 2
    assert "words" in done.err
