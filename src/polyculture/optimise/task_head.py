"""A further head: another label of the same items, without steps 1 to 4 once more."""

from __future__ import annotations

from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from polyculture.arrays import Array, Floats, Mask
from polyculture.features.base_model import BaseModel
from polyculture.features.encoders.base import State
from polyculture.features.reading import as_learnt


class TaskHead(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Linear head over what the fitted model knows of an item.

    Its input is the shared vectors, the fused network's last hidden layer and the answers of all members for the first
    task (their log-odds); none of these is trained again.

    Parameters
    ----------
    strengths : tuple of float > 0
        Values of C to choose from on held-out items.
    random_state : int

    Attributes
    ----------
    classes_ : array
    n_features_in_ : int

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise import TaskHead
    >>> x = np.random.RandomState(0).randn(60, 3)
    >>> head = TaskHead().fit(x, np.where(x[:, 0] > 0, "angry", "calm"))
    >>> head.predict(np.array([[9.0, 0.0, 0.0]])).tolist()
    ['angry']
    """

    def __init__(self, strengths: tuple[float, ...] = (0.01,), random_state: int = 0) -> None:
        self.strengths = strengths
        self.random_state = random_state

    def fit(self, X: Floats, y: Array, *, validation: Mask | None = None) -> Self:
        """Learn from labelled rows.

        Parameters
        ----------
        X : array of shape (n, d)
        y : sequence of n classes
            -1 or None where there is none.
        validation : array of bool, shape (n,), or None
            A tenth of each class when None.
        """
        X = validate_data(self, X, dtype=(np.float64, np.float32), ensure_min_samples=2)
        codes, coding = as_learnt(y, None, "classes", len(X), type(self).__name__)
        self.classes_ = coding.names
        self.model_ = BaseModel(self.strengths, random_state=self.random_state).fit(
            X, codes, validation=validation, classes=coding.width
        )
        return self

    def predict_proba(self, X: Floats) -> Array:
        """Probability of each class of this task, shape (n, classes)."""
        check_is_fitted(self)
        checked: Floats = validate_data(self, X, dtype=(np.float64, np.float32), reset=False)
        return self.model_.predict_proba(checked)

    def predict(self, X: Floats) -> Array:
        """Most probable class of each item."""
        found = self.predict_proba(X)
        return np.asarray(self.classes_[found.argmax(axis=1)])

    def state(self) -> State:
        """Classes and weights."""
        return {"params": self.get_params(), "classes": self.classes_.tolist(), "model": self.model_.state()}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        head = cls(**state["params"])
        head.classes_ = np.array(state["classes"])
        head.model_ = BaseModel.from_state(state["model"])
        head.n_features_in_ = head.model_.n_features_in_
        return head
