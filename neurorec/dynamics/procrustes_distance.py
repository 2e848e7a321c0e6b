"""How far two trajectories are from each other, rotations, mirrorings, shifts and scale apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.dynamics._states import paired
from neurorec.errors import ValueRefused

if TYPE_CHECKING:
    import xarray


def procrustes_distance(a: Any, b: Any) -> xarray.Dataset:
    """Shape distance: min over orthogonal Q of the distance between centred states of unit norm, A and B Q.

    A metric between networks: it is symmetric, obeys the triangle inequality, and is zero only between states that are the same but for a
    rotation, a mirroring, a shift and a scale.

    Parameters
    ----------
    a, b : Trajectories, Run, DataArray, (time, trial, unit) or (samples, units) array
        In the same trials. Where one has fewer units, units that are always zero are added.

    Returns
    -------
    xarray.Dataset
        - ``angle``: arccos of the largest <A, B Q>, in radians, from 0 to pi / 2; ``distance``: the chord of it, from 0 to sqrt(2).
        - ``rotation`` (other_unit, unit): Q, by which rows of B are multiplied to lie on A.

    Raises
    ------
    ShapeError, ValueRefused
        If they have different numbers of samples, or one stands still.

    References
    ----------
    Williams et al. (2021), arXiv:2110.14739.

    Examples
    --------
    >>> import neurorec as nr
    >>> shown = [nr.simulate(nr.Network.random(3, 10, 3, seed=seed), "n_bit_flip_flop", n=3) for seed in (0, 1)]
    >>> 0 < float(nr.dynamics.procrustes_distance(*shown)["distance"]) < 2**0.5
    True
    """
    import xarray

    x, y = paired(a, b)
    units = max(x.shape[1], y.shape[1])
    x, y = _unit("a", x, units), _unit("b", y, units)
    left, _, right = np.linalg.svd(y.T @ x)
    rotation = left @ right
    chord = np.linalg.norm(x - y @ rotation)  # near 0 this has more digits than sqrt(2 - 2 sum of sizes)
    variables = {
        "angle": ((), 2 * np.arcsin(min(1.0, chord / 2)), {"units": "rad"}),
        "distance": ((), chord, {"units": "1"}),
        "rotation": (("other_unit", "unit"), rotation, {"units": "1"}),
    }
    return xarray.Dataset(variables)


def _unit(name: str, x: np.ndarray, units: int) -> np.ndarray:
    """Centred, of norm 1, with as many units."""
    centred = x - x.mean(axis=0)
    if not (size := np.linalg.norm(centred)):
        raise ValueRefused(f"the states of {name} stand still, so they have no shape; look at trials in which the units move")
    return np.pad(centred / size, ((0, 0), (0, units - x.shape[1])))
