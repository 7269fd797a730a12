"""The house: light to enter, every room reachable by itself, every public name explained, no data executed."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import subprocess
import sys
from dataclasses import is_dataclass
from pathlib import Path

import pytest

import polyculture

SOURCE = Path(polyculture.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
MODULES = [
    ".".join(("polyculture", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")
    for path in FILES
]
HEAVY = ("torch", "sklearn", "polars", "pandas", "scipy", "transformers", "torch_geometric", "joblib", "rich")


def loaded(code):
    """Heavy packages that are loaded after this code, in a process of its own."""
    code += f"\nimport sys, json; print(json.dumps([name for name in {HEAVY} if name in sys.modules]))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(found.stdout.splitlines()[-1])


def test_entering_loads_nothing_heavy():
    assert loaded("import polyculture; polyculture.__version__; dir(polyculture); polyculture.__all__") == []


def test_measures_load_no_torch_and_no_tables():
    assert not {"torch", "polars", "pandas", "rich"} & set(loaded("import polyculture.measure"))


def test_errors_and_registries_load_nothing_heavy():
    assert loaded("import polyculture.errors, polyculture.registry, polyculture.progress, polyculture.engine") == []


ALONE = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
for name in sys.argv[1:]:
    # what others wrote stays loaded, which saves the time; our own modules start afresh each time
    for mine in [mine for mine in sys.modules if mine.partition(".")[0] == "polyculture"]:
        del sys.modules[mine]
    try:
        importlib.import_module(name)
    except ImportError as error:
        sys.exit(f"{name} cannot be imported first: {error}")
"""


def test_every_module_can_be_imported_first():
    """No import works only because of another before it."""
    names = [name for name in MODULES if not name.endswith("__main__")]
    found = subprocess.run([sys.executable, "-c", ALONE, *names], capture_output=True, text=True, check=False)
    assert not found.returncode, found.stderr


def test_every_public_name_is_there():
    for name in polyculture.__all__:
        assert getattr(polyculture, name) is not None
    assert dir(polyculture) == sorted(polyculture.__all__)
    with pytest.raises(AttributeError, match="no attribute 'cultivate'"):
        _ = polyculture.cultivate


def public():
    """Functions and classes that a module's `__all__` names, each once."""
    seen = {}
    for name in MODULES:
        if name.endswith("__main__"):
            continue
        module = importlib.import_module(name)
        for member in getattr(module, "__all__", []):
            value = getattr(module, member)
            if inspect.isfunction(value) or inspect.isclass(value):
                seen.setdefault(value, f"{name}.{member}")
    return seen


# What takes data and minutes is shown in the README and in the folder examples.
LONG = {"close_the_loop", "evaluate", "main"}


def is_a_type(value):
    """Errors, and records that only a function gives, need no example of their own."""
    return inspect.isclass(value) and (issubclass(value, (Exception, tuple)) or is_dataclass(value))


def test_every_public_function_and_class_is_explained_by_an_example():
    names = public()
    said = {name: inspect.getdoc(value) or "" for value, name in names.items()}
    assert [name for name, text in said.items() if not text] == []
    calls = [name for value, name in names.items() if not is_a_type(value) and value.__name__ not in LONG]
    assert [name for name in calls if "Examples\n--------\n" not in said[name]] == []


FORBIDDEN_MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "marshal", "shelve"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_SWITCHES = {"allow_pickle", "trust_remote_code", "shell"}
FORBIDDEN_ATTRIBUTES = {
    ("torch", "load"),
    ("joblib", "load"),
    *(("yaml", name) for name in ("load", "load_all", "full_load", "unsafe_load", "add_constructor")),
    ("os", "system"),
    ("pd", "read_pickle"),
}


def imported(node):
    """Modules and (module, name) pairs that a statement imports."""
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        module = node.module or ""
        return {module.partition(".")[0], *((module, alias.name) for alias in node.names)}
    return set()


def called(node):
    """The name, or (module, name) pair, that a call names, and keywords that are switched on."""
    if not isinstance(node, ast.Call):
        return set()
    on = {k.arg for k in node.keywords if isinstance(k.value, ast.Constant) and k.value.value is True}
    if isinstance(node.func, ast.Name):
        return on | {node.func.id}
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        return on | {(node.func.value.id, node.func.attr)}
    return on


def executes(tree):
    """Lines that could run what they read."""
    for node in ast.walk(tree):
        if imported(node) & (FORBIDDEN_MODULES | FORBIDDEN_ATTRIBUTES):
            yield node.lineno
        if called(node) & (FORBIDDEN_CALLS | FORBIDDEN_ATTRIBUTES | FORBIDDEN_SWITCHES):
            yield node.lineno


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_file_executes_what_it_reads(path):
    assert list(executes(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from pickle import loads",
        "from yaml import unsafe_load",
        "from torch import load",
        "torch.load(f)",
        "eval(x)",
        "exec(x)",
        "np.load(f, allow_pickle=True)",
        "AutoModel.from_pretrained(f, trust_remote_code=True)",
        "subprocess.run(c, shell=True)",
    ],
)
def test_the_search_for_such_lines_finds_them(code):
    assert list(executes(ast.parse(code))) == [1]


@pytest.mark.parametrize("code", ["network.eval()", "np.load(f, allow_pickle=False)", "re.compile(x)", "json.load(f)"])
def test_and_leaves_others_alone(code):
    assert list(executes(ast.parse(code))) == []
