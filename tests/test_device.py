"""Networks compute where they are told to, whatever there is; what each test ran on is in its name."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import make_classification
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from typer.testing import CliRunner

from polyculture.adapt.align import align
from polyculture.adapt.dann import dann
from polyculture.adapt.depth_network import depth_network
from polyculture.cli import app
from polyculture.device import VARIABLE, back, device, lent, moved, on
from polyculture.errors import ParameterError
from polyculture.features.backbone import Backbone
from polyculture.features.encoders import ENCODERS
from polyculture.features.encoders.images.cnn import ImageCNNEncoder
from polyculture.features.encoders.images.rnn import ImageRNNEncoder
from polyculture.features.encoders.images.transformer import ImageTransformerEncoder
from polyculture.features.encoders.series.cnn import SeriesCNNEncoder
from polyculture.features.encoders.series.rnn import SeriesRNNEncoder
from polyculture.features.graph import given, propagation
from polyculture.features.modality_backbone import ModalityBackbone
from polyculture.fuse.distil import distil

AVAILABLE = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
ELSEWHERE = torch.device("cpu", 1)
"""A card that is none: memory of its own kind, in which everything is computed as ever."""


MAKERS = {getattr(torch, name) for name in ("arange", "empty", "eye", "full", "linspace", "ones", "zeros")}
MAKERS |= {getattr(torch, name) for name in ("rand", "randn", "randint", "randperm", "tensor")}


class Ledger:
    """Which memory is a card's."""

    def __init__(self) -> None:
        self.there: dict[int, bool | None] = {}
        # held, so that no other tensor comes to lie where one was
        self.held: list[torch.UntypedStorage] = []
        self.used = 0

    def of(self, tensor: torch.Tensor) -> bool | None:
        """Whether a tensor is there; None where an operation made it for its own use."""
        return self.there.get(tensor.untyped_storage().data_ptr(), False)

    def note(self, tensor: torch.Tensor, *, there: bool | None) -> None:
        self.held.append(tensor.untyped_storage())
        self.there[self.held[-1].data_ptr()] = there
        self.used += bool(there)


class Named(TorchFunctionMode):
    """What is made is here, but where a device is named, as that of another tensor; numpy reads what is here."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self.ledger = ledger

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function is torch.Tensor.numpy and self.ledger.of(args[0]):
            raise AssertionError("numpy is given a tensor on the card")
        found = function(*args, **(kwargs or {}))
        named = (kwargs or {}).get("device") is not None
        if isinstance(found, torch.Tensor) and (named or function in MAKERS):
            self.ledger.note(found, there=named)
        return found


class Apart(TorchDispatchMode):
    """No operation takes tensors of both memories, but for indices and single numbers, which may be anywhere."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self.ledger = ledger

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name, given = function.overloadpacket.__name__, [t for t in tree_leaves((args, kwargs)) if torch.is_tensor(t)]
        places = {self.ledger.of(tensor) for tensor in given if tensor.ndim and tensor.numel()} - {None}
        free = name in ("copy_", "to", "_to_copy", "lift_fresh") or name.startswith("index")
        assert free or len(places) < 2, f"{name} takes tensors here and there"
        found = function(*args, **kwargs)
        if name == "set_":
            return found  # another view of what is noted already
        there = self.result(name, given, places, kwargs.get("device"), free=free)
        for tensor in tree_leaves(found):
            if torch.is_tensor(tensor) and tensor.numel():
                self.ledger.note(tensor, there=there)
        return found

    def result(self, name, given, places, device, *, free):
        """Where it is what an operation gave."""
        if not given:
            return True if device == ELSEWHERE else None
        if name in ("to", "_to_copy") and device is not None:
            return device == ELSEWHERE
        if free:
            return self.ledger.of(given[0])
        return next(iter(places)) if places else any(self.ledger.of(tensor) for tensor in given) or None


@contextmanager
def card(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """Compute on a card that is none, and fail where memories are mixed up."""
    ledger, real = Ledger(), torch.from_numpy

    def from_numpy(array):
        found = real(array)
        ledger.note(found, there=False)
        return found

    monkeypatch.setattr(torch, "from_numpy", from_numpy)
    # which hides from the ledger of what an operation is made
    monkeypatch.setattr(torch, "inference_mode", torch.no_grad)
    monkeypatch.setenv(VARIABLE, "cpu:1")
    with Named(ledger), Apart(ledger):
        yield ledger


X, Y = make_classification(120, 8, n_informative=4, random_state=0)
X = X.astype(np.float32)
DOMAIN = np.repeat(["a", "b"], 60)
TEXTS = [f"{'good' if label else 'bad'} thing number {i % 7}" for i, label in enumerate(Y)]
IMAGES = (Y[:, None, None, None] * 200 + np.random.default_rng(0).integers(0, 50, (120, 8, 8, 3))).astype(np.uint8)
SERIES = (Y[:, None, None] + np.random.default_rng(0).normal(size=(120, 12, 2))).astype(np.float32)


def network():
    return Backbone(hidden=(8,), epochs=3)


def small(name, **settings):
    return ENCODERS.load(name)(**{"epochs": 1, **settings}).fit(TEXTS, Y).transform(TEXTS)


def half():
    y = Y.copy()
    y[60:] = -1
    return y


def graph():
    near = np.abs(np.subtract.outer(np.arange(120), np.arange(120))) == 1
    return given(near & (Y[:, None] == Y))


def tiny_transformer():
    """A Transformer of random weights, in a folder."""
    pytest.importorskip("transformers")
    sys.path.append(str(Path(__file__).parent / "features" / "encoders"))
    from tiny_models import bert

    from polyculture.features.text_backbone import TextBackbone

    settings = {"precision": "float32", "average": 0.5, "adversarial": 0.01, "epochs": 1, "batch_size": 8}
    with tempfile.TemporaryDirectory() as folder:
        found = TextBackbone(str(bert(Path(folder, "tiny"))), **settings).fit(TEXTS[:32], Y[:32])
        frozen = ENCODERS.load("pretrained")(str(Path(folder, "tiny")), precision="float32", cache=False)
        return found.gram_sums(TEXTS[:8])[found._head()], found.logits(TEXTS[:8]), frozen.fit([]).transform(TEXTS[:8])


def modalities():
    return ModalityBackbone(hidden=(8,), epochs=2, columns={"a": [(0, 4)], "b": [(4, 8)]})


WORK = {
    "backbone": lambda: network().fit(X, Y).logits(X),
    "labels": lambda: Backbone(hidden=(8,), epochs=2, target="labels").fit(X, np.eye(2)[Y]).logits(X),
    "values": lambda: Backbone(hidden=(8,), epochs=2, target="values").fit(X, X[:, 0]).logits(X),
    "modalities": lambda: modalities().fit(X, Y).logits(X),
    "distilled": lambda: list(distil(network().fit(X, Y), X, np.eye(2)[Y] * 3, Y).values()),
    "aligned": lambda: list(align(network().fit(X, half()), X, half(), DOMAIN, epochs=1)["b"].values()),
    "mmd": lambda: list(align(network().fit(X, half()), X, half(), DOMAIN, penalty="mmd", epochs=1)["b"].values()),
    "adversarial": lambda: list(dann(network().fit(X, half()), X, half(), DOMAIN, epochs=1)["b"].values()),
    "depths": lambda: depth_network([([X, X / 2], np.eye(2)[Y])], epochs=2)([X]),
    "gcn": lambda: propagation("gcn", epochs=2).fit_transform(X, graph(), Y),
    "gat": lambda: propagation("gat", epochs=2).fit_transform(X, graph(), Y),
    "sage": lambda: propagation("sage", epochs=2).fit_transform(X, graph(), Y),
    "cnn": lambda: small("cnn"),
    "rnn": lambda: small("rnn"),
    "transformer": lambda: small("transformer", pretrain_epochs=1),
    "image cnn": lambda: ImageCNNEncoder(epochs=1, mixup=0.2).fit(IMAGES[:40], Y[:40]).transform(IMAGES[:40]),
    "image rnn": lambda: ImageRNNEncoder(epochs=1).fit(IMAGES[:40], Y[:40]).transform(IMAGES[:40]),
    "image transformer": lambda: ImageTransformerEncoder(epochs=1).fit(IMAGES[:40], Y[:40]).transform(IMAGES[:40]),
    "series cnn": lambda: SeriesCNNEncoder(epochs=1).fit(SERIES, Y).transform(SERIES),
    "series rnn": lambda: SeriesRNNEncoder(epochs=1).fit(SERIES, Y).transform(SERIES),
    "text backbone": tiny_transformer,
}


@pytest.fixture(params=AVAILABLE)
def here(request, record_property):
    """Each device that there is."""
    record_property("device", request.param)
    with on(request.param):
        yield request.param


@pytest.mark.parametrize("name", WORK)
def test_everything_learns_and_answers_on_every_device_that_is_there(here, name):
    answers = WORK[name]()
    for part in answers if isinstance(answers, list | tuple) else [answers]:
        assert np.isfinite(part).all()
        assert np.ptp(part) > 0


@pytest.mark.parametrize("name", WORK)
def test_nothing_is_left_in_the_wrong_memory(monkeypatch, name):
    """On a card that is none: the numbers are those of the processor, and no operation mixes memories."""
    expected = WORK[name]()
    with card(monkeypatch) as ledger:
        found = WORK[name]()
    assert ledger.used > 20
    for one, other in zip(
        *(part if isinstance(part, list | tuple) else [part] for part in (found, expected)), strict=True
    ):
        # the same operations, but for how numbers lie in memory
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_the_card_that_is_none_tells_where_memories_are_mixed_up(monkeypatch):
    with card(monkeypatch):
        (there,) = moved(torch.from_numpy(np.ones(3)))
        with pytest.raises(AssertionError, match="here and there"):
            there + torch.from_numpy(np.ones(3))
        with pytest.raises(AssertionError, match="here and there"):
            there * torch.rand(3)
        with pytest.raises(AssertionError, match="on the card"):
            there.numpy()
        with pytest.raises(AssertionError, match="here and there"):
            torch.nn.Linear(3, 1).double()(there)
        with lent(torch.nn.Linear(3, 1).double()) as network:
            assert back(network(there).detach()).numpy().shape == (1,)
        assert (there + torch.rand(3, device=ELSEWHERE)).shape == (3,)


def test_names_of_devices():
    assert device() == torch.device("cpu")
    with on("auto"):
        assert device().type == AVAILABLE[-1]
    for name, message in (
        ("gpu", "there is no device named 'gpu'; use one of auto, cpu, cuda"),
        ("meta", "nothing here computes on 'meta'"),
        ("cuda:99", "torch sees no device 'cuda:99' here"),
    ):
        with pytest.raises(ParameterError, match=message), on(name):
            pass
    assert VARIABLE not in os.environ


def test_the_choice_ends_with_its_block(monkeypatch):
    monkeypatch.setenv(VARIABLE, "cpu")
    with on("auto"):
        assert os.environ[VARIABLE] == "auto"
    assert os.environ[VARIABLE] == "cpu"


def test_commands_take_it(tmp_path):
    """An unknown one is one sentence, before anything is read."""
    for command in ("fit", "predict", "evaluate", "adapt", "explain"):
        found = CliRunner().invoke(app, [command, "--device", "abacus", "--help"])
        assert found.exit_code in (0, 2)
    (tmp_path / "d.csv").write_text("text,label\na,b\n")
    found = CliRunner().invoke(
        app, ["fit", str(tmp_path / "d.csv"), "--out", str(tmp_path / "m"), "--device", "abacus"]
    )
    assert found.exit_code == 2
    assert "there is no device named 'abacus'" in found.output
    assert VARIABLE not in os.environ
