"""One name for a setting and for a method: ``CrossDomainClassifier(adapt="auto")``, and ``model.adapt(X, y, ...)``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self


class CallableSetting:
    """A parameter of an estimator that, once it is fitted, can be called as well.

    What was given is kept as it is among the instance's own attributes, where scikit-learn's ``clone`` expects it;
    reading the attribute gives the same word, which calls a method of the instance.

    Parameters
    ----------
    method : str
        Name of the method.

    Examples
    --------
    >>> from polyculture.classify.callable_setting import CallableSetting
    >>> class Bell:
    ...     ring = CallableSetting("rung")
    ...     def __init__(self, ring="softly"):
    ...         self.ring = ring
    ...     def rung(self, times):
    ...         return times * "ding"
    >>> bell = Bell()
    >>> bell.ring, bell.ring == "softly", bell.ring(2)
    ('softly', True, 'dingding')
    """

    def __init__(self, method: str) -> None:
        self.method = method

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __set__(self, instance: Any, value: Any) -> None:
        vars(instance)[self.name] = value

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return getattr(owner, self.method)
        try:
            value = vars(instance)[self.name]
        except KeyError:
            raise AttributeError(f"{owner.__name__} has no {self.name} yet") from None
        return Word(value, getattr(instance, self.method)) if isinstance(value, str) else value


class Word(str):
    """A word that calls something."""

    __slots__ = ("_called",)
    _called: Callable[..., Any]

    def __new__(cls, value: str, called: Callable[..., Any]) -> Self:
        """The word, and what it calls."""
        word = super().__new__(cls, value)
        word._called = called
        return word

    def __call__(self, *args: Any, **settings: Any) -> Any:
        """Call it."""
        return self._called(*args, **settings)

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        # a copy is the word alone
        return str, (str(self),)
