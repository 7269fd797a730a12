"""What to do with a pool of models, in sentences that follow the numbers, and only where these are sure enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.auditing.portfolio import Kept, Portfolio
from polyculture.auditing.twins import Twin, Twins
from polyculture.errors import ShapeError
from polyculture.measure.inference.interval import Interval

Action = Literal["keep", "drop", "ensemble", "train"]
COMMAND = "polyculture fit DATA --text TEXT --label LABEL --out MODEL"
FAR, MANY = 2.0, 0.01
"""Systemic failure is far above chance if it is this many times as frequent, and by this share of the items."""


@dataclass(frozen=True)
class Advice:
    """Something to do.

    Parameters
    ----------
    action : {"keep", "drop", "ensemble", "train"}
    models : tuple of str
        Which models to keep, drop or ensemble; empty for a model that is still to be trained.
    because : str
        The numbers that it follows from.
    command : str
        What to type, with words in capitals to be replaced; empty if nothing is to be run.
    """

    action: Action
    models: tuple[str, ...]
    because: str
    command: str = ""

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {**vars(self), "models": list(self.models)}


@dataclass(frozen=True)
class Advised:
    """What to do, and what is not advised.

    Parameters
    ----------
    advice : tuple of Advice
    withheld : tuple of str
        Why something that was considered is not advised.
    """

    advice: tuple[Advice, ...]
    withheld: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"advice": [one.to_dict() for one in self.advice], "withheld": list(self.withheld)}


def advise(
    names: Sequence[str],
    *,
    accuracy: Array | None = None,
    twins: Twins | None = None,
    keep: Portfolio | None = None,
    ensemble: Portfolio | None = None,
    systemic: Mapping[str, Interval] | None = None,
    judged_on: str = "",
) -> Advised:
    """Advice that the numbers bear out, each rule with its condition; a rule without its numbers is passed over.

    - *keep* the suggested set of models, if its joint failure on the judging half is below that of as many models
      chosen by accuracy, and the interval of the difference leaves 0 outside;
    - *ensemble* the suggested set, if its majority vote on the judging half is right more often than the best single
      model, and the interval of the difference leaves 0 outside;
    - *drop* near-twins: of a group of them the most accurate model stands for the others, unless the set to keep names
      another;
    - *train* a model that differs, if all models fail on the same item at least twice as often as independent ones
      would, and on at least 1 % of the items more: both lower ends must say so.

    Parameters
    ----------
    names : sequence of m str
    accuracy : array of shape (m,), optional
        Share of right answers; NaN ranks last.
    twins : Twins, optional
    keep, ensemble : Portfolio, optional
        Sets chosen for joint failure and for the vote; for the latter that of the former will do.
    systemic : mapping of str to Interval, optional
        Of all models together, with ``joint_failure``, ``joint_failure_expected``, ``joint_failure_difference`` and
        ``joint_failure_ratio``, as `bootstrap_outcomes` gives them.
    judged_on : str
        A sentence on the items that all models are judged on together, where these are not all items.

    Returns
    -------
    Advised

    Raises
    ------
    ShapeError
        If there is not one accuracy for each name.

    Examples
    --------
    >>> interval = Interval(0.10, 0.08, 0.12)
    >>> measured = {"joint_failure": interval, "joint_failure_expected": Interval(0.01, 0.01, 0.01)}
    >>> measured |= {"joint_failure_difference": Interval(0.09, 0.07, 0.11), "joint_failure_ratio": Interval(10, 8, 12)}
    >>> advise(["a", "b"], systemic=measured).advice[0].action
    'train'
    """
    right = np.full(len(names), np.nan) if accuracy is None else np.asarray(accuracy, dtype=np.float64)
    if right.shape != (len(names),):
        raise ShapeError(f"accuracy has shape {right.shape}; pass one share for each of the {len(names)} models.")
    said: list[Advice | str] = []
    if keep is not None:
        said.append(_also(_keep(names, keep), judged_on))
    if ensemble is not None:
        said.append(_also(_ensemble(names, ensemble), judged_on))
    if twins is not None:
        said += _drop(names, right, twins, {name for one in said if isinstance(one, Advice) for name in one.models})
    if systemic is not None:
        said.append(_also(_train(systemic), judged_on))
    return Advised(
        tuple(one for one in said if isinstance(one, Advice)), tuple(one for one in said if isinstance(one, str))
    )


def _also(said: Advice | str, sentence: str) -> Advice | str:
    return replace(said, because=said.because + sentence) if isinstance(said, Advice) else said + sentence


def _keep(names: Sequence[str], found: Portfolio) -> Advice | str:
    kept = found.keep
    models = _named(names, kept.models)
    if len(kept.models) == 1:
        return (
            f"Keep: no set fails together less often than {models[0]} fails alone ({_percent(kept.joint_failure)} of "
            "the items), within the interval."
        )
    judged = (
        f"all fail on {_percent(kept.joint_failure)} of the items that they were not chosen on, the {kept.k} most "
        f"accurate on {_percent(kept.best_accuracy)} (difference {_points(kept.saved)})"
    )
    if kept.saved.low > 0:
        return Advice("keep", models, f"These {kept.k} {judged}.")
    return f"Keep: choosing {kept.k} models for their differences is not shown to help; those chosen {judged}."


def _ensemble(names: Sequence[str], found: Portfolio) -> Advice | str:
    kept, single = found.keep, names[found.single]
    if len(kept.models) == 1:
        return f"Ensemble: no vote is right more often than {single} alone, within the interval."
    judged = (
        f"{_percent(kept.vote)} of the items that they were not chosen on, {single}, the best single model, on "
        f"{_percent(_single(kept))} (difference {_points(kept.over_single)})"
    )
    if kept.over_single.low > 0:
        return Advice("ensemble", _named(names, kept.models), f"Their majority vote is right on {judged}.")
    return f"Ensemble: a majority vote of {kept.k} is not shown to help; it is right on {judged}."


def _drop(names: Sequence[str], accuracy: Floats, twins: Twins, wanted: set[str]) -> Iterator[Advice | str]:
    groups = _stand_ins(names, accuracy, twins, wanted)
    for stays, dropped in groups.items():
        models = _named(names, tuple(dropped))
        pairs = "; ".join(f"{names[i]} {_likeness(twin)}{_right(accuracy[i])}" for i, twin in dropped.items())
        yield Advice("drop", models, f"{names[stays]}{_right(accuracy[stays])} stands for its near-twins: {pairs}.")
    if not groups:
        why = twins.reason or "no pair is closer than expected beyond doubt."
        yield f"Drop: {why}" if not twins.pairs else "Drop: all near-twins are in sets that are worth keeping."


def _stand_ins(names: Sequence[str], accuracy: Floats, twins: Twins, wanted: set[str]) -> dict[int, dict[int, Twin]]:
    """For each model that stays the near-twins that it stands for: from the best model down, each takes its own."""
    partners: dict[int, dict[int, Twin]] = {}
    for twin in twins.pairs:
        a, b = int(twin.a), int(twin.b)
        partners.setdefault(a, {})[b] = twin
        partners.setdefault(b, {})[a] = twin
    worst_last = np.where(np.isnan(accuracy), -np.inf, accuracy)
    groups: dict[int, dict[int, Twin]] = {}
    gone: set[int] = set()
    for model in sorted(partners, key=lambda i: (names[i] not in wanted, -worst_last[i], i)):
        if model not in gone:
            own = {i: twin for i, twin in partners[model].items() if i not in gone and names[i] not in wanted}
            own = {i: twin for i, twin in own.items() if i not in groups}
            groups |= {model: own} if own else {}
            gone |= set(own)
    return groups


def _train(systemic: Mapping[str, Interval]) -> Advice | str:
    observed, expected = systemic["joint_failure"], systemic["joint_failure_expected"]
    difference, ratio = systemic["joint_failure_difference"], systemic["joint_failure_ratio"]
    judged = (
        f"all models fail on {_percent(observed)} of the items, and would on {100 * expected.estimate:.3g} % if they "
        "failed independently of each other"
    )
    if difference.low >= MANY and ratio.low >= FAR:
        because = f"{judged[0].upper()}{judged[1:]}: no choice among them helps there, only a model that differs."
        return Advice("train", (), because, COMMAND)
    return f"Train: {judged}; that is not far above chance beyond doubt."


def _single(kept: Kept) -> Interval:
    return Interval(kept.vote.estimate - kept.over_single.estimate, np.nan, np.nan)


def _named(names: Sequence[str], models: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(names[i] for i in models)


def _likeness(twin: Twin) -> str:
    beside = "" if np.isnan(twin.expected) else f" where {twin.expected:.2f} was expected"
    return f"({'a copy' if twin.copy else f'likeness {twin.estimate:.2f}'}{beside})"


def _right(share: float) -> str:
    return "" if np.isnan(share) else f" ({100 * share:.1f} % right)"


def _percent(share: Interval) -> str:
    known = not np.isnan(share.low)
    return f"{100 * share.estimate:.1f} %" + (f" [{100 * share.low:.1f}, {100 * share.high:.1f}]" if known else "")


def _points(share: Interval) -> str:
    return f"{100 * share.estimate:.1f} points [{100 * share.low:.1f}, {100 * share.high:.1f}]"
