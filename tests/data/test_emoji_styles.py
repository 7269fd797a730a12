"""Emoji in five styles: read from packages in memory, checked, kept, and split by emoji. The packages are made here."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import tarfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from polyculture.data import DomainData, emoji_packages, emoji_styles, load_dataset
from polyculture.data.emoji_packages import STYLES, parse
from polyculture.data.emoji_styles import person, split_by_emoji
from polyculture.data.fetch import NodePackage, fetch
from polyculture.errors import DataError, MissingExtraError, ParameterError

Image = pytest.importorskip("PIL.Image")

EMOJI = [
    ("1F600", "Smileys", 1),
    ("2764-FE0F", "Symbols", 4),
    ("1F468-200D-1F692", "People", 2),
    ("1F469-200D-1F692", "People", 3),
    ("1F999", "Animals", 5),
    ("1F3FB", "Component", 6),
]
TABLE = [{"unified": name, "category": category, "sort_order": order} for name, category, order in EMOJI]
SHADES = {"google": 10, "twitter": 60, "fluent": 110, "openmoji": 160, "lines": 210}


def picture(shade: int, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGBA", (64, 64), (shade, 0, 0, 255)).save(buffer, kind, **({"lossless": True} if kind == "WEBP" else {}))
    return buffer.getvalue()


def tar_of(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def files() -> dict[str, dict[str, bytes]]:
    """Files of the four packages, by package."""
    packed: dict[str, dict[str, bytes]] = {style.package.package: {} for style in STYLES.values()}
    packed["emoji-datasource-google"]["package/emoji.json"] = json.dumps(TABLE).encode()
    for name, style in STYLES.items():
        for row, (emoji, _, _) in enumerate(EMOJI):
            # one house has no llama, and one writes no selectors
            if (name, emoji) == ("fluent", "1F999"):
                continue
            spelt = emoji.lower().replace("-fe0f", "") if name == "fluent" else emoji.lower()
            spelt = spelt.upper() if style.ending == ".svg" else spelt
            data = picture(SHADES[name] + row, "WEBP" if style.ending == ".webp" else "PNG")
            packed[style.package.package][f"{style.folder}{spelt}{style.ending}"] = data
    return packed


def archives(packed: dict[str, dict[str, bytes]]) -> dict[NodePackage, bytes]:
    return {style.package: tar_of(packed[style.package.package]) for style in STYLES.values()}


def same(data: bytes) -> bytes:
    """The made packages hold PNG in place of SVG."""
    return data


def test_emoji_that_all_styles_have_are_kept_in_the_order_of_the_table() -> None:
    made = parse(archives(files()), same)
    assert made["names"].tolist() == ["1f600", "1f468-200d-1f692", "1f469-200d-1f692", "2764-fe0f"]
    assert made["category"].tolist() == ["Smileys", "People", "People", "Symbols"]


def test_each_picture_stands_with_its_style_and_its_emoji() -> None:
    images = parse(archives(files()), same)["images"]
    red = images[:, 32, 32, 0].reshape(5, 4)
    places = [0, 2, 3, 1]
    assert images.shape == (20, 64, 64, 3)
    for shades, style in zip(red, STYLES, strict=True):
        assert shades.tolist() == [SHADES[style] + place for place in places]


def test_what_is_transparent_becomes_white() -> None:
    packed = files()
    buffer = io.BytesIO()
    Image.new("RGBA", (64, 64), (0, 0, 0, 0)).save(buffer, "PNG")
    packed["emoji-datasource-twitter"]["package/img/twitter/64/1f600.png"] = buffer.getvalue()
    assert parse(archives(packed), same)["images"][4].tolist() == np.full((64, 64, 3), 255).tolist()


def test_the_woman_and_the_man_go_with_the_person() -> None:
    names = [f"{each}-200d-{thing:x}" for thing in range(0x1F680, 0x1F6A0) for each in ("1f468", "1f469", "1f9d1")]
    split = split_by_emoji(np.array(names), np.full(len(names), "People"))
    assert Counter(split) == {"test": 24, "validation": 15, "train": 57}
    assert all(len(set(split[row : row + 3])) == 1 for row in range(0, len(names), 3))


@pytest.mark.parametrize(
    ("name", "base"),
    [("1f3c3-200d-2642-fe0f", "1f3c3"), ("1f9d1-200d-1f680", "1f9d1-200d-1f680"), ("2764-fe0f", "2764"), ("2642", "")],
)
def test_the_emoji_of_a_person(name: str, base: str) -> None:
    assert person(name) == base


def test_a_package_without_its_table_is_named() -> None:
    packed = files()
    del packed["emoji-datasource-google"]["package/emoji.json"]
    with pytest.raises(DataError, match=r"emoji-datasource-google-16\.0\.0\.tgz holds no package/emoji\.json"):
        parse(archives(packed), same)


@pytest.mark.parametrize("table", [b"{", b"[1]", b'[{"unified": "1"}]', b'{"a": 1}'])
def test_another_table_is_one_clear_error(table: bytes) -> None:
    packed = files()
    packed["emoji-datasource-google"]["package/emoji.json"] = table
    with pytest.raises(DataError, match="is not the table that is known"):
        parse(archives(packed), same)


def test_packages_without_a_common_emoji_are_refused() -> None:
    packed = files()
    packed["openmoji"] = {}
    with pytest.raises(DataError, match="no emoji in common"):
        parse(archives(packed), same)


def test_bytes_that_are_no_archive_are_one_clear_error() -> None:
    packed = archives(files())
    packed[STYLES["fluent"].package] = b"no archive"
    with pytest.raises(DataError, match=r"lobehub-fluent-emoji-3d-1\.1\.0\.tgz cannot be read"):
        parse(packed, same)


def test_a_damaged_picture_is_named() -> None:
    packed = files()
    packed["emoji-datasource-twitter"]["package/img/twitter/64/1f600.png"] = picture(1)[:40]
    with pytest.raises(DataError, match=r"twitter-16\.0\.0\.tgz: the picture of twitter/1f600 cannot be read"):
        parse(archives(packed), same)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Made packages, pinned, and an npm that lays them down and writes what it was asked into a file."""
    packed = archives(files())
    pinned = {}
    for name, style in STYLES.items():
        data = packed[style.package]
        pinned[name] = replace(style, package=replace(style.package, sha256=hashlib.sha256(data).hexdigest()))
        (tmp_path / pinned[name].package.file).write_bytes(data)
    monkeypatch.setattr(emoji_styles, "STYLES", pinned)
    monkeypatch.setattr(emoji_packages, "STYLES", pinned)
    monkeypatch.setattr(emoji_packages, "GOOGLE", pinned["google"].package)
    monkeypatch.setattr(emoji_styles, "drawer", lambda: same)
    monkeypatch.setattr("shutil.which", lambda name: name)

    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        folder = Path(command[command.index("--pack-destination") + 1])
        package = next(p for p in (s.package for s in pinned.values()) if f"{p.package}@{p.version}" == command[-1])
        (folder / package.file).write_bytes((tmp_path / package.file).read_bytes())
        with (tmp_path / "asked.txt").open("a") as file:
            file.write(" ".join(command) + "\n")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    return tmp_path


def asked(folder: Path) -> list[str]:
    return (folder / "asked.txt").read_text().splitlines()


def test_a_second_load_asks_npm_for_nothing_and_gives_the_same(small: Path) -> None:
    first = load_dataset("emoji-styles", cache=small / "kept")
    second = load_dataset("emoji-styles", cache=small / "kept")
    assert len(asked(small)) == 4
    assert first.ids.tolist() == second.ids.tolist()
    assert np.array_equal(first.items["image"], second.items["image"])
    assert first.ids[:2].tolist() == ["google/1f600", "google/1f468-200d-1f692"]
    assert first.domains == ["fluent", "google", "lines", "openmoji", "twitter"]


def test_the_pictures_are_kept_and_the_packages_are_not(small: Path) -> None:
    load_dataset("emoji-styles", cache=small / "kept")
    assert [path.suffix for path in (small / "kept" / "datasets").iterdir()] == [".npz"]


def test_nothing_of_a_package_is_run(small: Path) -> None:
    load_dataset("emoji-styles", cache=small / "kept")
    assert all("--ignore-scripts" in command for command in asked(small))


def test_packages_that_were_put_into_the_cache_are_taken(small: Path) -> None:
    (small / "kept" / "datasets").mkdir(parents=True)
    for path in small.glob("*.tgz"):
        path.rename(small / "kept" / "datasets" / path.name)
    assert len(load_dataset("emoji-styles", cache=small / "kept")) == 20
    assert not (small / "asked.txt").exists()


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-99], lambda data: b"", lambda data: data[:500] + b"!" + data[501:]]
)
def test_damaged_pictures_in_the_cache_are_made_again(small: Path, damage) -> None:
    load_dataset("emoji-styles", cache=small / "kept")
    (path,) = (small / "kept" / "datasets").iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    load_dataset("emoji-styles", cache=small / "kept")
    assert len(asked(small)) == 8
    assert path.read_bytes() == whole


def test_with_the_cache_off_nothing_is_kept(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (small / "empty").mkdir()
    monkeypatch.chdir(small / "empty")
    load_dataset("emoji-styles", cache="off")
    assert list((small / "empty").iterdir()) == []


def test_a_smaller_size(small: Path) -> None:
    data = load_dataset("emoji-styles", size=16, cache=small / "kept")
    assert data.items["image"].shape == (20, 16, 16, 3)
    assert data.items["image"][0, 8, 8, 0] == SHADES["google"]


def test_another_release_is_refused(small: Path) -> None:
    (small / "openmoji-17.0.0.tgz").write_bytes(b"another")
    with pytest.raises(DataError, match=r"openmoji-17\.0\.0\.tgz has another SHA-256"):
        load_dataset("emoji-styles", cache=small / "kept")


@pytest.mark.parametrize("size", [7, 65])
def test_a_size_out_of_range_is_refused(size: int) -> None:
    with pytest.raises(ParameterError, match="give 8 to 64 pixels"):
        load_dataset("emoji-styles", size=size)


def test_what_npm_says_and_what_to_do_are_in_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = (
        "npm warn x\nnpm error code ETARGET\nnpm error notarget No matching version found\nnpm error A complete log\n"
    )
    monkeypatch.setattr("shutil.which", lambda name: name)
    monkeypatch.setattr(subprocess, "run", lambda command, **options: subprocess.CompletedProcess(command, 1, "", said))
    with pytest.raises(DataError, match=r"npm cannot get x-1\.tgz \(notarget No matching.*\); check.*put the file at"):
        fetch(NodePackage("x", "1", "0"), tmp_path)


def test_without_npm_the_sentence_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(DataError, match=r"npm is not installed\); .* fetch a-b-1\.tgz elsewhere and put the file at"):
        fetch(NodePackage("@a/b", "1", "0"), tmp_path)


def test_without_resvg_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(MissingExtraError, match=r"polyculture\[emoji\]"):
        load_dataset("emoji-styles", cache=tmp_path)


@pytest.fixture(scope="module")
def real() -> DomainData:
    try:
        return load_dataset("emoji-styles")
    except (DataError, MissingExtraError) as error:
        pytest.skip(f"the real data cannot be had here: {error}")


@pytest.mark.skipif("not __import__('os').environ.get('POLYCULTURE_EMOJI')", reason="156 MB; set POLYCULTURE_EMOJI=1")
def test_the_real_data_have_the_counts_that_are_known(real: DomainData) -> None:
    one = real.take(real.domain == "lines")
    assert set(Counter(real.domain).values()) == {1852}
    assert Counter(one.split) == {"train": 1111, "test": 460, "validation": 281}
    assert Counter(one.label) == {
        "People & Body": 361, "Objects": 261, "Flags": 253, "Symbols": 223, "Travel & Places": 218,
        "Smileys & Emotion": 166, "Animals & Nature": 157, "Food & Drink": 128, "Activities": 85,
    }  # fmt: skip
