"""What fitting items needs, asked of the items and of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polyculture.data import DomainData
from polyculture.errors import ParameterError
from polyculture.features.encoders.choice import Chosen, encoders_of_modalities
from polyculture.features.items import Items
from polyculture.memory import check, fit, limit

if TYPE_CHECKING:
    from polyculture.classify.parts import Parts


def check_memory(model: Parts, data: DomainData, *, tuned: bool) -> None:
    """Refuse items whose model may need more than the limit, where there is one.

    Parameters
    ----------
    model : classifier or regressor
    data : DomainData
        As it was read, without changed copies.
    tuned : bool
        Whether a Transformer is fine-tuned.

    Raises
    ------
    MemoryLimitError
        Saying what it needs.
    ParameterError
        If nothing is known of what it needs.
    """
    if limit() is None:
        return
    if tuned:
        raise ParameterError("what fine-tuning a Transformer needs is not known; leave out the backbone or the limit")
    items = Items.checked(data.items, data.present)
    copies = 1 + model.augment
    characters = sum(sum(map(len, items.values[name])) for name, kind in items.kinds.items() if kind == "text")
    arrays = [values for name, values in items.values.items() if items.kinds[name] != "text"]
    pixels = sum(array.size for array in arrays if array.dtype == np.uint8)
    numbers = sum(array.size for array in arrays if array.dtype != np.uint8)
    need = fit(
        int(len(data) * copies),
        int(characters * copies),
        numbers,
        pixels,
        pretrained=_pretrained(model.encoders, items),
    )
    check(need)


def _pretrained(encoders: Chosen, items: Items) -> bool:
    chosen = (encoder for _, encoder in encoders_of_modalities(encoders, items.kinds))
    return any("pretrained" in (each if isinstance(each, str) else each.family) for each in chosen)
