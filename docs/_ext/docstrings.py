"""Docstrings as they are written here, made ready for what reads them."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

RETURNED = re.compile(r"^(?:Returns|Yields)\n-+\n(?P<said>(?:\S.*\n){2,})(?=\n|\Z)", re.MULTILINE)
"""Sentences on what is returned that go over several lines, where each line would be taken for a value of its own."""
OF_SCIKIT_LEARN = re.compile(r"set_\w+_request|get_metadata_routing")


def _paragraphs(app: Sphinx, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:  # noqa: ARG001 - Sphinx calls it so
    """Several lines on what is returned stay one paragraph."""
    text = RETURNED.sub(r"Returned\n--------\n\g<said>", "\n".join(lines) + "\n")
    lines[:] = text.removesuffix("\n").split("\n")


def _plain_references(app: Sphinx, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:  # noqa: ARG001 - Sphinx calls it so
    """Numbers of references count from one in each docstring, and one page has many: a list, and no links to it."""
    lines[:] = [re.sub(r"^\.\. \[(\d+)\]", r"* [\1]", line).replace("]_", "]") for line in lines]


def _skip(app: Sphinx, what: str, name: str, value: Any, skip: bool, options: Any) -> bool | None:  # noqa: ARG001 - Sphinx calls it so
    """Methods that scikit-learn puts on every estimator are in its own documentation."""
    return True if OF_SCIKIT_LEARN.fullmatch(name) else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Paragraphs come before the sections are read, references after."""
    app.connect("autodoc-process-docstring", _paragraphs, priority=400)
    app.connect("autodoc-process-docstring", _plain_references, priority=600)
    app.connect("autodoc-skip-member", _skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
