"""Vectors of texts that were computed elsewhere, found again by the text's fingerprint."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np

from polyculture.arrays import Array
from polyculture.errors import DataError, ShapeError
from polyculture.features.encoders.hugging_face import fingerprint

ENDINGS = (".npy", ".safetensors", ".parquet")
BYTES = 16


def text_hash(text: str) -> bytes:
    """Sixteen bytes that stand for a text: BLAKE2b of its words, runs of white space as one blank.

    Examples
    --------
    >>> from polyculture.features.encoders.vector_file import text_hash
    >>> text_hash("good  day ") == text_hash("good day"), len(text_hash(""))
    (True, 16)
    """
    return blake2b(" ".join(text.split()).encode("utf-8", "surrogatepass"), digest_size=BYTES).digest()


def hashes_of(texts: Sequence[str]) -> Array:
    """Fingerprints of texts, uint8 of shape (n, 16): what stands beside the vectors in a file.

    Examples
    --------
    >>> from polyculture.features.encoders.vector_file import hashes_of
    >>> hashes_of(["good", "bad"]).shape
    (2, 16)
    """
    return np.frombuffer(b"".join(map(text_hash, texts)), dtype=np.uint8).reshape(len(texts), BYTES)


class VectorFile:
    """Vectors by text, from one of three kinds of file.

    - ``.parquet``: a column ``text`` (or ``hash``, 32 hexadecimal digits) and a column ``vector`` of lists;
    - ``.safetensors``: ``vectors`` of shape (n, d) and ``hashes`` of shape (n, 16), see :func:`hashes_of`;
    - ``.npy``: an array of shape (n, d), and beside ``NAME.npy`` the fingerprints as ``NAME.hashes.npy``.

    Texts, and not positions, name the rows: a file serves any part of the items in any order, and a text that is not
    in it is an error and never another text's vector.

    Parameters
    ----------
    path : path

    Attributes
    ----------
    identity : str
        A short fingerprint of the file.

    Raises
    ------
    DataError
        If the file cannot be read, lacks a part, or holds values that are not numbers.
    ShapeError
        If there are not as many fingerprints as vectors.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from pathlib import Path
    >>> from polyculture.features.encoders.vector_file import VectorFile, hashes_of
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(Path(folder) / "v.npy", np.eye(2))
    ...     np.save(Path(folder) / "v.hashes.npy", hashes_of(["good", "bad"]))
    ...     VectorFile(Path(folder) / "v.npy").encode(["bad"])
    array([[0., 1.]], dtype=float32)
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise DataError(f"there is no file {str(path)!r}; check the path")
        self.identity = fingerprint([p for p in (path, _beside(path)) if p.is_file()])
        vectors, hashes = _READERS[path.suffix.lower()](path)
        if vectors.ndim != 2 or vectors.dtype.kind not in "fiu":
            raise DataError(f"{path}: vectors are {vectors.dtype} of shape {vectors.shape}, expected numbers (n, d)")
        if hashes.shape != (len(vectors), BYTES) or hashes.dtype != np.uint8:
            raise ShapeError(f"{path}: {len(vectors)} vectors but fingerprints {hashes.shape}; give 16 bytes for each")
        with np.errstate(over="ignore", invalid="ignore"):  # what has no form in four bytes is found next
            self.vectors = np.asarray(vectors).astype(np.float32)
        if not (finite := np.isfinite(self.vectors).all(axis=1)).all():
            raise DataError(
                f"{path}: row {int(np.argmin(finite)) + 1} holds values that are not numbers; compute it again"
            )
        self._rows = {row.tobytes(): place for place, row in enumerate(np.ascontiguousarray(hashes, dtype=np.uint8))}

    @property
    def width(self) -> int:
        """Numbers in a vector."""
        return int(self.vectors.shape[1])

    def encode(self, texts: Sequence[str]) -> Array:
        """Vectors, shape (n, width), float32.

        Raises
        ------
        DataError
            Naming the first text that the file does not hold, and how many there are.
        """
        places = [self._rows.get(text_hash(text)) for text in texts]
        if missing := [row for row, place in enumerate(places) if place is None]:
            begin = texts[missing[0]][:60]
            raise DataError(
                f"{self.path}: holds no vector for {len(missing)} of {len(texts)} texts, the first {begin!r}; "
                "compute vectors for all texts, as they are after cleaning"
            )
        return np.asarray(self.vectors[np.array(places, dtype=int)])


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.stem}.hashes.npy")


def _npy(path: Path) -> tuple[Array, Array]:
    beside = _beside(path)
    if not beside.is_file():
        raise DataError(f"{path}: there is no {beside.name} beside it that says which text each row is; see hashes_of")
    from polyculture.data.audit_input.arrays import open_npy

    return open_npy(path), open_npy(beside)


def _safetensors(path: Path) -> tuple[Array, Array]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        found = load_file(path)
        return found["vectors"], found["hashes"]
    except KeyError as error:
        raise DataError(f"{path}: has no tensor {error!s}; it must hold vectors and hashes") from error
    except (SafetensorError, OSError, TypeError) as error:
        raise DataError(f"{path}: cannot be read as safetensors ({error}); save it again") from error


def _parquet(path: Path) -> tuple[Array, Array]:
    import polars as pl

    from polyculture.data.audit_input.parquet import read_parquets

    (frame,) = read_parquets([path], small=False)
    if isinstance(frame, DataError):
        raise frame
    key = next((name for name in ("text", "hash") if name in frame.columns), None)
    if key is None or "vector" not in frame.columns:
        raise DataError(f"{path}: has the columns {', '.join(frame.columns)}; it must hold vector, and text or hash")
    for name in (key, "vector"):
        if frame[name].null_count():
            row = int(frame[name].is_null().arg_max() or 0) + 1
            raise DataError(f"{path}: row {row} has no {name}; drop the row or fill it in")
    rows = frame["vector"].to_list()
    if (
        not isinstance(frame["vector"].dtype, pl.List | pl.Array)
        or len(widths := sorted({len(row) for row in rows})) > 1
    ):
        raise DataError(f"{path}: the column vector must hold lists of one length; it has {frame['vector'].dtype}")
    try:
        vectors = np.array(rows, dtype=np.float64).reshape(len(frame), widths[0] if widths else 0)
    except (ValueError, TypeError, OverflowError) as error:
        raise DataError(
            f"{path}: the column vector holds other things than numbers ({error}); save it again"
        ) from error
    return vectors, hashes_of(frame["text"].to_list()) if key == "text" else _from_hex(path, frame["hash"].to_list())


def _from_hex(path: Path, digits: list[str]) -> Array:
    try:
        raw = b"".join(bytes.fromhex(one) for one in digits)
        return np.frombuffer(raw, dtype=np.uint8).reshape(len(digits), BYTES)
    except (ValueError, TypeError) as error:
        raise DataError(f"{path}: the column hash must hold 32 hexadecimal digits a row; see text_hash") from error


_READERS = {".npy": _npy, ".safetensors": _safetensors, ".parquet": _parquet}
