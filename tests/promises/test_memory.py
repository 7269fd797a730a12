"""What a command may take at most is known before the work, is refused where it is too much, and is not exceeded."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import run
from golden_models import LABELS, WHERE, clicks, texts
from hypothesis import given
from hypothesis import strategies as st

from polyculture import CrossDomainClassifier, audit, memory
from polyculture.classify import CrossDomainRegressor
from polyculture.classify.need import check_memory
from polyculture.data import DomainData
from polyculture.errors import MemoryLimitError, ParameterError
from polyculture.recommend import CrossDomainRecommender
from polyculture.surveying import survey

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.parametrize(
    ("words", "size"),
    [("4GB", 4 * 10**9), ("4 gib", 2**32), ("1.5", 3 * 2**29), ("512MB", 512 * 10**6), (".5TB", 5 * 10**11)],
)
def test_sizes_are_understood(words: str, size: int) -> None:
    assert memory.size_of(words) == size


@pytest.mark.parametrize(
    "words", ["", "GB", "-1GB", "4 apples", "0", "1e9", "nan", "4GB4", "10 kB", "9999999999GB", "٣GB"]
)
def test_others_are_refused(words: str) -> None:
    with pytest.raises(ParameterError, match=r"is no size between|write it like 4GB"):
        memory.size_of(words)


def test_a_limit_holds_while_it_is_open_and_no_longer() -> None:
    need = memory.Need("to do it", 2e9, "do less")
    memory.check(need)
    with memory.limited(2e9):
        memory.check(need)
        with (
            memory.limited(2e9 - 1),
            pytest.raises(MemoryLimitError, match=r"up to 2\.00 GB.*; do less, or allow more"),
        ):
            memory.check(need)
        with memory.limited(memory.IMPORTED - 1), pytest.raises(MemoryLimitError, match="whatever the data") as told:
            memory.check(need)
        assert "do less" not in str(told.value)
        with memory.limited(None):
            memory.check(memory.Need("to do all", 1e30, "no"))
        assert memory.limit() == 2e9
    assert memory.limit() is None


COUNTS = st.integers(0, 10**7)
FORMULAS: dict[str, tuple[Callable[..., memory.Need], int]] = {
    "audit_answers": (memory.audit_answers, 2),
    "audit_embeddings": (memory.audit_embeddings, 3),
    "fit": (memory.fit, 4),
    "recommend": (lambda *counts: memory.recommend(*counts, dense=False), 3),
}


@pytest.mark.parametrize("name", FORMULAS)
@given(data=st.data())
def test_more_never_needs_less(name: str, data: Any) -> None:
    formula, many = FORMULAS[name]
    counts = data.draw(st.lists(COUNTS, min_size=many, max_size=many))
    more = [count + data.draw(COUNTS) for count in counts]
    assert memory.IMPORTED <= formula(*counts).size <= formula(*more).size


@given(share=st.floats(1.1, 1e6), batch=st.integers(1, 10**6))
def test_batches_need_less_once_there_is_much_to_read(share: float, batch: int) -> None:
    size = share * 12 * 5e3 * batch
    assert memory.survey(size, batch).size < memory.survey(size, 0).size


def test_dense_models_are_counted_where_they_are_tried() -> None:
    few, many = (5000, 4000, 10**5), (10**6, 10**6, 10**7)
    assert memory.recommend(*few).size > memory.recommend(*few, dense=False).size + 10**9
    assert memory.recommend(*many).size == memory.recommend(*many, dense=False).size


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POLYCULTURE_CACHE", "off")
    rows = "\n".join(map(",".join, zip(texts(), LABELS, WHERE, strict=True)))
    (tmp_path / "t.csv").write_text(f"text,label,domain\n{rows}\n")
    (tmp_path / "a.csv").write_text("item,bert,gpt\n" + "".join(f"q{i},{i % 2},{i % 3 % 2}\n" for i in range(30)))
    (tmp_path / "p.csv").write_text("paper_id,community,year,title\n1,NLP,2019,On trees\n2,CV,2020,On nets\n")
    np.savez(tmp_path / "e.npz", a=np.eye(9), b=np.ones((9, 2)))
    data = clicks()
    pairs = zip(data.users[data.user], data.items[data.item], data.domains[data.domain], strict=True)
    (tmp_path / "c.csv").write_text("user,item,domain\n" + "\n".join(map(",".join, pairs)) + "\n")
    return tmp_path


COMMANDS = {
    "audit a.csv": "to audit 2 models on 30 items needs up to 0.33 GB, and the limit is 0.10 GB; 0.33 GB are needed",
    "audit e.npz": "to audit 2 layers on 9 items needs up to",
    "survey p.csv": "to survey 0 MB of papers needs up to",
    "fit t.csv --out model --encoders lexical": "to fit 48 items needs up to",
    "recommend fit c.csv --out model": "interactions of 40 users with 36 items needs up to",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_too_little_is_refused_before_the_work(command: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    before = sorted(place.rglob("*"))
    done = run(*command.split(), "--memory", "100MB", "--quiet")
    assert done.refused, done
    assert COMMANDS[command] in done.err
    assert done.err.rstrip().endswith("so allow more")
    assert sorted(place.rglob("*")) == before


def test_a_limit_ends_with_its_command(place: Path) -> None:
    done = run("audit", place / "a.csv", "--memory", "1.5MB", "--quiet")
    assert done.refused
    assert "the limit is 1.5 MB; 0.33 GB are needed whatever the data, so allow more" in done.err
    assert memory.limit() is None
    assert run("audit", place / "a.csv", "--memory", "2GB", "--quiet").code == 0


def test_what_no_formula_is_known_for_is_said(place: Path) -> None:
    done = run("fit", place / "t.csv", "--out", place / "m", "--backbone", "minilm", "--memory", "9GB", "--quiet")
    assert done.refused
    assert "what fine-tuning a --backbone needs is not known" in done.err


def test_python_is_held_to_it_too() -> None:
    with memory.limited(10**8), pytest.raises(MemoryLimitError, match="to audit 2 models on 4 items"):
        audit({"a": [1, 1, 0, 0], "b": [1, 0, 1, 0]}, kind="outcomes")


WORK: dict[str, tuple[Callable[[Path], Any], str]] = {
    "classifier": (lambda _: fitted(), "to fit 48 items"),
    "regressor": (lambda _: CrossDomainRegressor(("lexical",)).fit(texts(), np.arange(48.0)), "to fit 48 items"),
    "with copies": (lambda _: fitted(augment=0.5), "to fit 72 items"),
    "survey": (lambda place: survey(place / "p.csv"), "to survey 0 MB"),
    "recommender": (lambda _: CrossDomainRecommender().fit(clicks()), "of 40 users with 36 items"),
}


def fitted(encoders: Any = ("lexical",), **asked: Any) -> CrossDomainClassifier:
    return CrossDomainClassifier(encoders, **asked).fit(texts(), LABELS, domain=WHERE)


@pytest.mark.parametrize("name", WORK)
def test_what_is_fitted_in_python_is_held_to_it(name: str, place: Path) -> None:
    work, said = WORK[name]
    with memory.limited(10**8), pytest.raises(MemoryLimitError, match=said):
        work(place)


@pytest.mark.parametrize(
    ("kind", "encoders"),
    [("text", ("lexical", "pretrained")), ("image", ("image-pretrained",)), ("image", "pretrained")],
)
def test_pretrained_base_models_are_counted_whatever_they_read(kind: str, encoders: Any) -> None:
    given = np.zeros((9, 8, 8, 3), dtype=np.uint8) if kind == "image" else np.array(["word"] * 9, dtype=object)
    names = np.array(list("abcdefghi"))
    data = DomainData({kind: given}, domain=names, label=names, split=None, ids=names)
    model = CrossDomainClassifier(encoders)
    with memory.limited(10**9), pytest.raises(MemoryLimitError, match=r"needs up to 1\.13 GB"):
        check_memory(model, data, tuned=False)


SMALL = {"audit answers": 1000, "survey": 1000, "fit vectors": 200, "recommend": 200}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how much a process held")
@pytest.mark.parametrize("name", SMALL)
def test_small_runs_take_no_more_than_the_formula_says(name: str) -> None:
    command = [sys.executable, str(BENCHMARKS / "memory.py"), "--only", name, "--size", str(SMALL[name])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done
    rows = [row.split("|") for row in done.stdout.splitlines()[2:]]
    assert rows
    assert all(0.3 < float(row[-2]) <= 1.0 for row in rows), done.stdout
