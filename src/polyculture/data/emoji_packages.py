"""The packages that hold emoji of five styles, and the pictures in them."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from polyculture.arrays import Array
from polyculture.data.fetch import Distribution, NodePackage
from polyculture.data.images.pixels import fitted, rgb
from polyculture.errors import DataError, MissingExtraError

SIDE = 64
"""Pixels of a side as the pictures are kept."""

GOOGLE = NodePackage(
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


@dataclass(frozen=True)
class Style:
    """Where a style's pictures are: the package, the folder in it, and the ending of their names."""

    package: Distribution
    folder: str
    ending: str


STYLES = {
    "google": Style(GOOGLE, "package/img/google/64/", ".png"),
    "twitter": Style(_TWITTER, "package/img/twitter/64/", ".png"),
    "fluent": Style(_FLUENT, "package/assets/", ".webp"),
    "openmoji": Style(_OPENMOJI, "package/color/svg/", ".svg"),
    "lines": Style(_OPENMOJI, "package/black/svg/", ".svg"),
}
"""The five domains."""


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
    listed = _table(archives[GOOGLE])
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
    for name, data in _members(archive, GOOGLE):
        if name == _TABLE:
            try:
                rows: list[dict[str, Any]] = sorted(json.loads(data), key=lambda row: row["sort_order"])
                return [(row["unified"].lower(), row["category"]) for row in rows if row["category"] != "Component"]
            except (ValueError, KeyError, TypeError) as error:
                raise DataError(f"{GOOGLE.file}: {_TABLE} is not the table that is known ({error!r})") from error
    raise DataError(f"{GOOGLE.file} holds no {_TABLE}; delete it and fetch it again")


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


def drawer() -> Callable[[bytes], bytes]:
    """What turns an SVG into a PNG of the size that is kept."""
    try:
        from resvg_py import svg_to_bytes
    except ImportError as error:
        raise MissingExtraError("the dataset emoji-styles", "emoji") from error

    def draw(svg: bytes) -> bytes:
        return bytes(svg_to_bytes(svg_string=svg.decode("utf-8"), width=SIDE, height=SIDE, skip_system_fonts=True))

    return draw
