"""What a user may not expect of the data: said, and worked with."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from polyculture.arrays import Array, Mask
from polyculture.targets import Labels, Target


def notes_on(target: Target, y: Array, domain: Array, held: Mask) -> Iterator[str]:
    """Sentences on domains without labels, classes of one domain, and validation parts that are empty.

    Parameters
    ----------
    target : Target
    y : array of n rows
        What is learnt; see :mod:`polyculture.targets`.
    domain : array of str, shape (n,)
    held : array of bool, shape (n,)
        Held-out items.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.classify.notes import notes_on
    >>> from polyculture.targets import Classes
    >>> y, domain = np.array([0, 1, 1, -1]), np.array(["a", "a", "b", "c"])
    >>> for sentence in notes_on(Classes(np.array(["no", "yes"])), y, domain, np.array([False, True, True, False])):
    ...     print(sentence)
    the domain 'c' has no labels: it is served by what the others taught
    the class 'no' occurs in the domain 'a' alone
    """
    known = target.labelled(y)
    labelled = sorted(set(domain[known].tolist()))
    for name in sorted(set(domain.tolist()) - set(labelled)):
        yield f"the domain {name!r} has no labels: it is served by what the others taught"
    if len(labelled) > 1:
        yield from _of_one_domain(target, y, domain)
    if not held[known].any():
        yield "nothing is held out, as every domain and class has a single item: settings are taken without choosing"
        return
    for name in labelled:
        if not (held & known & (domain == name)).any():
            yield f"nothing is held out of the domain {name!r}"


def _of_one_domain(target: Target, y: Array, domain: Array) -> Iterator[str]:
    what = "label" if isinstance(target, Labels) else "class"
    for j, name in enumerate(target.names.tolist()):
        where = set(domain[y[:, j] > 0 if y.ndim == 2 else y == j].tolist())
        if len(where) == 1:
            yield f"the {what} {name!r} occurs in the domain {next(iter(where))!r} alone"


def unseen(domain: Array, known: list[str]) -> str:
    """A sentence on items of domains that a model was not fitted on; empty where there are none.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.classify.notes import unseen
    >>> unseen(np.array(["a", "new"], dtype=object), ["a"])
    '1 of 2 items are of domains that the model has not seen (new); the static model serves them'
    """
    strange = sorted({str(name) for name in domain.tolist() if name is not None} - set(known))
    if not strange:
        return ""
    count = int(np.isin(domain, strange).sum())
    names = ", ".join(strange[:5]) + (", ..." if len(strange) > 5 else "")
    many = f"{count} of {len(domain)}"
    return f"{many} items are of domains that the model has not seen ({names}); the static model serves them"
