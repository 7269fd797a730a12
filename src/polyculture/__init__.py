"""Measure how alike models and research communities have become, and grow variety back."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from polyculture.version import __version__

if TYPE_CHECKING:
    from polyculture.ancestry import LineageResult, lineage
    from polyculture.auditing import AuditResult, audit
    from polyculture.classify import CrossDomainClassifier, CrossDomainRegressor
    from polyculture.data import DomainData, load_dataset, read
    from polyculture.errors import PolycultureError
    from polyculture.evaluation import Evaluation, evaluate
    from polyculture.fuse import fuse
    from polyculture.loop import close_the_loop
    from polyculture.surveying import SurveyResult, survey


# Names are imported when first used, so that `import polyculture` and `polyculture --help` load neither torch nor
# scikit-learn.
_HOMES = {
    "AuditResult": "polyculture.auditing",
    "CrossDomainClassifier": "polyculture.classify",
    "CrossDomainRegressor": "polyculture.classify",
    "DomainData": "polyculture.data",
    "Evaluation": "polyculture.evaluation",
    "LineageResult": "polyculture.ancestry",
    "PolycultureError": "polyculture.errors",
    "SurveyResult": "polyculture.surveying",
    "audit": "polyculture.auditing",
    "close_the_loop": "polyculture.loop",
    "evaluate": "polyculture.evaluation",
    "lineage": "polyculture.ancestry",
    "load_dataset": "polyculture.data",
    "read": "polyculture.data",
    "survey": "polyculture.surveying",
}

__all__ = [
    "AuditResult",
    "CrossDomainClassifier",
    "CrossDomainRegressor",
    "DomainData",
    "Evaluation",
    "LineageResult",
    "PolycultureError",
    "SurveyResult",
    "__version__",
    "audit",
    "close_the_loop",
    "evaluate",
    "fuse",
    "lineage",
    "load_dataset",
    "read",
    "survey",
]


def __getattr__(name: str) -> Any:
    if name == "fuse":
        # a package that can be called
        return import_module("polyculture.fuse")
    if name not in _HOMES:
        raise AttributeError(f"module 'polyculture' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
