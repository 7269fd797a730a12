"""Handwritten digits under a way of taking pictures that no model has seen: leave one of seven domains out.

Run ``python benchmarks/digits_domains.py --jobs 2``. Models learn from the training and validation digits of six
domains and are judged on the test digits of the seventh; each digit is in one domain alone, and a digit that is
tested was seen in none. Seeds change the networks; heads over frozen vectors and over pixels are in closed form and
have none. The weights of the fused model are learnt on validation digits of the training domains, each domain
answered by models that saw neither it nor the one that is tested. Test digits choose nothing in a run.

The changes of training images are those that are the default, and two that are not of these domains (contrast and
random filters): turning digits further or inverting them would be to train on the domain that is left out. One
network sees the pictures, another one their edges.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from _left_out import Answer, Base, Task, arguments, head, judged, tell

from polyculture.data import load_dataset
from polyculture.features.encoders.images.cnn import ImageCNNEncoder
from polyculture.features.encoders.images.pretrained import PretrainedImageEncoder
from polyculture.features.encoders.images.rnn import ImageRNNEncoder
from polyculture.features.encoders.images.transformer import ImageTransformerEncoder
from polyculture.preprocess.images import KEEPING, augment_images

SIDE, FROZEN_SIDE = 16, 64
CHANGES = (*KEEPING, "contrast", "texture")
NETWORKS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "cnn": (ImageCNNEncoder, {"width": 12, "stages": 2, "stride": 2, "epochs": 12}),
    "rnn": (ImageRNNEncoder, {"units": 32, "epochs": 8}),
    "transformer": (ImageTransformerEncoder, {"patch": 4, "layers": 1, "dim": 48, "epochs": 8}),
}


def trained(images: np.ndarray, y: np.ndarray, name: str) -> Base:
    """A network from scratch, one for all training domains."""
    kind, settings = NETWORKS[name]

    def fit(rows: np.ndarray, seed: int) -> Answer:
        encoder = kind(size=SIDE, hidden=64, batch_size=64, augment=CHANGES, share=0.3, random_state=seed, **settings)
        encoder.fit(images[rows], y[rows])
        return lambda later: encoder.predict_proba(images[later])

    return Base(fit)


def fixed(vectors: np.ndarray, y: np.ndarray, *, fused: bool = True) -> Base:
    """A head over vectors that do not change, one for all training domains."""

    def fit(rows: np.ndarray, seed: int) -> Answer:
        del seed
        learnt = head(vectors[rows], y[rows])
        return lambda later: learnt(vectors[later])

    return Base(fit, seeded=False, fused=fused)


def main() -> None:
    """Encode, fit, judge, print."""
    chosen = arguments(__doc__, networks=tuple(NETWORKS))
    data = load_dataset("digits-domains", size=SIDE, once=True)
    item = np.array([key.partition("/")[2] for key in data.ids])
    task = Task(data.label.astype(int), data.domain, np.asarray(data.split), item)
    images = data.items["image"]
    pixels = images[..., 0].reshape(len(images), -1).astype(np.float32)
    lines = augment_images(images, ["edges"], share=1.0)
    seen = PretrainedImageEncoder("squeezenet", size=FROZEN_SIDE).fit([]).transform(images)
    bases = {
        "squeezenet alone": fixed(seen, task.y),
        **{f"image-{name} alone": trained(images, task.y, name) for name in chosen.networks},
        **{f"image-{name} on edges alone": trained(lines, task.y, name) for name in chosen.networks},
        "pooled: one head on squeezenet and pixels": fixed(np.hstack([seen, pixels]), task.y, fused=False),
    }
    tell("digits-domains: domain and digits unseen", judged(task, bases, chosen.seeds, chosen.jobs), chosen.json)


if __name__ == "__main__":
    main()
