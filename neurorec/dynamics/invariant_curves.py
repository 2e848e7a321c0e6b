"""Invariant curves: closed curves on which a map goes round and round, without ever coming back to the same state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import whole
from neurorec.dynamics._closed_curves import merged
from neurorec.dynamics._curve_modes import Curve, fitted, refined
from neurorec.dynamics._map import AbstractMap, Step, as_map
from neurorec.dynamics._roots import Clock
from neurorec.dynamics._starts import as_starts, width
from neurorec.process.memory import expect_memory
from neurorec.process.one_thread import one_thread

if TYPE_CHECKING:
    import xarray

COUNT, SETTLING, WATCHED = 8, 2000, 2048  # starts that are not given; steps before a curve is looked for, and those in which it is
MODES = 64  # of Fourier's, at the most
STILL, SHORT = 1e-9, 8  # movement, relative, of what is at rest or on a cycle of so many steps
TURNED, AVERAGED = 500, 4000  # steps in which tangent vectors turn, and over which their growth is averaged


def invariant_curves(
    net: Any,
    inputs: Any = None,
    starts: Any = None,
    seed: int | None = 0,
    *,
    settling: int = SETTLING,
    modes: int = MODES,
    seconds: float | None = None,
    dt: float = 1.0,
    size: int = 0,
    jacobian: Step | None = None,
) -> xarray.Dataset:
    """Closed curves K(theta) with F(K(theta)) = K(theta + rotation): limit cycles as a network with its dt has them.

    A limit cycle of a flow that is stepped by Euler's method has no period in steps; it winds round such a curve. From the main frequency of a
    settled trajectory a Fourier series is fitted; Newton's steps on the equation make it exact, with the rotation unknown.

    Parameters
    ----------
    net, inputs, starts, seed, seconds, dt, size, jacobian
        As for `fixed_points`; of starts that are not given there are 8.
    settling : int
        Steps before a curve is looked for; 0 for one that repels, on which a start lies nearly.
    modes : int
        Of the Fourier series, at the most: n (2 modes + 1) equations are solved at a time.

    Returns
    -------
    xarray.Dataset
        Of each curve:

        - ``state`` (curve, phase, unit): at evenly spaced phases, from where the first unit is largest.
        - ``rotation`` (curve): radians a step, 0 to pi; ``period`` (curve) = 2 pi dt / rotation in s; ``frequency`` (curve) in Hz.
        - ``multipliers`` (curve, unit): factors by which distances change in a step, along each direction, largest first; that along the
          curve is 1. ``stable`` (curve): all others are below 1. ``time_constant`` (curve, unit) in s.
        - ``residual`` (curve): max|F(K) - K(theta + rotation)|; ``truncation`` (curve): largest of the last Fourier coefficients, relative.
        - ``multiplicity`` (curve): starts that ended there.

        ``status`` (start): ``"curve"``, ``"point"``, ``"cycle"`` (of at most 8 steps), ``"no curve"`` (more modes, or chaos),
        ``"diverged"``, ``"unfinished"``.

    Raises
    ------
    ShapeError, ValueRefused, NotOffered
        As `fixed_points`; if the equations do not fit into memory.

    References
    ----------
    Haro et al. (2016), The Parameterization Method for Invariant Manifolds, chapter 3; Das et al. (2017), doi:10.1088/1361-6544/aa84c2, for the
    averages of growth.

    Examples
    --------
    >>> import numpy as np
    >>> import neurorec as nr
    >>> turn = np.array([[0.0, 1.0], [-1.0, 0.0]])  # Euler's steps of .1 of the Hopf normal form
    >>> step = lambda x: x + 0.1 * (x * (0.1 - (x**2).sum(axis=1, keepdims=True)) + x @ turn)
    >>> found = nr.dynamics.invariant_curves(step, starts=[[0.4, 0.0]], dt=0.1)
    >>> f"{np.linalg.norm(found['state'][0, 0]):.9f}"
    '0.387460487'
    """
    system, clock = as_map(net, inputs, size or width(starts), dt, jacobian), Clock(seconds)
    most, settle = whole("modes", modes), whole("settling", settling, 0)
    expect_memory(8 * 3 * (system.size * (2 * most + 1)) ** 2, "the equations of a curve", "use fewer modes")
    begun = as_starts(system, starts, seed)
    with one_thread, np.errstate(all="ignore"):  # what overflows has diverged, and is called so
        begun = begun[:COUNT] if starts is None else begun
        ended = [_from_start(system, x, settle, most) if not clock.up() else ("unfinished", None) for x in begun]
        curves, counts = merged([curve for _, curve in ended if curve is not None], lambda each: -each.rotation, lambda each: each.nodes)
        return _labelled(system, curves, counts, [status for status, _ in ended], clock)


def _from_start(system: AbstractMap, x: np.ndarray, settling: int, modes: int) -> tuple[str, Curve | None]:
    """How a start ended, and its curve."""
    path = np.empty((WATCHED, len(x)))
    for t in range(-settling, WATCHED):
        x = system.step(x[None])[0]
        path[max(t, 0)] = x
    if not np.isfinite(path).all():
        return "diverged", None
    size = 1 + np.abs(path).max()
    if np.abs(path[-1] - path[-2]).max() <= STILL * size:
        return "point", None
    if any(np.abs(path[-1] - path[-1 - k]).max() <= STILL * size for k in range(2, SHORT + 1)):
        return "cycle", None
    first = fitted(path, modes)
    curve = None if first is None else refined(system, first, modes)
    return ("no curve", None) if curve is None else ("curve", curve.from_the_largest())


def _multipliers(system: AbstractMap, curve: Curve) -> np.ndarray:
    """By QR along the curve, from its own direction on, with the smooth weights that make averages of quasi-periodic numbers exact, (n,)."""
    n, rng = system.size, np.random.default_rng(0)
    theta = curve.rotation * np.arange(TURNED + AVERAGED)
    states, along = curve.at(theta), curve.slope_at(theta[:1])[0]
    q = np.linalg.qr(np.column_stack([along, rng.standard_normal((n, n - 1))]))[0]
    s = (np.arange(AVERAGED) + 0.5) / AVERAGED
    weights = np.exp(-1 / (s * (1 - s)))
    total = np.zeros(n)
    for t, x in enumerate(states):
        q, r = np.linalg.qr(system.push(x[None], q[None])[0])
        if t >= TURNED:
            total += weights[t - TURNED] * np.log(np.abs(np.diagonal(r)))
    return np.sort(np.exp(total / weights.sum()))[::-1]


@dataclass(frozen=True)
class _Told:
    """What is told of each curve."""

    states: np.ndarray
    multipliers: np.ndarray


def _labelled(system: AbstractMap, curves: list[Curve], counts: list[int], status: list[str], clock: Clock) -> xarray.Dataset:
    import xarray

    n, phases = system.size, 2 * np.pi * np.arange(128) / 128
    told = [_Told(curve.at(phases), _multipliers(system, curve)) for curve in curves]
    rotation = np.array([curve.rotation for curve in curves])
    factors = np.array([each.multipliers for each in told]).reshape(len(curves), n)
    trivial = np.abs(np.log(factors)).argmin(axis=1)[:, None]
    others = np.where(np.arange(n) == trivial, 0, factors)
    variables = {
        "state": (("curve", "phase", "unit"), np.array([each.states for each in told]).reshape(len(curves), 128, n), {"units": "1"}),
        "rotation": ("curve", rotation, {"units": "rad", "long_name": "a step"}),
        "period": ("curve", 2 * np.pi * system.dt / rotation, {"units": "s"}),
        "frequency": ("curve", rotation / (2 * np.pi * system.dt), {"units": "Hz"}),
        "multipliers": (("curve", "unit"), factors, {"units": "1", "long_name": "a step"}),
        "stable": ("curve", (others < 1).all(axis=1)),
        "time_constant": (("curve", "unit"), -system.dt / np.log(factors), {"units": "s"}),
        "residual": ("curve", np.array([curve.residual(system) for curve in curves]), {"units": "1"}),
        "truncation": ("curve", np.array([curve.tail for curve in curves]), {"units": "1"}),
        "multiplicity": ("curve", np.array(counts, int), {"units": "1", "long_name": "starts that ended here"}),
        "status": ("start", np.array(status, "U10")),
    }
    coordinates = {**system.labels, "phase": ("phase", phases, {"units": "rad"})}
    return xarray.Dataset(variables, coordinates, {"dt": system.dt, "partial": int(clock.partial)})
