"""How loops are compiled: what they are given they do not own, and what they give back they do."""

from __future__ import annotations

import gc
import weakref

import numpy as np

from neurorec.formula.entry import FLAGS, _EntryCompiler, part

import numba  # isort: skip


def entry(function):
    """As `neurorec.formula.entry.entry`, without a file for the machine code."""
    return numba.njit(nogil=True, pipeline_class=_EntryCompiler, **FLAGS)(function)


@part
def add_one(row):
    for i in range(row.shape[0]):
        row[i] += 1


@entry
def add_one_to_each(table):
    for t in range(table.shape[0]):
        add_one(table[t])


@part
def beginning(array):
    return array[:2]


@entry
def first_two(array):
    return beginning(array)


@entry
def first_two_of_its_own():
    return beginning(np.arange(5.0))


def test_no_owner_is_counted_for_the_rows_of_an_argument():
    table = np.zeros((3, 4))
    add_one_to_each(table)
    assert (table == 1).all()
    (assembly,) = add_one_to_each.inspect_asm().values()
    machine_code = assembly.split("_ZN7cpython")[0]  # before what Python calls, which does count
    assert "NRT_incref" not in machine_code


def test_an_argument_is_neither_kept_nor_lost():
    table = np.zeros((3, 4))
    gone = weakref.ref(table)
    for _ in range(10):
        add_one_to_each(table)
    assert table.sum() == 120
    del table
    gc.collect()
    assert gone() is None


def test_what_comes_back_outlives_its_owner():
    given = np.arange(100_000.0)
    mine = [first_two(given), first_two_of_its_own()]
    del given
    gc.collect()
    np.full(100_000, -1.0)  # takes the memory, if it is free
    assert [each.tolist() for each in mine] == [[0, 1], [0, 1]]
