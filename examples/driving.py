"""Street scenes under weathers and cameras: what one condition teaches for another, and what all of them add.

Run it with ``python examples/driving.py`` (``--n 120`` for a quick look): some minutes on one processor. It needs torch
and no data: the scenes are simulated. What it shows holds for these scenes, not for streets.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np

from polyculture import CrossDomainClassifier
from polyculture.data import DomainData
from polyculture.data.simulated import CAMERAS, street_scenes
from polyculture.explain import image_predictor, localisation, patch_reasons

SIZE, PATCH, ASKED, FEW = 32, 4, 40, 5


def say(line: str = "") -> None:
    """Write a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def learn(data: DomainData, conditions: list[str]) -> CrossDomainClassifier:
    """A model of the training and validation scenes of some conditions."""
    part = data.take(data.within("train", "validation") & np.isin(data.domain, conditions))
    model = CrossDomainClassifier(("image-cnn",), graph="none")
    return model.fit(part.items["image"], part.label.tolist(), domain=part.domain.tolist())


def right(model: CrossDomainClassifier, part: DomainData, domain: str | None = None) -> float:
    """Share of right answers in per cent; without a domain the static fused model answers."""
    answers = model.predict(part.items["image"], domain=None if domain is None else [domain] * len(part))
    return 100.0 * float(np.mean(answers == part.label))


def few(data: DomainData, condition: str) -> DomainData:
    """The first few training scenes of each class of a condition."""
    part = data.take(data.within("train") & (data.domain == condition))
    return part.take(np.concatenate([np.flatnonzero(part.label == name)[:FEW] for name in part.classes]))


def main() -> None:
    """Simulate, learn, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=200, help="scenes of each condition")
    parser.add_argument("--unseen", default="night", choices=list(CAMERAS), help="the condition that comes later")
    asked = parser.parse_args()
    start, unseen = time.perf_counter(), asked.unseen
    made = street_scenes(asked.n, size=SIZE)
    data, known = made.data, [name for name in CAMERAS if name != unseen]
    test = {name: data.take(data.within("test") & (data.domain == name)) for name in CAMERAS}
    say(f"{len(data)} simulated scenes, ahead is {', '.join(data.classes)}; {unseen} comes later\n")
    first = known[0]
    alone, together, everything = learn(data, [first]), learn(data, known), learn(data, list(CAMERAS))
    say(f"{'':8}{first + ' alone':>12}{'five':>12}{'all six':>12}   per cent right of {len(test[first])} test scenes")
    for name in CAMERAS:
        routed = name if name in known else None
        cells = (right(alone, test[name], name if name == first else None), right(together, test[name], routed))
        say(f"{name:8}{cells[0]:12.1f}{cells[1]:12.1f}{right(everything, test[name], name):12.1f}")
    labelled = few(data, unseen)
    together.adapt_to(labelled.items["image"], labelled.label.tolist(), domain=unseen)
    say(f"\n{unseen} after {len(labelled)} labelled scenes of it: {right(together, test[unseen], unseen):.1f}")
    rows = np.flatnonzero(data.within("test") & made.where.any(axis=(1, 2)))
    rows = np.random.default_rng(0).permutation(rows)[:ASKED]
    reasons = patch_reasons(image_predictor(everything), data.items["image"][rows], size=PATCH, around=2)
    maps = np.stack([each.map(SIZE, SIZE) for each in reasons])
    found = np.nanmean(localisation(maps, made.where[rows]))
    say(f"\nwhere it looks: AUROC of the weights of {PATCH}-pixel patches and what is ahead {found:.2f} (chance 0.50)")
    say(f"\n{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
