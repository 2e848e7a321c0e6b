"""Our own exp, log and their kin against NumPy in more digits, over everything that a float type can hold."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from breadth import THOROUGH
from hypothesis import given, settings
from hypothesis import strategies as st

from neurorec.formula import double, single
from neurorec.formula.entry import FLAGS

MODULES = {"float32": single, "float64": double}
# Units in the last place; where a function is for part of the numbers, those. The float32 tanh is right to 4e-7, not to its last digit.
CASES = {
    "exp": (np.exp, 2, (-np.inf, np.inf)), "expm1": (np.expm1, 3, (-np.inf, 0)), "log": (np.log, 2, (0, np.inf)), "log1p": (np.log1p, 2, (0, 1)),
}  # fmt: skip
COMPILED = {}
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's own, of overflow, where it gives the expected value


def values(dtype: str, name: str, x: np.ndarray) -> np.ndarray:
    """By a loop as the printed units have it, with the flags that let LLVM rearrange."""
    if (dtype, name) not in COMPILED:
        function = getattr(MODULES[dtype], name)

        @numba.njit(**FLAGS)
        def loop(x, out):
            for k in range(x.size):
                out[k] = function(x[k])

        COMPILED[dtype, name] = loop
    out = np.empty_like(x)
    COMPILED[dtype, name](x, out)
    return out


def units_apart(found: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Distance in units of the last place; 0 where both are the same infinity."""
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = exact.astype(found.dtype)
        apart = np.abs(found.astype(np.longdouble) - exact) / np.spacing(np.abs(rounded)).astype(np.longdouble)
    return np.where(found == rounded, 0, apart)


def grid(dtype: str, low: float, high: float) -> np.ndarray:
    """Every order of magnitude there is, and dense where the functions bend."""
    most = np.finfo(dtype).max
    sizes = np.exp2(np.linspace(np.log2(np.finfo(dtype).smallest_subnormal), np.log2(most), 20_001, dtype=np.longdouble))
    dense = np.linspace(-760, 760, 300_001 if THOROUGH else 50_001)
    x = np.concatenate([sizes, -sizes, dense, dense / 100, [0.0, most, -most, np.inf, -np.inf]]).astype(dtype)
    return x[(x >= low) & (x <= high)]


@pytest.mark.parametrize("dtype", MODULES)
@pytest.mark.parametrize("name", CASES)
def test_a_function_is_right_to_its_last_digits_everywhere(dtype, name):
    function, bound, span = CASES[name]
    x = grid(dtype, *span)
    assert units_apart(values(dtype, name, x), function(x.astype(np.longdouble))).max() <= bound


@pytest.mark.parametrize("dtype", MODULES)
@pytest.mark.parametrize("name", CASES)
@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_a_function_is_right_at_any_number(dtype, name, data):
    function, bound, (low, high) = CASES[name]
    number = st.floats(
        None if low == -np.inf else low, None if high == np.inf else high, width=32 if dtype == "float32" else 64, allow_nan=False
    )
    x = np.array([data.draw(number)], dtype)
    assert units_apart(values(dtype, name, x), function(x.astype(np.longdouble)))[0] <= bound


@pytest.mark.parametrize("dtype", MODULES)
def test_infinities_zeros_and_nan_are_kept(dtype):
    special = np.array([np.nan, np.inf, -np.inf, 0, -1, -np.finfo(dtype).max], dtype)
    np.testing.assert_array_equal(values(dtype, "exp", special)[[0, 1, 2, 3, 5]], [np.nan, np.inf, 0, 1, 0])
    np.testing.assert_array_equal(values(dtype, "log", special), [np.nan, np.inf, np.nan, -np.inf, np.nan, np.nan])
    assert np.isnan(values(dtype, "expm1", special)[0]) and np.isnan(values(dtype, "log1p", special)[0])
    np.testing.assert_allclose(values(dtype, "tanh", special)[[0, 1, 2, 3, 5]], [np.nan, 1, -1, 0, -1], rtol=0, atol=4e-7)


def test_tanh_is_as_right_as_it_says():
    x = grid("float64", -np.inf, np.inf)
    assert units_apart(values("float64", "tanh", x), np.tanh(x.astype(np.longdouble))).max() <= 3
    x = grid("float32", -np.inf, np.inf)
    assert np.abs(values("float32", "tanh", x) - np.tanh(x.astype(float))).max() < 4e-7
