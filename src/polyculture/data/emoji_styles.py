"""Emoji as five houses draw them: one of the packaged datasets."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from polyculture.arrays import Array
from polyculture.data.dataset import DomainData
from polyculture.data.fetch import Distribution, NodePackage, fetch
from polyculture.data.images.pixels import fitted, need_pillow, rgb
from polyculture.data.parts import parts_of
from polyculture.errors import DataError, MissingExtraError, ParameterError, StoreError
from polyculture.progress import LOG
from polyculture.store import cache_folder, write_bytes

SIDE = 64
"""Pixels of a side as the pictures are kept."""

_GOOGLE = NodePackage(
    "emoji-datasource-google", "16.0.0", "fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438"
)
_TWITTER = NodePackage(
    "emoji-datasource-twitter", "16.0.0", "f64a530c63bca463bd8317fdc4615ce63a53a0c65018e4ce2d848aaba7a28877"
)
_FLUENT = NodePackage(
    "@lobehub/fluent-emoji-3d", "1.1.0", "c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58"
)
_OPENMOJI = NodePackage("openmoji", "17.0.0", "55ee7d13485dec86e9f38c1f3a645a13382d33ff97c0cd845ee824b0aef45e68")

_TABLE = "package/emoji.json"
_SEED = 2015
# what an emoji of a woman or a man differs in from that of a person
_SIGNS, _PEOPLE, _PERSON = ("fe0f", "2640", "2642"), ("1f468", "1f469"), "1f9d1"
_JOINER = "200d"
# changed when the pictures that are made of the same archives change
_EDITION = "1"


@dataclass(frozen=True)
class Style:
    """Where a style's pictures are: the package, the folder in it, and the ending of their names."""

    package: Distribution
    folder: str
    ending: str


STYLES = {
    "google": Style(_GOOGLE, "package/img/google/64/", ".png"),
    "twitter": Style(_TWITTER, "package/img/twitter/64/", ".png"),
    "fluent": Style(_FLUENT, "package/assets/", ".webp"),
    "openmoji": Style(_OPENMOJI, "package/color/svg/", ".svg"),
    "lines": Style(_OPENMOJI, "package/black/svg/", ".svg"),
}
"""The five domains."""


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
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            return {name: file[name] for name in ("names", "category", "images")}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        LOG.warning("%s is damaged (%s) and is made again", path, error)
        return None


def _made(cache: str | Path | None) -> Mapping[str, Array]:
    """The pictures from the packages, kept for the next call."""
    draw = _drawer()
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


def parse(archives: Mapping[Distribution, bytes], draw: Callable[[bytes], bytes]) -> dict[str, Array]:
    """Names, categories and pictures (a style after another) of the emoji that all styles have.

    Parameters
    ----------
    archives : mapping of package to bytes
        Read in memory and never unpacked.
    draw : callable
        The bytes of an SVG to the bytes of a PNG.

    Raises
    ------
    DataError
        If an archive is damaged or lacks the table.
    """
    listed = _table(archives[_GOOGLE])
    found = {name: _pictures(archives[style.package], style) for name, style in STYLES.items()}
    common = [row for row in listed if all(_bare(row[0]) in pictures for pictures in found.values())]
    if not common:
        raise DataError("emoji-styles: the packages have no emoji in common; delete them and fetch them again")
    images = [
        _decoded(found[style][_bare(name)], STYLES[style], draw, f"{style}/{name}")
        for style in STYLES
        for name, _ in common
    ]
    return {
        "names": np.array([name for name, _ in common]),
        "category": np.array([category for _, category in common]),
        "images": np.stack(images),
    }


def _table(archive: bytes) -> list[tuple[str, str]]:
    """Name (code points joined by a dash) and category of each emoji, in the order of Unicode."""
    for name, data in _members(archive, _GOOGLE):
        if name == _TABLE:
            try:
                rows: list[dict[str, Any]] = sorted(json.loads(data), key=lambda row: row["sort_order"])
                return [(row["unified"].lower(), row["category"]) for row in rows if row["category"] != "Component"]
            except (ValueError, KeyError, TypeError) as error:
                raise DataError(f"{_GOOGLE.file}: {_TABLE} is not the table that is known ({error!r})") from error
    raise DataError(f"{_GOOGLE.file} holds no {_TABLE}; delete it and fetch it again")


def _pictures(archive: bytes, style: Style) -> dict[str, bytes]:
    return {
        _bare(name[len(style.folder) : -len(style.ending)].lower()): data
        for name, data in _members(archive, style.package, style.folder)
        if name.endswith(style.ending)
    }


def _members(archive: bytes, package: Distribution, folder: str = "") -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
            for member in tar:
                if member.isfile() and member.name.startswith(folder) and (file := tar.extractfile(member)):
                    yield member.name, file.read()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise DataError(f"{package.file} cannot be read ({error}); delete it and fetch it again") from error


def _bare(name: str) -> str:
    """Without the selectors of presentation, which some packages write and others do not."""
    return "-".join(part for part in name.split("-") if part != "fe0f")


def _decoded(data: bytes, style: Style, draw: Callable[[bytes], bytes], name: str) -> Array:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(draw(data) if style.ending == ".svg" else data), formats=("PNG", "WEBP")) as image:
            return fitted(rgb(image), SIDE)
    except (OSError, ValueError, SyntaxError) as error:
        raise DataError(f"{style.package.file}: the picture of {name} cannot be read ({error})") from error


def _drawer() -> Callable[[bytes], bytes]:
    """What turns an SVG into a PNG of the size that is kept."""
    try:
        from resvg_py import svg_to_bytes
    except ImportError as error:
        raise MissingExtraError("the dataset emoji-styles", "emoji") from error

    def draw(svg: bytes) -> bytes:
        return bytes(svg_to_bytes(svg_string=svg.decode("utf-8"), width=SIDE, height=SIDE, skip_system_fonts=True))

    return draw


def _smaller(images: Array, size: int) -> Array:
    from PIL import Image

    return np.stack([fitted(Image.fromarray(image), size) for image in images])
