"""What the numbers say, in sentences."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from polyculture.evaluation import Evaluation
from polyculture.report.evaluation_figures import head, rival, worst_domain
from polyculture.report.language import heard, later, many, say
from polyculture.report.numbers import interval
from polyculture.report.plain import short
from polyculture.report.words import EXAMPLES
from polyculture.tables import cell

UNMEASURED = {
    "lead": later(
        "Intervals of the lead: rows were not compared item by item, so differences between them may be chance."
    ),
    "classes": later("Classes: sensitivity, specificity and precision of each class were not measured."),
    "comparison": later("Where merging and the graph pay: nothing was trained with few labels or without the graph."),
    "fine_tuning": later("Fine-tuning: no base model was fine-tuned; all steps work on frozen vectors."),
    "generalisation": later(
        "Generalisation: no domain was left out, so nothing is known about domains it has not seen."
    ),
    "interpretability": later("Reasons: the words behind the answers were neither sought nor tested."),
    "ablation": later("Ablation: no step was left out, so nothing is known about what each of them adds."),
    "homogenization": later("Homogenization: how alike the models fail was not measured, before or after fusion."),
    "calibration": later("Calibration: whether the probabilities can be taken at their word was not tested."),
    "tasks": later("Further tasks: the model was judged on one task alone."),
    "choices": later("Choices: the evaluation does not say what was chosen on held-out items."),
}


def answer(e: Evaluation) -> str:
    """The report in one sentence.

    Examples
    --------
    >>> from polyculture.evaluation import Evaluation
    >>> from polyculture.report.evaluation_sentences import answer
    >>> row = {"mean": 85.5, "worst": 81.0, "by_domain": {"films": 90.0, "news": 81.0}}
    >>> answer(Evaluation(accuracy={"fused": {"macro_f1": row, "accuracy": row}}))
    'The fused model reaches a mean macro-F1 of 85.5 % over 2 domains; its worst, news, reaches 81.0 %.'
    """
    if e.homogenization.get("populations"):
        return heard(str(e.homogenization["sentence"]))
    row = head(e)
    found = e.accuracy[row]["macro_f1"]
    count, worst = len(found["by_domain"]), short(worst_domain(e.accuracy[row]), 60)
    who = say("fused model") if row == "fused" else say("row {row}", row=short(heard(row), 60))
    over = many(count, "{count} domain", "{count} domains")
    mean = cell(float(found["mean"]))
    if not worst or count < 2:
        return say("The {who} reaches a mean macro-F1 of {mean} % over {domains}.", who=who, mean=mean, domains=over)
    return say(
        "The {who} reaches a mean macro-F1 of {mean} % over {domains}; its worst, {worst}, reaches {value} %.",
        who=who,
        mean=mean,
        domains=over,
        worst=worst,
        value=cell(float(found["worst"])),
    )


def accuracy(e: Evaluation) -> Iterator[str]:
    """How the fused model stands to the best baseline."""
    yield say("All rows are judged on the same items. Worst is the domain that is served worst.")
    name = rival(e)
    if name is None:
        return
    mean, lead = cell(float(e.accuracy[name]["macro_f1"]["mean"])), interval(e.lead.get(name, {}).get("mean"))
    if lead == "–":
        yield say("The best baseline is {name} with a mean of {mean} %.", name=heard(name), mean=mean)
    else:
        yield say(
            "The best baseline is {name} with a mean of {mean} %; the fused model's lead is {lead} points.",
            name=heard(name),
            mean=mean,
            lead=lead,
        )


def comparison(e: Evaluation) -> Iterator[str]:
    """What merging adds, for each number of labels, with and without the graph."""
    yield say(
        "The same network with all labels and with few, on vectors that were spread over a graph and on vectors that "
        "were not."
    )
    for labels, hows in e.comparison.items():
        parts = [f"{_gain(found)} ({_with(how)})" for how, found in hows.items() if _gain(found)]
        few = say("With {count} labels a class and domain", count=labels)
        when = say("With all labels") if labels == "all" else few
        if parts:
            yield say(
                "{when}, merging changes the backbone's mean by these points: {parts}.",
                when=when,
                parts=", ".join(parts),
            )


def _with(how: str) -> str:
    return {"graph": say("with the graph"), "no graph": say("without the graph")}.get(how, how)


def _gain(found: Mapping[str, Any]) -> str:
    """Points that merging adds; empty where they are not known."""
    means = [float(found[row]["macro_f1"]["mean"]) if row in found else math.nan for row in ("merged", "backbone")]
    gain = means[0] - means[1]
    return "" if math.isnan(gain) else f"{gain:+.1f}"


def fine_tuning(e: Evaluation) -> Iterator[str]:
    """What fine-tuning the base model adds, and what the further steps add to it."""
    yield say(
        "A pretrained base model in place of the network on its frozen vectors: fine-tuned on the texts of all "
        "domains, then adapted, fused and joined with the frozen base models as before."
    )
    means = {row: float(found["macro_f1"]["mean"]) for row, found in e.fine_tuning.items()}
    if {"fused, frozen vectors", "backbone", "fused"} <= set(means):
        before, alone, after = (cell(means[row]) for row in ("fused, frozen vectors", "backbone", "fused"))
        yield say(
            "All steps on frozen vectors reach a mean of {before} %; the base model fine-tuned alone {alone} %, and "
            "all steps on top of it {after} %.",
            before=before,
            alone=alone,
            after=after,
        )


def generalisation(e: Evaluation) -> Iterator[str]:
    """What is left on a domain that was not seen."""
    yield say(
        "Each domain is left out in turn and then judged: first without any item of it, then with its items but not "
        "their labels."
    )
    hows = {"without": say("with no item of it"), "with": say("with its unlabelled items")}
    rows = {how: e.generalisation.get(how, {}).get("fused") for how in hows}
    said = [f"{cell(float(row['mean']))} % ({hows[how]})" for how, row in rows.items() if row]
    if said:
        yield say("On a domain whose labels it has not seen, the fused model's mean is {parts}.", parts=", ".join(said))


def interpretability(e: Evaluation) -> Iterator[str]:
    """How reasons are tested, how many items were asked, and how many of them are shown."""
    yield say(
        "A word's weight is how much the log-odds of the answer fall when the word is left out. The reasons are put "
        "to the test: leaving out the weightiest words must hurt more than leaving out words at random, and they "
        "alone must carry more of the answer."
    )
    found = e.interpretability
    if "items" in found:
        yield say("{count} test items were asked.", count=found["items"])
    if (count := len(found.get("examples", []))) > EXAMPLES:
        yield say("{shown} of {count} examples are shown; the JSON holds all.", shown=EXAMPLES, count=count)


def made_said(e: Evaluation) -> Iterator[str]:
    """How long it took."""
    if e.seconds:
        yield say("It took {seconds} seconds.", seconds=cell(float(e.seconds)))


def unmeasured(e: Evaluation) -> Iterator[str]:
    """A sentence for each question that was not asked."""
    yield from (say(said) for key, said in UNMEASURED.items() if not getattr(e, key))


def _plain(text: str) -> Callable[[Evaluation], Iterator[str]]:
    return lambda _: iter([say(text)])


SAID: Mapping[str, Callable[[Evaluation], Iterator[str]]] = {
    "accuracy": accuracy,
    "classes": _plain(
        later(
            "Of each class against all others: how much of it is found (sensitivity, which is also its recall), how "
            "much of the rest is left alone (specificity), and how much of what is called so is so (precision)."
        )
    ),
    "comparison": comparison,
    "fine_tuning": fine_tuning,
    "generalisation": generalisation,
    "interpretability": interpretability,
    "ablation": _plain(
        later("Each step is replaced by doing nothing. What the whole is better by is what the step adds.")
    ),
    "homogenization": _plain(
        later(
            "How alike the models fail that serve the domains, before fusion and after it, and the base models beside "
            "them. Every measure stands beside what chance would give: κ is 0 by chance, joint failure has the rate "
            "of independent models in the next column, the effective number would be the number of models if they "
            "were independent, and CKA is debiased, 0 for unrelated vectors."
        )
    ),
    "calibration": _plain(
        later(
            "How far probabilities and frequencies of being right lie apart on average, 0 being perfect, before and "
            "after calibration on held-out items."
        )
    ),
    "tasks": _plain(
        later(
            "Other labels of the same items: a further head on the fitted model, beside a linear model on word "
            "n-grams that was trained for the task."
        )
    ),
    "choices": _plain(
        later("What was chosen, and by which scores. Choices are made on held-out items, never on test items.")
    ),
}
FEW_FITS = later("Each number comes from too few fits for an interval: small differences may be chance.")
NOTES: Mapping[str, str] = {
    "accuracy": later(
        "A row by itself has no interval; its difference from the fused model has one, which is what a choice between "
        "the two turns on."
    ),
    "classes": later(
        "Intervals are Wilson's, over items of all domains: items of one patient, camera or author are more alike "
        "than they allow for."
    ),
    "comparison": FEW_FITS,
    "fine_tuning": later("Rows have no intervals: small differences may be chance."),
    "generalisation": FEW_FITS,
    "ablation": FEW_FITS,
    "calibration": later("No interval was made. With few items the error comes out too large rather than too small."),
}
