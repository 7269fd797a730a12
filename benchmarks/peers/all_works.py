"""All works, in the order of the table."""

from __future__ import annotations

from importlib import import_module

from work import Work

MODULES = (
    "cka",
    "calibration",
    "capa",
    "rsa",
    "vendi",
    "diversity",
    "merge",
    "coral_mmd",
    "gcn_citation",
    "topk",
    "few_labels",
    "attribution",
)


def all_works() -> dict[str, list[Work]]:
    """By the name of the module that holds them."""
    return {name: list(import_module(name).WORKS) for name in (f"works.{module}" for module in MODULES)}
