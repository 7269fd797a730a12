"""A folder that holds one fitted thing: tensors, JSON, and a manifest that is written last."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import safetensors.numpy
from safetensors import SafetensorError

from polyculture.errors import PolycultureError, StoreError
from polyculture.store.encode import State, decode, encode
from polyculture.store.files import TEMPORARY, plain, sweep, sync_folder, write_bytes, write_json
from polyculture.version import __version__

try:
    import fcntl
except ImportError:  # no such locks on this system: one writer at a time is then the user's care
    fcntl = None  # type: ignore[assignment]

T = TypeVar("T")

SCHEMA = 2
MANIFEST = "manifest.json"

_MANIFEST_BYTES = 16 * 2**20
_PART = re.compile(r"(state-[0-9a-f]{8}\.json|tensors-[0-9a-f]{8}\.safetensors)")
_AGAIN = "save it again or restore a copy"


def save(folder: str | Path, state: State, *, kind: str, facts: Mapping[str, Any]) -> None:
    """Keep a state in a folder, so that a reader finds the old one whole or the new one whole.

    Parts are named after their content and the manifest names the parts, so nothing old is touched before the manifest
    is replaced; what it no longer names is removed afterwards. Files of other names in the folder are left alone.

    Parameters
    ----------
    folder : path
        Made when there is none.
    state : nested dict
        Leaves are numbers, strings, None, lists and tuples of these, numpy arrays (of numbers, or object arrays of the
        former) and sparse matrices. Tuples, keys that are numbers, NaN and infinities come back as they were; numpy
        scalars come back as Python numbers, sparse matrices of any format as `csr_array`.
    kind : str
        What it is, "classifier" say; `load` asks for the same.
    facts : mapping
        What a person may want to know without loading it; plain values.

    Raises
    ------
    StoreError
        If a leaf cannot be kept (nothing is written then), or the folder cannot be written to.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(folder, {"net": {"w": np.eye(2), "names": ("a", "b")}}, kind="demo", facts={"classes": 2})
    ...     load(folder, kind="demo")
    {'net': {'w': array([[1., 0.], [0., 1.]]), 'names': ('a', 'b')}}
    """
    folder = Path(folder)
    tree, tensors = encode(state)
    text = json.dumps(tree, allow_nan=False, separators=(",", ":"))
    facts = plain(facts)
    new = not folder.is_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        sync_folder(folder.parent)
    except OSError as error:
        _undo(folder, new=new)
        raise StoreError(f"{folder} cannot be made ({error.strerror}); choose another folder") from error
    with _locked(folder, alone=True):
        try:
            files = [
                _write_part(folder, "state", "json", text.encode()),
                _write_part(folder, "tensors", "safetensors", safetensors.numpy.save(tensors)),
            ]
            manifest = {"schema": SCHEMA, "kind": kind, "polyculture": __version__, "facts": facts, "files": files}
            write_json(folder / MANIFEST, {**manifest, "sha256": _seal(manifest)})
        except StoreError:
            _undo(folder, new=new)
            raise
        _sweep(folder, {file["name"] for file in files})


def _seal(manifest: Mapping[str, Any]) -> str:
    """SHA-256 of all that a manifest says beside it."""
    said = {name: value for name, value in manifest.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _write_part(folder: Path, role: str, ending: str, data: bytes) -> dict[str, Any]:
    sha256 = hashlib.sha256(data).hexdigest()
    name = f"{role}-{sha256[:8]}.{ending}"
    write_bytes(folder / name, data)
    return {"role": role, "name": name, "sha256": sha256, "bytes": len(data)}


def _sweep(folder: Path, named: set[str]) -> None:
    """Remove parts that no manifest names; the lock is held, so every temporary file is a dead one's."""
    sweep(folder, older_than=0.0 if fcntl is not None else 3600.0)
    for path in folder.iterdir():
        if _PART.fullmatch(path.name) and path.name not in named:
            with contextlib.suppress(OSError):
                path.unlink()


def _undo(folder: Path, *, new: bool) -> None:
    """Take back what was written before the manifest could not be: on a full disk, its room is needed."""
    with contextlib.suppress(OSError, LookupError, TypeError, ValueError, RecursionError):
        path = folder / MANIFEST
        _sweep(folder, {file["name"] for file in json.loads(path.read_bytes())["files"]} if path.exists() else set())
    if new:
        with contextlib.suppress(OSError):
            folder.rmdir()


@contextlib.contextmanager
def _locked(folder: Path, *, alone: bool) -> Iterator[None]:
    """Hold the folder while reading or writing it; the system lets go when the process dies."""
    if fcntl is None or not folder.is_dir():
        yield
        return
    with contextlib.ExitStack() as stack:
        # Some network file systems know no locks; the save is atomic all the same.
        with contextlib.suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, handle)
            fcntl.flock(handle, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


def load(folder: str | Path, *, kind: str) -> State:
    """The state that was saved in a folder.

    Kind, schema, sizes and SHA-256 are checked before anything is parsed, and nothing in the folder is ever executed.

    Parameters
    ----------
    folder : path
    kind : str
        What it must be.

    Raises
    ------
    StoreError
        If there is nothing, it is of another kind or schema, or a file is missing, damaged or not plainly named.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     load(folder, kind="demo")
    Traceback (most recent call last):
    polyculture.errors.StoreError: ... holds no saved demo (no manifest.json); check the path
    """
    folder = Path(folder)
    with _locked(folder, alone=False):
        manifest = _manifest(folder, kind)
        parts = {file["role"]: _part(folder, file) for file in manifest["files"]}
    try:
        return dict(decode(json.loads(parts["state"]), safetensors.numpy.load(parts["tensors"])))
    except (SafetensorError, LookupError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise StoreError(f"{folder} does not hold a state that can be read ({error}); {_AGAIN}") from error


def broken_off(folder: str | Path) -> bool:
    """Whether a folder holds nothing but what a first `save` leaves that was killed: parts, and no manifest.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = pathlib.Path(folder, "state-0123abcd.json").write_text("{}")
    ...     broken_off(folder)
    True
    """
    names = [path.name for path in Path(folder).iterdir()]
    return all(_PART.fullmatch(name) or TEMPORARY.fullmatch(name) for name in names)


def rebuilt(folder: str | Path, build: Callable[[State], T], *, kind: str) -> T:
    """What a function makes of the state that was saved in a folder; a state that does not suit it is one sentence.

    Whoever writes a folder can write hashes that fit, so a state may be whole and still be of nothing.

    Parameters
    ----------
    folder : path
    build : callable
    kind : str
        See `load`.

    Raises
    ------
    StoreError
        See `load`; also if the state lacks something, or holds what cannot be.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(folder, {"width": 2}, kind="demo", facts={})
    ...     rebuilt(folder, lambda state: state["height"], kind="demo")
    Traceback (most recent call last):
    polyculture.errors.StoreError: ... holds a state of which this version can make no demo (KeyError: 'height'); ...
    """
    state = load(folder, kind=kind)
    try:
        return build(state)
    except PolycultureError as error:
        raise StoreError(f"{folder} holds a state of which this version can make no {kind} ({error})") from error
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RuntimeError, MemoryError) as error:
        reason = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:200]}"
        why = f"{folder} holds a state of which this version can make no {kind} ({reason})"
        raise StoreError(f"{why}; fit it again or restore a copy") from error


def facts(folder: str | Path, *, kind: str) -> dict[str, Any]:
    """What `save` was told about the state in a folder, without loading it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(folder, {}, kind="demo", facts={"classes": 2})
    ...     facts(folder, kind="demo")
    {'classes': 2}
    """
    return dict(_manifest(Path(folder), kind)["facts"])


def _manifest(folder: Path, kind: str) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        if not path.is_file():
            raise StoreError(f"{folder} holds no saved {kind} (no {MANIFEST}); check the path")
        if path.stat().st_size > _MANIFEST_BYTES:
            raise StoreError(f"{path} is larger than a manifest can be; {_AGAIN}")
        manifest = json.loads(path.read_bytes())
        schema, found = manifest["schema"], manifest["kind"]
    except PermissionError as error:
        raise StoreError(f"{path} may not be read; change its permissions") from error
    except (OSError, LookupError, TypeError, ValueError, RecursionError) as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"{path} cannot be read as a manifest ({error}); {_AGAIN}") from error
    if schema != SCHEMA:
        # what wrote it may be older or newer: only who made it knows how to make it anew
        raise StoreError(
            f"{path} has schema {schema!r}, this version reads {SCHEMA}; make it anew with this version "
            "(a model: fit it again), or read it with the version that wrote it"
        )
    if found != kind:
        raise StoreError(f"{path} describes a {found!r}, expected a {kind!r}; choose a folder that holds a {kind}")
    if manifest.get("sha256") != _seal(manifest) or not _well_formed(manifest):
        raise StoreError(f"{path} does not list its state and tensors as a manifest must; {_AGAIN}")
    return dict(manifest)


def _well_formed(manifest: dict[str, Any]) -> bool:
    files = manifest.get("files")
    if not isinstance(manifest.get("facts"), dict) or not isinstance(files, list):
        return False
    forms = {"role": str, "name": str, "sha256": str, "bytes": int}
    if not all(isinstance(file, dict) and all(type(file.get(k)) is t for k, t in forms.items()) for file in files):
        return False
    return sorted(file["role"] for file in files) == ["state", "tensors"]


def _part(folder: Path, file: Mapping[str, Any]) -> bytes:
    name = str(file["name"])
    if not _PART.fullmatch(name):
        raise StoreError(
            f"{folder / MANIFEST} names the file {name!r}, which is no plain name of a part; do not trust this folder"
        )
    path = folder / name
    try:
        size = path.stat().st_size
        if size != file["bytes"]:
            raise StoreError(f"{path} has {size} bytes, the manifest says {file['bytes']}; {_AGAIN}")
        data = path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}); {_AGAIN}") from error
    if hashlib.sha256(data).hexdigest() != file["sha256"]:
        raise StoreError(f"{path} is damaged: its SHA-256 differs from the manifest's; {_AGAIN}")
    return data
