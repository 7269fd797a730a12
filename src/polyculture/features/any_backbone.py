"""What every backbone is, whether it reads vectors or texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

from polyculture.arrays import Array, Mask
from polyculture.features.network import Weights
from polyculture.targets import Target
from polyculture.training import Epoch


@dataclass(frozen=True)
class Suits:
    """Settings of steps 3 to 5 that suit a kind of backbone, taken where none are given.

    Parameters
    ----------
    layers : {"all", "upper", "head"}
        What an expert changes.
    learning_rate, epochs : float, int
        Of an expert.
    fine_tune_rate, fine_tune_epochs : float, int
        Of the merged weights; no epochs leave them as they were merged.
    refit_head : bool
        Whether heads of merges are fitted again, which takes the last layer of all items under each merge.
    gram_items : int or None
        Items of a domain that Gram matrices are summed over at most; None for all. A text has many rows of them.

    Examples
    --------
    >>> from polyculture.features.backbone import Backbone
    >>> Backbone.suits.layers
    'all'
    """

    layers: str
    learning_rate: float
    epochs: int
    fine_tune_rate: float
    fine_tune_epochs: int
    refit_head: bool
    gram_items: int | None = None


class AnyBackbone(Protocol):
    """A network whose weights are bare arrays, so that experts can leave it and be merged again."""

    family: ClassVar[str]
    reads: ClassVar[str]
    suits: ClassVar[Suits]
    random_state: int
    coding_: Target
    weights_: dict[str, Array]

    def fit(self, X: Any, y: Array, *, validation: Mask | None = None, classes: int | None = None) -> Self:
        """Learn from labelled items; those of `validation` decide when to stop."""

    def trained(
        self,
        start: Weights | None,
        X: Any,
        y: Array,
        rows: Array,
        stop: Array,
        *,
        learning_rate: float | None = None,
        epochs: int | None = None,
        frozen: int = 0,
        name: str = "backbone",
    ) -> tuple[dict[str, Array], list[Epoch]]:
        """Weights after training from `start` on some rows, the first `frozen` layers kept."""

    def frozen_layers(self, layers: str) -> int:
        """How many layers are kept where ``"all"``, the ``"upper"`` ones or the ``"head"`` alone changes."""

    def logits(self, X: Any, weights: Weights | None = None) -> Array:
        """Scores under these weights, shape (n, outputs)."""

    def answers(self, X: Any, weights: Weights | None = None) -> Array:
        """Probabilities, or values on the scale that was learnt, shape (n, outputs)."""

    def predict_proba(self, X: Any) -> Array:
        """Probability of each class or label, shape (n, outputs)."""

    def last_hidden(self, X: Any, weights: Weights | None = None) -> Array:
        """What the head receives, shape (n, width)."""

    def layer_inputs(self, X: Any, weights: Weights | None = None) -> dict[str, Array]:
        """What layers receive, the head last of them, and ``logits``."""

    def gram_sums(self, X: Any, weights: Weights | None = None) -> dict[str, Array]:
        """Gram matrix of what each linear layer receives."""

    def state(self) -> dict[str, Any]:
        """All that is needed to build it again."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Its settings."""

    def set_params(self, **settings: Any) -> Any:
        """Change settings."""
