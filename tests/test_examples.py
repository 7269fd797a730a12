"""The narrative scripts run from end to end and say what they measured; a quick model stands in for the network."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Self

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from polyculture.data import DomainData

EXAMPLES = Path(__file__).parents[1] / "examples"


class Quick:
    """Logistic regression on pixels in the place of the classifier."""

    def __init__(self, part: DomainData) -> None:
        self.domains_ = part.domains
        self.adapted: list[str] = []
        self.model = LogisticRegression(max_iter=20_000, C=0.01).fit(
            self.flat(part.items["image"]), part.label.tolist()
        )

    @staticmethod
    def flat(images: np.ndarray) -> np.ndarray:
        return images.reshape(len(images), -1) / 255.0

    def predict(self, images: np.ndarray, domain: list[str] | None = None) -> np.ndarray:
        assert domain is None or set(domain) <= {*self.domains_, *self.adapted}
        return self.model.predict(self.flat(images))

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        return self.model.predict_proba(self.flat(images))

    def adapt_to(self, images: np.ndarray, labels: list[str], domain: str) -> Self:
        assert len(images) == len(labels)
        self.adapted.append(domain)
        return self


def example(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    pytest.importorskip("torch")
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def learn(data: DomainData, domains: list[str]) -> Quick:
        part = data.take(data.within("train", "validation") & np.isin(data.domain, domains))
        assert part.domains == sorted(domains)
        return Quick(part)

    monkeypatch.setattr(module, "learn", learn)
    return module


def test_scans_of_hospitals(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["medical.py", "--n", "24", "--left-out", "west"])
    example("medical", monkeypatch).main()
    said = capsys.readouterr().out
    table = {
        line.split()[0]: line.split()[1:] for line in said.splitlines() if re.match(r"(north|south|east|west) ", line)
    }
    assert {name: len(cells) for name, cells in table.items()} == {"north": 2, "south": 2, "east": 2, "west": 3}
    assert all(0 <= float(cell) <= 100 for cells in table.values() for cell in cells)
    assert re.search(r"AUROC of the weights against the lesion's pixels [01]\.\d\d", said)


def test_street_scenes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["driving.py", "--n", "40", "--unseen", "fog"])
    example("driving", monkeypatch).main()
    said = capsys.readouterr().out
    table = [line.split() for line in said.splitlines() if re.match(r"(day|night|fog|rain|snow|lens) +\d", line)]
    assert [len(cells) for cells in table] == [4] * 6
    assert "fog after 20 labelled scenes of it" in said
    assert re.search(r"what is ahead [01]\.\d\d", said)
