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
        "align": Part(
            "polyculture.adapt.align:align",
            "hidden features drawn together, by covariance or MMD",
            "Sun & Saenko 2016, arXiv:1607.01719; Long et al. 2015, arXiv:1502.02791",
            "train",
        ),
        "dann": Part(
            "polyculture.adapt.dann:dann",
            "features from which no judge can tell the domain",
            "Ganin et al. 2016, arXiv:1505.07818",
            "train",
        ),
        "coral": Part(
            "polyculture.adapt.coral:coral",
            "the source is given the target's mean and covariance",
            "Sun et al. 2016, arXiv:1511.05547",
        ),
        "transport": Part(
            "polyculture.adapt.transport:transport",
            "optimal transport of source to target",
            "Courty et al. 2017, arXiv:1507.00504",
            "transport",
        ),
        "self_training": Part(
            "polyculture.adapt.self_training:self_train",
            "learn from one's surest answers, class by class",
            "Zou et al. 2018, arXiv:1810.07911",
        ),
        "denoising": Part(
            "polyculture.adapt.denoising:denoising",
            "frequent columns guessed from those beside them",
            "Chen et al. 2012, arXiv:1206.4683",
        ),
        "ratio_weighted": Part(
            "polyculture.adapt.ratio_weighted:ratio_weighted",
            "terms by how they tell classes apart, anew in each round",
            "Wang & Manning 2012, ACL P12-2018",
        ),
        "committee": Part(
            "polyculture.adapt.committee:committee",
            "models with views of their own learn as one",
            "Blum & Mitchell 1998, COLT",
        ),
        "term_committee": Part(
            "polyculture.adapt.term_committee:by_term_committee",
            "self-training of words, and of words by their ratio",
            "Blum & Mitchell 1998, COLT",
        ),
        "label_shift": Part(
            "polyculture.adapt.label_shift:corrected",
            "classes in other proportions",
            "Lipton et al. 2018, arXiv:1802.03916",
        ),
        "over_graph": Part(
            "polyculture.adapt.over_graph:adapt_over_graph",
            "depth by side and self-training over two graphs",
            "Liu et al. 2024, arXiv:2402.05660",
            "train",
        ),
        "depth": Part(
            "polyculture.adapt.depth:spread_by_side",
            "spread further in the target's graph",
            "Liu et al. 2024, arXiv:2402.05660",
        ),
    },
)
