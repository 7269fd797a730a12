"""What the models are shown: texts of four domains, names of emoji, and pictures of the same emoji."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from archives import EMOJI, HERE

if TYPE_CHECKING:
    from PIL.Image import Image

# Emoji that are no picture of a thing: flags, signs, and parts of others.
LEFT_OUT = {"Flags", "Symbols", "Component"}
JOINER = "200D"


@dataclass(frozen=True)
class Items:
    """Items of one modality.

    Parameters
    ----------
    modality : {"text", "image"}
    ids : sequence of n str
    contents : sequence of n str
        A text, or the code point of an emoji.
    """

    modality: str
    ids: Sequence[str]
    contents: Sequence[str]

    def write(self, path: Path) -> None:
        """Keep them as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Items:
        """What `write` kept."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))


def domain_texts(per_domain: int, seed: int) -> Items:
    """As many different texts from each domain of ``vader-domains``, drawn with a seed."""
    import numpy as np

    from polyculture import load_dataset

    data = load_dataset("vader-domains")
    texts, generator = data.items["text"], np.random.default_rng(seed)
    distinct = np.unique(texts, return_index=True)[1]
    of_domain = [distinct[data.domain[distinct] == domain] for domain in data.domains]
    rows = np.concatenate([generator.choice(choice, per_domain, replace=False) for choice in of_domain])
    return Items("text", data.ids[rows].tolist(), texts[rows].tolist())


def emoji(archives: Path) -> tuple[Items, Items]:
    """Names and pictures of the same emoji.

    Sequences such as "woman with a beard" are left out, as the same picture comes again for man and person.
    """
    table = json.loads(EMOJI.members(["emoji.json"], archives)["emoji.json"])
    kept = [row for row in table if row["category"] not in LEFT_OUT and JOINER not in row["unified"].split("-")]
    codes = [row["unified"] for row in kept]
    return Items("text", codes, [row["name"].lower() for row in kept]), Items("image", codes, codes)


def pictures(codes: Sequence[str], archives: Path = HERE) -> list[Image]:
    """Pictures of emoji as Google draws them, 64 × 64, on white."""
    from PIL import Image

    paths = {code: f"img/google/64/{code.lower()}.png" for code in codes}
    files = EMOJI.members(set(paths.values()), archives)
    layers = [Image.open(io.BytesIO(files[paths[code]])).convert("RGBA") for code in codes]
    return [Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB") for layer in layers]
