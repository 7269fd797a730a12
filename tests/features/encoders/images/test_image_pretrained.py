"""Frozen encoders of images: each distinct image once, caches, networks as published, ONNX files."""

from __future__ import annotations

import io
import os
import pickle
import sys
import tarfile
from importlib.util import find_spec

import numpy as np
import pytest
import torch

from polyculture.errors import DataError, MissingExtraError, ParameterError
from polyculture.features.encoders import make_encoder
from polyculture.features.encoders.images import efficientnet, pretrained, squeezenet
from polyculture.features.encoders.images.onnx_images import MEAN, SPREAD
from polyculture.features.encoders.images.pretrained import PretrainedImageEncoder

needs_runtime = pytest.mark.skipif(find_spec("onnxruntime") is None, reason="onnxruntime is not installed")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("POLYCULTURE_CACHE", str(tmp_path / "cache"))


def pictures(n=5, side=40, seed=0):
    return np.random.RandomState(seed).randint(0, 256, (n, side, side, 3)).astype(np.uint8)


class Counted(torch.nn.Module):
    """Mean colours, and how many images were asked about."""

    width = 3
    seen = 0

    def forward(self, images):
        self.seen += len(images)
        return images.mean((2, 3))


@pytest.fixture
def counted(monkeypatch):
    network = Counted()
    monkeypatch.setattr(squeezenet, "network", lambda: network)
    return network


class TestVectors:
    def test_are_in_the_order_of_the_images(self, counted):
        images = pictures()
        found = PretrainedImageEncoder(size=40, batch_size=2).fit(images).transform(images)
        np.testing.assert_allclose(found, images.mean((1, 2)) / 255, atol=1e-5)
        assert found.dtype == np.float32

    def test_an_image_is_encoded_once_and_kept(self, counted):
        images = pictures()
        encoder = PretrainedImageEncoder(size=40).fit(images)
        first = encoder.transform(images[[0, 1, 0, 0]])
        assert counted.seen == 2
        assert np.array_equal(first[0], first[3])
        again = PretrainedImageEncoder(size=40).fit(images).transform(images[:3])
        assert counted.seen == 3
        assert np.array_equal(again[:2], first[:2])

    def test_another_size_or_no_cache_is_computed_anew(self, counted):
        images = pictures()
        PretrainedImageEncoder(size=40).fit(images).transform(images)
        PretrainedImageEncoder(size=32).fit(images).transform(images)
        assert counted.seen == 10
        PretrainedImageEncoder(size=40, cache=False).fit(images).transform(images)
        assert counted.seen == 15

    def test_the_same_bytes_in_another_shape_are_another_image(self, counted):
        encoder = PretrainedImageEncoder(size=32).fit([])
        flat = pictures(1, 40).reshape(1, 20, 80, 3)
        encoder.transform(pictures(1, 40))
        encoder.transform(flat)
        assert counted.seen == 2

    def test_none(self, counted):
        assert PretrainedImageEncoder().fit([]).transform([]).shape == (0, 3)

    def test_state(self, counted, monkeypatch):
        encoder = PretrainedImageEncoder(size=40).fit([])
        again = PretrainedImageEncoder.from_state(encoder.state())
        assert np.array_equal(again.transform(pictures()), encoder.transform(pictures()))
        monkeypatch.setattr(squeezenet, "SHA256", "0" * 64)
        with pytest.raises(DataError, match="is not the one this was fitted with"):
            PretrainedImageEncoder.from_state(encoder.state())

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"model": "resnet"}, "no model of images named 'resnet'"),
            ({"size": 8}, "size is 8"),
            ({"batch_size": 0}, "batch_size is 0"),
        ],
    )
    def test_bad_parameters(self, counted, changes, says):
        with pytest.raises(ParameterError, match=says):
            PretrainedImageEncoder(**changes).fit([])

    def test_by_name(self):
        assert make_encoder("image-pretrained:efficientnet-lite0").model == "efficientnet-lite0"


def archive_of(weights):
    """A source archive like that of the package, with these weights."""
    data = pickle.dumps(weights, protocol=3).replace(b"numpy._core.", b"numpy.core.")
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        info = tarfile.TarInfo(squeezenet.WEIGHTS)
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    return file.getvalue(), data


class TestSqueezeNet:
    @pytest.fixture(scope="class")
    @classmethod
    def weights(cls):
        """Random ones, in the package's layout: height, width, in, out."""
        rng, found = np.random.default_rng(0), {}
        for name, value in squeezenet.SqueezeNet().state_dict().items():
            if name.endswith("weight"):
                key = name.removeprefix("fires.").removesuffix(".weight").replace(".", "/")
                out, into, high, wide = value.shape
                kernel = rng.normal(scale=(2 / (into * high * wide)) ** 0.5, size=(high, wide, into, out))
                found[key] = [kernel.astype(np.float32), rng.normal(size=out).astype(np.float32)]
        return found

    def test_weights_come_out_of_the_archive_as_they_are(self, weights, monkeypatch):
        import hashlib

        archive, data = archive_of(weights)
        monkeypatch.setattr(squeezenet, "SHA256", hashlib.sha256(data).hexdigest())
        state = squeezenet.state_from(squeezenet.member(archive))
        network = squeezenet.SqueezeNet()
        network.load_state_dict(state)
        kernel = weights["fire2/expand3x3"][0]
        assert np.array_equal(state["fires.fire2.expand3x3.weight"][5, 3].numpy(), kernel[:, :, 3, 5])
        assert network(torch.zeros(1, 3, 64, 64)).shape == (1, 512)

    def test_another_file_is_not_read(self, weights):
        with pytest.raises(DataError, match="another SHA-256"):
            squeezenet.member(archive_of(weights)[0])
        with pytest.raises(DataError, match="cannot be read"):
            squeezenet.member(b"no archive")

    def test_has_as_many_numbers_as_published(self):
        assert sum(p.numel() for p in squeezenet.SqueezeNet().parameters()) == 1_235_496

    def test_blue_comes_first_and_the_mean_is_taken_away(self):
        network = squeezenet.SqueezeNet().eval()
        fed = []
        network.conv1.register_forward_hook(lambda _, put, __: fed.append(put[0]))
        image = torch.zeros(1, 3, 32, 32)
        image[:, 0] = 1.0
        network(image)
        assert fed[0][0, :, 5, 5].tolist() == pytest.approx([-103.939, -116.779, 255 - 123.68], abs=1e-3)


class TestEfficientNet:
    def test_has_as_many_numbers_as_published(self):
        network = efficientnet.EfficientNetLite0()
        assert sum(p.numel() for p in network.parameters()) == 4_652_008

    def test_a_missing_package_is_one_clear_sentence(self, monkeypatch):
        monkeypatch.setattr(efficientnet, "PACKAGE", "no_such_package_of_weights")
        efficientnet.network.cache_clear()
        with pytest.raises(MissingExtraError, match=r"polyculture\[image-models\]"):
            PretrainedImageEncoder("efficientnet-lite0").fit([])

    @pytest.mark.pretrained
    @pytest.mark.skipif(find_spec(efficientnet.PACKAGE) is None, reason=f"{efficientnet.PACKAGE} is not installed")
    def test_weights_are_those_that_torch_reads(self):
        efficientnet.network.cache_clear()
        from polyculture.features.encoders.static import package_folder

        path = package_folder(efficientnet.PACKAGE) / "models" / efficientnet.FILE
        read = torch.load(path, weights_only=True)
        own = efficientnet.network().state_dict()
        assert set(own) == set(read)
        assert all(torch.equal(own[name], read[name]) for name in read)


def exported(path, out="pooled", side=None, channels=3):
    """A network that squares what it is given, with the mean over places as a second output."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper

    nodes = [
        helper.make_node("Mul", ["image", "image"], ["places"]),
        helper.make_node("ReduceMean", ["places"], ["pooled"], axes=[2, 3], keepdims=0),
    ]
    put = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", channels, side or "h", side or "w"])
    shapes = {"places": ["n", channels, side or "h", side or "w"], "pooled": ["n", channels]}
    outs = [helper.make_tensor_value_info(out, TensorProto.FLOAT, shapes[out])]
    graph = helper.make_graph(nodes, "g", [put], outs)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return str(path)


@needs_runtime
class TestOnnx:
    @pytest.mark.parametrize("out", ["pooled", "places"])
    def test_vectors_are_its_last_output_or_its_mean_over_places(self, tmp_path, out):
        images = pictures(3, 32)
        encoder = PretrainedImageEncoder(exported(tmp_path / "m.onnx", out), size=32, batch_size=2).fit([])
        scaled = (images / 255 - np.array(MEAN)) / np.array(SPREAD)
        np.testing.assert_allclose(encoder.transform(images), (scaled**2).mean((1, 2)), rtol=1e-4)

    def test_the_file_says_the_size(self, tmp_path):
        path = exported(tmp_path / "m.onnx", side=48)
        assert PretrainedImageEncoder(path).fit([]).transform(pictures(2, 32)).shape == (2, 3)
        with pytest.raises(ParameterError, match="takes 48 alone"):
            PretrainedImageEncoder(path, size=64).fit([])

    def test_a_changed_file_is_another_model(self, tmp_path):
        path = exported(tmp_path / "m.onnx")
        state = PretrainedImageEncoder(path).fit([]).state()
        exported(tmp_path / "m.onnx", out="places")
        os.utime(path, (1, 1))
        with pytest.raises(DataError, match="is not the one"):
            PretrainedImageEncoder.from_state(state)

    def test_it_travels_to_another_process(self, tmp_path):
        encoder = PretrainedImageEncoder(exported(tmp_path / "m.onnx"), size=32).fit([])
        again = pickle.loads(pickle.dumps(encoder))  # noqa: S301 (our own bytes)
        assert np.array_equal(again.transform(pictures()), encoder.transform(pictures()))

    def test_other_files(self, tmp_path):
        with pytest.raises(DataError, match="there is no file"):
            PretrainedImageEncoder(str(tmp_path / "none.onnx")).fit([])
        (tmp_path / "bad.onnx").write_bytes(b"no model")
        with pytest.raises(DataError, match="cannot be opened as an ONNX model"):
            PretrainedImageEncoder(str(tmp_path / "bad.onnx")).fit([])
        with pytest.raises(DataError, match="expected one float tensor of images"):
            PretrainedImageEncoder(exported(tmp_path / "one.onnx", channels=1)).fit([])

    def test_a_missing_runtime_is_one_clear_sentence(self, tmp_path, monkeypatch):
        path = exported(tmp_path / "m.onnx")
        monkeypatch.setitem(sys.modules, "onnxruntime", None)
        with pytest.raises(MissingExtraError, match=r"polyculture\[onnx\]"):
            PretrainedImageEncoder(path).fit([])


def test_loading_is_named_for_every_model():
    assert set(pretrained.NETWORKS) == {"squeezenet", "efficientnet-lite0"}
