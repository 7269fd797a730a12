"""The five steps composed: one model for items from several domains."""

from __future__ import annotations

from polyculture.classify.classifier import CrossDomainClassifier
from polyculture.classify.parts import FUSE
from polyculture.classify.regressor import CrossDomainRegressor

__all__ = ["FUSE", "CrossDomainClassifier", "CrossDomainRegressor"]
