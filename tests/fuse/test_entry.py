"""Fusing state dicts and files: the same numbers, the same types, and memory that does not grow with the models."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from safetensors.torch import load_file as load_torch
from safetensors.torch import save_file as save_torch

from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.fuse import average, gram_sums, tensor_by_tensor
from polyculture.fuse.entry import fuse
from polyculture.fuse.files import fuse_files
from polyculture.fuse.held import Held
from polyculture.fuse.methods import METHODS

SHAPES = {"0.weight": (6, 4), "0.bias": (6,), "norm": (5,), "1.weight": (3, 6), "scale": ()}
BY_TENSOR = [name for name, method in METHODS.items() if method.reads != "models"]


def network(rng, dtype=np.float32):
    found = {name: np.asarray(rng.normal(size=shape)).astype(dtype) for name, shape in SHAPES.items()}
    return found | {"steps": np.array(3, dtype=np.int64)}


def family(count=3, dtype=np.float32):
    rng = np.random.RandomState(0)
    return network(rng, dtype), [network(rng, dtype) for _ in range(count)], rng


def sums_of(method, experts, rng):
    """What a method needs besides models."""
    if method == "regmean":
        return {"grams": [gram_sums({"0": rng.normal(size=(9, 4)), "1": rng.normal(size=(9, 6))}) for _ in experts]}
    if method == "fisher":
        return {"fishers": [{"0.weight": e["0.weight"] ** 2} for e in experts]}
    return {}


def floats(state):
    return {name: value for name, value in state.items() if name != "steps"}


def saved(folder, name, tensors):
    save_file({key: np.array(value, order="C") for key, value in tensors.items()}, folder / f"{name}.safetensors")
    return folder / f"{name}.safetensors"


@pytest.mark.parametrize("method", BY_TENSOR)
def test_tensor_by_tensor_is_what_the_whole_gives_in_memory_and_in_files(tmp_path, method, monkeypatch):
    # stretches so short that tensors are cut
    monkeypatch.setattr(tensor_by_tensor, "NUMBERS_AT_ONCE", 20)
    base, experts, rng = family()
    sums = sums_of(method, experts, rng)
    whole = METHODS[method].merge(floats(base), [floats(e) for e in experts], **sums)
    held = fuse(experts, base, method, **sums)
    files = [saved(tmp_path, f"e{i}", e) for i, e in enumerate(experts)]
    stored = {k: [saved(tmp_path, f"{k}{i}", s) for i, s in enumerate(v)] for k, v in sums.items()}
    fuse_files(files, tmp_path / "out.safetensors", base=saved(tmp_path, "base", base), method=method, **stored)
    kept = load_file(tmp_path / "out.safetensors")
    assert list(held) == list(base)
    assert set(kept) == set(base)
    for name, value in whole.items():
        assert held[name].dtype == kept[name].dtype == base[name].dtype
        assert held[name].shape == kept[name].shape == base[name].shape
        np.testing.assert_allclose(held[name], value, rtol=1e-6, atol=1e-7)
        np.testing.assert_array_equal(kept[name], held[name])
    assert held["steps"] == kept["steps"] == 3


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_torch_tensors_give_torch_tensors_of_their_type(tmp_path, kind):
    generator = torch.Generator().manual_seed(0)
    base, one, two = ({"w": torch.randn(2, 3, generator=generator).to(kind)} for _ in range(3))
    found = fuse([one, two], base, "task_arithmetic", scale=0.5)["w"]
    expected = (base["w"].double() + 0.5 * (one["w"].double() + two["w"].double() - 2 * base["w"].double())).to(kind)
    assert found.dtype == kind
    torch.testing.assert_close(found, expected)
    paths = [tmp_path / f"{name}.safetensors" for name in ("base", "one", "two")]
    for state, path in zip((base, one, two), paths, strict=True):
        save_torch(state, path, metadata={"format": "pt"})
    out = tmp_path / "out.safetensors"
    fuse_files(paths[1:], out, base=paths[0], method="task_arithmetic", scale=0.5)
    torch.testing.assert_close(load_torch(out)["w"], expected)
    with safe_open(out, "pt") as file:
        assert file.metadata() == {"format": "pt"}


def test_a_module_of_torch_takes_what_comes_back():
    def module(seed):
        torch.manual_seed(seed)
        return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2))

    experts = [module(seed).state_dict() for seed in range(3)]
    found = fuse(experts)
    assert module(9).load_state_dict(found)
    mean = torch.stack([e["0.weight"] for e in experts]).mean(dim=0)
    torch.testing.assert_close(found["0.weight"], mean)


def test_methods_on_the_whole_model_ask_functions_of_it():
    base, experts, _ = family()
    soup = fuse(experts, method="greedy_soup", score=lambda weights: -float(np.abs(weights["norm"]).sum()))
    assert np.abs(soup["norm"]).sum() <= min(np.abs(e["norm"]).sum() for e in experts) + 1e-6
    rows = np.random.RandomState(1).normal(size=(9, 4))
    merged = fuse(
        experts, base, "regmean_plus_plus", layers=["0"], ridge=0.0, gather=lambda i, weights: gram_sums({"0": rows})
    )
    np.testing.assert_allclose(merged["0.weight"], average(floats(base), experts_of(experts))["0.weight"], atol=1e-4)


def experts_of(experts):
    return [floats(e) for e in experts]


def test_experts_can_be_named_and_messages_name_them():
    base, experts, _ = family()
    broken = experts[1] | {"norm": np.full(5, np.nan, dtype=np.float32)}
    with pytest.raises(DataError, match="films: 'norm' holds values that are not numbers"):
        fuse({"books": experts[0], "films": broken}, base)


def test_whole_numbers_are_the_base_models_and_others_are_counted(tmp_path):
    base, experts, _ = family()
    experts[1]["steps"] = np.array(9, dtype=np.int64)
    files = [saved(tmp_path, f"e{i}", e) for i, e in enumerate(experts)]
    found = fuse_files(files, tmp_path / "o.safetensors", base=saved(tmp_path, "b", base), method="tsv_m")
    assert (found.tensors, found.averaged, found.copied, found.differing) == (6, 3, 1, ("steps",))
    assert found.numbers == 24 + 6 + 5 + 18 + 1 + 1
    assert load_file(tmp_path / "o.safetensors")["steps"] == 3


def test_layers_without_gram_sums_are_counted_as_averaged(tmp_path):
    base, experts, rng = family()
    grams = [saved(tmp_path, f"g{i}", gram_sums({"0": rng.normal(size=(9, 4))})) for i in range(3)]
    files = [saved(tmp_path, f"e{i}", e) for i, e in enumerate(experts)]
    found = fuse_files(
        files, tmp_path / "o.safetensors", base=saved(tmp_path, "b", base), method="regmean", grams=grams
    )
    assert found.averaged == 3


@pytest.mark.parametrize("method", BY_TENSOR)
def test_memory_is_bounded_by_the_largest_tensor_and_not_by_experts_or_model(tmp_path, method, monkeypatch):
    side, layers, count = 128, 12, 8
    monkeypatch.setattr(tensor_by_tensor, "NUMBERS_AT_ONCE", side * side)
    rng = np.random.RandomState(0)

    def model(name):
        return saved(tmp_path, name, {f"{i}.weight": rng.normal(size=(side, side)).astype("f4") for i in range(layers)})

    files, base = [model(f"e{i}") for i in range(count)], model("base")
    sums = {}
    if method == "regmean":
        gram = {f"{i}": np.eye(side + 1, dtype=np.float32) for i in range(layers)}
        sums = {"grams": [saved(tmp_path, f"g{i}", gram) for i in range(count)]}
    if method == "fisher":
        sums = {
            "fishers": [
                saved(tmp_path, f"f{i}", {n: v**2 for n, v in load_file(f).items()}) for i, f in enumerate(files)
            ]
        }

    def peak(experts):
        tracemalloc.start()
        given = {name: paths[:experts] for name, paths in sums.items()}
        fuse_files(files[:experts], tmp_path / "o.safetensors", base=base, method=method, **given)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(1)  # what is imported stays
    tensor, few, many = 4 * side * side, peak(2), peak(count)
    # work is in doubles, twice as wide as what is kept; a model would be 12 tensors, and all experts 96
    assert many < 24 * tensor
    assert many < 1.3 * few


@pytest.mark.parametrize(
    ("states", "given", "error", "says"),
    [
        ([], {}, ParameterError, "no expert to fuse"),
        ([{"w": np.ones(2)}], {"method": "tie"}, ParameterError, "no merge of weights named 'tie'; did you mean ties"),
        ([{"w": np.ones(2)}], {"method": "ties"}, ParameterError, "ties works on changes from a base model"),
        ([{"w": np.ones(2)}], {"weight": [1]}, ParameterError, "no setting named 'weight'; did you mean weights"),
        ([{"w": np.ones(2)}], {"weights": "1"}, ParameterError, "weights is '1'; give a list"),
        ([{"w": np.ones(2)}], {"weights": ["1"]}, ParameterError, "weights is '1'; give a number"),
        ([{"w": np.ones(2)}], {"method": "greedy_soup"}, ParameterError, "greedy_soup needs 'score'"),
        ([{"w": np.ones(2)}], {"method": "fisher"}, ParameterError, "fisher needs 'fishers'; give one for each"),
        ([{"w": np.ones(2)}], {"method": "fisher", "fishers": []}, ParameterError, "1 experts and 0 fishers"),
        ([{"w": np.ones(2)}, {"w": np.ones(3)}], {}, ShapeError, r"expert 2: 'w' has the shape \(3,\), in expert 1"),
        ([{"w": np.ones(2)}, {"v": np.ones(2)}], {}, ShapeError, "expert 2: lacks 'w', which expert 1 has"),
        ([{"w": np.ones(2)}, {"w": np.ones(2), "v": np.ones(1)}], {}, ShapeError, "expert 2: has 'v', which"),
        ([{"w": np.ones(2)}, {"w": np.ones(2, dtype=int)}], {}, DataError, "expert 2: 'w' is of type I64"),
        ([{"w": [1.0]}], {}, DataError, "expert 1: 'w' is of type list"),
        ([{"w": np.ones(2, dtype=complex)}], {}, DataError, "'w' is of type complex128"),
        ([3], {}, ParameterError, "expert 1 is a int; give a mapping"),
    ],
)
def test_what_does_not_fit_is_one_sentence(states, given, error, says):
    with pytest.raises(error, match=says):
        fuse(states, **given)


def test_gram_sums_of_another_shape_or_layer_are_named():
    base, experts, rng = family(2)
    good = gram_sums({"0": rng.normal(size=(9, 4))})
    for bad, error, says in [
        ({"0": np.eye(4)}, ShapeError, r"grams 2: '0' has the shape \(4, 4\), expected \(5, 5\)"),
        ({"9": np.eye(4)}, ParameterError, "grams 2: '9' belongs to no tensor '9.weight'"),
        ({}, ShapeError, "grams 2 and grams 1 do not both have '0'"),
    ]:
        with pytest.raises(error, match=says):
            fuse(experts, base, "regmean", grams=[good, bad])


def test_a_result_that_outgrows_its_type_is_no_infinity():
    states = [{"w": np.array([6e4], dtype=np.float16)}]
    with pytest.raises(DataError, match="the merged 'w' outgrows the type F16"):
        fuse(states, {"w": np.zeros(1, dtype=np.float16)}, "task_arithmetic", scale=2.0)


def test_stretches_of_a_tensor_in_memory_are_its_own_numbers():
    model = Held({"w": np.arange(6.0).reshape(2, 3)}, "expert 1")
    np.testing.assert_array_equal(model.flat("w", slice(1, 4)), [1, 2, 3])
