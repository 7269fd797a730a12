"""Small changes of the code that the tests should notice: a sample of them, and which nobody noticed.

    OMP_NUM_THREADS=1 python benchmarks/mutants.py measure store --count 150 --seed 1

A mutant is a module with one change: another comparison, operator or constant, a condition that became its contrary.
Each is imported in a process of its own, in place of the module, and the test files that speak of it are run until the
first fails. Prints the survivors; docs/mutants.md judges them.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import importlib.abc
import importlib.util
import io
import os
import random
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[1]
SOURCE, TESTS = ROOT / "src" / "polyculture", ROOT / "tests"
SECONDS, MOST_FILES = 600, 3

COMPARED: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
COMPUTED: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Pow: ast.Mult,
    ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.MatMult: ast.Mult,
}  # fmt: skip

Change = Callable[[Any], None]


def changes(node: ast.AST) -> Iterator[tuple[str, Change]]:
    """What can be changed in a node, in words, and how."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARED:
        other = COMPARED[type(node.ops[0])]
        yield f"{type(node.ops[0]).__name__} to {other.__name__}", lambda n: n.ops.__setitem__(0, other())
    if isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in COMPUTED:
        op = COMPUTED[type(node.op)]
        yield f"{type(node.op).__name__} to {op.__name__}", lambda n: setattr(n, "op", op())
    if isinstance(node, ast.BoolOp):
        either: type = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield f"to {either.__name__}", lambda n: setattr(n, "op", either())
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield f"to {not node.value}", lambda n: setattr(n, "value", not n.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield f"{node.value} to {node.value + 1}", lambda n: setattr(n, "value", n.value + 1)
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        yield "the condition to its contrary", _contrary


def _contrary(node: Any) -> None:
    node.test = ast.copy_location(ast.UnaryOp(ast.Not(), node.test), node.test)


@dataclass(frozen=True)
class Mutant:
    """A module with one change."""

    module: str
    path: Path
    place: int
    said: str
    line: int

    def source(self) -> str:
        """The changed code."""
        tree = ast.parse(self.path.read_text(encoding="utf-8"))
        node, change = places(tree)[self.place][0], places(tree)[self.place][2]
        change(node)
        return ast.unparse(ast.fix_missing_locations(tree))

    def __str__(self) -> str:
        text = self.path.read_text(encoding="utf-8").splitlines()[self.line - 1].strip()
        return f"{self.path.relative_to(SOURCE)}:{self.line}: {self.said}: `{text}`"


def places(tree: ast.AST) -> list[tuple[ast.AST, str, Change]]:
    """Every node that can be changed, but for annotations."""
    ignored: set[int] = set()
    for node in ast.walk(tree):
        for field in ("annotation", "returns"):
            if (part := getattr(node, field, None)) is not None:
                ignored |= {id(inner) for inner in ast.walk(part)}
    nodes = [node for node in ast.walk(tree) if id(node) not in ignored]
    return [(node, said, change) for node in nodes for said, change in changes(node)]


def mutants(packages: Sequence[str]) -> list[Mutant]:
    """All mutants of the modules of packages."""
    found = []
    for package in packages:
        for path in sorted((SOURCE / package).rglob("*.py")):
            name = ".".join(("polyculture", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for place, (node, said, _) in enumerate(places(copy.deepcopy(tree))):
                found.append(Mutant(name, path, place, said, getattr(node, "lineno", 1)))
    return found


def files_of(mutant: Mutant) -> list[str]:
    """The test files that speak most of a module's functions and classes, and the module's own examples."""
    tree = ast.parse(mutant.path.read_text(encoding="utf-8"))
    names = {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name[0] != "_"}
    names |= {mutant.path.stem}
    word = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(names)))})\b")
    package = mutant.path.relative_to(SOURCE).parts[0]
    files = [*(TESTS / package).rglob("test_*.py"), *TESTS.glob(f"test_{package}*.py")]
    spoken = sorted((-len(word.findall(f.read_text(encoding="utf-8"))), str(f)) for f in files)
    return [file for count, file in spoken[:MOST_FILES] if count] + [str(mutant.path)]


class _Instead(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports changed code in the place of one module."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> Any:  # noqa: ARG002 - the interface
        """Where the module comes from: here."""
        if name != self.mutant.module:
            return None
        package = [str(self.mutant.path.parent)] if self.mutant.path.name == "__init__.py" else None
        return importlib.util.spec_from_file_location(
            name, self.mutant.path, loader=self, submodule_search_locations=package
        )

    def exec_module(self, module: ModuleType) -> None:
        """Run the changed code."""
        exec(compile(self.mutant.source(), str(self.mutant.path), "exec"), vars(module))  # noqa: S102 - our own


class _First:
    """Keeps the importer first: pytest puts its own before it, which would load what is named on its command line."""

    def __init__(self, importer: _Instead) -> None:
        self.importer = importer
        sys.meta_path.insert(0, importer)

    def pytest_sessionstart(self) -> None:
        """Be first again."""
        sys.meta_path.insert(0, self.importer)


def survives(mutant: Mutant | None, files: Sequence[str]) -> str:
    """Whether all tests pass: "survived", "killed", or "out of time"; of a process that ends with this answer."""
    child = os.fork()
    if not child:
        _run(mutant, files)
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return "survived" if status == 0 else "killed"
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "out of time"


def _run(mutant: Mutant | None, files: Sequence[str]) -> None:
    import pytest

    plugins = [] if mutant is None else [_First(_Instead(mutant))]
    options = ["-x", "-q", "-n", "0", "-p", "no:randomly", "-p", "no:cacheprovider", "--timeout", "0"]
    code = 1
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            code = int(pytest.main([*options, *files], plugins=plugins))
    finally:
        os._exit(code)


def _sound(file: str, known: dict[str, bool]) -> bool:
    """Whether the tests of a file pass as long as nothing is changed."""
    if file not in known:
        known[file] = survives(None, [file]) == "survived"
    return known[file]


def main() -> None:
    """Try a sample, and print what became of each."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("packages", nargs="+")
    asked.add_argument("--count", type=int, default=150)
    asked.add_argument("--seed", type=int, default=0)
    given = asked.parse_args()
    for name in ("numpy", "polars", "pytest", "scipy.sparse", "scipy.stats", "sklearn.base"):
        importlib.import_module(name)  # once, and not in every process
    every = mutants(given.packages)
    sample = random.Random(given.seed).sample(  # noqa: S311 - no secret
        every, min(given.count, len(every))
    )
    sound: dict[str, bool] = {}
    ends: dict[str, int] = {}
    for mutant in sample:
        files = files_of(mutant)
        ended = "survived"
        for file in files:  # the one that says most of it is asked first, and mostly suffices
            if ended == "survived" and _sound(file, sound):
                ended = survives(mutant, [file])
        ends[ended] = ends.get(ended, 0) + 1
        where = sys.stderr if ended == "killed" else sys.stdout
        where.write(f"{ended}: {mutant} [{', '.join(Path(f).name for f in files)}]\n")
        where.flush()
    told = ", ".join(f"{ended} {count}" for ended, count in sorted(ends.items()))
    sys.stdout.write(f"{len(sample)} of {len(every):,} mutants: {told}\n")


if __name__ == "__main__":
    main()
