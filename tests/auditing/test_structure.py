"""What model files share, against counting pair by pair."""

from __future__ import annotations

import json
from collections import Counter
from math import prod

import numpy as np
import numpy.testing as npt
import pytest

from polyculture.auditing.structure import structure
from polyculture.data.answers import ModelFile
from polyculture.errors import ShapeError


def model(name: str, parameters: dict, operators: dict | None = None) -> ModelFile:
    """A file whose parameters are given as name: (shape, digest)."""
    shapes = {key: (shape, "F32") for key, (shape, _) in parameters.items()}
    digests = {key: digest for key, (_, digest) in parameters.items() if digest is not None}
    return ModelFile(name, shapes, operators or {}, digests)


def random_models(count: int) -> list[ModelFile]:
    rng = np.random.default_rng(0)
    shapes = [(4, 4), (4,), (2, 3), (), (8, 2)]
    return [
        model(
            f"m{i}",
            {f"p{j}": (shapes[rng.integers(5)], str(rng.integers(6))) for j in range(rng.integers(1, 9))},
            {op: int(rng.integers(1, 5)) for op in rng.choice(["Conv", "MatMul", "Relu"], 2, replace=False)},
        )
        for i in range(count)
    ]


def overlap(a: Counter, b: Counter, weight) -> float:
    return sum(weight(t) * c for t, c in (a & b).items()) / sum(weight(t) * c for t, c in (a | b).items())


def test_overlaps_by_counting() -> None:
    files = random_models(12)
    found = structure(files)
    shapes = [Counter(shape for shape, _ in file.parameters.values()) for file in files]
    contents = [Counter((s, f.digests[k]) for k, (s, _) in f.parameters.items()) for f in files]
    for i in range(12):
        for j in range(12):
            assert found.shapes[i, j] == pytest.approx(overlap(shapes[i], shapes[j], lambda _: 1))
            assert found.shapes_by_size[i, j] == pytest.approx(overlap(shapes[i], shapes[j], prod))
            assert found.identical[i, j] == pytest.approx(overlap(contents[i], contents[j], lambda t: prod(t[0])))


def test_operators_by_cosine_and_sizes_by_ratio() -> None:
    files = random_models(8)
    found = structure(files)
    kinds = ["Conv", "MatMul", "Relu"]
    table = np.array([[file.operators.get(kind, 0) for kind in kinds] for file in files], dtype=float)
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    npt.assert_allclose(found.operators, table @ table.T, atol=1e-12)
    sizes = [sum(prod(shape) for shape, _ in file.parameters.values()) for file in files]
    npt.assert_array_equal(found.parameters, sizes)
    npt.assert_allclose(found.size_ratio, np.minimum.outer(sizes, sizes) / np.maximum.outer(sizes, sizes))


def test_a_copy_shares_all_and_a_new_head_all_but_that() -> None:
    base = model("base", {"body": ((10, 10), "x"), "head": ((10, 5), "y")}, {"MatMul": 2})
    tuned = model("tuned", {"body": ((10, 10), "x"), "head": ((10, 5), "z")}, {"MatMul": 2})
    found = structure([base, base, tuned])
    for matrix in found.measures.values():
        npt.assert_array_equal(np.diagonal(matrix), 1)
        npt.assert_array_equal(matrix, matrix.T)
        assert matrix[0, 1] == 1
    assert found.identical[0, 2] == pytest.approx(100 / 200)
    assert found.shapes[0, 2] == found.shapes_by_size[0, 2] == 1


def test_tied_weights_count_as_often_as_they_occur() -> None:
    once = model("once", {"a": ((4,), "x")})
    twice = model("twice", {"a": ((4,), "x"), "b": ((4,), "x")})
    assert structure([once, twice]).identical[0, 1] == pytest.approx(0.5)


def test_equal_bytes_in_another_shape_are_another_parameter() -> None:
    assert structure([model("a", {"w": ((2, 3), "x")}), model("b", {"w": ((3, 2), "x")})]).identical[0, 1] == 0


def test_what_a_file_does_not_say_is_undefined() -> None:
    known = model("known", {"w": ((4,), "x")}, {"Conv": 1})
    without = model("without", {"w": ((4,), None)})
    empty = model("empty", {})
    found = structure([known, without, empty])
    assert np.isnan(found.identical[1]).all()
    assert np.isnan(found.operators[1:]).all()
    assert found.shapes[0, 1] == 1
    assert np.isnan(found.shapes[2, 2])
    assert found.size_ratio[0, 2] == 0
    assert np.isnan(found.size_ratio[2, 2])


def test_parameters_without_a_digest_are_like_no_other() -> None:
    half = model("half", {"a": ((4,), "x"), "b": ((4,), None)})
    found = structure([half, half])
    assert found.identical[0, 1] == pytest.approx(4 / 12)
    assert found.identical[0, 0] == 1


def test_plain_values_with_the_reason_for_no_interval() -> None:
    plain = json.loads(json.dumps(structure(random_models(3)).to_dict()))
    assert plain["models"] == ["m0", "m1", "m2"]
    assert len(plain["shapes"]) == 3
    assert "not a sample" in plain["reason"]


def test_no_files_are_refused() -> None:
    with pytest.raises(ShapeError, match="at least one"):
        structure([])
