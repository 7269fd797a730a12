"""More training images: seeded changes of a batch, by name.

Those of `KEEPING` leave the label as it is for nearly every task; `STYLES` take the style away and leave the shapes,
for domains that were drawn or photographed in another way. Neither list holds what may change the label: a flip turns a
digit into none, a mixture belongs to two classes.
"""

from __future__ import annotations

from polyculture.preprocess.images.augmentation import CHANGES, KEEPING, STYLES, Augmentation, augment_images
from polyculture.preprocess.images.mixing import mixup

__all__ = ["CHANGES", "KEEPING", "STYLES", "Augmentation", "augment_images", "mixup"]
