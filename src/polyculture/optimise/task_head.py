"""A further head: another label of the same items, without steps 1 to 4 once more."""

from __future__ import annotations

from typing import Self

import numpy as np
from sklearn.base import BaseEstimator

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.features.base_model import BaseModel
from polyculture.features.encoders.base import State


class TaskHead(BaseEstimator):  # type: ignore[misc]
    """Linear head over what the fitted model knows of an item.

    Its input is the shared vectors, the fused network's last hidden layer and the answers of all members for the first
    task (their log-odds); none of these is trained again.

    Parameters
    ----------
    strengths : tuple of float > 0
        Values of C to choose from on held-out items.
    random_state : int

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise import TaskHead
    >>> x = np.random.RandomState(0).randn(60, 3)
    >>> head = TaskHead().fit(x, (x[:, 0] > 0).astype(int), np.array(["calm", "angry"]))
    >>> head.classes_[head.predict_proba(np.array([[9.0, 0.0, 0.0]])).argmax(axis=1)].tolist()
    ['angry']
    """

    def __init__(self, strengths: tuple[float, ...] = (0.01,), random_state: int = 0) -> None:
        self.strengths = strengths
        self.random_state = random_state

    def fit(self, X: Floats, y: Ints, classes: Array, *, validation: Mask | None = None) -> Self:
        """Learn from labelled rows (`y` >= 0, an index into `classes`)."""
        self.classes_ = np.asarray(classes)
        self.model_ = BaseModel(self.strengths, self.random_state).fit(
            X, y, validation=validation, classes=len(self.classes_)
        )
        return self

    def predict_proba(self, X: Floats) -> Array:
        """Probability of each class of this task, shape (n, classes)."""
        return self.model_.predict_proba(X)

    def state(self) -> State:
        """Classes and weights."""
        return {"params": self.get_params(), "classes": self.classes_.tolist(), "model": self.model_.state()}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        head = cls(**state["params"])
        head.classes_ = np.array(state["classes"])
        head.model_ = BaseModel.from_state(state["model"])
        return head
