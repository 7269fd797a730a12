"""Pickles read without being run: arrays and tensors come out, and nothing is ever called."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
from collections import OrderedDict

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.errors import DataError
from polyculture.features.encoders.images.inert import Call, read_inert
from polyculture.features.encoders.images.weights import numpy_arrays, torch_tensors, verified


def legacy(tensors):
    """A file as torch wrote them before version 1.6."""
    file = io.BytesIO()
    torch.save(tensors, file, _use_new_zipfile_serialization=False)
    return file.getvalue()


def pickled_arrays(arrays):
    # an array's name for its own rebuilding has moved in NumPy 2
    return pickle.dumps(arrays, protocol=3).replace(b"numpy._core.", b"numpy.core.")


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**70) | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(plain)
def test_plain_values_are_read_as_the_library_reads_them(value):
    assert read_inert(io.BytesIO(pickle.dumps(value, protocol=3)), "x") == value


def test_a_call_is_told_and_not_made(tmp_path):
    class Harm:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "made"),)

    found = read_inert(io.BytesIO(pickle.dumps(Harm(), protocol=3)), "x")
    assert isinstance(found, Call)
    assert found.name.endswith(" mkdir")
    assert not (tmp_path / "made").exists()
    with pytest.raises(DataError, match="does not hold"):
        numpy_arrays(pickle.dumps({"conv": [Harm()]}, protocol=3), "x")
    with pytest.raises(DataError, match="does not hold"):
        torch_tensors(legacy({"conv": torch.ones(2)}).replace(b"_rebuild_tensor_v2", b"_rebuild_tensor_v9"), "x")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "damaged|too early"),
        (b"\x80\x02", "damaged|too early"),
        (b"\x80\x02K\x01", "damaged|too early"),
        (b"\x80\x02\x85.", "damaged"),
        (b"\x80\x02h\x07.", "damaged"),
        (b"\x80\x02t.", "damaged"),
        (pickle.dumps(1.5, protocol=2), "more than arrays"),
        (pickle.dumps({1, 2}, protocol=4), "more than arrays"),
        (os.urandom(0) + b"not a pickle", "damaged|more than"),
    ],
)
def test_damaged_files_and_other_instructions_are_refused(data, says):
    with pytest.raises(DataError, match=says):
        read_inert(io.BytesIO(data), "x")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_flipped_byte_is_an_error_or_another_value_and_nothing_else(data):
    good = bytearray(pickled_arrays({"a": [np.arange(3, dtype=np.float32)]}))
    good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(DataError):
        numpy_arrays(bytes(good), "x")


@pytest.mark.parametrize("order", ["C", "F"])
def test_numpy_arrays(order):
    kernel = np.asarray(np.random.RandomState(0).normal(size=(3, 2, 4)), dtype=np.float32, order=order)
    found = numpy_arrays(pickled_arrays({"conv": [kernel, np.ones(4, np.float32)]}), "x")
    assert np.array_equal(found["conv"][0], kernel)
    assert found["conv"][1].tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("value", [np.arange(3), np.array(["a"], dtype=object), np.ones(2, ">f4")])
def test_other_types_of_arrays_are_refused(value):
    with pytest.raises(DataError):
        numpy_arrays(pickled_arrays({"conv": [value]}), "x")


def test_tensors_are_those_that_torch_reads():
    kernel = torch.randn(4, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    shared = torch.arange(6, dtype=torch.float32)
    tensors = OrderedDict(
        kernel=kernel, turned=kernel.permute(2, 3, 1, 0), count=torch.tensor(7), first=shared[:3], last=shared[3:]
    )
    found = torch_tensors(legacy(tensors), "x")
    assert list(found) == list(tensors)
    for name, value in tensors.items():
        assert np.array_equal(found[name], value.numpy()), name


def test_a_tensor_outside_of_its_storage_is_refused():
    data = legacy({"a": torch.ones(8)})
    # the length of the storage, in eight bytes before its numbers
    at = len(data) - 40
    assert int.from_bytes(data[at : at + 8], "little") == 8
    with pytest.raises(DataError, match="outside of its storage"):
        torch_tensors(data[:at] + (2).to_bytes(8, "little") + data[at + 8 :], "x")
    with pytest.raises(DataError, match="too early"):
        torch_tensors(data[:-4], "x")


def test_a_new_file_of_torch_is_no_old_one():
    file = io.BytesIO()
    torch.save({"a": torch.ones(2)}, file)
    with pytest.raises(DataError):
        torch_tensors(file.getvalue(), "x")


def test_other_bytes_are_not_read():
    with pytest.raises(DataError, match="another SHA-256"):
        verified(b"other", "0" * 64, "x")
