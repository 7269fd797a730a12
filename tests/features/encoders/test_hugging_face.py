"""Model repositories: found in the local cache, never fetched where that is forbidden, and never run."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from tiny_models import bert

from polyculture.errors import DataError, MissingExtraError
from polyculture.features.encoders.hugging_face import WANTED, identity, locate, offline, working_precision
from polyculture.features.encoders.pretrained import PretrainedEncoder


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("POLYCULTURE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A local Hugging Face cache, and a network that counts who asks for it."""
    constants = pytest.importorskip("huggingface_hub.constants")
    pytest.importorskip("transformers")
    folder = tmp_path / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return folder


def cached(hub, name="somebody/tiny", revision="a" * 40):
    """A model as the hub's own client leaves it."""
    repository = hub / ("models--" + name.replace("/", "--"))
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(revision)
    folder = repository / "snapshots" / revision
    folder.mkdir(parents=True)
    return bert(folder)


TEXTS = ["a good film", "bad", ""]


class TestRepositories:
    def test_are_found_in_the_local_cache(self, hub):
        folder = cached(hub)
        assert locate("somebody/tiny").resolve() == folder.resolve()
        found = PretrainedEncoder("somebody/tiny").fit([]).transform(TEXTS)
        np.testing.assert_array_equal(found, PretrainedEncoder(str(folder)).fit([]).transform(TEXTS))

    def test_that_are_not_there_are_named_and_not_asked_for(self, hub, monkeypatch):
        import huggingface_hub

        asked, download = [], huggingface_hub.snapshot_download
        monkeypatch.setattr(
            huggingface_hub,
            "snapshot_download",
            lambda *a, **k: asked.append(k.get("local_files_only")) or download(*a, **k),
        )
        with pytest.raises(DataError) as raised:
            PretrainedEncoder("somebody/absent").fit([])
        assert str(raised.value) == (
            "the model 'somebody/absent' is neither a folder nor in the local Hugging Face cache, and HF_HUB_OFFLINE "
            "is set; name a folder that holds it, or run once with a network"
        )
        assert asked == [True]

    def test_are_fetched_without_code_or_pickles_where_they_may_be(self, hub, monkeypatch):
        import huggingface_hub
        from huggingface_hub.errors import LocalEntryNotFoundError

        asked = []

        def download(name, allow_patterns, local_files_only=False):
            asked.append((local_files_only, tuple(allow_patterns)))
            if local_files_only:
                raise LocalEntryNotFoundError("not here")
            return str(cached(hub, name))

        monkeypatch.delenv("HF_HUB_OFFLINE")
        monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
        assert (locate("somebody/new") / "config.json").is_file()
        assert asked == [(True, WANTED), (False, WANTED)]
        assert not any(pattern.endswith((".py", ".bin", ".pt", "*")) for pattern in WANTED)

    def test_that_cannot_be_fetched_are_named(self, hub, monkeypatch):
        import huggingface_hub

        def refuse(*_, **__):
            raise OSError("no route to host")

        monkeypatch.delenv("HF_HUB_OFFLINE")
        monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
        with pytest.raises(
            DataError, match=r"'somebody/absent', and it cannot be fetched from Hugging Face \(OSError\)"
        ):
            locate("somebody/absent")

    def test_without_the_client(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "huggingface_hub", None)
        with pytest.raises(MissingExtraError, match=r"polyculture\[pretrained\]"):
            locate("somebody/absent")

    @pytest.mark.parametrize("name", ["../outside", "a/b/c", "/a/b", "a b/c", "-x/y", "nowhere"])
    def test_what_is_no_name_of_a_repository_is_a_folder(self, hub, name):
        with pytest.raises(DataError, match="there is no model folder"):
            locate(name)


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("true", True), ("ON", True), ("0", False), ("", False)])
def test_offline_is_what_the_hub_reads(monkeypatch, value, expected):
    monkeypatch.setenv("HF_HUB_OFFLINE", value)
    assert offline() is expected


def test_precision():
    assert working_precision("float32") == "float32"
    assert working_precision("auto") in {"float32", "bfloat16"}


def test_identity_is_that_of_the_content(tmp_path):
    pytest.importorskip("transformers")
    one, two = bert(tmp_path / "one"), bert(tmp_path / "two")
    assert identity(one) == identity(two)
    (two / "config.json").write_text((two / "config.json").read_text() + " ")
    assert identity(one) != identity(two)
