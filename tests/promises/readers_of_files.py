"""Every reader of files from outside, with a small whole file for each format that it takes."""

from __future__ import annotations

import hashlib
import io
import json
import pkgutil
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import whole_files as whole

Read = Callable[[Path], Any]

SLOW = 0.02
"""A reader that starts a process for each file is tried so much less often."""


@dataclass(frozen=True)
class Case:
    """A file of this name with these bytes, which this reads; how often it is tried beside others."""

    file: str
    data: bytes
    read: Read
    weight: float = 1.0

    @property
    def name(self) -> str:
        """What to call it: the reader and the file."""
        return f"{self.read.__name__.strip('_')}-{self.file}"


def beside(data: bytes, name: str = "whole", *, first: bool = False) -> Callable[[Read], Read]:
    """A reader that is given a whole file, too; here and not in the case, as that is not what is damaged."""

    def wrap(read: Read) -> Read:
        def both(path: Path) -> Any:
            other = path.with_name(f"{name}{path.suffix}")
            other.write_bytes(data)
            return read([other, path] if first else [path, other])  # type: ignore[arg-type]

        both.__name__ = read.__name__
        return both

    return wrap


def texts() -> Iterator[Case]:
    """Tables of texts, of vectors and of pictures."""
    from polyculture.data import read
    from polyculture.features.encoders.vector_file import VectorFile, hashes_of

    yield Case("texts.csv", whole.csv(whole.TEXTS), read)
    yield Case("texts.jsonl", whole.streamed(whole.TEXTS.write_ndjson), read)
    yield Case("texts.parquet", whole.streamed(whole.TEXTS.write_parquet), read, SLOW)
    hashes = hashes_of(whole.ITEMS)
    table = pl.DataFrame({"text": whole.ITEMS, "vector": whole.VECTORS.tolist()})
    yield Case("v.safetensors", whole.tensors(vectors=whole.VECTORS, hashes=hashes), VectorFile)
    yield Case("v.parquet", whole.streamed(table.write_parquet), VectorFile, SLOW)
    beside_it = whole.streamed(lambda stream: np.save(stream, hashes))

    def vectors_of(path: Path) -> Any:
        path.with_name("v.hashes.npy").write_bytes(beside_it)
        return VectorFile(path)

    yield Case("v.npy", whole.streamed(lambda stream: np.save(stream, whole.VECTORS)), vectors_of)


def audited() -> Iterator[Case]:
    """What an audit reads."""
    from polyculture.auditing.cards import read_cards
    from polyculture.data.audit_input import (
        detect_kind,
        read_answers,
        read_detections,
        read_embeddings,
        read_model_files,
    )

    there = whole.BOXES.rename({"prediction": "label"}).drop("model", "score")

    def boxes(path: Path) -> Any:
        return read_detections(path, there)

    yield Case("long.csv", whole.csv(whole.LONG), read_answers)
    yield Case("long.jsonl", whole.streamed(whole.LONG.write_ndjson), read_answers)
    yield Case("long.parquet", whole.streamed(whole.LONG.write_parquet), read_answers, SLOW)
    yield Case("boxes.tsv", whole.streamed(lambda to: whole.BOXES.write_csv(to, separator="\t")), boxes)
    yield Case("cards.csv", b"model,company\nbert,x\ngpt,y\n", read_cards)
    npy = whole.streamed(lambda stream: np.save(stream, whole.VECTORS))
    yield Case("e.npy", npy, beside(npy)(read_embeddings))
    yield Case("e.npz", whole.npz(x=whole.VECTORS, y=whole.VECTORS.astype(np.float16)), read_embeddings)
    pair = whole.tensors(x=whole.VECTORS, y=whole.VECTORS.astype(np.float32))
    yield Case("e.safetensors", pair, read_embeddings)
    yield Case("m.safetensors", pair, read_model_files)
    yield Case("k.safetensors", pair, detect_kind)
    if whole.installed("onnx"):
        yield Case("m.onnx", whole.onnx_model(), read_model_files)


def graphs() -> Iterator[Case]:
    """Graphs of text, of MATLAB and of archives."""
    from polyculture.data.graphs import read_acdne, read_edge_list, read_musae, read_svmlight

    yield Case("edges.txt", whole.EDGES.encode(), read_edge_list)
    yield Case("edges.txt.gz", whole.packed(whole.EDGES.encode()), read_edge_list)
    yield Case("x.svm", b"1 0:2 3:1\n-1 1:1\n", read_svmlight)
    yield Case("musae.zip", whole.zipped(whole.MUSAE), read_musae)
    yield Case("plain.mat", whole.matlab(packed=False), read_acdne)
    yield Case("packed.mat", whole.matlab(packed=True), read_acdne)
    if whole.installed("h5py"):
        yield Case("v73.mat", whole.matlab_73(), read_acdne, 0.2)


def seen_and_heard() -> Iterator[Case]:
    """Pictures and sounds."""
    from polyculture.data.audio import read_sounds
    from polyculture.data.images import read_images, read_medmnist

    def one_picture(path: Path) -> Any:
        return read_images([path], size=8)

    def one_sound(path: Path) -> Any:
        return read_sounds([path])

    if whole.installed("PIL"):
        for ending, kind in (("png", "PNG"), ("jpg", "JPEG"), ("webp", "WEBP"), ("gif", "GIF"), ("bmp", "BMP")):
            yield Case(f"a.{ending}", whole.picture(kind), one_picture)
        yield Case("a.tiff", whole.picture("TIFF"), one_picture)
    if whole.installed("PIL", "pydicom"):
        yield Case("a.dcm", whole.dicom(), one_picture)
    yield Case("scans.npz", whole.npz(**whole.medmnist()), read_medmnist)
    for kind in (np.uint8, np.int16, np.float32):
        yield Case(f"{kind.__name__}.wav", whole.wav(kind), one_sound, 0.3)


def taken() -> Iterator[Case]:
    """Interactions."""
    from polyculture.data.interactions import read_interactions

    rows = whole.CLICKS.rows()
    header = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
    lists = "".join(f"{user} {user + 1} {user + 2}\n" for user in range(20)).encode()
    found = {
        "x.csv": whole.csv(whole.CLICKS),
        "x.jsonl": whole.streamed(whole.CLICKS.write_ndjson),
        "x.inter": (header + "".join("\t".join(map(str, row)) + "\n" for row in rows)).encode(),
        "x.txt": lists,
        "x.txt.gz": whole.packed(lists),
        "x.dat": "".join("::".join(map(str, row)) + "\n" for row in rows).encode(),
        "x.npz": whole.npz(indptr=np.arange(0, 21, 2), indices=np.arange(20) % 12, shape=np.array([10, 12])),
    }
    for file, data in found.items():
        yield Case(file, data, read_interactions)
    yield Case("x.parquet", whole.streamed(whole.CLICKS.write_parquet), read_interactions, SLOW)


def written_about() -> Iterator[Case]:
    """Papers, and vocabularies of methods."""
    from polyculture.data.papers import read_papers
    from polyculture.surveying.vocabulary.load import load_vocabulary

    works = whole.lines(whole.WORK)
    found = {
        "p.csv": whole.csv(whole.PAPERS),
        "p.jsonl": whole.streamed(whole.PAPERS.write_ndjson),
        "works.jsonl": works,
        "works.gz": whole.packed(works),
        "works.json": json.dumps({"meta": {}, "results": [whole.WORK | {"id": "W1"}]}, indent=1).encode(),
        "arxiv.json": whole.lines(whole.ARXIV),
    }
    if whole.installed("bibtexparser"):
        found["p.bib"] = whole.BIB.encode()
    for file, data in found.items():
        yield Case(file, data, read_papers)
    yield Case("p.parquet", whole.streamed(whole.PAPERS.write_parquet), read_papers, SLOW)
    yield Case("methods.toml", whole.VOCABULARY.encode(), load_vocabulary)

    def anthology(path: Path) -> Any:
        folder = path.parent / "data"
        (folder / "xml").mkdir(parents=True, exist_ok=True)
        (folder / "xml" / "schema.rnc").write_bytes(pkgutil.get_data("acl_anthology", "data/schema.rnc") or b"")
        path.replace(folder / "xml" / "2022.acl.xml")
        return read_papers(folder)

    if whole.installed("acl_anthology"):
        yield Case("2022.acl.xml", whole.ACL.encode(), anthology, 0.1)


def described() -> Iterator[Case]:
    """Cards of models, and an audit beside them."""
    from polyculture.data.model_cards import read_model_cards

    yield Case("m.csv", whole.MODELS.encode(), read_model_cards)
    yield Case("m.json", json.dumps([whole.HUB] * 2).encode(), read_model_cards)
    yield Case("m.jsonl", whole.lines(whole.HUB), read_model_cards)
    yield Case("m.yaml", whole.ASSETS.encode(), read_model_cards)
    yield Case("m.zip", whole.zipped({"assets/a.yaml": whole.ASSETS}), read_model_cards)
    table = pl.read_csv(io.StringIO(whole.MODELS))
    yield Case("m.parquet", whole.streamed(table.write_parquet), read_model_cards, SLOW)


def merged() -> Iterator[Case]:
    """Files of weights that are fused."""
    from polyculture.fuse import fuse_files

    weights = whole.tensors(a=whole.VECTORS.astype(np.float32), b=np.arange(3))

    @beside(weights)
    def fused(paths: Path) -> Any:
        return fuse_files(paths, paths[0].with_name("out.safetensors"), method="average")  # type: ignore[arg-type,index]

    yield Case("w.safetensors", weights, fused)

    def sharded(path: Path) -> Any:
        folder = path.parent / "shards"
        folder.mkdir(exist_ok=True)
        (folder / "one.safetensors").write_bytes(weights)
        path.replace(folder / "model.safetensors.index.json")
        return fuse_files([folder, folder], path.with_name("out.safetensors"))

    index = {"metadata": {}, "weight_map": {"a": "one.safetensors", "b": "one.safetensors"}}
    yield Case("index.json", json.dumps(index).encode(), sharded)


def kept() -> Iterator[Case]:
    """Models on the disk: their parts damaged, and hashes written anew as whoever means harm would."""
    from golden_models import GOLDEN, KINDS

    for name, kind in KINDS.items():
        for role, ending in (("state", "json"), ("tensors", "safetensors")):
            whole_part = next((GOLDEN / name).glob(f"{role}-*")).read_bytes()
            yield Case(f"{name}-{role}.{ending}", whole_part, _sealed(name, role, kind.load), 0.5)


def _sealed(name: str, role: str, load: Read) -> Read:
    from golden_models import GOLDEN

    def kept_model(path: Path) -> Any:
        folder = path.parent / "model"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(GOLDEN / name, folder)
        sealed(folder, role, path.read_bytes())
        return load(folder)

    return kept_model


def sealed(folder: Path, role: str, data: bytes) -> None:
    """Put other bytes in the place of a part of an artefact, with a manifest that bears them out."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    part = next(part for part in manifest["files"] if part["role"] == role)
    digest = hashlib.sha256(data).hexdigest()
    part |= {"name": f"{role}-{digest[:8]}{Path(part['name']).suffix}", "sha256": digest, "bytes": len(data)}
    (folder / part["name"]).write_bytes(data)
    said = {key: value for key, value in manifest.items() if key != "sha256"}
    seal = hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(said | {"sha256": seal}))


def cases() -> list[Case]:
    """All of them that the installed packages can make."""
    kinds = (texts, audited, graphs, seen_and_heard, taken, written_about, described, merged, kept)
    return [case for kind in kinds for case in kind()]
