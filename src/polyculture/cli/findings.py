"""What was found, as tables on the screen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from polyculture.classify import CrossDomainClassifier
from polyculture.cli.screen import show
from polyculture.evaluation import Evaluation
from polyculture.evaluation.tables import tables
from polyculture.tables import cell


def load_model(folder: Path) -> CrossDomainClassifier:
    """The model that a folder holds.

    Raises
    ------
    StoreError
        If there is none, it is damaged, or another version wrote it in a form that this one does not know.
    """
    return CrossDomainClassifier.load(folder)


def show_evaluation(evaluation: Evaluation) -> None:
    """Print every table that an evaluation has something for."""
    for table in tables(evaluation):
        show(table.title, table.columns, [[cell(value) for value in row] for row in table.rows])


def choices(model: CrossDomainClassifier) -> dict[str, Any]:
    """What was chosen on held-out items at each step, with the losses of what it was chosen from."""
    spread, best = model.features_.spread_, model.merges_[0]
    return {
        "encoders": list(model.features_.encoders_),
        "graph": {"kind": spread.kind_, "hops": spread.hops_, "scores": spread.scores_},
        "experts": list(model.experts_),
        "merge": {"method": best.method, "setting": best.setting, "loss": best.loss},
        "domain known": {"method": model.routed_.method_, "losses": model.routed_.losses_},
        "domain not known": {"method": model.static_.method_, "losses": model.static_.losses_},
        "threshold": model.threshold_ if model.threshold is not None else None,
    }


def show_choices(chosen: dict[str, Any], calibration: dict[str, float], steps: Sequence[tuple[str, float]]) -> None:
    """Print what was chosen, the losses on held-out items, the calibration and the seconds."""
    graph, merge = chosen["graph"], chosen["merge"]
    hops = f", {graph['hops']} hop{'s' * (graph['hops'] > 1)}" if graph["hops"] else ""
    rows = [
        ["encoders", ", ".join(chosen["encoders"])],
        ["graph", f"{graph['kind']}{hops}"],
        ["experts", ", ".join(chosen["experts"]) or "none"],
        ["merged weights", f"{merge['method']}, {merge['setting']}"],
        ["where the domain is known", chosen["domain known"]["method"]],
        ["where it is not", chosen["domain not known"]["method"]],
    ]
    if chosen["threshold"] is not None:
        rows.append(["decision threshold", f"{chosen['threshold']:.3f}"])
    show("what was chosen on held-out items", ["step", "choice"], rows)
    _show_losses(chosen)
    ends = [_loss(calibration[name]) for name in ("before", "after", "temperature")]
    show("expected calibration error on held-out items", ["before", "after", "temperature"], [ends])
    show("seconds", ["step", "seconds"], [[name, f"{seconds:.1f}"] for name, seconds in steps])


def _show_losses(chosen: dict[str, Any]) -> None:
    where = ("domain known", "domain not known")
    names = list(dict.fromkeys(name for place in where for name in chosen[place]["losses"]))
    if names:
        rows = [[name, *(_loss(chosen[place]["losses"].get(name)) for place in where)] for name in names]
        show("loss on held-out items", ["model", *where], rows)


def _loss(value: float | None) -> str:
    return "–" if value is None or math.isnan(value) else f"{value:.3f}"
