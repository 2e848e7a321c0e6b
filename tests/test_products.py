"""The compiled engine's own products against NumPy's: any size, any place, any share of the rows."""

from __future__ import annotations

import numpy as np
import pytest
from breadth import THOROUGH
from cases import ORDINARY, network, trials
from hypothesis import given, settings
from hypothesis import strategies as st

import neurorec as nr
from neurorec.engines.numba.compile import products
from neurorec.timing.products import gathering_product, recurrent_products

TOLERANCES = {"float32": 1e-5, "float64": 1e-13}
# What is called from here alone is compiled in every process. In float64 engines are held to ten digits at any size, too (test_numba_engine).
DTYPES = TOLERANCES if THOROUGH else ["float32"]
awkward = st.sampled_from([1, 2, 3, 4, 5, 15, 16, 17, 31, 63, 64, 65, 100, 130])


def drawn(seed: int, dtype: str, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def packed(w: np.ndarray) -> np.ndarray:
    """One block, w (depth, columns); what no weight fills is NaN, which no product may touch."""
    made = np.full((1, *products().packed_shape(*w.shape, w.dtype)), np.nan, w.dtype)
    products().pack(w, made[0])
    return made.reshape(-1)


def multiplied(x: np.ndarray, w: np.ndarray, out: np.ndarray, first: int, last: int, keep: int) -> None:
    products().multiply(
        x.reshape(-1), first * x.shape[1], packed(w), 0, x.shape[1], out.reshape(-1), first * w.shape[1], last - first, w.shape[1], keep
    )  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
@given(rows=st.integers(1, 11), depth=st.sampled_from([0, 1, 2, 7, 33]), columns=awkward, keep=st.integers(0, 1), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_a_product_is_numpys(dtype, rows, depth, columns, keep, seed):
    x, w, before = drawn(seed, dtype, rows, depth), drawn(seed + 1, dtype, depth, columns), drawn(seed + 2, dtype, rows, columns)
    out = before.copy()
    multiplied(x, w, out, 0, rows, keep)
    np.testing.assert_allclose(out, x @ w + keep * before, rtol=0, atol=TOLERANCES[dtype] * (1 + depth))


@pytest.mark.parametrize("dtype", DTYPES)
@given(rows=st.integers(2, 11), depth=awkward, columns=awkward, seed=st.integers(0, 99), data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_row_has_the_same_bits_whatever_rows_go_with_it(dtype, rows, depth, columns, seed, data):
    x, w = drawn(seed, dtype, rows, depth), drawn(seed + 1, dtype, depth, columns)
    together, apart = np.full((rows, columns), 7, dtype), np.full((rows, columns), 7, dtype)
    cut = data.draw(st.integers(1, rows - 1))
    multiplied(x, w, together, 0, rows, 0)
    multiplied(x, w, apart, cut, rows, 0)
    assert (apart[:cut] == 7).all()  # what is not asked for stays
    multiplied(x, w, apart, 0, cut, 0)
    assert (together == apart).all()


@pytest.mark.parametrize("dtype", DTYPES)
@given(terms=st.integers(0, 300), rows=awkward, columns=st.sampled_from([1, 5, 64, 70, 256, 300]), seed=st.integers(0, 99), data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_sum_over_trials_and_time_is_numpys_in_any_shares(dtype, terms, rows, columns, seed, data):
    a, b = drawn(seed, dtype, terms, rows), drawn(seed + 1, dtype, terms, columns)
    whole, shares = np.zeros((rows, columns), dtype), np.zeros((rows, columns), dtype)
    cut = data.draw(st.integers(0, rows))
    for out, parts in ((whole, [(0, rows)]), (shares, [(0, cut), (cut, rows)])):
        for first, last in parts:
            room = products().room_for(last - first, a)
            for row in range(0, terms, products().DEPTH):
                products().gather_some(a, first, last, b, row, min(products().DEPTH, terms - row), room, out, min(row, 1))
    np.testing.assert_allclose(whole, a.T @ b, rtol=0, atol=TOLERANCES[dtype] * (1 + terms))
    assert (whole == shares).all()


def test_loops_that_were_loaded_before_lend_no_function_to_others():
    """An entry's private copy of a product has the product's name, and perhaps other arguments."""
    nr.simulate(network(ORDINARY), trials(ORDINARY))
    recurrent_products(8, 2, 3)()
    gathering_product(8, 2, 3)()
