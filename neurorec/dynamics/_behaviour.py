"""Answers of a network, trial by trial, and trials in groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import whole
from neurorec.display import short_repr
from neurorec.dynamics._states import MOST, conditions_of
from neurorec.errors import NotOffered, ShapeError, ValueRefused
from neurorec.runs.run import Run
from neurorec.simulation.trajectories import Trajectories

if TYPE_CHECKING:
    import xarray


def outputs_of(what: Any, channel: int) -> xarray.DataArray:
    """One output, (time, trial), with times and conditions as coordinates.

    Raises
    ------
    NotOffered, ValueRefused
        If these are no trajectories, or there is no such output.
    """
    if not isinstance(what, Trajectories | Run):
        raise NotOffered(f"expected trajectories, such as nr.simulate gives, or a run that recorded its output, got {short_repr(what)}")
    outputs = (what.trajectories("output") if isinstance(what, Run) else what.to_xarray())["output"]
    if whole("channel", channel, 0) >= outputs.sizes["output_channel"]:
        raise ValueRefused(f"channel is {channel}, but there are {outputs.sizes['output_channel']} outputs, counted from 0")
    return outputs.isel(output_channel=channel, drop=True).transpose("time", "trial")


def groups_of(outputs: xarray.DataArray, name: str, condition: Any) -> tuple[str, np.ndarray, np.ndarray]:
    """What a condition is called, its different values, and the number of each trial's; None: one group of all trials."""
    count = outputs.sizes["trial"]
    if condition is None:
        return "group", np.array(["all"]), np.zeros(count, int)
    called = name
    if isinstance(condition, str):
        (called,) = conditions_of(outputs, condition)
        values = outputs[called].values
    else:
        values = np.asarray(condition)
    if values.shape != (count,):
        raise ShapeError(f"{name} must be a condition's name, or one value a trial, ({count},), got {values.shape}")
    different, which = np.unique(values, return_inverse=True)
    if len(different) > MOST:
        raise ValueRefused(f"{called} has {len(different)} different values; group them first, into at most {MOST}")
    return called, different, which
