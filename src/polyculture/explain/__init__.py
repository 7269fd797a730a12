"""Why a model decided as it did: words, features, neighbours, domains, views; and whether these reasons are true."""

from __future__ import annotations

from polyculture.explain.asked import Asked
from polyculture.explain.domains import domain_shares
from polyculture.explain.entry import KINDS, explain
from polyculture.explain.explanation import Explanation
from polyculture.explain.faithfulness import faithful, faithfulness
from polyculture.explain.features import FeatureReasons, feature_reasons, patches, training_mean
from polyculture.explain.graph import GraphReasons, graph_reasons
from polyculture.explain.judged import judge
from polyculture.explain.lesions import Lesions, localisation, planted_lesions
from polyculture.explain.modalities import modality_shares
from polyculture.explain.neighbours import Neighbours, neighbour_reasons, neighbours_of
from polyculture.explain.patch_gradients import gradient_patch_reasons
from polyculture.explain.patches import PatchReasons, image_predictor, patch_reasons
from polyculture.explain.planted import Planted, auroc, planted_houses, true_edges
from polyculture.explain.prototypes import Known, nearest, prototypes
from polyculture.explain.sanity import model_check, randomised, rank_correlation, stability
from polyculture.explain.shapley import Shapley, shapley
from polyculture.explain.specificity import domain_specificity
from polyculture.explain.words import Predict, Reasons, predictor, word_reasons

__all__ = [
    "KINDS",
    "Asked",
    "Explanation",
    "FeatureReasons",
    "GraphReasons",
    "Known",
    "Lesions",
    "Neighbours",
    "PatchReasons",
    "Planted",
    "Predict",
    "Reasons",
    "Shapley",
    "auroc",
    "domain_shares",
    "domain_specificity",
    "explain",
    "faithful",
    "faithfulness",
    "feature_reasons",
    "gradient_patch_reasons",
    "graph_reasons",
    "image_predictor",
    "judge",
    "localisation",
    "modality_shares",
    "model_check",
    "nearest",
    "neighbour_reasons",
    "neighbours_of",
    "patch_reasons",
    "patches",
    "planted_houses",
    "planted_lesions",
    "predictor",
    "prototypes",
    "randomised",
    "rank_correlation",
    "shapley",
    "stability",
    "training_mean",
    "true_edges",
    "word_reasons",
]
