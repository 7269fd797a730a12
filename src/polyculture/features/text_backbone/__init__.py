"""A pretrained Transformer as the backbone, fine-tuned in place of a network over its frozen vectors."""

from __future__ import annotations

from polyculture.features.text_backbone.estimator import TextBackbone

__all__ = ["TextBackbone"]
