"""Inside a run folder a fit gives the same model to the last bit, whether its steps are computed or were kept."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from polyculture import CrossDomainClassifier, store
from polyculture.classify import CrossDomainRegressor
from polyculture.classify.described import depends_on
from polyculture.features.backbone import Backbone
from polyculture.features.encoders.pretrained import PretrainedEncoder
from polyculture.features.text_backbone import TextBackbone

RNG = np.random.default_rng(0)
N = 120
DOMAIN = np.array(["a", "b"] * (N // 2))
Y = (np.arange(N) // 2) % 2
VECTORS = RNG.normal(size=(N, 5)) + Y[:, None]
TEXTS = [f"{('bad', 'good')[y]} {('film', 'book')[i % 2]} w{i % 11} x{i % 7}" for i, y in enumerate(Y)]
NEAR = sp.csr_array(np.triu(RNG.random((N, N)) < 0.03 + 0.05 * (Y[:, None] == Y), 1).astype(float))
QUICK = {"backbone": Backbone(hidden=(8,), epochs=4), "components": 5}

Fit = Callable[[], Any]
FITS: dict[str, Fit] = {
    "texts": lambda: CrossDomainClassifier(("lexical", "cnn"), **QUICK).fit(TEXTS, Y, domain=DOMAIN),
    "vectors and a graph": lambda: CrossDomainClassifier(graph="given", **QUICK).fit(
        VECTORS, Y, domain=DOMAIN, graph=NEAR + NEAR.T
    ),
    "a domain without labels": lambda: CrossDomainClassifier(adapt="auto", **QUICK).fit(
        VECTORS, np.where(DOMAIN == "b", -1, Y), domain=DOMAIN
    ),
    "modalities": lambda: CrossDomainClassifier({"text": ("lexical",), "vector": "auto"}, components=5).fit(
        {"text": TEXTS, "vector": VECTORS}, Y, domain=DOMAIN
    ),
    "values": lambda: CrossDomainRegressor(**QUICK).fit(VECTORS, VECTORS[:, 0] + Y, domain=DOMAIN),
    "labels": lambda: CrossDomainClassifier(fuse="regmean", adapt_layers="head", **QUICK).fit(
        VECTORS, VECTORS[:, :2] > 0, domain=DOMAIN
    ),
}


def kept(model: Any, folder: Path) -> dict[str, str]:
    model.save(folder)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def steps(run: Path) -> list[Path]:
    return sorted(run.glob("*/*/"))


@pytest.mark.parametrize("name", FITS)
def test_a_fit_that_goes_on_is_the_fit(name, tmp_path):
    fit, run = FITS[name], tmp_path / "run"
    plain = kept(fit(), tmp_path / "plain")
    with store.run(run):
        assert kept(fit(), tmp_path / "first") == plain
    there = steps(run)
    for step in np.random.default_rng(1).permutation(there)[::2].tolist():
        shutil.rmtree(step)
    with store.run(run):
        assert kept(fit(), tmp_path / "second") == plain
    assert steps(run) == there
    lines = (run / "journal.jsonl").read_bytes()
    with store.run(run):
        assert kept(fit(), tmp_path / "third") == plain
    assert (run / "journal.jsonl").read_bytes() == lines


@pytest.mark.parametrize(
    "change", [{"random_state": 1}, {"fuse": "average"}, {"backbone": Backbone(hidden=(9,), epochs=2)}]
)
def test_other_parameters_are_another_fit(change, tmp_path):
    def fit(**changed: Any) -> Any:
        return CrossDomainClassifier(**(QUICK | changed)).fit(VECTORS, Y, domain=DOMAIN)

    other = kept(fit(**change), tmp_path / "other")
    with store.run(tmp_path / "run"):
        fit()
        assert kept(fit(**change), tmp_path / "kept") == other
    assert len(list((tmp_path / "run").glob("fit-*"))) == 2


def test_one_label_more_is_another_fit(tmp_path):
    fewer = np.where(np.arange(N) == 7, -1, Y)
    with store.run(tmp_path / "run"):
        for y in (Y, fewer, Y):
            CrossDomainClassifier(**QUICK).fit(VECTORS, y, domain=DOMAIN)
    assert len(list((tmp_path / "run").glob("fit-*"))) == 2


def test_encoders_trained_at_once_are_kept_by_the_process_that_asked(tmp_path):
    run = tmp_path / "run"
    models = []
    for jobs in (2, 1):
        with store.run(run):
            model = CrossDomainClassifier(("lexical", "cnn", "rnn"), n_jobs=jobs, **QUICK).fit(TEXTS, Y, domain=DOMAIN)
        models.append(kept(model.set_params(n_jobs=1), tmp_path / f"{jobs}"))
        lines = [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()]
        assert len(lines) == 2 * len(steps(run))
    assert models[0] == models[1]
    assert {line["process"] for line in lines} == {os.getpid()}


def test_without_a_run_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    CrossDomainClassifier(**QUICK).fit(VECTORS, Y, domain=DOMAIN)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("given", ["encoder", "name", "modality", "backbone"])
def test_a_base_model_is_known_by_what_its_folder_holds(given, tmp_path):
    folder = tmp_path / "base"
    folder.mkdir()
    encoder = PretrainedEncoder(str(folder))
    asked = {
        "encoder": {"encoders": [encoder]},
        "name": {"encoders": [f"pretrained:{folder}"]},
        "modality": {"encoders": {"text": encoder}},
        "backbone": {"backbone": TextBackbone(str(folder))},
    }
    model = CrossDomainClassifier(**asked[given])
    known = []
    for weights in ("old", "new", "new"):
        (folder / "model.safetensors").write_text(weights)
        with store.run(tmp_path / "run"):
            known.append(depends_on(model))
    assert known[0] != known[1]
    assert known[1] == known[2]
    assert depends_on(model)["files"] == {}
