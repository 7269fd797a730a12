"""What the file of a vocabulary may hold."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

FIRST_YEAR, LAST_YEAR = 1700, 2100

Year = Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)]
Pattern = Annotated[str, StringConstraints(min_length=1)]
Name = Annotated[str, StringConstraints(pattern=r"^[^.\s][^.\n]*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Alias(_Strict):
    """A name that counts only from, or only until, a year.

    Parameters
    ----------
    pattern : str
        Regular expression.
    since, until : int or None
        First and last year, included.
    exact : bool
        Whether the case of letters matters.

    Examples
    --------
    >>> from polyculture.surveying.vocabulary import Alias
    >>> Alias(pattern="large language models?", since=2019).exact
    False
    """

    pattern: Pattern
    since: Year | None = None
    until: Year | None = None
    exact: bool = False

    @model_validator(mode="after")
    def _has_years(self) -> Alias:
        if self.since is not None and self.until is not None and self.since > self.until:
            raise ValueError(f"the alias {self.pattern!r} ends ({self.until}) before it begins ({self.since})")
        return self


class Method(_Strict):
    """How a method, or what else stands beside one, is named.

    Parameters
    ----------
    patterns, exact : list of str
        Regular expressions, looked for in lower case and as written.
    aliases : list of Alias
    excluding : list of str
        Phrases in another sense, taken out of a text before it is looked at.
    unless : list of str
        Words in whose presence the method is not meant.
    first_known : int or None
        Earlier papers do not name it.

    Examples
    --------
    >>> from polyculture.surveying.vocabulary import Method
    >>> Method(patterns=["dropout"], first_known=2012).first_known
    2012
    """

    patterns: list[Pattern] = []
    exact: list[Pattern] = []
    aliases: list[Alias] = []
    excluding: list[Pattern] = []
    unless: list[Pattern] = []
    first_known: Year | None = None

    @model_validator(mode="after")
    def _can_be_found(self) -> Method:
        if not (self.patterns or self.exact or self.aliases):
            raise ValueError("it has no pattern; give it patterns, exact or aliases")
        return self


Methods = Annotated[dict[Name, Method], Field(min_length=1)]


class VocabularyFile(_Strict):
    """The whole file."""

    version: Literal[1] = Field(alias="schema")
    family: Annotated[dict[Name, Methods], Field(min_length=1)]
    topics: dict[Name, Method] = {}
    beside: dict[Literal["data_set", "task", "tool", "compute"], dict[Name, Method]] = {}
