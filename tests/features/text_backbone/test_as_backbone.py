"""A Transformer as the backbone of the five steps."""

from __future__ import annotations

import json
import shutil

import numpy as np
import numpy.testing as npt
import polars as pl
import pytest
import scipy.sparse as sp
from typer.testing import CliRunner

pytest.importorskip("transformers")

from polyculture import close_the_loop
from polyculture.adapt import fine_tune
from polyculture.classify import CrossDomainClassifier, CrossDomainRegressor
from polyculture.cli import app
from polyculture.data import DomainData
from polyculture.errors import DataError, ParameterError
from polyculture.evaluation import evaluate
from polyculture.evaluation.baselines import pooled
from polyculture.explain import predictor, word_reasons
from polyculture.features.backbone import Backbone
from polyculture.features.text_backbone import TextBackbone

pytest_plugins = ("text_models",)


@pytest.fixture(scope="module")
def many(texts, labels):
    """Items of two domains, the second with its classes turned round."""
    domain = np.repeat(["here", "there"], len(texts))
    y = np.concatenate([labels, 1 - labels])
    return np.concatenate([texts, texts]), np.array(["no", "yes"])[y], domain


def template(tiny, **changes):
    settings = {"epochs": 3, "learning_rate": 1e-2, "batch_size": 8, "precision": "float32", "average": 0.0}
    settings |= {"adversarial": 0.0, "smoothing": 0.0}
    return TextBackbone(str(tiny), **settings | changes)


def made(tiny, **changes):
    return CrossDomainClassifier(("lexical",), components=4, backbone=template(tiny), **changes)


@pytest.fixture(scope="module")
def fitted(tiny, many):
    texts, y, domain = many
    return made(tiny, adapt_layers="all").fit(texts, y, domain=domain)


def test_its_parts_are_the_transformers(fitted, many):
    texts, _, domain = many
    encoded = fitted.encode(texts)
    found = fitted.answers(encoded, domain)
    assert fitted.fed(encoded) is encoded.texts
    npt.assert_array_equal(found["backbone"], fitted.backbone_.answers(encoded.texts))
    npt.assert_array_equal(found["merged"], fitted.backbone_.answers(encoded.texts, fitted.merged_))
    here = np.flatnonzero(domain == "here")
    npt.assert_array_equal(found["experts"][here], fitted.backbone_.answers(texts[here], fitted.experts_["here"]))
    assert fitted.features_.spread_.kind_ == "none"


def test_experts_tell_domains_apart_that_contradict_each_other(fitted, many):
    texts, y, domain = many
    truth = fitted.codes(y)
    experts = fine_tune(fitted.backbone_, texts, truth, domain, layers="all", learning_rate=1e-2, epochs=8)
    for name, weights in experts.items():
        here = np.flatnonzero(domain == name)
        assert (fitted.backbone_.answers(texts[here], weights).argmax(axis=1) == truth[here]).mean() > 0.9


def test_every_merge_was_tried_and_no_head_fitted_again(fitted):
    assert {merged.method for merged in fitted.merges_} == {"average", "task_arithmetic", "regmean"}
    assert not any("closed form" in merged.setting for merged in fitted.merges_)


def test_the_fused_network_is_a_folder_that_transformers_loads(tiny, many, tmp_path):
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    texts, y, domain = many
    model = CrossDomainClassifier(("lexical",), components=4, backbone=template(tiny, pooling="model"))
    model.fit(texts, y, domain=domain).save_pretrained(tmp_path / "fused")
    network = AutoModelForSequenceClassification.from_pretrained(tmp_path / "fused").eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "fused")
    with torch.no_grad():
        logits = network(**tokenizer(texts[:5].tolist(), padding=True, return_tensors="pt")).logits
    npt.assert_allclose(logits.softmax(1).numpy(), model.answers(model.encode(texts[:5]))["merged"], atol=1e-5)


def test_it_is_kept_and_read_again_experts_without_what_they_share(fitted, many, tmp_path):
    texts, _, domain = many
    fitted.save(tmp_path / "model")
    again = CrossDomainClassifier.load(tmp_path / "model")
    assert isinstance(again.backbone, TextBackbone)
    npt.assert_array_equal(again.predict_proba(texts, domain=domain), fitted.predict_proba(texts, domain=domain))
    npt.assert_array_equal(again.predict_proba(texts), fitted.predict_proba(texts))


def test_upper_layers_of_experts_are_kept_once(tiny, many, tmp_path):
    texts, y, domain = many
    sizes = {}
    for layers in ("all", "head"):
        model = made(tiny, adapt_layers=layers).fit(texts, y, domain=domain)
        model.save(tmp_path / layers)
        sizes[layers] = sum(file.stat().st_size for file in (tmp_path / layers).iterdir())
    assert sizes["head"] < 0.8 * sizes["all"]


def test_it_is_judged_explained_and_compared_as_any_other(fitted, many):
    texts, y, domain = many
    data = DomainData.of(texts, label=y, domain=domain)
    assert set(evaluate(fitted, data).accuracy) >= {"fused", "experts", "merged", "backbone"}
    reasons = word_reasons(predictor(fitted), texts[:2].tolist(), domain[:2])
    assert [len(r.words) for r in reasons] == [len(t.split()) for t in texts[:2]]
    prepared = fitted.preprocess(texts, y, domain=domain)
    other = pooled(fitted, fitted.encode(prepared.texts), prepared)
    assert isinstance(other, TextBackbone)
    assert fitted.knowledge(fitted.encode(texts[:3]), domain[:3]).shape[0] == 3


def test_the_loop_sets_it_beside_the_frozen_model(tiny, many):
    texts, y, domain = many
    data = DomainData.of([f"{text} {i}" for i, text in enumerate(texts)], label=y, domain=domain)
    found = close_the_loop(
        data,
        encoders=("lexical",),
        components=4,
        questions=("fine_tuning",),
        transformer=template(tiny).get_params() | {"random_state": 0},
    )
    rows = found.fine_tuning
    assert list(rows) == [
        "pooled, frozen vectors",
        "fused, frozen vectors",
        "backbone",
        "experts",
        "merged",
        "ensemble",
        "fused",
    ]
    assert rows["fused, frozen vectors"]["macro_f1"] == found.accuracy["fused"]["macro_f1"]
    assert found.frames()["fine_tuning"].height == 7


def test_values(tiny, texts, labels):
    model = CrossDomainRegressor(("lexical",), components=4, backbone=template(tiny, epochs=8), fuse="backbone")
    values = 5.0 + 2.0 * labels
    assert model.fit(texts, values).score(texts, values) > 0.5


@pytest.mark.parametrize("backbone", [None, Backbone(epochs=1)])
def test_networks_over_vectors_are_no_folders_of_transformers(backbone, many, tmp_path):
    texts, y, domain = many
    model = CrossDomainClassifier(("lexical",), components=4, backbone=backbone).fit(texts, y, domain=domain)
    with pytest.raises(ParameterError, match="which transformers does not know"):
        model.save_pretrained(tmp_path)


def test_what_it_cannot_read_is_refused_before_work(tiny, many):
    texts, y, domain = many
    numbers = np.random.RandomState(0).normal(size=(len(texts), 3))
    with pytest.raises(ParameterError, match="reads texts; numbers were given"):
        CrossDomainClassifier(backbone=template(tiny)).fit(numbers, y, domain=domain)
    with pytest.raises(ParameterError, match="reads texts; a graph was given"):
        made(tiny).fit(texts, y, domain=domain, graph=sp.csr_array((len(texts), len(texts))))
    with pytest.raises(ParameterError, match="no graph spreads"):
        made(tiny, graph="words").fit(texts, y, domain=domain)
    with pytest.raises(ParameterError, match="give a Backbone, a TextBackbone, or None"):
        CrossDomainClassifier(backbone="minilm").fit(texts, y)
    with pytest.raises(DataError, match="no-such-folder"):
        CrossDomainClassifier(("lexical",), backbone=TextBackbone("no-such-folder")).fit(texts, y, domain=domain)


def test_the_folder_says_what_its_outputs_are_and_not_where_the_base_model_lay(tiny, many, tmp_path):
    texts, y, domain = many
    made(tiny, adapt="none", fuse="backbone").fit(texts, y, domain=domain).save_pretrained(tmp_path / "fused")
    config = json.loads((tmp_path / "fused" / "config.json").read_text())
    assert config["id2label"] == {"0": "no", "1": "yes"}
    assert config["label2id"] == {"no": 0, "yes": 1}
    assert config["architectures"] == ["BertForSequenceClassification"]
    assert "polyculture_version" in config
    assert str(tiny) not in json.dumps(config)


@pytest.mark.parametrize("place", ["base", "project", "elsewhere"])
def test_the_command_replaces_no_folder_that_it_did_not_write(tiny, many, tmp_path, place):
    texts, y, domain = many
    base = shutil.copytree(tiny, tmp_path / "base")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "config.json").write_text('{"mine": 1}')
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "manifest.json").write_text('{"name": "an app"}')
    table = tmp_path / "items.csv"
    pl.DataFrame({"text": texts, "label": y, "domain": domain}).write_csv(table)
    out = tmp_path / ("elsewhere" if place == "elsewhere" else "model")
    options = ["--out", out, "--backbone", base, "--domain", "domain", "--encoders", "lexical:words"]
    options += [] if place == "elsewhere" else ["--pretrained-out", tmp_path / place]
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    done = CliRunner().invoke(app, ["fit", str(table), *map(str, options)])
    assert done.exit_code != 0
    assert "name a new folder" in done.stderr + str(done.exception)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
