"""What a card must not keep quiet about: where a model is weak, and what nobody looked at."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from polyculture.report.card.inert import one_line

FEW = 100
"""Fewer judged items of a domain than this are few: at an accuracy of 80 %, Wilson's interval is 15 points wide."""
SHOWN = 5
QUESTIONS = {
    "lead": "whether the lead over each baseline is more than chance",
    "generalisation": "domains that it has not seen: none was left out",
    "interpretability": "whether the reasons that it gives are true",
    "homogenization": "how alike the models fail, before and after fusion",
    "ablation": "what each step adds",
}
"""Fields of an evaluation to what is not known where they are empty."""


def limits(
    model: Mapping[str, Any], accuracy: Mapping[str, Any], audit: Mapping[str, Any], *, tied: bool
) -> Iterator[str]:
    """Sentences on the model, on how it was judged, and on what the files cannot vouch for.

    Parameters
    ----------
    model, accuracy, audit : mapping
        Of a card.
    tied : bool
        Whether the model and its figures came in files of their own.
    """
    yield "No licence is stated; whoever publishes this states one, for the model and for what it was fitted on."
    if model:
        yield from _of_model(model)
    if accuracy:
        yield from _of_scores(accuracy, model.get("domains"))
    if audit:
        yield f"The audit speaks of {audit['items']} items: on others the same models may fail otherwise."
    if tied:
        yield "Nothing in the files ties the figures to this model; who made this card says that they are its own."


def _of_model(model: Mapping[str, Any]) -> Iterator[str]:
    if model["kind"] == "recommender":
        yield "Users and items that were not there when it was fitted are served by what is popular, or not at all."
        return
    yield "An item of another domain than those named is served by the static model."
    # the name of a modality may stand before that of its encoder
    if any("pretrained" in name.rpartition("/")[2] for name in model["encoders"]):
        yield "Frozen base models are kept by name: the same package or folder has to be there when it is loaded."
    yield from (f"When it was fitted: {note}." for note in model["notes"])


def _of_scores(accuracy: Mapping[str, Any], known: Sequence[str] | None) -> Iterator[str]:
    by_domain, learnt = accuracy["by_domain"], accuracy["learnt"]
    if learnt:
        counted = f"{learnt} of {accuracy['judged']} judged items were also training items"
        yield f"{counted}: figures on them are not about new items."
    if learnt is None:
        yield "Whether judged items were also training items was not checked: the model does not remember its own."
    scored = [row for row in by_domain if not math.isnan(row["macro_f1"])]
    if len(scored) > 1:
        worst = min(scored, key=lambda row: row["macro_f1"])
        yield f"It is weakest on {_named(worst['domain'])}: a macro-F1 of {worst['macro_f1']:.1f} %."
    few = [f"{_named(row['domain'])} ({row['items']})" for row in by_domain if (row["items"] or FEW) < FEW]
    if few:
        yield f"Judged on fewer than {FEW} items: {_listed(few)}."
    strange = [_named(row["domain"]) for row in by_domain if known is not None and row["domain"] not in known]
    if strange:
        yield f"Judged on domains that it was not fitted on: {_listed(strange)}."
    blind = [_named(name) for name, sensitivity in accuracy["sensitivity"].items() if sensitivity < 50]
    if blind:
        yield f"It misses more than half of the items of: {_listed(blind)}."


def _named(name: Any) -> str:
    return f"“{one_line(name, 60)}”"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def not_measured(
    evaluation: Mapping[str, Any] | None, recommendation: Mapping[str, Any], audit: Mapping[str, Any]
) -> Iterator[str]:
    """What an evaluation did not ask, and what an audit could not answer and why."""
    if recommendation:
        yield "intervals over users: the file holds means alone, so differences between its rows may be chance"
        yield "whether people like what is recommended: held-out interactions tell what they took"
    if evaluation is None and not audit and not recommendation:
        yield "how well it answers, and how alike its parts fail: neither an evaluation nor an audit was given"
    if evaluation is not None:
        yield from (said for name, said in QUESTIONS.items() if not evaluation.get(name))
    yield from (f"{name}: {why}" for name, why in audit.get("not_measured", {}).items())
