"""What is asked gives the same numbers, to the last bit, whatever runs its pieces."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from engine_work import installed
from threadpoolctl import threadpool_limits

from polyculture import CrossDomainClassifier, audit, engine, survey
from polyculture.errors import DataError

ENGINES = ["processes", "dask", "ray"]


@pytest.fixture(params=ENGINES)
def on(request):
    """Engines that are there, by name."""
    if request.param == "processes":
        return lambda: engine.use("local", workers=2)
    installed(request.param)
    lent = request.getfixturevalue(request.param)
    return lambda: engine.use(lent)


def both(ask, on):
    with threadpool_limits(1):
        here = ask()
        with on():
            there = ask()
    return here, there


def test_audit_of_answers(on, tmp_path):
    rng = np.random.default_rng(0)
    label = rng.integers(0, 4, 300)
    columns = {f"m{j}": np.where(rng.random(300) < 0.7, label, rng.integers(0, 4, 300)) for j in range(6)}
    path = tmp_path / "answers.csv"
    pl.DataFrame({"item": np.arange(300), "label": label, **columns}).write_csv(path)
    here, there = both(lambda: audit(path, cache=False), on)
    assert json.dumps(here.to_dict()) == json.dumps(there.to_dict())


def test_audit_of_embeddings(on, tmp_path):
    rng = np.random.default_rng(0)
    base, paths = rng.normal(size=(60, 5)), []
    for j in range(4):
        paths.append(tmp_path / f"m{j}.npy")
        np.save(paths[-1], (base @ rng.normal(size=(5, 8)) + rng.normal(size=(60, 8))).astype(np.float32))
    ask = lambda: audit(paths, cache=False, permutations=30, measures=("cka", "mutual_knn", "rsa"))  # noqa: E731
    here, there = both(ask, on)
    assert json.dumps(here.to_dict()) == json.dumps(there.to_dict())


def test_survey_of_files_that_share_papers(on, tmp_path):
    methods = ["random forest", "LSTM", "transformer", "support vector machine"]
    for part in range(3):
        # the last papers of a file are the first ones of the next, and stand twice in it
        ids = np.r_[np.arange(180 * part, 180 * part + 200), np.arange(180 * part, 180 * part + 5)]
        pl.DataFrame(
            {
                "paper_id": [f"p{i}" for i in ids],
                "community": [("CV", "NLP")[i % 2] for i in ids],
                "year": [2015 + i % 4 for i in ids],
                "title": [f"A {methods[i % 3 if i % 7 else 3]} for {i}" for i in ids],
            }
        ).write_parquet(tmp_path / f"part{part}.parquet")
    paths = sorted(tmp_path.glob("*.parquet"))
    ask = lambda: survey(paths, batch=70, draws=20, nulls=19, least=5, jobs=1)  # noqa: E731
    here, there = both(ask, on)
    assert here.papers == 560
    assert json.dumps(here.to_dict()) == json.dumps(there.to_dict())


def test_a_survey_that_nothing_is_left_of_says_why_in_the_same_words(tmp_path):
    for part in range(2):
        rows = [f"p{part}{i},CV,2019,On forests" for i in range(3)]
        (tmp_path / f"part{part}.csv").write_text("paper_id,community,year,title\n" + "\n".join(rows) + "\n")
    paths, said = sorted(tmp_path.glob("*.csv")), []
    for workers in (1, 2):
        with engine.use("local", workers=workers), pytest.raises(DataError) as found:
            survey(paths, batch=2, years=(1990, 1991))
        said.append(str(found.value))
    assert said[0] == said[1]
    assert "see which communities and years were asked for" in said[0]


def test_fit(on, tmp_path):
    rng = np.random.default_rng(0)
    domain, label = np.repeat(["a", "b", "c"], 40), np.tile([0, 1], 60)
    X = (rng.normal(size=(120, 6)) + label[:, None] * 2 + (domain == "b")[:, None]).astype(np.float32)
    found = []
    for state in both(lambda: CrossDomainClassifier(random_state=0).fit(X, label, domain=domain), on):
        state.save(tmp_path / "model")
        found.append({p.name: p.read_bytes() for p in (tmp_path / "model").rglob("*") if p.is_file()})
    assert found[0] == found[1]
