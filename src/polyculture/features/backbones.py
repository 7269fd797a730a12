"""The backbones that there are."""

from __future__ import annotations

from polyculture.registry import Part, Registry

BACKBONES = Registry(
    "backbone",
    {
        "network": Part(
            "polyculture.features.backbone:Backbone", "a few dense layers over the vectors of all encoders", "", "train"
        ),
        "modalities": Part(
            "polyculture.features.modality_backbone:ModalityBackbone",
            "one network over the vectors of several modalities, which does without some",
            "Liu et al. 2018, arXiv:1806.00064; Arevalo et al. 2017, arXiv:1702.01992",
            "train",
        ),
        "transformer": Part(
            "polyculture.features.text_backbone:TextBackbone",
            "a pretrained Transformer over the texts, fine-tuned in full, in part or by LoRA",
            "Devlin et al. 2019, arXiv:1810.04805",
            "pretrained",
        ),
    },
)
