"""Evaluations for the tests of the report, and one browser for all tests that need it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from made import Make, full

from polyculture.evaluation import Evaluation

ARGUMENTS = ["--no-sandbox", "--disable-background-networking"]


@pytest.fixture
def make() -> Make:
    return full


@pytest.fixture
def bare(make: Make) -> Evaluation:
    """Accuracy and nothing else."""
    return Evaluation(accuracy=make().accuracy)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A real browser; tests that ask for it are skipped where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no chromium is installed")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()
