"""Look at the pages that were built: every link leads somewhere, and no page asks the network for anything.

Run it with ``python docs/check_site.py build/docs``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "audio": "src",
    "video": "src",
    "object": "data",
}
"""What a browser fetches by itself; of links, style sheets and icons alone."""


class Page(HTMLParser):
    """Ids of a page, what it links to, and what it loads."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag names."""
        given = {name: value or "" for name, value in attrs}
        self.ids |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "link" and set(given.get("rel", "").split()) & {"stylesheet", "icon", "preload", "preconnect"}:
            self.loads.append(given.get("href", ""))
        if tag in LOADED and LOADED[tag] in given:
            self.loads.append(given[LOADED[tag]])


def faults(site: Path) -> Iterator[str]:
    """A sentence for each link that leads nowhere and each request to the network."""
    pages = {path: _read(path) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        name = path.relative_to(site)
        yield from (f"{name}: asks the network for {url}" for url in page.loads if _outside(url))
        for url in page.links:
            if url and not _outside(url) and not _leads_somewhere(path, url, pages):
                yield f"{name}: links to {url}, which is not there"
    for path in sorted(site.rglob("*.css")):
        if any(f"url({quote}http" in path.read_text(encoding="utf-8") for quote in ("", '"', "'")):
            yield f"{path.relative_to(site)}: asks the network for a file"


def _read(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def _outside(url: str) -> bool:
    return bool(urlsplit(url).netloc) or urlsplit(url).scheme in ("mailto", "javascript")


def _leads_somewhere(path: Path, url: str, pages: dict[Path, Page]) -> bool:
    parts = urlsplit(url)
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        return False
    return not parts.fragment or target not in pages or unquote(parts.fragment) in pages[target].ids


def main() -> None:
    """Print what is wrong and exit with 1, or say how much was looked at."""
    site = Path(sys.argv[1]).resolve()
    found = list(faults(site))
    sys.stdout.writelines(f"{fault}\n" for fault in found)
    count = len(list(site.rglob("*.html")))
    if found or not count:
        sys.exit(f"{len(found)} faults in {count} pages")
    sys.stdout.write(f"{count} pages: every link leads somewhere, none asks the network for anything\n")


if __name__ == "__main__":
    main()
