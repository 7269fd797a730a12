"""Step 3: from the backbone's weights, one expert a domain. One method a file."""

from __future__ import annotations

from polyculture.adapt.fine_tune import fine_tune
from polyculture.registry import Part, Registry

__all__ = ["ADAPTERS", "fine_tune"]

ADAPTERS = Registry(
    "adapter",
    {
        "fine_tune": Part(
            "polyculture.adapt.fine_tune:fine_tune",
            "train on with a domain's own labels",
            "Ilharco et al. 2023, arXiv:2212.04089",
            "train",
        ),
    },
)
