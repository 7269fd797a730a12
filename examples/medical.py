"""Scans of four hospitals: one model for all of them, a hospital that it has not seen, and where it looks.

Run it with ``python examples/medical.py`` (``--n 120 --left-out north`` for a quick look): some minutes on one
processor. It needs torch and no data: the scans are simulated, so that the place of each lesion is known. What it shows
holds for these scans, not for patients.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np

from polyculture import CrossDomainClassifier
from polyculture.data import DomainData
from polyculture.data.simulated import HOSPITALS, Simulated, hospital_scans
from polyculture.explain import image_predictor, localisation, patch_reasons

SIZE, PATCH, ASKED = 32, 4, 40


def say(line: str = "") -> None:
    """Write a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def learn(data: DomainData, hospitals: list[str]) -> CrossDomainClassifier:
    """A model of the training and validation scans of some hospitals."""
    rows = data.within("train", "validation") & np.isin(data.domain, hospitals)
    part = data.take(rows)
    model = CrossDomainClassifier(("image-cnn",), graph="none")
    return model.fit(part.items["image"], part.label.tolist(), domain=part.domain.tolist())


def right(model: CrossDomainClassifier, part: DomainData) -> float:
    """Share of right answers in per cent."""
    known = set(model.domains_) >= set(part.domain.tolist())
    answers = model.predict(part.items["image"], domain=part.domain.tolist() if known else None)
    return 100.0 * float(np.mean(answers == part.label))


def serve(data: DomainData, left_out: list[str]) -> CrossDomainClassifier:
    """A table: each hospital's test scans under a model of its own, one of all, and one of all others."""
    everyone = list(HOSPITALS)
    test = {name: data.take(data.within("test") & (data.domain == name)) for name in everyone}
    together = learn(data, everyone)
    say(f"{'':8}{'its own':>10}{'all four':>10}{'the others':>12}   per cent right of {len(test['north'])} test scans")
    for name in everyone:
        own = right(learn(data, [name]), test[name])
        cells = f"{name:8}{own:10.1f}{right(together, test[name]):10.1f}"
        if name in left_out:
            others = learn(data, [each for each in everyone if each != name])
            cells += f"{right(others, test[name]):12.1f}"
        say(cells)
    return together


def look(model: CrossDomainClassifier, made: Simulated) -> None:
    """Whether the places that make the answer are those of the lesion."""
    rows = np.flatnonzero(made.data.within("test") & made.where.any(axis=(1, 2)))
    rows = np.random.default_rng(0).permutation(rows)[:ASKED]
    images, where = made.data.items["image"][rows], made.where[rows]
    reasons = patch_reasons(image_predictor(model), images, size=PATCH, around=2)
    maps = np.stack([each.map(SIZE, SIZE) for each in reasons])
    top = np.array([where[i][maps[i] == maps[i].max()].any() for i in range(len(rows))])
    edge = where.reshape(len(where), SIZE // PATCH, PATCH, SIZE // PATCH, PATCH).any(axis=(2, 4)).mean()
    say(f"\nwhere it looks, {len(rows)} test scans with a lesion, patches of {PATCH} pixels covered in turn:")
    say(f"  AUROC of the weights against the lesion's pixels {np.nanmean(localisation(maps, where)):.2f} (chance 0.50)")
    say(f"  the heaviest patch touches the lesion in {100 * top.mean():.0f} % (chance {100 * edge:.0f} %)")


def main() -> None:
    """Simulate, learn, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=200, help="scans of each hospital")
    parser.add_argument("--left-out", nargs="*", default=list(HOSPITALS), help="hospitals to leave out in turn")
    asked = parser.parse_args()
    start = time.perf_counter()
    made = hospital_scans(asked.n, size=SIZE)
    say(f"{len(made.data)} simulated scans of {', '.join(HOSPITALS)}: {', '.join(made.data.classes)}\n")
    model = serve(made.data, asked.left_out)
    look(model, made)
    say(f"\n{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
