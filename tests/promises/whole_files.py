"""Small whole files of every format that is read, made here, for others to damage."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import polars as pl
import safetensors.numpy
import scipy.sparse as sp

N = 12
ITEMS = [f"q{i}" for i in range(N)]
RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(N, 4))
GREY = RNG.integers(0, 256, size=(9, 7, 3), dtype=np.uint8)

TEXTS = pl.DataFrame(
    {
        "text": [f"a good plot {i}, said 'é'" for i in range(N)],
        "label": ["+", "-", None] * (N // 3),
        "domain": ["books", "films"] * (N // 2),
        "split": ["train", "test"] * (N // 2),
        "vector": [[float(i), 0.5, -1.0] for i in range(N)],
    }
)
LONG = pl.DataFrame(
    {
        "item": ITEMS * 2,
        "model": ["bert"] * N + ["gpt"] * N,
        "prediction": ["x", "y", "z"] * (2 * N // 3),
        "label": ["x", "y"] * N,
        **{f"p_{option}": [p] * (2 * N) for option, p in (("x", 0.5), ("y", 0.25), ("z", 0.25))},
    }
)
BOXES = pl.DataFrame(
    {"item": ITEMS, "model": ["bert", "gpt"] * 6, "prediction": ["cat"] * N, "score": [0.5, 0.25] * 6}
    | {side: [float(i + j) for i in range(N)] for j, side in enumerate(("x1", "y1", "x2", "y2"))}
)
CLICKS = pl.DataFrame(
    [(f"u{i % 7}", f"i{i % 11}", i % 5 + 1, 1000 + i) for i in range(40)],
    schema=["user", "item", "rating", "time"],
    orient="row",
)
PAPERS = pl.DataFrame(
    {
        "paper_id": [f"p{i}" for i in range(N)],
        "community": ["NLP", "CV"] * 6,
        "year": ["2019", "c. 2020", "2021-05-01"] * 4,
        "title": ["On parsing", 'On, "edges"', "\u05e2\u05dc"] * 4,
        "abstract": ["We parse.", None] * 6,
    }
)
WORK = {
    "title": "On parsing",
    "publication_year": 2020,
    "primary_topic": {"subfield": {"display_name": "AI"}},
    "primary_location": {"source": {"display_name": "TACL", "type": "journal"}},
    "abstract_inverted_index": {"We": [0, 2], "parse": [1]},
}
ARXIV = {"title": "T", "categories": "cs.CL", "abstract": "A", "update_date": "2008-11-26", "versions": []}
BIB = "".join(
    f'@article{{k{i}, title = {{On {{P}}arsing \\"u}}, year = 2019, community = {{NLP}}}}\n' for i in range(8)
)
ACL = """<?xml version='1.0' encoding='UTF-8'?>
<collection id="2022.acl">
  <volume id="long" ingest-date="2022-05-15" type="proceedings">
    <meta><booktitle>Proceedings</booktitle><year>2022</year><venue>acl</venue></meta>
    <paper id="1">
      <title><fixed-case>A</fixed-case>dapt <tex-math>x^2</tex-math></title>
      <author><first>Ali</first><last>Modarressi</last></author>
      <bibkey>modarressi-2022</bibkey>
      <abstract>Pre-trained <i>models</i> are large.</abstract>
    </paper>
    <paper id="2"><title>Withdrawn</title><bibkey>key-w</bibkey></paper>
  </volume>
</collection>
"""
MODELS = "name,parents,organisation,architecture,date,downloads\nbase,none,o,bert,2023-05-01,7\ntuned,base,o,,2023/6,\n"
HUB = {
    "id": "org/merge",
    "tags": ["base_model:org/a", "base_model:merge:org/b", "license:mit"],
    "cardData": {"base_model": ["org/a", "org/b"]},
    "createdAt": "2024-03-05T01:02:03.000Z",
    "downloads": 12,
    "config": {"model_type": "llama"},
}
ASSETS = """
- name: Base
  type: dataset
  created_date: {value: 2021-02-03, explanation: said so}
  dependencies: []
- name: Tuned
  type: model
  organization: 360
  created_date: 2022-10-01
  dependencies: {explanation: why, value: [Base, Unknown]}
"""
VOCABULARY = """schema = 1
[family.tree.decision-tree]
patterns = ["decision trees?"]
first_known = 1963
[family.net.perceptron]
patterns = ["perceptrons?"]
"""
EDGES = "# an edge a line\nrio natal 2\nrio bahia 1\nbahia natal 0.5\n"
MUSAE = {
    "DE_edges.csv": "from,to\n0,1\n1,2\n",
    "DE.json": '{"0": [1, 3], "1": [0], "2": []}',
    "DE_target.csv": "id,mature,new_id\na,True,0\nb,False,1\nc,True,2\n",
}


def streamed(write: Callable[[io.BytesIO], Any]) -> bytes:
    """What a function writes to a stream."""
    stream = io.BytesIO()
    write(stream)
    return stream.getvalue()


def csv(frame: pl.DataFrame) -> bytes:
    """A table of text, without columns of lists."""
    flat = frame.select(name for name, kind in frame.schema.items() if not kind.is_nested())
    return streamed(flat.write_csv)


def lines(row: dict[str, Any], key: str = "id") -> bytes:
    """Eight objects, one a line."""
    return "".join(json.dumps({**row, key: f"W{i}"}) + "\n" for i in range(8)).encode()


def zipped(members: dict[str, str]) -> bytes:
    """Some texts in one archive."""

    def write(stream: io.BytesIO) -> None:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in members.items():
                archive.writestr(name, text)

    return streamed(write)


def picture(kind: str) -> bytes:
    """A small picture in colour."""
    from PIL import Image

    return streamed(lambda stream: Image.fromarray(GREY).save(stream, kind))


def dicom() -> bytes:
    """A small scan in grey."""
    import pydicom
    from pydicom.dataset import FileMetaDataset

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3"
    file = pydicom.Dataset()
    file.file_meta, file.Rows, file.Columns, file.SamplesPerPixel = meta, 8, 8, 1
    file.PhotometricInterpretation, file.PixelRepresentation = "MONOCHROME2", 0
    file.BitsAllocated, file.BitsStored, file.HighBit = 16, 16, 15
    file.PixelData = np.arange(64, dtype=np.uint16).tobytes()
    return streamed(lambda stream: pydicom.dcmwrite(stream, file, enforce_file_format=True))


def wav(kind: type) -> bytes:
    """A second of noise."""
    from scipy.io import wavfile

    return streamed(lambda stream: wavfile.write(stream, 8000, (RNG.normal(size=800) * 99).astype(kind)))


def matlab(*, packed: bool) -> bytes:
    """Three matrices of a network."""
    from scipy.io import savemat

    ring = np.roll(np.eye(5), 1, axis=0)
    parts = {"network": sp.csc_array(ring + ring.T), "attrb": np.eye(5), "group": np.eye(5)[:, :2]}
    return streamed(lambda stream: savemat(stream, parts, do_compression=packed))


def matlab_73() -> bytes:
    """The same in HDF5."""
    import h5py

    def write(stream: io.BytesIO) -> None:
        with h5py.File(stream, "w") as store:
            for name in ("network", "attrb", "group"):
                store[name] = np.eye(5)

    return streamed(write)


def onnx_model() -> bytes:
    """One product of matrices."""
    from onnx import TensorProto, helper, numpy_helper

    ends = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, [1, 4]) for name in "xy"]
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    graph = helper.make_graph([node], "net", ends[:1], ends[1:], [numpy_helper.from_array(np.eye(4), "w")])
    return bytes(helper.make_model(graph).SerializeToString())


def npz(**arrays: Any) -> bytes:
    """Some arrays in one archive."""
    return streamed(lambda stream: np.savez_compressed(stream, **arrays))


def medmnist() -> dict[str, Any]:
    """Two pictures a split, with their labels."""
    images = {f"{part}_images": np.zeros((2, 8, 8), np.uint8) for part in ("train", "val", "test")}
    return images | {f"{part}_labels": np.array([[0], [1]]) for part in ("train", "val", "test")}


def tensors(**arrays: Any) -> bytes:
    """Some arrays as safetensors."""
    return bytes(safetensors.numpy.save(arrays))


def installed(*packages: str) -> bool:
    """Whether all of these can be imported."""
    return all(find_spec(package) is not None for package in packages)


def packed(data: bytes) -> bytes:
    """As gzip packs it, always the same."""
    return gzip.compress(data, mtime=0)
