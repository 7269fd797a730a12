"""All sentences that the report says, found in its source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polyculture.report

HOME = Path(polyculture.report.__file__).parent
SAYING = {"say": (0,), "later": (0,), "many": (1, 2)}
"""Functions, and which of their arguments are sentences."""


def sentences() -> set[str]:
    """Every sentence in the code and in the templates."""
    found = set()
    for path in HOME.rglob("*.py"):
        found |= set(_of_code(ast.parse(path.read_text(encoding="utf-8"))))
    for path in (HOME / "templates").glob("*.html"):
        found |= set(re.findall(r'say\("([^"]+)"', path.read_text(encoding="utf-8")))
    return found


def unreadable() -> list[str]:
    """Calls whose sentence is no literal, and can be in no catalogue, but for names that are marked elsewhere."""
    return [
        f"{path.name}:{call.lineno}"
        for path in HOME.rglob("*.py")
        for call, arguments in _calls(ast.parse(path.read_text(encoding="utf-8")))
        for argument in arguments
        if not isinstance(argument, ast.Constant | ast.Name | ast.Subscript | ast.Call)
    ]


def _of_code(tree: ast.AST) -> Iterator[str]:
    for _, arguments in _calls(tree):
        for argument in arguments:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield argument.value


def _calls(tree: ast.AST) -> Iterator[tuple[ast.Call, list[ast.expr]]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYING:
            places = SAYING[node.func.id]
            yield node, [node.args[place] for place in places if place < len(node.args)]


def names() -> set[str]:
    """Captions and heads of the tables that the code of the report itself gives, and pieces of those made of parts."""
    # a card is no page, and is in English alone
    paths = (path for path in HOME.rglob("*.py") if "card" not in path.relative_to(HOME).parts)
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in paths)
    made = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_table(node)]
    parts = [each for node in made for each in ast.walk(node) if isinstance(each, ast.Constant)]
    return {each.value for each in parts if isinstance(each.value, str)}


def _is_table(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id == "Table"
