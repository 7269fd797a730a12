"""Files that would do harm to a reader that trusts them. Each that could run code would make the file it is told of."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import whole_files as whole

DEEP = 100_000
BOMB = 2**28


class _Touch:
    """What makes a file when it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.canary,)


def pickled(canary: Path) -> bytes:
    """A pickle that makes the canary."""
    return pickle.dumps({"weights": _Touch(canary)})


def npy_of_objects(canary: Path) -> bytes:
    """An array of Python objects, which numpy keeps as a pickle."""
    array = np.array([_Touch(canary), 1.0], dtype=object)
    return whole.streamed(lambda stream: np.save(stream, array, allow_pickle=True))


def npz_of_objects(canary: Path) -> bytes:
    """An archive that names what several formats want, each an array of Python objects."""
    evil = np.array([_Touch(canary)] * 2, dtype=object)
    names = ("x", "y", "indptr", "indices", "shape", "train_images", "train_labels")
    return whole.streamed(lambda stream: np.savez(stream, **dict.fromkeys(names, evil)))


def torch_archive(canary: Path) -> bytes:
    """What torch.save writes: a zip with a pickle in it."""
    return archive({"archive/data.pkl": pickled(canary), "archive/version": b"3\n"})


def archive(members: dict[str, bytes]) -> bytes:
    """A zip whose names are taken as they are."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def npz_that_climbs(canary: Path) -> bytes:
    """Arrays whose names lead out of the folder that they would be unpacked into."""
    array = whole.streamed(lambda stream: np.save(stream, whole.VECTORS))
    return archive({f"../{canary.name}": b"1", f"../../{canary.name}.npy": array, f"{canary}": b"1"})


def zip_that_climbs(canary: Path) -> bytes:
    """The same of YAML, of a graph and of text."""
    return archive({f"../{canary.name}": b"1", f"../{canary.name}.yaml": b"- name: a\n", str(canary): b"1"})


def tar_that_climbs(canary: Path) -> bytes:
    """A tar, called a zip, with a path that climbs and a link to elsewhere."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        link = tarfile.TarInfo("inner")
        link.type, link.linkname = tarfile.SYMTYPE, str(canary.parent)
        tar.addfile(link)
        entry = tarfile.TarInfo(f"inner/{canary.name}")
        entry.size = 1
        tar.addfile(entry, io.BytesIO(b"1"))
    return stream.getvalue()


def zip_bomb(ending: str, begin: bytes = b"") -> bytes:
    """A quarter of a mebibyte that unpacks to a quarter of a gibibyte."""
    return archive({f"a{ending}": begin + bytes(BOMB)})


def gzip_bomb(fill: bytes = b" ") -> bytes:
    """One line of a quarter of a gibibyte."""
    return gzip.compress(fill * BOMB, 1)


def yaml_tag(canary: Path) -> bytes:
    """Objects that an unsafe loader makes: the result of a call, and a function."""
    call = f"!!python/object/apply:os.system ['touch {canary}']"
    return f"- name: a\n  dependencies: {call}\n- !!python/name:os.system ''\n".encode()


def yaml_laughs() -> bytes:
    """Nine aliases of nine aliases of nine ..."""
    lines = ["a0: &a0 [lol, lol]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    return ("- {" + ", ".join(lines) + "}").encode()


def xml_laughs(title: str = "&i;") -> bytes:
    """The same in XML, and an entity that is a file of the reader's."""
    entities = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    doctype = f'<!DOCTYPE collection [<!ENTITY a "lol">{entities}<!ENTITY file SYSTEM "file:///etc/hostname">]>'
    text = whole.ACL.replace("<collection", f"{doctype}\n<collection", 1)
    return text.replace("<title>Withdrawn</title>", f"<title>{title}</title>").encode()


def deep_json() -> bytes:
    """Lists in lists."""
    return b"[" * DEEP + b"]" * DEEP


def deep_object() -> bytes:
    """Objects in objects."""
    return b'{"a":' * DEEP + b"1" + b"}" * DEEP


def long_header(length: int) -> bytes:
    """Safetensors whose header is said to have so many bytes."""
    return struct.pack("<Q", length) + b'{"a":{}}' + bytes(100)


def wide_npy(shape: str) -> bytes:
    """An array of any shape, without its bytes."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + bytes(64)


def png(width: int, height: int, extra: bytes = b"") -> bytes:
    """A picture that is said to have these sides."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + extra + part(b"IDAT", zlib.compress(bytes(10**6))) + part(b"IEND", b"")


def png_of_text() -> bytes:
    """A picture with a remark that unpacks to a quarter of a gibibyte."""
    data = b"Comment\0\0" + zlib.compress(bytes(BOMB), 9)
    remark = struct.pack(">I", len(data)) + b"zTXt" + data + struct.pack(">I", zlib.crc32(b"zTXt" + data))
    return png(8, 8, remark)


def polyglot(canary: Path) -> bytes:
    """A whole picture that is a zip, too."""
    return whole.picture("PNG") + zip_that_climbs(canary)


def wav_of_nothing(size: int) -> bytes:
    """A sound that is said to have so many bytes of samples."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16)
    return b"RIFF" + struct.pack("<I", size) + b"WAVE" + form + b"data" + struct.pack("<I", size) + bytes(32)


def parquet_footer(length: int) -> bytes:
    """A table whose footer is said to have so many bytes."""
    return b"PAR1" + bytes(64) + struct.pack("<I", length) + b"PAR1"


def matlab_class(number: int) -> bytes:
    """A variable of a class of MATLAB that is none of numbers: 3 an object, 16 a function, 17 opaque."""
    name = b"network\0"
    body = struct.pack("<IIII", 6, 8, number, 0) + struct.pack("<IIii", 5, 8, 2, 2)
    body += struct.pack("<II", 1, 7) + name + struct.pack("<II", 1, 8) + b"@system\0"
    return b" " * 124 + b"\x00\x01IM" + struct.pack("<II", 14, len(body)) + body


def onnx_outside(target: Path) -> bytes:
    """A model whose weights are said to lie in another file."""
    import onnx

    model = onnx.load_from_string(whole.onnx_model())
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", str(target)), ("offset", "0"), ("length", "128")):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value
    return bytes(model.SerializeToString())


def dicom_bomb() -> bytes:
    """A scan that is deflated as a whole, and inflates to a quarter of a gibibyte."""
    syntax = b"1.2.840.10008.1.2.1.99\0"
    meta = struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(syntax) + 8) + struct.pack("<HH2sH", 2, 16, b"UI", len(syntax))
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return bytes(128) + b"DICM" + meta + syntax + packer.compress(bytes(BOMB)) + packer.flush()


def folder_of_code(canary: Path, folder: Path) -> Path:
    """A model of transformers that brings code and pickled weights."""
    folder.mkdir()
    names = {"AutoConfig": "evil.Config", "AutoModel": "evil.Model", "AutoTokenizer": ["evil.Tokenizer", None]}
    config = {"model_type": "evil", "auto_map": names, "architectures": ["Model"]}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer_config.json").write_text(json.dumps({"auto_map": names, "tokenizer_class": "Tokenizer"}))
    (folder / "evil.py").write_text(f"from pathlib import Path\nPath({str(canary)!r}).touch()\n")
    (folder / "pytorch_model.bin").write_bytes(torch_archive(canary))
    return folder


Make = Callable[[Path], bytes]


def _always(data: Callable[[], bytes]) -> Make:
    return lambda _canary: data()


EVIL: dict[str, Make] = {
    **{f"pickle.{e}": pickled for e in ("npy", "npz", "pt", "pkl", "bin", "safetensors", "parquet", "csv", "jsonl")},
    **{
        f"pickle.{e}": pickled for e in ("json", "yaml", "zip", "toml", "onnx", "mat", "png", "dcm", "wav", "gz", "bib")
    },
    "objects.npy": npy_of_objects,
    "objects.npz": npz_of_objects,
    "torch.pt": torch_archive,
    "torch.safetensors": torch_archive,
    "torch.npz": torch_archive,
    "torch.zip": torch_archive,
    "climbs.npz": npz_that_climbs,
    "climbs.zip": zip_that_climbs,
    "tar.zip": tar_that_climbs,
    "tag.yaml": yaml_tag,
    "tagged.zip": lambda canary: archive({"a.yaml": yaml_tag(canary)}),
    "polyglot.png": polyglot,
    "polyglot.zip": polyglot,
    "bomb.npz": _always(lambda: zip_bomb(".npy", b"\x93NUMPY")),
    "bomb.zip": _always(lambda: zip_bomb(".yaml", b"- ")),
    "bomb.edges.zip": _always(lambda: zip_bomb("_edges.csv")),
    "bomb.gz": _always(gzip_bomb),
    "bomb.json.gz": _always(lambda: gzip_bomb(b"[")),
    "bomb.png": _always(png_of_text),
    "bomb.dcm": _always(dicom_bomb),
    "laughs.yaml": _always(yaml_laughs),
    "deep.yaml": _always(deep_json),
    "deep.json": _always(deep_json),
    "object.json": _always(deep_object),
    "deep.jsonl": _always(deep_json),
    "object.jsonl": _always(deep_object),
    "deep.toml": _always(lambda: b"a = " + deep_json()),
    "deep.bib": _always(lambda: b"@article{k, title = " + b"{" * DEEP + b"}" * DEEP + b"}"),
    "header.safetensors": _always(lambda: long_header(2**62)),
    "long.safetensors": _always(lambda: long_header(99 * 2**20)),
    "deep.safetensors": _always(lambda: struct.pack("<Q", 2 * DEEP) + deep_json()),
    "wide.npy": _always(lambda: wide_npy("(2305843009213693951, 4)")),
    "nested.npy": _always(lambda: wide_npy("(" * 90 + "1")),
    "wide.png": _always(lambda: png(2**31 - 1, 2**31 - 1)),
    "large.png": _always(lambda: png(30_000, 30_000)),
    "long.wav": _always(lambda: wav_of_nothing(2**32 - 1)),
    "footer.parquet": _always(lambda: parquet_footer(2**31 - 1)),
    **{f"class{n}.mat": _always(lambda n=n: matlab_class(n)) for n in (1, 2, 3, 16, 17, 99)},  # type: ignore[misc]
    "outside.onnx": lambda canary: onnx_outside(canary.parent / "secret"),
    "climbs.onnx": lambda _canary: onnx_outside(Path("../../../../etc/passwd")),
}
"""Names of files to what makes them; those that could run something are told of a file to make."""
