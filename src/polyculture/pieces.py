"""Independent pieces of work of which each is a step of the run that is open."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

from polyculture import engine, store


def steps(
    function: Callable[..., Any],
    names: Sequence[str],
    pieces: Iterable[tuple[Any, ...]],
    *,
    kinds: Collection[type] = (),
    shared: tuple[Any, ...] = (),
    jobs: int = 1,
) -> list[Any]:
    """Results of ``function(*shared, *piece)``, each kept when it comes; those that were kept before are not asked for.

    Whatever runs the pieces, they are kept here: what a lost worker had not given yet is all that is done again.

    Parameters
    ----------
    function, pieces, shared, jobs
        See :func:`polyculture.engine.as_done`.
    names : sequence of str
        One for each piece; see :meth:`polyculture.store.Part.step`.
    kinds : collection of type
        Classes of records in the results.

    Raises
    ------
    StoreError
        If a result cannot be kept.
    EngineError
        If what runs the pieces is lost.

    Examples
    --------
    >>> from polyculture import pieces
    >>> pieces.steps(pow, ["2 to the 3rd", "3 squared"], [(2, 3), (3, 2)])
    [8, 9]
    """
    part = store.here()
    found: dict[int, Any] = {}
    keeps: dict[int, bool] = {}
    asked: list[int] = []

    def lacking() -> Iterator[tuple[Any, ...]]:
        for place, (name, piece) in enumerate(zip(names, pieces, strict=True)):
            keeps[place] = part.asks(name)
            known = part.kept(name, kinds) if keeps[place] else None
            if known is not None:
                found[place] = known["value"]
                continue
            if keeps[place]:
                part.begun(name)
            asked.append(place)
            yield piece

    # what still runs is given up at once where a result cannot be kept
    with closing(engine.as_done(function, lacking(), shared=shared, jobs=jobs)) as done:  # type: ignore[type-var]
        for at, result in done:
            place = asked[at]
            found[place] = part.keep(names[place], result, kinds) if keeps[place] else result
    return [found[place] for place in range(len(names))]
