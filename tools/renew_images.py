"""Renew the pictures of docs/report.md: ``python tools/renew_images.py AUDIT SURVEY LINEAGE EVALUATION``.

The four are reports as ``--report`` writes them; docs/contributing.md names the data. It needs Playwright and a
Chromium, whose path is ``--browser`` where it is not on the PATH.
"""

from __future__ import annotations

import argparse
import io
import shutil
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

IMAGES = Path(__file__).parents[1] / "docs/images"
KINDS = ("audit", "survey", "lineage", "evaluation")
DETAILS = {
    "audit": {"audit_items": "#items-figure"},
    "survey": {"survey_composition": "#composition-figure"},
    "lineage": {"lineage_roots": "#treemap-figure", "lineage_descent": "#descent-figure"},
}
"""Charts that have a picture of their own, with the names of the pictures."""
PAGE, SHOWN = {"width": 1200, "height": 1500}, 600
"""The part of a page that is taken, and the width at which it is shown; of charts, twice as much is at most shown."""
WIDEST, COLOURS = 640, 64


def main() -> None:
    """Open each report and take its pictures."""
    asked = arguments()
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=asked.browser, args=["--no-sandbox"])
        for kind in KINDS:
            take(browser, kind, getattr(asked, kind))
        browser.close()


def arguments() -> argparse.Namespace:
    """The reports, and the browser."""
    parser = argparse.ArgumentParser(description=__doc__)
    for kind in KINDS:
        parser.add_argument(kind, type=Path, help=f"the report of a{'n' * (kind[0] in 'ae')} {kind}, an HTML file")
    parser.add_argument("--browser", default=shutil.which("chromium") or shutil.which("google-chrome"))
    return parser.parse_args()


def take(browser: Browser, kind: str, report: Path) -> None:
    """The beginning of a report, and those of its charts that have a picture."""
    page = browser.new_page(viewport=PAGE, color_scheme="light")
    page.goto(report.resolve().as_uri())
    page.wait_for_function("document.documentElement.dataset.drawn !== undefined")
    keep(kind, page.screenshot(), SHOWN)
    for name, chart in DETAILS.get(kind, {}).items():
        keep(name, page.locator(chart).screenshot(), WIDEST)
    page.close()


def keep(name: str, taken: bytes, widest: int) -> None:
    """A picture of few colours, no wider than that."""
    with Image.open(io.BytesIO(taken)) as opened:
        picture: Any = opened.convert("RGB")
    if picture.width > widest:
        picture = picture.resize((widest, round(picture.height * widest / picture.width)), Image.Resampling.LANCZOS)
    picture.quantize(COLOURS).save(IMAGES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
