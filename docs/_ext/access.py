"""What keyboards and screen readers need and the theme leaves out."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

TREE = "furo_navigation_tree"
"""What the theme calls the list of pages."""


def _mended(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:  # noqa: ARG001 - Sphinx calls it so
    """Blocks that scroll can be reached by keys; headings of the list of pages have a level."""
    if "body" in context:
        context["body"] = context["body"].replace("<pre>", '<pre tabindex="0">')
    if TREE in context:
        context[TREE] = context[TREE].replace('role="heading"', 'role="heading" aria-level="2"')


def setup(app: Sphinx) -> dict[str, bool]:
    """Mend each page after the theme made its list."""
    app.connect("html-page-context", _mended, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
