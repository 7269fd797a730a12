"""What the numbers of a survey depend on, besides the papers and the vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from polyculture.errors import ParameterError

QUESTIONS = (
    "adoption",
    "diversity",
    "divergence",
    "convergence",
    "transfer",
    "duplication",
    "openings",
    "exploration",
    "associations",
    "topics",
)


@dataclass(frozen=True)
class Settings:
    """Settings of a survey.

    Parameters
    ----------
    draws : int
        Times that papers are drawn anew, for the intervals.
    nulls : int
        Times that communities are shuffled within years.
    seed : int
    confidence : float in (0, 1)
        Coverage of the intervals.
    least : int
        Papers that name something, below which a community and year is not measured.
    coverage : float in (0, 1) or None
        Sample coverage at which cells are compared; the lowest of the cells measured if None. Cells that cannot reach
        it are left out of the comparison.
    questions : sequence of str
        Those to answer.
    jobs : int
        Threads; 0 uses every core. The numbers do not depend on it.

    Examples
    --------
    >>> Settings(questions=("diversity", "weather"))
    Traceback (most recent call last):
    polyculture.errors.ParameterError: questions has 'weather'; use some of adoption, diversity, divergence,
    convergence, transfer, duplication, openings, exploration, associations, topics
    """

    draws: int = 1000
    nulls: int = 200
    seed: int = 0
    confidence: float = 0.95
    least: int = 30
    coverage: float | None = None
    questions: Sequence[str] = QUESTIONS
    jobs: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.questions, str):
            raise ParameterError(f"questions is {self.questions!r}; pass a sequence of names")
        object.__setattr__(self, "questions", tuple(self.questions))
        if unknown := [name for name in self.questions if name not in QUESTIONS]:
            raise ParameterError(f"questions has {unknown[0]!r}; use some of {', '.join(QUESTIONS)}")
        for name in ("confidence", "coverage"):
            value = getattr(self, name)
            if value is not None and not 0 < value < 1:
                raise ParameterError(f"{name} is {value}; use a number between 0 and 1")
        least = {"draws": 20, "nulls": 19, "seed": 0, "least": 1, "jobs": 0}
        for name, lowest in least.items():
            if getattr(self, name) < lowest:
                raise ParameterError(f"{name} is {getattr(self, name)}; use {lowest} or more")
