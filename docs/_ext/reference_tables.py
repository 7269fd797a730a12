"""What pages of the reference are made of: facts from the registries, public names, and the options of commands."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from polyculture.cli.list_ import REGISTRIES
from polyculture.registry import Part

ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})")


class Facts(SphinxDirective):
    """``{facts} measures`` or the name of a registry: one row for each of its parts."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The table."""
        rows = _measures() if self.arguments[0] == "measures" else _parts(self.arguments[0])
        return [nodes.container("", *self.parse_text_to_nodes("\n".join(_table(list(rows)))), classes=["facts"])]


def _measures() -> Iterator[dict[str, str]]:
    from polyculture.measure import list_measures

    for facts in list_measures():
        low, high = facts.bounds
        yield {
            "measure": f"[`{facts.name}`](#polyculture.measure.{facts.name})",
            "what it is": facts.summary,
            "range": f"{low:g} to {high:g}",
            "symmetric": "yes" if facts.symmetric else "no",
            "more alike when": facts.more_alike,
            "does not change with": ", ".join(facts.invariant_to) or "–",
            "by chance": "from the data" if callable(facts.null) else "–" if facts.null is None else f"{facts.null:g}",
            "cost": facts.cost,
            "paper": facts.paper,
        }


def _parts(kind: str) -> Iterator[dict[str, str]]:
    module, _, name = REGISTRIES[kind].partition(":")
    registry: Mapping[str, Part] = getattr(import_module(module), name)
    for name, part in registry.items():
        needs = f"`polyculture[{part.extra}]`" if part.extra else "–"
        row = {"name": f"`{name}`", "what it does": part.summary, "paper": part.paper or "–", "needs": needs}
        yield row | {"in Python": f"`{part.path.replace(':', '.')}`"}


def _table(rows: list[dict[str, str]]) -> Iterator[str]:
    yield _line(rows[0])
    yield "|" + "---|" * len(rows[0])
    for row in rows:
        yield _line(_linked(cell) for cell in row.values())


def _line(cells: Any) -> str:
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"


def _linked(text: str) -> str:
    return ARXIV.sub(r"[arXiv:\1](https://arxiv.org/abs/\1)", text)


class Public(SphinxDirective):
    """``{public} polyculture.measure``: every function and class that the package names, from its docstring."""

    required_arguments = 1
    optional_arguments = 200

    def run(self) -> list[nodes.Node]:
        """The descriptions."""
        package, *wanted = self.arguments
        module = import_module(package)
        found = [(name, getattr(module, name)) for name in wanted or sorted(module.__all__)]
        lines = [line for name, value in found for line in _described(f"{package}.{name}", value)]
        return self.parse_text_to_nodes("\n".join(["````{eval-rst}", *lines, "````"]))


def _described(path: str, value: Any) -> Iterator[str]:
    if not getattr(value, "__module__", "").startswith("polyculture"):
        return  # an alias of what others describe
    if inspect.isclass(value):
        yield from (f".. autoclass:: {path}", "   :members:", "")
    elif callable(value):
        yield from (f".. autofunction:: {path}", "")


class Commands(SphinxDirective):
    """``{commands}``: what every command does, its arguments and its options."""

    def run(self) -> list[nodes.Node]:
        """A section each."""
        import typer

        from polyculture.cli import app

        lines = _commands("polyculture", typer.main.get_command(app))
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=True)


def _commands(path: str, group: Any) -> Iterator[str]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(f"{path} {name}", command)
            continue
        options = [option for option in command.params if option.name != "help"]
        yield from (f"## {path} {name}", "", inspect.cleandoc(command.help or ""), "")
        yield from (*_table([_option(option) for option in options]), "")


def _option(option: Any) -> dict[str, str]:
    names = ", ".join(f"`{name}`" for name in option.opts) if option.opts[0].startswith("-") else ""
    takes = option.metavar or ""
    default = option.default
    said = "" if default in (None, False, ()) or callable(default) else f"`{default}`"
    return {
        "option": names or f"`{takes}`",
        "takes": takes if names else "",
        "default": said,
        "": _escaped(option.help),
    }


def _escaped(text: str | None) -> str:
    escaped = re.sub(r"([<>*_])", r"\\\1", text or "")
    # two dashes in a text become a long one; in code they do not
    return re.sub(r"(?<![\w`])(--[a-z][a-z-]*)", r"`\1`", escaped)


def setup(app: Sphinx) -> dict[str, bool]:
    """Offer the directives."""
    app.add_directive("facts", Facts)
    app.add_directive("public", Public)
    app.add_directive("commands", Commands)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
