"""Errors raised on purpose: one sentence that says what was given, what was expected and what to do."""

from __future__ import annotations


class PolycultureError(ValueError):
    """Base of all errors raised for bad input; the command line prints it and exits with 2."""


class DataError(PolycultureError):
    """A file, table or array does not hold what was asked for."""


class KindError(DataError, TypeError):
    """Data are of a type that can not be worked with."""


class ShapeError(PolycultureError):
    """Arrays do not fit together, or hold too few items."""


class StoreError(PolycultureError):
    """A saved artefact is damaged, incomplete, or of another kind."""


class ParameterError(PolycultureError):
    """A parameter has a value outside its range, or a name that is not known."""


class LeakageError(DataError):
    """The same item stands in training and in test data."""


class MemoryLimitError(ParameterError):
    """The work may need more memory than it may take."""


class EngineError(PolycultureError):
    """What runs pieces of work elsewhere cannot be reached, or was lost."""


class MissingExtraError(PolycultureError):
    """A part needs a package that is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs a package that is not installed; run: pip install 'polyculture[{extra}]'")

    def __reduce__(self) -> tuple[type[PolycultureError], tuple[str]]:
        """Itself in another process: the sentence is whole already."""
        return PolycultureError, (str(self),)
