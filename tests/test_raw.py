"""Numbers of a file that are read and written where they lie, past HDF5."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from neurorec.hdf5.opening import unbuffered
from neurorec.hdf5.raw import FEW, Raw
from neurorec.hdf5.sliced import SlicedData
from neurorec.runs.datasets import allocate, dimension


def made(path, shape, dtype):
    with h5py.File(path, "w") as file:
        allocate(file, "numbers", [dimension(file, f"of_{axis}", size) for axis, size in enumerate(shape)], dtype, "1", "numbers")
    return unbuffered(path)


@st.composite
def blocks(draw):
    """A shape, a part of it, and whether its first dimension is over networks."""
    shape = draw(array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=12))
    ends = [sorted(draw(st.tuples(st.integers(0, size), st.integers(0, size)))) for size in shape]
    whole = [draw(st.booleans()) for _ in shape]
    return shape, tuple(slice(None) if all_ else slice(*each) for all_, each in zip(whole, ends, strict=True)), draw(st.booleans())


@given(blocks(), st.sampled_from(["<f8", "<f4", "<i8", ">f4"]))
@settings(max_examples=60, deadline=None)
def test_a_block_is_what_hdf5_reads_and_writes(tmp_path_factory, block, dtype):
    shape, where, many = block
    with made(tmp_path_factory.mktemp("raw") / "file.h5", shape, dtype) as file:
        below, expected = file["numbers"], np.arange(np.prod(shape)).reshape(shape).astype(dtype)
        below[...] = expected
        index, own = (shape[0] - 1, where[1:]) if many else (None, where)
        data, mine = SlicedData(below, index), expected[index, ...] if many else expected
        np.testing.assert_array_equal(data[own], mine[own])
        values = -1.0 - np.arange(mine[own].size).reshape(mine[own].shape)
        data[own] = values
        mine[own] = values
        np.testing.assert_array_equal(below[...], expected)  # nothing beside it has changed
        np.testing.assert_array_equal(data[own], values)


@pytest.mark.parametrize("index", [None, 1])
def test_one_number_has_a_place_too(tmp_path, index):
    with made(tmp_path / "file.h5", () if index is None else (3,), np.int64) as file:
        data = SlicedData(file["numbers"], index)
        data[()] = 7
        assert data[()] == 7
        assert np.sum(file["numbers"][()]) == 7


def test_a_closed_file_is_not_written_by_its_old_number(tmp_path):
    file = made(tmp_path / "file.h5", (4,), np.float64)
    data, raw = SlicedData(file["numbers"], None), Raw.of(file["numbers"])
    assert raw.places((0,), (4,))
    file.close()
    assert raw.places((0,), (4,)) == []
    with pytest.raises((ValueError, RuntimeError)):
        data[:] = 1


def test_what_has_no_place_is_left_to_hdf5(tmp_path):
    with made(tmp_path / "file.h5", (FEW + 1, 2), np.float64) as file:
        raw = Raw.of(file["numbers"])
        assert raw.places((0, 0), (FEW + 1, 1)) == []  # many short rows
        assert len(raw.places((0, 0), (FEW + 1, 2))) == 1  # all of it lies in one
    with h5py.File(tmp_path / "file.h5", "r+") as file:
        assert Raw.of(file["numbers"]) is None  # HDF5 may have some of it in a buffer
    with h5py.File("nowhere", "w", driver="core", backing_store=False) as file:
        assert Raw.of(file.create_dataset("numbers", data=np.ones(3))) is None
