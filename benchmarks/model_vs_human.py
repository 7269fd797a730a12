"""Models and people on 17 out-of-distribution sets: how alike they fail, and how much of it is shared difficulty.

Needs the decisions of `model-vs-human` (Geirhos et al. 2021, arXiv:2106.07411) as ``model_vs_human/decisions.parquet``
in the folder that POLYCULTURE_DATA names. The two sources of models are never mixed.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from polyculture import AuditResult, audit
from polyculture.measure import Interval, expected_given_strata
from polyculture.tables import Table, interval, to_text

SOURCES = ("bethgelab", "harvard-dmc")
DEFINITIONS = ("kish", "participation_ratio", "spectral_entropy")


# A name may tell the trial, who saw it, the condition and the category before it tells the picture.
PICTURE = r"^\d{4}_[^_]+_[^_]+_[^_]+_[^_]+_\d\d_(.*)$"


def decisions(folder: Path) -> pl.DataFrame:
    """One row for each image and agent; an image is a dataset, a condition where there are several, and a picture."""
    rows = pl.read_parquet(folder / "model_vs_human" / "decisions.parquet")
    several = pl.col("condition").fill_null("").n_unique().over("dataset", "kind") > 1
    condition = pl.when(several).then("condition").otherwise(pl.lit("only one"))
    picture = pl.col("imagename").str.extract(PICTURE).fill_null(pl.col("imagename"))
    person = pl.concat_str("dataset", "agent", separator="/")
    return rows.select(
        "source",
        "kind",
        "dataset",
        condition=condition,
        item=pl.concat_str("dataset", condition, picture, separator="/"),
        model=pl.when(pl.col("kind") == "human").then(person).otherwise("agent"),
        prediction="object_response",
        label="category",
    )


def models_of(rows: pl.DataFrame, source: str) -> pl.DataFrame:
    """What an audit of one source reads; the datasets are its groups."""
    of_models = rows.filter((pl.col("source") == source) & (pl.col("kind") == "model"))
    return of_models.select("item", "model", "prediction", "label", group="dataset")


def pooled(found: dict[str, AuditResult]) -> Table:
    """The main numbers over all images, a row for each source."""
    rows = []
    for source, result in found.items():
        joint, systemic = result.joint_failure, result.systemic_failure
        rows.append([
            source, len(result.models), result.items,
            f"{result.summary['error_consistency']['estimate']:.4f}",
            *(interval(result.effective_models[name], 2) for name in DEFINITIONS),
            _share(systemic, "observed", 4), f"{systemic['expected']:.1e}", _share(joint, "ratio", 2),
        ])  # fmt: skip
    columns = [
        "source", "models", "images", "mean κ", "Kish", "participation ratio", "spectral entropy", "all models wrong",
        "if independent", "two wrong, × independent",
    ]  # fmt: skip
    return Table("pooled", "all images", columns, rows)


def by_dataset(found: dict[str, AuditResult]) -> Table:
    """The same within each dataset."""
    rows = [
        [group["group"], source, group["items"], f"{group['accuracy']:.3f}", f"{group['error_consistency']:.3f}",
         interval(group["kish"], 2), f"{group['all_fail']:.3f}", interval(group["joint_failure_ratio"], 2)]
        for source, result in found.items()
        for group in result.groups
    ]  # fmt: skip
    columns = ["dataset", "source", "images", "accuracy", "mean κ", "Kish", "all wrong", "two wrong, × independent"]
    return Table("datasets", "within each dataset", columns, sorted(rows))


def difficulty(rows: pl.DataFrame) -> Table:
    """How much of what two models share is difficulty: of the dataset, its condition, and the image to people."""
    lines: list[list[Any]] = []
    for source in SOURCES:
        wide = wrong_answers(rows.filter(pl.col("source") == source, pl.col("kind") == "model"))
        known = rows.select("item", "dataset", "condition").unique("item")
        people = (
            rows.filter(pl.col("kind") == "human")
            .group_by("item")
            .agg(errors=(pl.col("prediction") != pl.col("label")).sum())
        )
        joined = wide.join(known, on="item", how="left").join(people, on="item", how="left")
        failures = joined.drop("item", "dataset", "condition", "errors").to_numpy()
        strata = {
            "dataset": ["dataset"],
            "dataset and condition": ["dataset", "condition"],
            "dataset and people's errors": ["dataset", "errors"],
            "dataset, condition and people's errors": ["dataset", "condition", "errors"],
        }
        for name, columns in strata.items():
            labels = joined.select(
                pl.concat_str([pl.col(c).cast(pl.String).fill_null("-") for c in columns])
            ).to_series()
            part = expected_given_strata(failures, labels.to_numpy(), smallest=5)
            lines.append([source, name, part.strata, _text(part.pairs.observed), _text(part.pairs.independent),
                          _text(part.pairs.given_strata), _text(part.pairs.explained)])  # fmt: skip
    columns = [
        "source",
        "difficulty by",
        "strata",
        "two models wrong",
        "if independent",
        "given the difficulty",
        "explained",
    ]
    return Table("difficulty", "how much is shared difficulty", columns, lines)


def wrong_answers(rows: pl.DataFrame) -> pl.DataFrame:
    """Images by models, 1 where the answer is wrong."""
    wrong = rows.with_columns(wrong=(pl.col("prediction") != pl.col("label")).cast(pl.Int8))
    return wrong.pivot("model", index="item", values="wrong")


def with_people(rows: pl.DataFrame) -> Table:
    """Mean κ among models, among people, and between the two, over the datasets."""
    lines = []
    for source in SOURCES:
        kappas: dict[str, list[float]] = {"models": [], "people": [], "models and people": []}
        for _, some in rows.filter((pl.col("source") == source) | (pl.col("kind") == "human")).group_by("dataset"):
            people = set(some.filter(pl.col("kind") == "human")["model"])
            found = audit(some.select("item", "model", "prediction", "label"))
            each: dict[str, list[float]] = {name: [] for name in kappas}
            for pair in found.pairs:
                human = (pair["a"] in people) + (pair["b"] in people)
                each[("models", "models and people", "people")[human]].append(pair["error_consistency"]["estimate"])
            for name, values in each.items():
                kappas[name].append(float(np.nanmean(values)))
        lines.append([source, *(f"{np.mean(values):.3f}" for values in kappas.values())])
    return Table("people", "mean κ, averaged over datasets", ["source", *kappas], lines)


def _share(part: dict[str, Any], name: str, digits: int) -> str:
    return interval({"estimate": part[name], **part["intervals"][name]}, digits)


def _text(found: Interval) -> str:
    return interval(vars(found), 3)


def main() -> None:
    """Print every table, and write reports if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("POLYCULTURE_DATA"), help="folder of the data")
    parser.add_argument("--reports", type=Path, help="folder for one report a source")
    args = parser.parse_args()
    if args.data is None:
        parser.error("name the folder of the data with --data or POLYCULTURE_DATA")
    rows = decisions(args.data)
    found = {source: audit(models_of(rows, source)) for source in SOURCES}
    for table in (pooled(found), by_dataset(found), difficulty(rows), with_people(rows)):
        sys.stdout.write(f"{to_text(table)}\n\n")
    for source, result in found.items():
        sys.stdout.write(f"{source}\n{result}\n\n")
        if args.reports:
            result.report(args.reports / f"{source}.html")


if __name__ == "__main__":
    main()
