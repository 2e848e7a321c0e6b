"""States as analyses of subspaces take them: labelled (time, trial, unit), or plain samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import real_array
from neurorec.display import short_repr
from neurorec.errors import NotOffered, ShapeError, UnknownName, ValueRefused
from neurorec.runs.run import Run
from neurorec.simulation.trajectories import Trajectories

if TYPE_CHECKING:
    import xarray

OVER = ("time", "trial", "unit")
MOST = 200  # different values of a condition: more are no groups of trials


def states_of(what: Any, state: str | Sequence[str] | None = None) -> xarray.DataArray:
    """States with dimensions (time, trial, unit); times in s and conditions are coordinates, where they are known.

    Parameters
    ----------
    what : Trajectories, Run, DataArray, or (T, B, N) array_like
        Of a run, what it recorded.
    state : str or sequence of str, optional
        Of a cell with several; those of a sequence one after another, ``variable`` and ``number`` saying which is which. None: the first,
        which other units see.

    Raises
    ------
    NotOffered, ShapeError, UnknownName
        If it is nothing of these, or has no such state.
    """
    if not isinstance(what, Trajectories | Run):
        return _given(what, state)
    names = [state or next(iter(_names(what)))] if state is None or isinstance(state, str) else list(state)
    parts = [_one(what, name).transpose(*OVER) for name in names]
    return parts[0] if len(parts) == 1 else _stacked(parts, names)


def samples_of(name: str, what: Any) -> np.ndarray:
    """(samples, units), float64: of states, all times of all trials; or such an array as it is."""
    if isinstance(what, Trajectories | Run) or np.ndim(what) == 3:
        return flat(states_of(what))
    return real_array(name, what, (-1, -1), "(samples, units), or what nr.simulate gave")


def flat(states: xarray.DataArray) -> np.ndarray:
    """(T B, N), float64."""
    return states.transpose(*OVER).values.reshape(-1, states.sizes["unit"]).astype(np.float64)


def paired(a: Any, b: Any) -> tuple[np.ndarray, np.ndarray]:
    """`samples_of` two systems; refuses those that do not go together."""
    x, y = samples_of("a", a), samples_of("b", b)
    if len(x) != len(y):
        raise ShapeError(f"a has {len(x)} samples, b {len(y)}; give both the same trials, so that each sample has its partner")
    return x, y


def conditions_of(states: xarray.DataArray, by: Sequence[str] | str | None) -> list[str]:
    """Names of conditions of the trials; None: all there are."""
    known = [str(name) for name, each in states.coords.items() if each.dims == ("trial",) and name != "trial"]
    chosen = known if by is None else [by] if isinstance(by, str) else list(by)
    for name in chosen:
        if name not in known:
            raise UnknownName.among("condition of the trials", name, known)
    if not chosen:
        raise ValueRefused("the trials have no conditions; name them in nr.Trials(conditions={...}), or as coordinates over trial")
    return chosen


def levels_of(states: xarray.DataArray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The different values of a condition, and the number of each trial's."""
    values, which = np.unique(states[name].values, return_inverse=True)
    if len(values) > MOST:
        raise ValueRefused(
            f"condition {name!r} has {len(values)} different values; group them first, such as numpy.digitize does, into at most {MOST}"
        )
    return values, which


def time_step(states: xarray.DataArray) -> float:
    """Seconds between two steps; 1 where times are not known."""
    return float(np.diff(states["time"].values[:2])[0]) if "time" in states.coords and states.sizes["time"] > 1 else 1.0


def times_of(states: xarray.DataArray) -> dict[str, Any]:
    """The coordinate of time, where it is known."""
    return {"time": states["time"]} if "time" in states.coords else {}


def _names(what: Trajectories | Run) -> Sequence[str]:
    return list(what.states) if isinstance(what, Trajectories) else what.network.formula.states


def _one(what: Trajectories | Run, name: str) -> xarray.DataArray:
    if isinstance(what, Run):
        return what.trajectories(name)[name]
    if name not in what.states:
        raise UnknownName.among("state of the trajectories", name, what.states)
    return what.to_xarray()[name]


def _stacked(parts: Sequence[xarray.DataArray], names: Sequence[str]) -> xarray.DataArray:
    import xarray

    whole = xarray.concat([part.drop_vars("unit", errors="ignore") for part in parts], "unit")
    counts = [part.sizes["unit"] for part in parts]
    labels = {"variable": ("unit", np.repeat(list(names), counts)), "number": ("unit", np.concatenate([np.arange(n) for n in counts]))}
    return whole.assign_coords(labels)


def _given(what: Any, state: Any) -> xarray.DataArray:
    import xarray

    if isinstance(what, xarray.Dataset):
        raise NotOffered("this is a Dataset of several variables; pass one of them, such as dataset['h']")
    if state is not None:
        raise ValueRefused("an array is one state already; leave state out")
    if isinstance(what, xarray.DataArray):
        if set(map(str, what.dims)) != set(OVER):
            raise ShapeError(f"the array has dimensions ({', '.join(map(str, what.dims))}); rename them to time, trial and unit")
        return what.transpose(*OVER)
    if isinstance(what, str) or np.ndim(what) != 3:
        raise NotOffered(f"expected trajectories, a run or a (time, trial, unit) array, got {short_repr(what)}")
    return xarray.DataArray(real_array("states", what), dims=OVER)
