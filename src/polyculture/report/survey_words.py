"""What levels, questions and verdicts of a survey are called."""

from __future__ import annotations

from polyculture.report.language import heard, later, say

LEVELS = {"family": later("family"), "method": later("method")}
VERDICTS = {
    "converging": later("communities came closer"),
    "diverging": later("communities moved apart"),
    "catching up": later("those behind caught up"),
    "pulling away": later("those ahead pulled away"),
    "cannot tell": later("whether communities came closer cannot be told"),
}
MEASURES = {
    "jensen_shannon": later("Jensen-Shannon divergence"),
    "beta": later("β diversity"),
    "sigma": later("the spread of shares over communities (σ)"),
    "beta_convergence": later("β-convergence"),
    "hill_0": later("the number of names (hill_0)"),
}


def asked(conditional: bool) -> str:
    """What a conditional or an unconditional measure is about."""
    return say("among papers that name a method") if conditional else say("among all papers")


def measure(name: str) -> str:
    """What a measure is called in a sentence."""
    return say(MEASURES[name]) if name in MEASURES else heard(name)


def verdict(name: str) -> str:
    """What a trend shows."""
    return say(VERDICTS[name]) if name in VERDICTS else heard(name)
