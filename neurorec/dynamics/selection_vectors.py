"""What a fixed point keeps of an input: left eigenvectors, called selection vectors where they belong to an integrator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import real_array, whole
from neurorec.dynamics._map import AbstractMap, Step, as_map
from neurorec.dynamics._spectrum import spectrum, times
from neurorec.errors import ShapeError, ValueRefused
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.runs.run import Run

if TYPE_CHECKING:
    import xarray

WIDTH = np.cbrt(np.finfo(float).eps)  # of central differences by the input, where rounding and curvature are alike


def selection_vectors(
    net: Any, points: Any, inputs: Any = None, modes: int = 1, *, dt: float = 1.0, jacobian: Step | None = None
) -> xarray.Dataset:
    """Left and right eigenvectors of the slowest modes at fixed points, and how far each input moves the state along them.

    With J r = lambda r and l J = lambda l, scaled to \\|r\\| = 1 and l . r = 1, a perturbation p of the state leaves l . p along r, when all faster
    modes have decayed. An input moves an integrator by l . dF/dinput, not by its overlap with r: of a non-normal J the two differ.

    Parameters
    ----------
    net : Network, ModuleNetwork, Run or callable
        As for `fixed_points`.
    points : Dataset or (points, n) array_like
        From `fixed_points`, or states, which need not stand still exactly.
    inputs : (I,) array_like, optional
        Held constant, as for `fixed_points`.
    modes : int
        How many, by modulus of their eigenvalue, largest first.
    dt, jacobian
        Of a function, as for `fixed_points`.

    Returns
    -------
    xarray.Dataset
        - ``right``, ``left`` (point, mode, unit): real where the eigenvalue is real; the largest entry of each right vector is positive.
        - ``eigenvalue`` (point, mode); ``time_constant`` (point, mode) in s, negative where the mode grows.
        - ``input_effect`` (point, mode, channel), of a network: l . dF/dinput of one step, per unit of input.
        - ``angle`` (point, mode): degrees between l and r; 0 for a normal J.

    Raises
    ------
    ShapeError, ValueRefused
        If points do not fit the network, or there are none.

    References
    ----------
    Mante et al. (2013), doi:10.1038/nature12742, supplement 7.

    Examples
    --------
    >>> import numpy as np
    >>> import neurorec as nr
    >>> shear = np.array([[1.0, 0.4], [0.0, 0.5]])
    >>> found = nr.dynamics.selection_vectors(lambda x: x @ shear.T, np.zeros((1, 2)))
    >>> found["left"].values[0, 0].round(3).tolist()
    [1.0, 0.8]
    """
    import xarray

    states = points["state"].values if isinstance(points, xarray.Dataset) else real_array("points", points, (-1, -1), "(points, states)")
    system = as_map(net, inputs, states.shape[1], dt, jacobian)
    _expect(system, states, whole("modes", modes))
    parts = spectrum(system.jacobian(states))
    values = parts.values[:, :modes]
    right, left = parts.right[:, :, :modes].transpose(0, 2, 1), parts.left[:, :, :modes].transpose(0, 2, 1).conj()
    right, left = _scaled(right, left)
    over = ("point", "mode", "unit")
    variables = {
        "right": (over, right, {"units": "1"}),
        "left": (over, left, {"units": "1"}),
        "eigenvalue": (over[:2], values, {"units": "1"}),
        "time_constant": (over[:2], times(values, system.dt)[0], {"units": "s"}),
        "angle": (over[:2], np.degrees(np.arccos(np.clip(1 / np.linalg.norm(left, axis=2), -1, 1))), {"units": "degrees"}),
    }
    if (effect := _by_input(net, states, inputs)) is not None:
        variables["input_effect"] = ((*over[:2], "channel"), np.einsum("pmn,pnc->pmc", left, effect), {"units": "1"})
    return xarray.Dataset(variables, system.labels)


def _expect(system: AbstractMap, states: np.ndarray, modes: int) -> None:
    if not len(states):
        raise ValueRefused("there is no point; look for slow points, points['slow_state'], or from other starts")
    if states.shape[1] != system.size:
        raise ShapeError(f"points must be (points, {system.size}), a row of all states of all units each, got {states.shape}")
    if modes > system.size:
        raise ValueRefused(f"modes is {modes}, but {system.size} states have no more of them")


def _scaled(right: np.ndarray, left: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """|r| = 1 with its largest entry real and positive, l . r = 1; real where all are."""
    largest = np.take_along_axis(right, np.abs(right).argmax(axis=2, keepdims=True), axis=2)
    factor = np.conj(largest) / np.abs(largest) / np.linalg.norm(right, axis=2, keepdims=True)
    right, left = right * factor, left / factor
    return (np.real(right), np.real(left)) if not np.imag(right).any() else (right, left)


def _by_input(net: Any, states: np.ndarray, inputs: Any) -> np.ndarray | None:
    """dF/dinput of a network, (points, n, channels), by central differences; None of a function."""
    network = net.network if isinstance(net, Run) else net
    if not isinstance(network, AbstractNetwork) or network.inputs == 0:
        return None
    at = np.zeros(network.inputs) if inputs is None else real_array("inputs", inputs, (network.inputs,))
    size = WIDTH * np.maximum(1, np.abs(at))
    moved = [[as_map(network, at + sign * size * unit).step(states) for sign in (1, -1)] for unit in np.eye(len(at))]
    return np.stack([(up - down) / (2 * s) for (up, down), s in zip(moved, size, strict=True)], axis=2)
