"""Spikes as a list of what happened, in the place of zeros and ones over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurorec.errors import ValueRefused
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.network import Network

if TYPE_CHECKING:
    import xarray


MOST = 1_000_000_000  # zeros and ones that are kept of spike trains


def expect_sparse_enough(network: AbstractNetwork, size: int, what: str, way_out: str) -> None:
    """Refuse to keep more zeros and ones than anybody reads, of a network that spikes.

    Parameters
    ----------
    network : Network or ModuleNetwork
    size : int
        Steps x trials x units.
    what, way_out : str
        What would hold them, and what to do instead.

    Raises
    ------
    ValueRefused
        If there are more than a thousand million.
    """
    if size > MOST and isinstance(network, Network) and not network.formula.exact:
        raise ValueRefused(
            f"{what} would hold {size:.3g} values of spike trains, nearly all of them 0, and {MOST:g} at most are kept; {way_out}"
        )


def listed(z: xarray.DataArray) -> xarray.Dataset:
    """Every spike of an array over time, trial and unit.

    Parameters
    ----------
    z : xarray.DataArray
        1 where a unit spiked, else 0; with coordinates time (s) and trial.

    Returns
    -------
    xarray.Dataset
        Over ``spike``: ``trial`` (its coordinate), ``step`` (from 0), ``time`` (s) and ``unit``; sorted by trial, then time, then unit. Attributes
        ``trials``, ``units``, ``steps`` say of how many, and ``dt`` how long a step is.

    Raises
    ------
    ValueRefused
        If there are other values than 0 and 1.
    """
    import xarray

    values = z.transpose("trial", "time", "unit").values
    if not np.isin(values, (0, 1)).all():
        raise ValueRefused(f"{z.name} is no spike train: it has other values than 0 and 1; name the state that spikes, spikes('z')")
    trial, step, unit = np.nonzero(values)
    time = z["time"].values
    columns = {"trial": (z["trial"].values[trial], "1"), "step": (step, "1"), "time": (time[step], "s"), "unit": (unit, "1")}
    sizes = dict(zip(("trials", "steps", "units"), values.shape, strict=True))
    dt = float(time[1] - time[0]) if len(time) > 1 else float(time[0])
    return xarray.Dataset({name: ("spike", column, {"units": of}) for name, (column, of) in columns.items()}, attrs={**sizes, "dt": dt})
