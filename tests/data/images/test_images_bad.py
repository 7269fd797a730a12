"""What is no picture is one clear sentence that names the file, and nothing in a file is ever run."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polyculture.data.images import as_images, read_image_folder, read_image_table, read_images, read_medmnist
from polyculture.errors import DataError, ParameterError, PolycultureError

Image = pytest.importorskip("PIL.Image")


def whole(kind: str = "PNG", side: int = 32) -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, kind)
    return buffer.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, data: bytes = b"", depth: int = 8) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


class Runs:
    """Makes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (Path.touch, (self.path,))


def floating(value: float) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((8, 8), value, np.float32)).save(buffer, "TIFF")
    return buffer.getvalue()


def whole_numbers() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((8, 8), 70_000, np.int32)).save(buffer, "TIFF")
    return buffer.getvalue()


BAD = {
    "empty": (b"", "is empty"),
    "text": (b"hello, I am no picture", "is no whole picture of a kind"),
    "a page": (b"<html><body>404</body></html>", "is no whole picture of a kind"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "is no whole picture of a kind"),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n", "is no whole picture of a kind"),
    "pdf": (b"%PDF-1.7\n", "is no whole picture of a kind"),
    "zip": (b"PK\x03\x04" + b"\0" * 60, "is no whole picture of a kind"),
    "pickle": (pickle.dumps([1]), "is no whole picture of a kind"),
    "zeros": (b"\0" * 1000, "is no whole picture of a kind"),
    "signature alone": (b"\x89PNG\r\n\x1a\n", "is no whole picture"),
    "half a png": (whole()[:1500], "is no whole picture"),
    "half a jpeg": (whole("JPEG")[:700], "is no whole picture"),
    "half a webp": (whole("WEBP")[:900], "is no whole picture"),
    "half a gif": (whole("GIF")[:600], "is no whole picture"),
    "half a bmp": (whole("BMP")[:900], "is no whole picture"),
    "half a tiff": (whole("TIFF")[:900], "is no whole picture"),
    "header of a jpeg": (whole("JPEG")[:20], "is no whole picture"),
    "png without data": (png(8, 8), "is no whole picture"),
    "png of no width": (png(0, 8), "is no whole picture"),
    "png of another depth": (png(8, 8, b"\0" * 72, depth=7), "is no whole picture"),
    "bomb": (png(60_000, 60_000), "more than 67,108,864 pixels"),
    "somewhat too large": (png(9_000, 9_000), "9,000 by 9,000, more than 67,108,864 pixels"),
    "very wide": (png(2**31 - 1, 1), "more than 67,108,864 pixels"),
    "not packed": (whole().replace(b"IDAT", b"IDAX"), "is no whole picture"),
    "floating point above 1": (floating(2.0), "floating point from 2 to 2, expected 0 to 1"),
    "not a number": (floating(float("nan")), "expected 0 to 1"),
    "32 bits": (whole_numbers(), "from 70000 to 70000, expected 0 to 65535"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_picture_is_one_sentence_that_names_the_file(tmp_path: Path, name: str) -> None:
    data, says = BAD[name]
    path = tmp_path / "scan.png"
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        read_images([path])
    assert str(caught.value).startswith(f"{path}: ")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_picture_can_be_left_out(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "a" / "x"
    folder.mkdir(parents=True)
    (folder / "1.png").write_bytes(whole())
    (folder / "2.png").write_bytes(BAD[name][0])
    assert read_image_folder(tmp_path, unreadable="skip").ids.tolist() == ["a/x/1.png"]


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(2**28 + 1)
    with pytest.raises(DataError, match="268,435,457 bytes, more than 268,435,456"):
        read_images([path])


def in_tree(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "a" / "x"
    folder.mkdir(parents=True)
    (folder / "1.png").write_bytes(whole())
    return folder


def missing(folder: Path) -> str:
    (folder / "2.png").symlink_to(folder / "gone.png")
    return "is a link that leads nowhere"


def leaving(folder: Path) -> str:
    outside = folder.parents[2] / "secret.png"
    outside.write_bytes(whole())
    (folder / "2.png").symlink_to(outside)
    return "is a link that leads out of"


def leaving_folder(folder: Path) -> str:
    outside = folder.parents[2] / "other"
    outside.mkdir()
    (outside / "1.png").write_bytes(whole())
    (folder.parent / "y").symlink_to(outside, target_is_directory=True)
    return "is a link that leads out of"


def round_and_round(folder: Path) -> str:
    (folder / "2.png").symlink_to(folder / "2.png")
    return "link"


def back(folder: Path) -> str:
    (folder / "again").symlink_to(folder.parents[1], target_is_directory=True)
    return "lies deeper than levels say"


def pipe(folder: Path) -> str:
    os.mkfifo(folder / "2.png")
    return "is no file"


def beside(folder: Path) -> str:
    (folder.parent / "2.png").write_bytes(whole())
    return "lies in 1 folders of"


def deeper(folder: Path) -> str:
    (folder / "more").mkdir()
    (folder / "more" / "2.png").write_bytes(whole())
    return "lies in 3 folders of"


@pytest.mark.skipif(os.name == "nt", reason="links and pipes of another kind")
@pytest.mark.parametrize("make", [missing, leaving, leaving_folder, round_and_round, back, pipe, beside, deeper])
def test_what_a_folder_may_not_hold(tmp_path: Path, make) -> None:
    says = make(in_tree(tmp_path))
    with pytest.raises(DataError, match=says):
        read_image_folder(tmp_path / "data")


def test_a_link_inside_the_folder_is_followed(tmp_path: Path) -> None:
    folder = in_tree(tmp_path)
    (folder / "2.png").symlink_to(folder / "1.png")
    assert len(read_image_folder(tmp_path / "data")) == 2


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda root: root / "gone", "is no folder"),
        (lambda root: root, "holds 0 files"),
    ],
)
def test_a_folder_without_pictures(tmp_path: Path, make, says: str) -> None:
    with pytest.raises(DataError, match=says):
        read_image_folder(make(tmp_path))


def test_a_folder_whose_pictures_are_all_damaged(tmp_path: Path) -> None:
    path = in_tree(tmp_path) / "1.png"
    path.write_bytes(b"")
    with pytest.raises(DataError, match=r"holds nothing that can be read; the first: .*1\.png: is empty"):
        read_image_folder(tmp_path / "data", unreadable="skip")


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("image\n\n1.png\n", ""),
        ("image,label\n,x\n1.png,y\n", "row 1 names no picture in 'image'"),
        ("image\n2.png\n", "does not exist"),
        ("picture\n1.png\n", "has no column 'image', did you mean|has no column 'image'"),
        ("image\n", "no rows"),
        ("image\na\0b.png\n1.png\n", "row 1 names no picture"),
        ("image\n" + "x" * 5000 + ".png\n", "cannot be read"),
    ],
)
def test_tables_with_a_fault(tmp_path: Path, rows: str, says: str) -> None:
    (tmp_path / "1.png").write_bytes(whole())
    (tmp_path / "t.csv").write_text(rows)
    if not says:
        assert len(read_image_table(tmp_path / "t.csv")) == 1
        return
    with pytest.raises(DataError, match=says):
        read_image_table(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"size": 3}, "give 4 to 1024 pixels"),
        ({"size": 2000}, "give 4 to 1024 pixels"),
        ({"aspect": "crop"}, "give pad or stretch"),
        ({"background": 256}, r"give 0 \(black\) to 255"),
        ({"unreadable": "ignore"}, "give raise or skip"),
        ({"levels": ("domain", "domain")}, "at most once"),
        ({"levels": ()}, "at most once"),
        ({"levels": ("colour",)}, "at most once"),
    ],
)
def test_parameters_out_of_range(tmp_path: Path, options: dict[str, object], says: str) -> None:
    if "levels" not in options:
        in_tree(tmp_path)
    else:
        (tmp_path / "data").mkdir()
    with pytest.raises(ParameterError, match=says):
        read_image_folder(tmp_path / "data", **options)


def test_a_single_path_is_no_list(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="give a list of paths"):
        read_images(str(tmp_path))


def test_more_pictures_than_memory_allows_are_refused_before_any_is_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="make them smaller"):
        read_images([tmp_path / "gone.png"] * 10_000, size=1024)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (np.zeros((2, 8)), "holds no images"),
        (np.zeros((2, 8, 8, 8)), "holds no images"),
        (np.zeros((2, 0, 8)), "holds no images"),
        (np.zeros((2, 8, 8), np.int64), "of type int64"),
        (np.full((2, 8, 8), 2.0), "reach from 2 to 2"),
        (np.full((2, 8, 8), np.nan), "scale floating point"),
        (np.array([[["a"]]]), "of type"),
        (np.zeros((2, 8, 8), object), "of type object"),
    ],
)
def test_arrays_that_hold_no_pictures(values: np.ndarray, says: str) -> None:
    with pytest.raises(DataError, match=says):
        as_images(values)


def arrays() -> dict[str, np.ndarray]:
    return {
        f"{split}_{part}": np.zeros((2, 4, 4) if part == "images" else (2, 1), np.uint8)
        for split in ("train", "val", "test")
        for part in ("images", "labels")
    }


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"val_labels": None}, "has no val_labels"),
        ({"train_images": np.zeros((2, 4, 4, 4, 4), np.uint8)}, "holds no images"),
        ({"train_images": np.zeros((2, 8, 8), np.uint8)}, "images of 2 sizes"),
        ({"test_labels": np.zeros((3, 1), np.uint8)}, "test_labels are uint8 of shape"),
        ({"test_labels": np.zeros((2, 1))}, "test_labels are float64"),
        ({"test_labels": np.full((2, 2), 7)}, "other numbers than 0 and 1"),
    ],
)
def test_medmnist_with_a_fault(tmp_path: Path, changes: dict[str, np.ndarray | None], says: str) -> None:
    kept = {name: value for name, value in (arrays() | changes).items() if value is not None}
    np.savez(tmp_path / "m.npz", **kept)
    with pytest.raises(DataError, match=says):
        read_medmnist(tmp_path / "m.npz")


def test_a_pickle_in_medmnist_is_not_run(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", **arrays() | {"train_images": np.array([Runs(tmp_path / "ran")], dtype=object)})
    with pytest.raises(DataError, match=r"train_images.* holds Python objects"):
        read_medmnist(tmp_path / "m.npz")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("data", [b"", b"text", b"PK\x03\x04" + b"\0" * 40])
def test_what_is_no_archive(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "m.npz").write_bytes(data)
    with pytest.raises(DataError, match=r"m\.npz"):
        read_medmnist(tmp_path / "m.npz")


def test_an_array_that_lies_about_its_size(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.zeros((2, 4, 4), np.uint8))
    lying = buffer.getvalue().replace(b"(2, 4, 4), }", b"(9" + b"9" * 14 + b",), }")[:128]
    with zipfile.ZipFile(tmp_path / "m.npz", "w") as archive:
        archive.writestr("train_images.npy", lying)
    with pytest.raises(DataError, match="train_images"):
        read_medmnist(tmp_path / "m.npz")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.sampled_from(["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"]), st.data())
def test_any_damage_is_a_picture_or_one_sentence(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    damaged = bytearray(whole(kind))
    for place in data.draw(st.lists(st.integers(0, len(damaged) - 1), min_size=1, max_size=8)):
        damaged[place] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged"
    path.write_bytes(damaged)
    try:
        outcome = str(read_images([path], size=8).shape)
    except PolycultureError as error:
        outcome = str(error)
    assert outcome.startswith(("(1, 8, 8, 3)", f"{path}: "))


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("at", range(60, 180, 20))
def test_medmnist_with_damaged_bytes_is_refused(tmp_path: Path, packing: int, at: int) -> None:
    with zipfile.ZipFile(tmp_path / "m.npz", "w", packing) as archive:
        for name, values in arrays().items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, values)
            archive.writestr(f"{name}.npy", buffer.getvalue())
    data = bytearray((tmp_path / "m.npz").read_bytes())
    data[at : at + 8] = b"\xff('[{\n\0\xfe"
    (tmp_path / "m.npz").write_bytes(data)
    with pytest.raises(DataError, match=r"m\.npz"):
        read_medmnist(tmp_path / "m.npz")


@pytest.mark.parametrize("header", [b"{'descr': '|u1', (", b"'''", b"\0\0", b"1" * 50])
def test_a_damaged_header_of_medmnist(tmp_path: Path, header: bytes) -> None:
    with zipfile.ZipFile(tmp_path / "m.npz", "w") as archive:
        archive.writestr("train_images.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    with pytest.raises(DataError, match="train_images"):
        read_medmnist(tmp_path / "m.npz")


def test_medmnist_that_unpacks_to_far_more_than_its_size_is_refused(tmp_path: Path) -> None:
    large = np.zeros((2**17, 28, 28), np.uint8)
    np.savez_compressed(tmp_path / "m.npz", **arrays() | {"train_images": large})
    with pytest.raises(DataError, match="unpacks to"):
        read_medmnist(tmp_path / "m.npz")
