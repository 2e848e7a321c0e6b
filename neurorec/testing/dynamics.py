"""Laws of a function of neurorec.dynamics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neurorec.discovery import load
from neurorec.testing._examples import call
from neurorec.testing._laws import documented, hold


def check_dynamics(function: str | Callable[..., Any]) -> None:
    """Hold a dynamics function to its laws: labelled arrays come out, with dimensions that have names and units, and again the same ones.

    It is called as the Examples of its docstring do, which may speak of ``run``, ``net``, ``trials``, ``trajectories`` and ``task``; else with
    what its arguments are called.

    Parameters
    ----------
    function : callable, or its name

    Raises
    ------
    AssertionError
        Saying which law does not hold.
    """
    import xarray

    measure = load("dynamics", function) if isinstance(function, str) else function
    documented(measure)
    found, again = call(measure), call(measure)
    hold(
        isinstance(found, xarray.Dataset | xarray.DataArray), measure, "it returns a Dataset or a DataArray of xarray", type(found).__name__
    )
    unnamed = [name for name in map(str, found.dims) if name.startswith("dim_")]
    hold(not unnamed, measure, "every dimension has a name", unnamed)
    numbers = found.data_vars if isinstance(found, xarray.Dataset) else {str(found.name): found}
    for name, each in numbers.items():
        counted = np.issubdtype(each.dtype, np.number)
        hold("units" in each.attrs or not counted, measure, f"{name} says its units, as in attrs['units'] = '1' or 's'", dict(each.attrs))
    hold(found.identical(again), measure, "the same arguments give the same again")
