"""Pictures of every kind come out with the colours, the place and the size that are promised."""

from __future__ import annotations

import io
import logging
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyculture.data.images import as_images, read_image_folder, read_image_table, read_images, read_medmnist
from polyculture.data.images.pixels import fitted
from polyculture.errors import DataError, MissingExtraError

Image = pytest.importorskip("PIL.Image")

RED = (200, 30, 10)


def saved(folder: Path, name: str, image, **options: object) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)
    return path


def block(mode: str, colour: object, side: int = 8):
    return Image.new(mode, (side, side), colour)


@pytest.mark.parametrize(
    ("name", "image", "expected", "within"),
    [
        ("rgb.png", block("RGB", RED), RED, 0),
        ("grey.png", block("L", 77), (77, 77, 77), 0),
        ("bits.png", block("1", 1), (255, 255, 255), 0),
        ("palette.png", block("RGB", RED).convert("P", palette=Image.Palette.ADAPTIVE), RED, 0),
        ("sixteen.png", Image.fromarray(np.full((8, 8), 257 * 100, np.uint16)), (100, 100, 100), 0),
        ("sixteen.tif", Image.fromarray(np.full((8, 8), 65535, np.uint16)), (255, 255, 255), 0),
        ("float.tif", Image.fromarray(np.full((8, 8), 0.2, np.float32)), (51, 51, 51), 0),
        ("clear.png", block("RGBA", (0, 0, 0, 0)), (255, 255, 255), 0),
        ("half.png", block("RGBA", (0, 0, 0, 51)), (204, 204, 204), 1),
        ("grey-clear.png", block("LA", (0, 0)), (255, 255, 255), 0),
        ("photo.jpg", block("RGB", RED), RED, 4),
        ("cmyk.jpg", block("CMYK", (0, 255, 255, 0)), (255, 0, 0), 4),
        ("print.tif", block("CMYK", (255, 0, 0, 0)), (0, 255, 255), 4),
        ("web.webp", block("RGB", RED), RED, 8),
        ("old.bmp", block("RGB", RED), RED, 0),
        ("wrong-ending.jpg", block("RGB", RED), RED, 0),
    ],
)
def test_colours_of_every_kind(tmp_path: Path, name: str, image, expected: tuple[int, ...], within: int) -> None:
    path = saved(tmp_path, name, image, **({"format": "PNG"} if name.startswith("wrong") else {}))
    pixels = read_images([path], size=8)
    assert pixels.shape == (1, 8, 8, 3)
    assert pixels.dtype == np.uint8
    assert np.abs(pixels[0].astype(int) - expected).max() <= within


def test_a_palette_with_a_clear_colour_shows_the_background(tmp_path: Path) -> None:
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, 9, 9, 9])
    path = saved(tmp_path, "p.png", image, transparency=1)
    assert (read_images([path], size=8) == 255).all()
    assert (read_images([path], size=8, background=40) == 40).all()


@pytest.mark.parametrize(("turn", "corner"), [(1, (0, 0)), (3, (7, 7)), (6, (0, 7)), (8, (7, 0))])
def test_a_photo_is_turned_as_its_exif_says(tmp_path: Path, turn: int, corner: tuple[int, int]) -> None:
    image = Image.new("L", (8, 8), 0)
    image.putpixel((0, 0), 255)
    exif = Image.Exif()
    exif[0x0112] = turn
    pixels = read_images([saved(tmp_path, "t.png", image, exif=exif)], size=8)[0, :, :, 0]
    assert np.argwhere(pixels == 255).tolist() == [list(corner)]


@pytest.mark.parametrize("name", ["moving.gif", "moving.webp", "pages.tif", "moving.png"])
def test_the_first_frame_counts(tmp_path: Path, name: str) -> None:
    frames = [block("RGB", RED), block("RGB", (0, 0, 255))]
    path = saved(tmp_path, name, frames[0], save_all=True, append_images=frames[1:])
    assert np.abs(read_images([path], size=8)[0].astype(int) - RED).max() <= 8


def test_the_ratio_of_the_sides_is_kept_by_padding_or_not_by_stretching(tmp_path: Path) -> None:
    path = saved(tmp_path, "wide.png", Image.new("L", (40, 10), 0))
    padded, stretched = (read_images([path], size=8, aspect=aspect)[0, :, :, 0] for aspect in ("pad", "stretch"))
    assert (padded[3:5] == 0).all()
    assert (padded[:3] == 255).all()
    assert (padded[5:] == 255).all()
    assert (stretched == 0).all()


def test_a_long_strip_is_made_smaller(tmp_path: Path) -> None:
    path = saved(tmp_path, "strip.png", Image.new("L", (20_000, 20), 0))
    pixels = read_images([path], size=16)[0, :, :, 0]
    assert (pixels == 0).any(axis=1).sum() == 1


def test_making_smaller_keeps_the_mean_brightness(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (256, 256), dtype=np.uint8)
    pixels = read_images([saved(tmp_path, "n.png", Image.fromarray(noise))], size=8)[0, :, :, 0]
    assert pixels.mean() == pytest.approx(noise.mean(), abs=2)
    assert pixels.std() < 12


@given(st.integers(1, 60), st.integers(1, 60), st.integers(4, 40), st.sampled_from(["pad", "stretch"]))
def test_every_shape_comes_out_in_the_size_asked_for(width: int, height: int, size: int, aspect: str) -> None:
    pixels = fitted(Image.new("RGB", (width, height), (0, 0, 0)), size, aspect)
    assert pixels.shape == (size, size, 3)
    black = np.argwhere(pixels[:, :, 0] == 0)
    assert len(black)
    if aspect == "stretch":
        assert len(black) == size * size
    rows, columns = np.ptp(black, axis=0) + 1
    assert max(rows, columns) == size


def tree(root: Path, names: list[str]) -> Path:
    for shade, name in enumerate(names):
        saved(root, name, block("L", shade))
    return root


def test_a_tree_of_folders_says_domain_and_class(tmp_path: Path) -> None:
    data = read_image_folder(tree(tmp_path, ["b/ill/2.png", "b/ill/1.jpg", "a/well/x.PNG", "a/ill/y.webp"]), size=8)
    assert data.ids.tolist() == ["a/ill/y.webp", "a/well/x.PNG", "b/ill/1.jpg", "b/ill/2.png"]
    assert data.domain.tolist() == ["a", "a", "b", "b"]
    assert data.label.tolist() == ["ill", "well", "ill", "ill"]
    assert data.split is None
    assert data.items["image"].shape == (4, 8, 8, 3)
    assert data.items["image"][1, 0, 0, 0] == 2


def test_folders_may_say_the_split_or_the_class_alone(tmp_path: Path) -> None:
    tree(tmp_path / "s", ["train/a/x/1.png", "val/a/x/1.png", "Test/b/y/1.png"])
    data = read_image_folder(tmp_path / "s", levels=("split", "domain", "class"))
    assert dict(zip(data.ids, data.split, strict=True)) == {
        "train/a/x/1.png": "train", "val/a/x/1.png": "validation", "Test/b/y/1.png": "test"
    }  # fmt: skip
    tree(tmp_path / "c", ["x/1.png", "y/1.png"])
    assert read_image_folder(tmp_path / "c", levels=("class",)).domains == ["all"]


def test_other_files_and_hidden_ones_are_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tree(tmp_path, ["a/x/1.png", "a/x/.2.png", ".cache/x/3.png"])
    (tmp_path / "a" / "x" / "notes.txt").write_text("hello")
    (tmp_path / "README.md").write_text("hello")
    with caplog.at_level(logging.INFO, "polyculture"):
        assert read_image_folder(tmp_path, size=8).ids.tolist() == ["a/x/1.png"]
    assert "2 other files are passed over" in caplog.text


def test_unreadable_pictures_are_left_out_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tree(tmp_path, ["a/x/1.png", "a/x/2.png", "b/y/3.png"])
    (tmp_path / "a" / "x" / "2.png").write_bytes(b"")
    with caplog.at_level(logging.WARNING, "polyculture"):
        data = read_image_folder(tmp_path, size=8, unreadable="skip")
    assert data.ids.tolist() == ["a/x/1.png", "b/y/3.png"]
    assert data.items["image"][:, 0, 0, 0].tolist() == [0, 2]
    assert data.source.endswith("(1 of 3 files cannot be read and are left out)")
    assert "2.png: is empty" in caplog.text


def test_a_table_names_pictures_relative_to_itself(tmp_path: Path) -> None:
    tree(tmp_path, ["pictures/1.png", "pictures/2.png"])
    table = tmp_path / "scans.csv"
    table.write_text(
        f"file,label,domain,note\npictures/2.png,ill,here,dark\n{tmp_path / 'pictures' / '1.png'},well,there,pale\n"
    )
    data = read_image_table(table, image="file", text="note", size=8)
    assert data.items["image"][:, 0, 0, 0].tolist() == [1, 0]
    assert data.texts.tolist() == ["dark", "pale"]
    assert data.label.tolist() == ["ill", "well"]
    assert data.domains == ["here", "there"]


def test_a_table_may_skip_what_cannot_be_read(tmp_path: Path) -> None:
    tree(tmp_path, ["1.png"])
    (tmp_path / "t.jsonl").write_text('{"image": "0.png", "text": "gone"}\n{"image": "1.png", "text": "here"}\n')
    data = read_image_table(tmp_path / "t.jsonl", text="text", size=8, unreadable="skip")
    assert data.texts.tolist() == ["here"]
    assert "1 of 2 files" in data.source


def medmnist(path: Path, **changes: object) -> Path:
    rng = np.random.default_rng(0)
    arrays: dict[str, object] = {}
    for split, n in (("train", 5), ("val", 2), ("test", 3)):
        arrays[f"{split}_images"] = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        arrays[f"{split}_labels"] = np.arange(n, dtype=np.uint8)[:, None] % 2
    arrays |= changes
    np.savez_compressed(path, **{name: value for name, value in arrays.items() if value is not None})
    return path


def test_medmnist_comes_with_its_splits(tmp_path: Path) -> None:
    path = medmnist(tmp_path / "pneumoniamnist.npz")
    data = read_medmnist(path)
    assert data.items["image"].shape == (10, 28, 28, 3)
    assert data.split.tolist() == ["train"] * 5 + ["validation"] * 2 + ["test"] * 3
    assert data.label.tolist() == [0, 1, 0, 1, 0, 0, 1, 0, 1, 0]
    assert data.domains == ["pneumoniamnist"]
    assert data.ids[-1] == "pneumoniamnist/test/2"
    with np.load(path) as file:
        assert np.array_equal(data.items["image"][7:, :, :, 1], file["test_images"])


def test_several_files_of_medmnist_are_domains(tmp_path: Path) -> None:
    colour = np.zeros((5, 56, 56, 3), np.uint8)
    paths = [medmnist(tmp_path / "a.npz"), medmnist(tmp_path / "b.npz", train_images=colour)]
    data = read_medmnist(paths, size=14)
    assert data.domains == ["a", "b"]
    assert data.items["image"].shape == (20, 14, 14, 3)


def test_several_labels_at_once_become_tuples(tmp_path: Path) -> None:
    path = medmnist(tmp_path / "chestmnist.npz", val_labels=np.array([[1, 0, 1], [0, 0, 0]]))
    assert read_medmnist(path).label[5:7].tolist() == [(1, 0, 1), (0, 0, 0)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.full((2, 4, 5), 7, np.uint8), 7),
        (np.full((2, 4, 5, 1), 7, np.uint8), 7),
        (np.full((2, 4, 5, 3), 7, np.uint8), 7),
        (np.full((2, 3, 4, 5), 7, np.uint8), 7),
        (np.full((2, 4, 5), 257 * 7, np.uint16), 7),
        (np.full((2, 1, 4, 5), 0.2, np.float32), 51),
        (np.ones((2, 4, 5), bool), 255),
        (np.full((2, 4, 5, 4), (0, 0, 0, 51), np.uint8), 204),
    ],
)
def test_arrays_of_every_form(values: np.ndarray, expected: int) -> None:
    assert np.array_equal(as_images(values), np.full((2, 4, 5, 3), expected, np.uint8))
    assert as_images(values, size=8, aspect="stretch").shape == (2, 8, 8, 3)


def test_without_pillow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(MissingExtraError, match=r"polyculture\[image\]"):
        read_images([tmp_path / "1.png"])


def dicom_of(values: np.ndarray, kind: str = "MONOCHROME2", **elements: object) -> bytes:
    pydicom = pytest.importorskip("pydicom")
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    file = pydicom.Dataset()
    file.file_meta = meta
    bits = 8 * values.dtype.itemsize
    file.Rows, file.Columns = values.shape[:2]
    file.SamplesPerPixel = 1 if values.ndim == 2 else 3
    if values.ndim == 3:
        file.PlanarConfiguration = 0
    file.PhotometricInterpretation = kind
    file.BitsAllocated = file.BitsStored = bits
    file.HighBit, file.PixelRepresentation = bits - 1, 0
    file.PixelData = values.tobytes()
    for name, value in elements.items():
        setattr(file, name, value)
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, file, enforce_file_format=True)
    return buffer.getvalue()


RAMP = np.linspace(0, 4000, 64).astype(np.uint16).reshape(8, 8)


def dicom_pixels(folder: Path, data: bytes) -> np.ndarray:
    (folder / "scan").write_bytes(data)
    return read_images([folder / "scan"], size=8)[0, :, :, 0]


def test_dicom_without_a_window_goes_from_lowest_to_highest(tmp_path: Path) -> None:
    expected = np.rint(RAMP / 4000 * 255)
    assert np.array_equal(dicom_pixels(tmp_path, dicom_of(RAMP)), expected)
    assert np.array_equal(dicom_pixels(tmp_path, dicom_of(RAMP, "MONOCHROME1")), 255 - expected)


def test_dicom_is_seen_through_its_window_after_its_rescale(tmp_path: Path) -> None:
    data = dicom_of(RAMP, RescaleSlope=1, RescaleIntercept=-1000, WindowCenter=[0, 99], WindowWidth=[400, 9])
    expected = np.rint(np.clip((RAMP.astype(float) - 1000 + 200) / 400, 0, 1) * 255)
    assert np.array_equal(dicom_pixels(tmp_path, data), expected)


def test_dicom_in_colour(tmp_path: Path) -> None:
    colour = np.full((8, 8, 3), RED, np.uint8)
    for values in (colour, colour.astype(np.uint16) * 257):
        (tmp_path / "scan.dcm").write_bytes(dicom_of(values, "RGB"))
        assert np.array_equal(read_images([tmp_path / "scan.dcm"], size=8)[0], colour)


@pytest.mark.parametrize(("left", "says"), [(-200, "is DICOM without a picture"), (-20, "is no whole picture")])
def test_damaged_dicom_is_refused(tmp_path: Path, left: int, says: str) -> None:
    with pytest.raises(DataError, match=f"scan: {says}"):
        dicom_pixels(tmp_path, dicom_of(RAMP)[:left])


def test_dicom_that_is_too_large_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="60,000 by 60,000, more than"):
        dicom_pixels(tmp_path, dicom_of(RAMP, Rows=60_000, Columns=60_000))


def test_dicom_without_pydicom_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydicom", None)
    (tmp_path / "scan.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\0" * 100)
    with pytest.raises(MissingExtraError, match=r"polyculture\[dicom\]"):
        read_images([tmp_path / "scan.dcm"])


def test_dicom_that_is_deflated_as_a_whole_is_refused_before_it_grows(tmp_path: Path) -> None:
    pydicom = pytest.importorskip("pydicom")
    file = pydicom.dcmread(io.BytesIO(dicom_of(np.zeros((4096, 4096), np.uint8))))
    file.file_meta.TransferSyntaxUID = pydicom.uid.DeflatedExplicitVRLittleEndian
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, file, enforce_file_format=True)
    assert len(buffer.getvalue()) < 2**16
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="scan: is deflated DICOM"):
            dicom_pixels(tmp_path, buffer.getvalue())
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()
