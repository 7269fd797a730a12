"""Data, and a model fitted on them once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from cli_runs import fit, made, write


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Small networks gain nothing from more threads, and wait for one another where tests run side by side."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def items(tmp_path: Path) -> Path:
    return write(tmp_path / "items.csv", made())


@pytest.fixture(scope="session")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with items.csv, the model fitted on them, and fit.json."""
    folder = tmp_path_factory.mktemp("fitted")
    done = fit(write(folder / "items.csv", made()), folder / "model", "--json", folder / "fit.json")
    assert done.code == 0, done.err
    return folder


@pytest.fixture
def model(fitted: Path, tmp_path: Path) -> Path:
    """A copy of the model, which a test may damage."""
    return Path(shutil.copytree(fitted / "model", tmp_path / "model"))
