"""Further heads on a fitted model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from polyculture.arrays import Array, Floats
from polyculture.classify.keeping import Keeping
from polyculture.errors import ParameterError
from polyculture.optimise import TaskHead


class Tasks(Keeping):
    """Other classes of the same kind of items, without steps 1 to 4 once more."""

    def add_task(
        self,
        name: str,
        X: Any,
        y: Any,
        *,
        domain: Sequence[str] | Array | None = None,
        split: Sequence[str] | Array | None = None,
        known: Floats | None = None,
    ) -> Self:
        """Step 5 again: a further head for other classes of the same kind of items; steps 1 to 4 stay as they are.

        Parameters
        ----------
        name : str
            What the task is called in :meth:`predict`.
        X, domain, split
            As in :meth:`fit`.
        y : sequence of n classes
        known : array of shape (n, d), or None
            What :meth:`knowledge` gave for the items, where it is there already.
        """
        self._check_fitted()
        parts = ["train"] * len(y) if split is None else split
        data = self._read(X, y, domain=domain, graph=None, split=parts, source=f"task {name!r}", reset=False)
        data = self._hold_out(data, self._classes_of(data.label, name))
        if known is None:
            known = self.knowledge(self.encode(dict(data.items)), data.domain)
        head = TaskHead(random_state=self.random_state)
        self.heads_[name] = head.fit(known, data.label, validation=data.within("validation"))
        return self

    def _classes_of(self, labels: Array, name: str) -> Any:
        if any(isinstance(value, tuple) for value in labels.tolist()):
            raise ParameterError(
                f"the task {name!r} has several labels at once; a further head learns one class an item"
            )
        return self._target_of(labels)

    def _head(self, task: str) -> TaskHead:
        if task not in self.heads_:
            raise ParameterError(
                f"there is no task named {task!r}; add it with add_task (known: {', '.join(self.heads_) or 'none'})"
            )
        return self.heads_[task]
