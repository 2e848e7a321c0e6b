"""How one step answers to the state before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import real_array
from neurorec.dynamics._map import Step, as_map

if TYPE_CHECKING:
    import xarray


def jacobian(net: Any, state: Any, inputs: Any = None, *, dt: float = 1.0, jacobian: Step | None = None) -> xarray.DataArray:
    """Jacobian of one step, dF_i/dx_j, under a constant input and without noise.

    Parameters
    ----------
    net : Network, ModuleNetwork, Run or callable
        Of a run the network as it was last trained. A function of your own takes and returns states, (rows, n).
    state : (n,) or (rows, n) array_like
        States of all units, a cell's states one after another.
    inputs : (I,) array_like, optional
        None: zeros.
    dt, jacobian
        Of a function, as for `fixed_points`.

    Returns
    -------
    xarray.DataArray
        ([row,] to, from): of the formula, exact; by torch for an architecture; by central differences for a function.

    Raises
    ------
    ShapeError, NotOffered
        If state or inputs do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> import neurorec as nr
    >>> net = nr.Network.random(0, 20, 1, gain=0.5, seed=0)
    >>> float(abs(np.linalg.eigvals(nr.dynamics.jacobian(net, np.zeros(20)))).max()) < 1  # silence is stable
    True
    """
    import xarray

    x = real_array("state", state)
    system = as_map(net, inputs, x.shape[-1] if x.ndim else 0, dt, jacobian)
    rows = real_array("state", np.atleast_2d(x), (-1, system.size))
    found = system.jacobian(rows)
    names = [f"{variable} {number}" for variable, number in system.entries]
    dims = ("to", "from") if x.ndim == 1 else ("row", "to", "from")
    coordinates = {"to": names, "from": names}
    return xarray.DataArray(found[0] if x.ndim == 1 else found, coordinates, dims, "jacobian", {"units": "1", "dt": system.dt})
