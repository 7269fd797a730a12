"""What makes pages of a repository pages of a site: links to files outside docs, and the list of the decisions."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = """
```{toctree}
:hidden:
:glob:

0*
```
"""


def _listed(app: Sphinx, name: str, source: list[str]) -> None:  # noqa: ARG001 - Sphinx calls it so
    """A repository shows this page as it is, so what only the site knows is put in here."""
    if name == "decisions/README":
        source[0] += DECISIONS


def _inside(app: Sphinx, document: nodes.document) -> None:
    """A site holds its own pages alone: what leads elsewhere is shown as a path."""
    for link in list(document.findall(nodes.Element)):
        target = link.get("reftarget", "") if link.tagname in ("pending_xref", "download_reference") else ""
        if not target.startswith("../"):
            continue
        source = Path(app.env.doc2path(app.env.docname)).parent
        where = (source / target.partition("#")[0]).resolve()
        if where.is_relative_to(ROOT / "docs"):
            continue
        if not where.exists():
            raise FileNotFoundError(f"{source.name}: links to {target}, which is not there")
        link.replace_self(nodes.literal(text=str(where.relative_to(ROOT))))


def setup(app: Sphinx) -> dict[str, bool]:
    """Look at each page once it is read."""
    app.connect("source-read", _listed)
    app.connect("doctree-read", _inside)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
