"""Reading a file never runs it: malicious files are given to everything that would take them, and leave no trace."""

from __future__ import annotations

import contextlib
import io
import pickle
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import evil_files as evil
import numpy as np
import pytest
import whole_files as whole
import yaml
from commands import bounded, run
from golden_models import GOLDEN
from readers_of_files import sealed

from polyculture.errors import DataError, PolycultureError, StoreError

SECONDS, MEGABYTES = 20, 700


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Path]:
    """What must not be made, beside a secret that must not be read."""
    path = tmp_path / "canary"
    (tmp_path / "secret").write_bytes(bytes(np.arange(16.0)))
    before = {place: set(place.iterdir()) for place in (tmp_path.parent, Path.cwd())}
    yield path
    assert not path.exists()
    assert {place: set(place.iterdir()) for place in before} == before


def readers() -> dict[str, Callable[[Path], Any]]:
    """What takes files and has no command of its own."""
    from polyculture.data.audio import read_sounds
    from polyculture.data.graphs import read_acdne, read_edge_list, read_musae, read_svmlight
    from polyculture.data.images import read_images, read_medmnist
    from polyculture.features.encoders.pretrained import PretrainedEncoder

    return {
        "images": lambda path: read_images([path]),
        "sounds": lambda path: read_sounds([path]),
        "vectors": lambda path: PretrainedEncoder(str(path)).fit([]),
        **{r.__name__: r for r in (read_medmnist, read_acdne, read_edge_list, read_musae, read_svmlight)},
    }


def commands(path: Path, out: Path) -> Iterator[tuple[object, ...]]:
    """Every command that takes files of others, with this one."""
    yield ("audit", path, "--no-cache", "--quiet")
    yield ("survey", path, "--quiet")
    yield ("survey", path, "--vocabulary", path, "--quiet")
    yield ("lineage", path, "--quiet")
    yield ("fit", path, "--out", out / "model", "--encoders", "lexical", "--quiet")
    yield ("predict", GOLDEN / "texts", path, "--out", out / "p.csv", "--quiet")
    yield ("recommend", "fit", path, "--out", out / "rec", "--quiet")
    yield ("fuse", path, path, "--out", out / "f.safetensors", "--quiet")
    if path.suffix in (".png", ".dcm"):
        (path.parent / "table.csv").write_text(f"image,label\n{path.name},a\n{path.name},b\n")
        yield ("fit", path.parent / "table.csv", "--image", "image", "--out", out / "model", "--quiet")


def harmless(path: Path) -> set[str]:
    """Ways in which a file was read without an error; any other end than a sentence fails."""
    out, found = path.parent / "out", set()
    out.mkdir()
    for args in commands(path, out):
        with bounded(seconds=SECONDS, megabytes=MEGABYTES):
            done = run(*args)
        assert done.refused or done.code == 0, (args, done)
        if done.code == 0:
            found.add(str(args[0]))
    for name, read in readers().items():
        with bounded(seconds=SECONDS, megabytes=MEGABYTES):
            said = _said(read, path)
        assert "\n" not in said, (name, said)
        if not said:
            found.add(name)
    if not found:
        assert list(out.rglob("*")) == []
    return found


def _said(read: Callable[[Path], Any], path: Path) -> str:
    try:
        read(path)
    except PolycultureError as error:
        return str(error)
    return ""


READ = {
    "polyglot.png": {"images"},
    "polyglot.zip": {"lineage", "images"},
    "climbs.zip": {"lineage"},
    "deep.bib": {"read_edge_list"},
    "deep.safetensors": {"read_edge_list"},
}
"""What is harmless in some sense is read in that sense: a picture that is an archive too, names that climb but are
never followed, words that may well be names of nodes."""


@pytest.mark.parametrize("name", evil.EVIL)
def test_no_reader_runs_it(name: str, tmp_path: Path, canary: Path) -> None:
    if name.endswith(".onnx"):
        pytest.importorskip("onnx")
    if name.endswith((".png", ".dcm")):
        pytest.importorskip("PIL")
    path = tmp_path / "folder" / name
    path.parent.mkdir()
    path.write_bytes(evil.EVIL[name](canary))
    assert harmless(path) == READ.get(name, set())


def test_there_are_enough_of_them() -> None:
    assert len(evil.EVIL) >= 25


UNSAFE: dict[str, Callable[[bytes], Any]] = {
    "pickle.pt": pickle.loads,
    "objects.npy": lambda data: np.load(io.BytesIO(data), allow_pickle=True),
    "objects.npz": lambda data: np.load(io.BytesIO(data), allow_pickle=True)["x"],
    "torch.pt": lambda data: pickle.loads(zipfile.ZipFile(io.BytesIO(data)).read("archive/data.pkl")),
    "tag.yaml": lambda data: yaml.load(data, Loader=yaml.UnsafeLoader),
}


@pytest.mark.parametrize("name", UNSAFE)
def test_a_reader_that_trusts_them_would_run_them(name: str, tmp_path: Path) -> None:
    UNSAFE[name](evil.EVIL[name](tmp_path / "canary"))
    assert (tmp_path / "canary").exists()


def test_links_out_of_a_folder_are_not_followed(tmp_path: Path, canary: Path) -> None:
    pytest.importorskip("PIL")
    (tmp_path / "elsewhere.png").write_bytes(whole.picture("PNG"))
    folder = tmp_path / "pictures" / "site" / "ill"
    folder.mkdir(parents=True)
    (folder / "1.png").symlink_to(tmp_path / "elsewhere.png")
    done = run("fit", tmp_path / "pictures", "--image", "image", "--out", tmp_path / "model", "--quiet")
    assert done.refused, done
    assert "is a link that leads out of" in done.err


def test_a_folder_that_holds_itself_is_not_walked_for_ever(tmp_path: Path, canary: Path) -> None:
    (tmp_path / "pictures" / "site").mkdir(parents=True)
    (tmp_path / "pictures" / "site" / "again").symlink_to(tmp_path / "pictures")
    with bounded(seconds=SECONDS, megabytes=MEGABYTES):
        assert run("fit", tmp_path / "pictures", "--image", "image", "--out", tmp_path / "m", "--quiet").refused


def artefact(tmp_path: Path) -> Path:
    return Path(shutil.copytree(GOLDEN / "texts", tmp_path / "model"))


def asked(model: Path, tmp_path: Path) -> Iterator[tuple[object, ...]]:
    """Every command that takes a model of ours."""
    data = tmp_path / "data.csv"
    data.write_text("text,label,domain\na good plot,good,books\nbad,bad,films\n")
    yield ("predict", model, data, "--out", tmp_path / "p.csv")
    yield ("evaluate", model, data)
    yield ("explain", model, data)
    yield ("adapt", model, data, "--domain-name", "new", "--out", tmp_path / "a")
    yield ("recommend", "predict", model, "--out", tmp_path / "r.csv")
    yield ("recommend", "similar", model, "a")
    yield ("recommend", "evaluate", model, data)


def renamed(folder: Path, name: str) -> None:
    """A manifest that names another file, and is sealed as if it were in order."""
    import hashlib
    import json

    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][0]["name"] = name
    said = {key: value for key, value in manifest.items() if key != "sha256"}
    seal = hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(said | {"sha256": seal}))


HARMS: dict[str, Callable[[Path, Path], object]] = {
    "a path that climbs": lambda model, _canary: renamed(model, "../secret"),
    "a path from the root": lambda model, canary: renamed(model, str(canary.parent / "secret")),
    "a pickle for a state": lambda model, canary: sealed(model, "state", evil.pickled(canary)),
    "a pickle for tensors": lambda model, canary: sealed(model, "tensors", evil.torch_archive(canary)),
    "a state without an end": lambda model, _canary: sealed(model, "state", evil.deep_object()),
    "a header without an end": lambda model, _canary: sealed(model, "tensors", evil.long_header(2**62)),
    "a pickled manifest": lambda model, canary: (model / "manifest.json").write_bytes(evil.pickled(canary)),
    "a deep manifest": lambda model, _canary: (model / "manifest.json").write_bytes(evil.deep_object()),
    "a state of another thing": lambda model, _canary: sealed(model, "state", b'{"params": {"fuse": "os.system"}}'),
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_model_of_somebody_else_runs_nothing(harm: str, tmp_path: Path, canary: Path) -> None:
    model = artefact(tmp_path)
    HARMS[harm](model, canary)
    for args in asked(model, tmp_path):
        with bounded(seconds=SECONDS, megabytes=MEGABYTES):
            done = run(*args)
        assert done.refused, (args, done)


def test_a_model_of_transformers_brings_no_code(tmp_path: Path, canary: Path) -> None:
    pytest.importorskip("transformers")
    from polyculture.features.encoders.pretrained import PretrainedEncoder

    folder = evil.folder_of_code(canary, tmp_path / "theirs")
    (tmp_path / "t.csv").write_text("text,label\n" + "good,a\nbad,b\n" * 20)
    assert run("fuse", folder, folder, "--out", tmp_path / "f.safetensors").refused
    fit = ("fit", tmp_path / "t.csv", "--out", tmp_path / "model", "--quiet", "--backbone", folder)
    assert run(*fit).refused
    with pytest.raises(PolycultureError):
        PretrainedEncoder(str(folder)).fit(["a"]).transform(["a"])


def test_an_index_of_weights_stays_in_its_folder(tmp_path: Path, canary: Path) -> None:
    weights = whole.tensors(a=np.ones(3, np.float32))
    (tmp_path / "w.safetensors").write_bytes(weights)
    for name in ("../w.safetensors", str(tmp_path / "w.safetensors"), "..", ".hidden", "a/b"):
        folder = tmp_path / "sharded"
        folder.mkdir(exist_ok=True)
        (folder / "model.safetensors.index.json").write_text(f'{{"weight_map": {{"a": "{name}"}}}}')
        done = run("fuse", folder, folder, "--out", tmp_path / "f.safetensors", "--quiet")
        assert done.refused, (name, done)


@pytest.mark.parametrize("title", ["&i;", "&file;", "harmless"])
def test_entities_of_xml_are_not_written_out(title: str, tmp_path: Path, canary: Path) -> None:
    pytest.importorskip("acl_anthology")
    import pkgutil

    from polyculture.data.papers import read_papers

    folder = tmp_path / "data" / "xml"
    folder.mkdir(parents=True)
    (folder / "schema.rnc").write_bytes(pkgutil.get_data("acl_anthology", "data/schema.rnc") or b"")
    (folder / "2022.acl.xml").write_bytes(evil.xml_laughs(title))
    secret = Path("/etc/hostname").read_text().strip() if Path("/etc/hostname").exists() else "none"
    with bounded(seconds=SECONDS, megabytes=MEGABYTES), contextlib.suppress(DataError):
        papers = read_papers(folder.parent)
        assert secret not in "".join(papers.frame["title"].to_list())
        assert max(map(len, papers.frame["title"].to_list())) < 1000


def test_hdf5_does_not_lead_elsewhere(tmp_path: Path, canary: Path) -> None:
    h5py = pytest.importorskip("h5py")
    from polyculture.data.graphs import read_acdne

    for kind in ("external link", "soft link", "external storage"):
        path = tmp_path / f"{kind}.mat"
        with h5py.File(tmp_path / "other.h5", "w") as other:
            other["network"] = np.eye(4)
        with h5py.File(path, "w") as store:
            store["attrb"] = np.eye(4)
            if kind == "external link":
                store["network"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/network")
            elif kind == "soft link":
                store["network"] = h5py.SoftLink("/attrb")
            else:
                store.create_dataset("network", (4, 4), "f8", external=[(str(tmp_path / "secret"), 0, 128)])
        with pytest.raises(DataError, match=r"link to elsewhere|lies in another file"):
            read_acdne(path)


def test_a_kept_state_that_lies_is_refused_where_it_is_read(tmp_path: Path, canary: Path) -> None:
    from polyculture import CrossDomainClassifier

    model = artefact(tmp_path)
    sealed(model, "state", b'{"params": {}}')
    with pytest.raises(StoreError, match="holds a state of which this version can make no CrossDomainClassifier"):
        CrossDomainClassifier.load(model)


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from joblib import load",
        "import torch\n\ntorch.load(name)",
        "import yaml\n\nyaml.load(name)",
        "import yaml\n\nyaml.unsafe_load(name)",
        "import numpy as np\n\nnp.load(name)",
        "import pandas as pd\n\npd.read_pickle(name)",
        "eval(name)",
        "exec(name)",
        "import marshal",
        "import shelve",
    ],
)
def test_the_linter_forbids_what_could(code: str) -> None:
    """The house's own test (tests/test_house.py) finds them again, and switches such as trust_remote_code."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "ruff", "check", "--output-format", "concise", "--stdin-filename"]
    command += [str(root / "src" / "polyculture" / "made_up.py"), "--config", str(root / "pyproject.toml"), "-"]
    done = subprocess.run(command, input=code, capture_output=True, text=True, check=False, cwd=root)
    assert re.search(r" (S102|S301|S302|S307|S506|S614|TID251) ", done.stdout), done


def test_no_loader_that_runs_what_it_reads_was_ever_loaded() -> None:
    """The package's own modules, all imported by now, hold no name of such a loader."""
    names = [name for name in sys.modules if name.startswith("polyculture")]
    held = {
        name for name in names for value in vars(sys.modules[name]).values() if value is pickle or value is pickle.loads
    }
    assert held == set()
