"""Step 1: clean, deduplicate, split and augment, per domain."""

from polyculture.preprocess.alike import duplicates
from polyculture.preprocess.augment import METHODS, augment, augmented, character_noise, span_shuffling, token_dropout
from polyculture.preprocess.clean import clean_text
from polyculture.preprocess.deduplicate import DuplicateReport, deduplicate
from polyculture.preprocess.drop import drop_edges, drop_features, drop_interactions
from polyculture.preprocess.pipeline import Preprocessor, PreprocessReport
from polyculture.preprocess.split import split

__all__ = [
    "METHODS",
    "DuplicateReport",
    "PreprocessReport",
    "Preprocessor",
    "augment",
    "augmented",
    "character_noise",
    "clean_text",
    "deduplicate",
    "drop_edges",
    "drop_features",
    "drop_interactions",
    "duplicates",
    "span_shuffling",
    "split",
    "token_dropout",
]
