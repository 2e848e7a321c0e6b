"""Fixed points of a network under each of several constant inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import real_array, whole
from neurorec.dynamics._stages import FRESH, searched
from neurorec.errors import NotOffered, ShapeError
from neurorec.networks.module_network import ModuleNetwork
from neurorec.networks.network import Network
from neurorec.progress import Hook
from neurorec.runs.run import Run

if TYPE_CHECKING:
    import xarray


def points_by_condition(
    net: Any,
    inputs: Any,
    starts: Any = None,
    seed: int | None = 0,
    *,
    fresh: int = FRESH,
    fibres: int | None = None,
    seconds: float | None = None,
    progress: bool | Hook = False,
) -> xarray.Dataset:
    """All fixed points under each of some inputs, such as those of a task's epochs or conditions, and which of them are the same point moved.

    Parameters
    ----------
    net : Network, ModuleNetwork or Run
    inputs : (conditions, I) array_like, or mapping of names to (I,) array_like
        One after another, as they would change: a point is looked for from where it was under the input before.
    starts, seed, fibres
        As for `fixed_points`, under every input.
    fresh : int
        How many of the starts are used from the second input on, beside the points of the one before.
    seconds : float, optional
        Budget of all together; where it runs out, the result is marked ``partial``.
    progress : bool or callable
        As for `nr.train`.

    Returns
    -------
    xarray.Dataset
        What `fixed_points` says of each point, for all inputs one after another, and

        - ``condition_of`` (point): number of the input, and ``input`` (condition, channel); ``condition`` are the names.
        - ``track`` (point): the same number for one point under several inputs; ``first``, ``last`` (of_track): the inputs from and to which
          there is it.
        - ``points`` (condition): how many; ``starts`` (condition, status): what became of the starts.

    Raises
    ------
    ShapeError, ValueRefused, NotOffered
        As `fixed_points`.

    Examples
    --------
    >>> import neurorec as nr
    >>> net = nr.Network.random(1, 8, 1, gain=1.6, seed=4)
    >>> found = nr.dynamics.points_by_condition(net, {"off": [0.0], "on": [1.0]}, fresh=16)
    >>> found["condition"].values.tolist()
    ['off', 'on']
    """
    system = net.network if isinstance(net, Run) else net
    if not isinstance(system, Network | ModuleNetwork):
        raise NotOffered(f"conditions are inputs of a network, got {type(net).__name__}; of a function call fixed_points for each of yours")
    names = list(map(str, inputs)) if isinstance(inputs, Mapping) else None
    rows = real_array("inputs", list(inputs.values()) if isinstance(inputs, Mapping) else inputs)
    if rows.ndim != 2 or rows.shape[1] != system.inputs or not len(rows):
        raise ShapeError(f"inputs must be (conditions, {system.inputs}), a row a condition, got {rows.shape}")
    ask = {"seed": seed, "fibres": fibres, "seconds": seconds, "progress": progress, "unit": "condition"}
    stages, partial = searched(((system, row) for row in rows), len(rows), starts, whole("fresh", fresh, 0), **ask)
    found = stages.together("condition").assign(input=(("condition", "channel"), rows, {"units": "1"}))
    found = found.assign_coords(condition=names or np.arange(len(rows)))
    return found.assign_attrs(dt=system.dt, partial=int(partial))
