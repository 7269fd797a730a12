"""Settings for kinds of tasks: which base models, how training images are changed, and what to judge by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from polyculture.registry import Part, Registry

if TYPE_CHECKING:
    from polyculture.features.encoders import Encoder

_HERE = "polyculture.optimise.presets"


@dataclass(frozen=True)
class Preset:
    """Settings that suit a kind of task.

    Parameters
    ----------
    base_models : mapping of name to mapping
        Names of encoders, and their settings.
    judged_by : tuple of str
        What of an evaluation matters first: names of rates by class, ``"calibration"``, or ``"worst domain"``.
    why : str
        Why these.

    Examples
    --------
    >>> from polyculture.optimise.presets import PRESETS
    >>> preset = PRESETS.load("medical-image")
    >>> preset.judged_by, "flip" in preset.base_models["image-cnn"]["augment"]
    (('sensitivity', 'specificity', 'calibration'), False)
    """

    base_models: Mapping[str, Mapping[str, Any]]
    judged_by: tuple[str, ...]
    why: str = field(default="")

    def encoders(self) -> list[Encoder]:
        """The base models, unfitted."""
        from polyculture.features.encoders import make_encoder

        return [make_encoder(name).set_params(**settings) for name, settings in self.base_models.items()]


def _of_images(changes: tuple[str, ...], *, share: float = 0.5) -> dict[str, dict[str, Any]]:
    """The three families of image encoders under the same changes of training images."""
    settings = {"augment": changes, "share": share}
    return {"image-cnn": dict(settings), "image-rnn": dict(settings), "image-transformer": dict(settings)}


MEDICAL_IMAGE = Preset(
    _of_images(("crop", "rotate", "colour", "noise", "contrast")),
    ("sensitivity", "specificity", "calibration"),
    "left and right tell organs apart, so nothing is mirrored; gain, noise and contrast differ between scanners; what "
    "is missed and what is raised falsely cost differently, and probabilities are read",
)
DRIVING_SCENE = Preset(
    _of_images(("flip", "crop", "colour", "noise", "contrast")),
    ("sensitivity", "worst domain", "calibration"),
    "a mirrored street is a street; light and contrast change with hour and weather; a class that is rarely found in "
    "one weather is what matters",
)
SECURITY_CAMERA = Preset(
    _of_images(("flip", "crop", "grey", "noise", "contrast")),
    ("sensitivity", "worst domain", "precision"),
    "cameras see without colour at night, and differ in noise; alarms that are false are ignored in the end",
)

PRESETS = Registry(
    "task",
    {
        "medical-image": Part(
            f"{_HERE}:MEDICAL_IMAGE", "never mirrored; sensitivity, specificity and calibration first", extra="train"
        ),
        "driving-scene": Part(
            f"{_HERE}:DRIVING_SCENE",
            "mirrored, light and contrast; recall of each class and the worst domain first",
            extra="train",
        ),
        "security-camera": Part(
            f"{_HERE}:SECURITY_CAMERA",
            "mirrored, without colour, noise; recall, the worst domain and precision first",
            extra="train",
        ),
    },
)
"""Tasks that there are settings for. They classify whole images: nothing here detects, tracks or plans."""
