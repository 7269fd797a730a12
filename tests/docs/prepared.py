"""Small files under the names that pages use, made and not fetched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from safetensors.numpy import save_file

GOOD, BAD = ("good", "great", "lovely", "superb"), ("bad", "awful", "dull", "poor")
THINGS = {
    "books": ("novel", "chapter", "plot"),
    "films": ("actor", "scene", "score"),
    "meals": ("soup", "bread", "sauce"),
}


def reviews(domains: tuple[str, ...], n: int, seed: int) -> pl.DataFrame:
    """Short texts whose words tell the class, no two alike."""
    rng, rows = np.random.default_rng(seed), []
    for i in range(n):
        domain, label = domains[i % len(domains)], ("+", "-")[(i // len(domains)) % 2]
        word, thing = rng.choice(GOOD if label == "+" else BAD), rng.choice(THINGS[domain])
        rows.append({"text": f"a {word} {thing} w{seed}x{i} and z{i * 7}", "label": label, "domain": domain})
    return pl.DataFrame(rows)


def answers() -> pl.DataFrame:
    """Four models of three options on 80 items in two wards; two of them are nearly one."""
    rng = np.random.default_rng(0)
    label = rng.integers(3, size=80)
    shared = np.where(rng.random(80) < 0.3, rng.integers(3, size=80), label)
    said = {name: np.where(rng.random(80) < 0.3, rng.integers(3, size=80), label) for name in ("c", "d")}
    said |= {name: np.where(rng.random(80) < 0.05, rng.integers(3, size=80), shared) for name in ("a", "b")}
    rows = [
        {"item": i, "model": name, "prediction": int(of[i]), "label": int(label[i]), "ward": f"w{i % 2}"}
        for name, of in sorted(said.items())
        for i in range(80)
    ]
    return pl.DataFrame(rows)


def papers() -> pl.DataFrame:
    """Papers of two communities that name one of four methods."""
    methods = ("transformers", "a convolutional neural network", "an LSTM", "graph neural networks")
    rows = [
        {
            "community": community,
            "year": year,
            "title": f"Study {i} of {year}: {methods[(i * step) % 4]} for {i * 7} {community}",
        }
        for community, step in (("CV", 1), ("NLP", 3))
        for year in range(2018, 2022)
        for i in range(40)
    ]
    return pl.DataFrame(rows)


def baskets() -> pl.DataFrame:
    """Forty users of two tastes in two shops; ann never bought a book."""
    rng, rows = np.random.default_rng(0), []
    for user in range(40):
        for shop in ("books", "films"):
            name = "ann" if user == 0 else f"u{user}"
            if (name, shop) != ("ann", "books"):
                items = 2 * rng.permutation(8)[:5] + user % 2
                rows += [{"user": name, "item": f"{shop} {i}", "shop": shop, "time": t} for t, i in enumerate(items)]
    return pl.DataFrame(rows)


def columns(n: int = 120) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Patients as numbers, and items with a title and two numbers."""
    rng = np.random.default_rng(0)
    sick = rng.integers(2, size=n)
    patients = {name: sick + rng.normal(size=n) for name in ("age", "dose", "weight")}
    patients |= {"outcome": np.where(sick, "ill", "well"), "ward": np.where(np.arange(n) % 2, "east", "west")}
    sizes = {name: sick + rng.normal(size=n) for name in ("width", "height")}
    titles = [f"a {'red' if one else 'blue'} lamp no{i}" for i, one in enumerate(sick)]
    label, shop = np.where(sick, "tall", "small"), np.where(np.arange(n) % 3, "town", "village")
    return pl.DataFrame(patients), pl.DataFrame({"title": titles, **sizes, "label": label, "shop": shop})


def weights() -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """A base model and two experts of one small layer."""
    rng = np.random.default_rng(0)
    base = {"0.weight": rng.normal(size=(2, 3)).astype("f4"), "0.bias": np.zeros(2, "f4")}
    yield "base", base
    for name in ("expert1", "expert2"):
        yield name, {key: (value + 0.1 * rng.normal(size=value.shape)).astype("f4") for key, value in base.items()}


def prepare(folder: Path) -> None:
    """Every file that a page names."""
    reviews(("books", "films"), 120, 0).write_parquet(folder / "reviews.parquet")
    reviews(("books", "films"), 40, 1).write_parquet(folder / "test.parquet")
    reviews(("books", "films"), 6, 2).drop("label").write_csv(folder / "new.csv")
    reviews(("meals",), 16, 3).write_csv(folder / "few.csv")
    answers().write_parquet(folder / "answers.parquet")
    papers().write_parquet(folder / "papers.parquet")
    baskets().write_parquet(folder / "baskets.parquet")
    patients, items = columns()
    patients.write_parquet(folder / "patients.parquet")
    items.write_csv(folder / "items.csv")
    (folder / "models.csv").write_text("model,company\na,x\nb,x\nc,y\nd,z\n", encoding="utf-8")
    (folder / "hub.csv").write_text(
        "name,parents,organisation\nbase,none,x\nchild,base,y\nother,,z\nlast,child;other,y\n", encoding="utf-8"
    )
    for name, tensors in weights():
        save_file(tensors, folder / f"{name}.safetensors")
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        np.save(folder / f"{name}.npy", rng.normal(size=(60, 8)))
    scans(folder / "scans")


def scans(folder: Path) -> None:
    """Pictures in folders domain/class."""
    from PIL import Image

    rng = np.random.default_rng(0)
    for place in ("north", "south"):
        for finding in ("clear", "spot"):
            (folder / place / finding).mkdir(parents=True)
            for i in range(3):
                pixels = rng.integers(0, 255, size=(16, 16, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / place / finding / f"{i}.png")


def named(page: str) -> dict[str, Any]:
    """What the README takes as given, where it speaks of the reader's own."""
    if not page.startswith("README"):
        return {}
    known, later = reviews(("books", "films"), 120, 0), reviews(("books", "films"), 6, 2)
    found = answers()
    of = {name: found.filter(pl.col("model") == name)["prediction"].to_numpy() for name in "abcd"}
    label = found.filter(pl.col("model") == "a")["label"].to_numpy()
    few = reviews(("meals",), 8, 3)
    rng = np.random.default_rng(0)
    return {
        "texts": known["text"].to_list(),
        "labels": known["label"].to_list(),
        "domain": known["domain"].to_list(),
        "new_texts": later["text"].to_list(),
        "new_domain": later["domain"].to_list(),
        "few_texts": few["text"].to_list(),
        "few_labels": few["label"].to_list(),
        "answers": of["a"],
        "other_answers": of["c"],
        "right_answers": label,
        "right_a": of["a"] == label,
        "right_b": of["c"] == label,
        "failures": np.stack([of[name] != label for name in "abcd"], axis=1),
        "x": rng.normal(size=(50, 4)),
        "y": rng.normal(size=(50, 6)),
    }
