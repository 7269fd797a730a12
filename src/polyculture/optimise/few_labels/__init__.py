"""A new domain with few labels, after all else is fixed. One method a file.

Each takes vectors of the labelled items, their classes and the model's own probabilities for them, and gives a head:
what answers for later items, from their vectors and the model's own probabilities. The model itself stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from polyculture.errors import ParameterError
from polyculture.registry import Part, Registry

__all__ = ["FEW_LABELS", "Method", "method_named"]

Settings = Mapping[str, float]


@dataclass(frozen=True)
class Method(Part):
    """A part with the settings that a choice tries, and whether items that are asked together change each other.

    Examples
    --------
    >>> from polyculture.optimise.few_labels import Method
    >>> Method("math:sqrt", "the square root").transductive
    False
    """

    tried: tuple[Settings, ...] = (MappingProxyType({}),)
    transductive: bool = False


def _grid(**settings: tuple[float, ...]) -> tuple[Settings, ...]:
    """All combinations."""
    found: tuple[Settings, ...] = ({},)
    for name, values in settings.items():
        found = tuple({**one, name: value} for one in found for value in values)
    return found


_METRIC = _grid(trust=(0.0, 1.0), sharpness=(0.3, 1.0, 3.0, 10.0))

FEW_LABELS = Registry(
    "method for few labels",
    {
        "as_it_is": Method(
            "polyculture.optimise.few_labels.as_it_is:as_it_is",
            "the model's own answers, which stay where nothing is surely better",
        ),
        "correction": Method(
            "polyculture.optimise.few_labels.correction:correction",
            "one temperature and a bias for each class",
            "Guo et al. 2017, arXiv:1706.04599",
            tried=_grid(penalty=(1.0, 4.0, 16.0)),
        ),
        "logistic_head": Method(
            "polyculture.optimise.few_labels.logistic_head:logistic_head",
            "logistic regression that starts from the model's log-odds and is pulled back to them",
            "Chelba & Acero 2004, EMNLP; Li et al. 2018, arXiv:1802.01483",
            tried=_grid(penalty=(1.0, 4.0, 16.0, 64.0)),
        ),
        "ridge_head": Method(
            "polyculture.optimise.few_labels.ridge_head:ridge_head",
            "least squares in closed form, its strength by leaving one out",
            "Bertinetto et al. 2019, arXiv:1805.08136",
            tried=_METRIC,
        ),
        "prototypes": Method(
            "polyculture.optimise.few_labels.prototypes:prototypes",
            "the class whose mean is nearest",
            "Snell et al. 2017, arXiv:1703.05175",
            tried=_METRIC,
        ),
        "simple_shot": Method(
            "polyculture.optimise.few_labels.simple_shot:simple_shot",
            "the nearest mean of vectors that are centred and of length 1",
            "Wang et al. 2019, arXiv:1911.04623",
            tried=_METRIC,
        ),
        "bd_cspn": Method(
            "polyculture.optimise.few_labels.bd_cspn:bd_cspn",
            "prototypes moved by the items that are asked together",
            "Liu et al. 2020, arXiv:1911.10713",
            tried=_METRIC,
            transductive=True,
        ),
        "laplacian_shot": Method(
            "polyculture.optimise.few_labels.laplacian_shot:laplacian_shot",
            "neighbours among the items that are asked together get like answers",
            "Ziko et al. 2020, arXiv:2006.15486",
            tried=_METRIC,
            transductive=True,
        ),
    },
)


def method_named(name: str) -> Method:
    """The facts of a method.

    Raises
    ------
    ParameterError
        If there is none of this name.

    Examples
    --------
    >>> from polyculture.optimise.few_labels import method_named
    >>> method_named("bd_cspn").transductive
    True
    """
    part = FEW_LABELS.get(name)
    if not isinstance(part, Method):
        raise ParameterError(f"there is no method for few labels named {name!r}; use one of {', '.join(FEW_LABELS)}")
    return part
