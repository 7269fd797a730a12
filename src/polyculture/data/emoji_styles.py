"""Emoji as five houses draw them: one of the packaged datasets."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from polyculture.arrays import Array
from polyculture.data.dataset import DomainData
from polyculture.data.emoji_packages import SIDE, STYLES, drawer, parse
from polyculture.data.fetch import fetch
from polyculture.data.images.pixels import fitted, need_pillow
from polyculture.data.parts import parts_of
from polyculture.errors import ParameterError, StoreError
from polyculture.progress import LOG
from polyculture.store import cache_folder, write_bytes

_SEED = 2015
# what an emoji of a woman or a man differs in from that of a person
_SIGNS, _PEOPLE, _PERSON = ("fe0f", "2640", "2642"), ("1f468", "1f469"), "1f9d1"
_JOINER = "200d"
# changed when the pictures that are made of the same archives change
_EDITION = "1"


def load(*, size: int = SIDE, cache: str | Path | None = None) -> DomainData:
    """1,852 emoji in five styles, each style a domain, to be told apart by their nine categories.

    ======== ==================================================== =====================================
    domain   pictures                                             licence and attribution
    ======== ==================================================== =====================================
    google   Noto Emoji, from emoji-datasource-google 16.0.0      Apache 2.0, Google
    twitter  Twemoji, from emoji-datasource-twitter 16.0.0        CC BY 4.0, Twitter and contributors
    fluent   Fluent Emoji in 3D, from @lobehub/fluent-emoji-3d    MIT, Microsoft
    openmoji OpenMoji in colour, from openmoji 17.0.0             CC BY-SA 4.0, OpenMoji
    lines    OpenMoji in black lines, from openmoji 17.0.0        CC BY-SA 4.0, OpenMoji
    ======== ==================================================== =====================================

    The emoji are those that all five have, without the variants of skin colour, in the order of Unicode; names and
    categories are those of emoji-datasource. What is transparent becomes white. **The split is by emoji**: a quarter of
    those of each category is for testing and 15 % for validation, an emoji is in the same part in all styles, and the
    woman, the man and the person of one emoji go together, because they look alike.

    npm fetches the four packages when first asked (156 MB); each is compared with a SHA-256 that is known and read in
    memory. The pictures are kept (see `polyculture.store.cache_folder`), the packages are not.

    Parameters
    ----------
    size : int, 8 to 64
        Height and width of a picture in pixels.
    cache : path or None
        Folder to keep the pictures in; packages that lie in its folder ``datasets`` are not fetched.

    Returns
    -------
    DomainData
        ``items["image"]`` uint8 of shape (9260, size, size, 3); labels are the categories; ids ``"google/1f600"``.

    Raises
    ------
    ParameterError
        If `size` is out of its range.
    MissingExtraError
        If Pillow or resvg-py is not installed.
    DataError
        If a package cannot be fetched or does not hold the pictures; the sentence says what to do.

    References
    ----------
    .. [1] Li et al. 2017, Deeper, broader and artier domain generalization, ICCV. A set of the same kind, from other
       sources.
    """
    if not 8 <= size <= SIDE:
        raise ParameterError(f"size is {size}; give 8 to {SIDE} pixels")
    need_pillow("the dataset emoji-styles", "emoji")
    pictures = _kept(cache) or _made(cache)
    names, category, images = pictures["names"], pictures["category"], pictures["images"]
    if size < SIDE:
        images = _smaller(images, size)
    part = split_by_emoji(names, category)
    times = len(STYLES)
    return DomainData.of(
        {"image": images},
        label=np.tile(category, times),
        domain=np.repeat(list(STYLES), len(names)),
        split=np.tile(part, times),
        ids=[f"{style}/{name}" for style in STYLES for name in names],
        source="emoji-styles",
    )


def split_by_emoji(names: Array, category: Array) -> Array:
    """Part of each emoji, the same for the woman, the man and the person of one, shape (n,)."""
    base = np.array([person(name) for name in names])
    groups, first, group = np.unique(base, return_index=True, return_inverse=True)
    if len(groups) == 0:
        return np.empty(0, dtype=object)
    return parts_of(category[first], _SEED)[group]


def person(name: str) -> str:
    """The emoji of a person that this one is the woman or the man of, else the emoji itself, without selectors.

    Examples
    --------
    >>> from polyculture.data.emoji_styles import person
    >>> person("1f3c3-200d-2640-fe0f"), person("1f469-200d-1f692"), person("1f600")
    ('1f3c3', '1f9d1-200d-1f692', '1f600')
    """
    parts = [_PERSON if part in _PEOPLE else part for part in name.split("-") if part not in _SIGNS]
    while parts and parts[-1] == _JOINER:
        parts.pop()
    return "-".join(parts)


def _place(cache: str | Path | None) -> Path | None:
    home = cache_folder(cache)
    facts = "\n".join([_EDITION, *(style.package.sha256 for style in STYLES.values())])
    digest = hashlib.sha256(facts.encode()).hexdigest()[:16]
    return None if home is None else home / "datasets" / f"emoji-styles-{digest}.npz"


def _kept(cache: str | Path | None) -> Mapping[str, Array] | None:
    """The pictures of an earlier call, or None if there are none that are whole."""
    path = _place(cache)
    if path is None or not path.is_file():
        return None
    try:
        # every member of a zip has a checksum, which is compared when it is read
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:  # noqa: TID251 - without pickles
            return {name: file[name] for name in ("names", "category", "images")}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        LOG.warning("%s is damaged (%s) and is made again", path, error)
        return None


def _made(cache: str | Path | None) -> Mapping[str, Array]:
    """The pictures from the packages, kept for the next call."""
    draw = drawer()
    archives = {style.package: b"" for style in STYLES.values()}
    for package in archives:
        LOG.info("fetching %s", package.file)
        archives[package] = fetch(package, cache, keep=False)
    pictures = parse(archives, draw)
    path = _place(cache)
    if path is not None:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **pictures)
        try:
            write_bytes(path, buffer.getvalue())
        except StoreError as error:
            LOG.warning("the pictures are not kept: %s", error)
    return pictures


def _smaller(images: Array, size: int) -> Array:
    from PIL import Image

    return np.stack([fitted(Image.fromarray(image), size) for image in images])
