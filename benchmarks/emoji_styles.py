"""Emoji told by their category in a style that no model has seen, and that shows emoji no model has seen.

Run ``python benchmarks/emoji_styles.py --jobs 2``. Each style in turn is left out: models learn from the training and
the validation emoji of the four others and are judged on the test emoji of the style left out, which are in no other
part in any style. Seeds change the networks that are trained here; heads over frozen vectors are in closed form and
have none. The weights of the fused model are learnt on validation emoji of the training styles, each style answered
by models that saw neither it nor the style that is tested. Test emoji choose nothing. The shrinkage of the heads (0.2
or 0.5, within a point of each other) and whether they see drawings were looked at on validation emoji of all styles.

Frozen vectors are computed once and kept (see ``POLYCULTURE_CACHE``). Heads also learn from the training images of
the colour styles as line drawings (Sobel edges); networks from scratch see such changes, and others, anew in each
pass.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from _left_out import Answer, Base, Task, arguments, head, judged, tell

from polyculture.data import load_dataset
from polyculture.features.encoders.images.cnn import ImageCNNEncoder
from polyculture.features.encoders.images.items import resized
from polyculture.features.encoders.images.pretrained import PretrainedImageEncoder
from polyculture.features.encoders.images.rnn import ImageRNNEncoder
from polyculture.features.encoders.images.transformer import ImageTransformerEncoder
from polyculture.preprocess.images import augment_images

FROZEN = {"squeezenet": 128, "efficientnet-lite0": 96}
"""Sides of the images that the frozen encoders see."""
CHANGES = ("crop", "colour", "grey", "invert", "edges")
NETWORKS: Mapping[str, tuple[Callable[..., Any], int, Mapping[str, Any]]] = {
    "cnn": (ImageCNNEncoder, 32, {"stride": 2}),
    "transformer": (ImageTransformerEncoder, 24, {"patch": 6, "layers": 1, "dim": 48}),
    "rnn": (ImageRNNEncoder, 24, {"units": 32}),
}
"""Networks from scratch, the sides of the images that they see, and their settings."""
SEEN = 12_000
"""Images that a network sees in training, over all of its passes."""


def frozen(views: list[np.ndarray], drawn: list[np.ndarray], at: np.ndarray, y: np.ndarray) -> Base:
    """A head over frozen vectors side by side; `at` says which images have a drawing of their edges."""
    plain, lines, place = np.hstack(views), np.hstack(drawn), np.full(len(y), -1)
    place[at] = np.arange(len(at))

    def fit(rows: np.ndarray, seed: int) -> Answer:
        del seed
        more = rows[place[rows] >= 0]
        learnt = head(np.vstack([plain[rows], lines[place[more]]]), np.concatenate([y[rows], y[more]]))
        return lambda later: learnt(plain[later])

    return Base(fit, seeded=False)


def trained(images: np.ndarray, y: np.ndarray, name: str) -> Base:
    """A network from scratch, one for all training styles."""
    kind, side, settings = NETWORKS[name]

    def fit(rows: np.ndarray, seed: int) -> Answer:
        epochs = max(1, round(SEEN / len(rows)))
        encoder = kind(size=side, hidden=64, epochs=epochs, augment=CHANGES, share=0.4, random_state=seed, **settings)
        encoder.fit(images[rows], y[rows])
        return lambda later: encoder.predict_proba(images[later])

    return Base(fit)


def bases_of(images: np.ndarray, task: Task, networks: Sequence[str]) -> dict[str, Base]:
    """Two frozen encoders, networks from scratch, and one head on both frozen encoders' vectors."""
    at = np.flatnonzero((task.split != "test") & (task.domain != "lines"))
    drawings = augment_images(images[at], ["edges"], share=1.0)
    encoders = {name: PretrainedImageEncoder(name, size=size).fit([]) for name, size in FROZEN.items()}
    views = {name: (encoder.transform(images), encoder.transform(drawings)) for name, encoder in encoders.items()}
    both = frozen([v for v, _ in views.values()], [d for _, d in views.values()], at, task.y)
    sides = {side: resized(images, side) for side in {NETWORKS[name][1] for name in networks}}
    return {
        **{f"{name} alone": frozen([v], [d], at, task.y) for name, (v, d) in views.items()},
        **{f"image-{name} alone": trained(sides[NETWORKS[name][1]], task.y, name) for name in networks},
        "pooled: one head on both frozen encoders": Base(both.fit, seeded=False, fused=False),
    }


def main() -> None:
    """Encode, fit, judge, print."""
    chosen = arguments(__doc__, networks=tuple(NETWORKS))
    data = load_dataset("emoji-styles")
    names = sorted(set(data.label.tolist()))
    task = Task(
        np.array([names.index(label) for label in data.label]),
        data.domain,
        np.asarray(data.split),
        np.array([key.partition("/")[2] for key in data.ids]),
    )
    start = time.perf_counter()
    bases = bases_of(data.items["image"], task, chosen.networks)
    encoding = time.perf_counter() - start
    found = judged(task, bases, chosen.seeds, chosen.jobs)
    found["seconds"]["frozen vectors"] = encoding
    tell("emoji-styles: style and emoji unseen", found, chosen.json)


if __name__ == "__main__":
    main()
