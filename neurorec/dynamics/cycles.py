"""Cycles: orbits that come back to themselves after some steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import whole
from neurorec.dynamics._distinct import SAME
from neurorec.dynamics._map import AbstractMap, Step, as_map
from neurorec.dynamics._roots import CONVERGED, TOLERANCE, Clock, Problem, polished, roots
from neurorec.dynamics._spectrum import spectrum, times
from neurorec.dynamics._starts import as_starts, width
from neurorec.process.one_thread import one_thread

if TYPE_CHECKING:
    import xarray

SETTLED, WATCHED = 300, 200  # steps before near returns are looked for, and those in which they are
SHORTEST = 2


def cycles(
    net: Any,
    inputs: Any = None,
    starts: Any = None,
    longest: int = 8,
    seed: int | None = 0,
    *,
    seconds: float | None = None,
    dt: float = 1.0,
    size: int = 0,
    jacobian: Step | None = None,
) -> xarray.Dataset:
    """Cycles of 2 to `longest` steps, stable or not, under a constant input.

    Newton's steps on F^k(x) - x, from where trajectories nearly return after k steps and from the starts themselves. An orbit is one
    cycle, whichever of its states was found, and has its smallest period. The limit cycle of a flow that is stepped by Euler's method is
    an invariant curve, with no period in steps: it is not found here.

    Parameters
    ----------
    net, inputs, starts, seed, seconds, dt, size, jacobian
        As for `fixed_points`.
    longest : int
        Period, in steps.

    Returns
    -------
    xarray.Dataset
        Of each cycle, short ones first:

        - ``state`` (cycle, phase, unit): from the state that is smallest, entry by entry; NaN past the period.
        - ``period`` (cycle) in steps, ``duration`` (cycle) in s.
        - ``multipliers`` (cycle, unit): eigenvalues of the Jacobian of all its steps, largest first; ``stable``, ``stability`` (cycle).
        - ``time_constant`` (cycle, unit) in s, of the way back to the cycle.
        - ``residual`` (cycle): max|F^k(x) - x|; ``multiplicity`` (cycle): starts that ended there.

    Raises
    ------
    ShapeError, ValueRefused, NotOffered
        As `fixed_points`; if `longest` is below 2.

    Examples
    --------
    >>> import numpy as np
    >>> import neurorec as nr
    >>> found = nr.dynamics.cycles(lambda x: np.tanh(-2 * x), size=1, longest=4)
    >>> found["period"].values.tolist(), found["stable"].values.tolist()
    ([2], [True])
    """
    most = whole("longest", longest, SHORTEST)
    system, clock = as_map(net, inputs, size or width(starts), dt, jacobian), Clock(seconds)
    with one_thread, np.errstate(all="ignore"):  # what overflows has diverged
        begun = as_starts(system, starts, seed)
        returns = _trajectory(system, begun)
        found = [_of_period(system, k, np.concatenate([_nearest_returns(returns, k), begun]), clock) for k in range(SHORTEST, most + 1)]
        return _labelled(system, [orbit for each in found for orbit in each], most, clock)


@dataclass(frozen=True)
class _Orbit:
    """States (period, n) from the smallest on, and how many starts ended there."""

    states: np.ndarray
    count: int


def _trajectory(system: AbstractMap, x: np.ndarray) -> np.ndarray:
    """What follows once things have settled, (WATCHED, starts, n)."""
    states = []
    with np.errstate(all="ignore"):
        for t in range(SETTLED + WATCHED):
            x = system.step(x)
            if t >= SETTLED:
                states.append(x)
    found = np.array(states)
    return found[:, np.isfinite(found).all(axis=(0, 2))]


def _nearest_returns(states: np.ndarray, k: int) -> np.ndarray:
    """Of each trajectory the state that it comes closest to again k steps later, (starts, n)."""
    apart = np.linalg.norm(states[k:] - states[:-k], axis=2)
    return states[apart.argmin(axis=0), np.arange(states.shape[1])]


def _of_period(system: AbstractMap, k: int, starts: np.ndarray, clock: Clock) -> list[_Orbit]:
    problem = Problem.fixed(lambda x: _steps(system, x, k)[-1], lambda x: _product(system, x, k))
    found = roots(problem, starts, clock)
    x = polished(problem, found.x[found.status == CONVERGED])
    orbits = _steps(system, x, k)[:-1].transpose(1, 0, 2)
    return _merged([orbit for orbit in orbits if _is_minimal(orbit)])


def _steps(system: AbstractMap, x: np.ndarray, k: int) -> np.ndarray:
    """x and what follows, (k + 1, B, n)."""
    states = [x]
    for _ in range(k):
        states.append(system.step(states[-1]))
    return np.array(states)


def _product(system: AbstractMap, x: np.ndarray, k: int) -> np.ndarray:
    """Jacobian of k steps, (B, n, n)."""
    whole_ = np.broadcast_to(np.eye(x.shape[1]), (len(x), x.shape[1], x.shape[1]))
    for states in _steps(system, x, k)[:-1]:
        whole_ = system.jacobian(states) @ whole_
    return whole_


def _is_minimal(orbit: np.ndarray) -> bool:
    """Whether no state comes back before the period is over."""
    near = SAME * max(1.0, float(np.linalg.norm(orbit[0])))
    return all(np.linalg.norm(orbit[d] - orbit[0]) > near for d in range(1, len(orbit)) if len(orbit) % d == 0)


def _merged(orbits: list[np.ndarray]) -> list[_Orbit]:
    """Each orbit once, in the order of their smallest states."""
    different: list[list[Any]] = []
    for orbit in map(_from_smallest, orbits):
        near = SAME * max(1.0, float(np.linalg.norm(orbit[0])))
        same = next((each for each in different if np.linalg.norm(each[0] - orbit, axis=1).max() <= near), None)
        if same is None:
            different.append([orbit, 1])
        else:
            same[1] += 1
    return [_Orbit(*each) for each in sorted(different, key=lambda each: tuple(np.round(each[0].ravel(), 6)))]


def _from_smallest(orbit: np.ndarray) -> np.ndarray:
    first = min(range(len(orbit)), key=lambda phase: tuple(np.round(orbit[phase], 6)))
    return np.roll(orbit, -first, axis=0)


def _labelled(system: AbstractMap, orbits: list[_Orbit], longest: int, clock: Clock) -> xarray.Dataset:
    import xarray

    n, count = system.size, len(orbits)
    states, residual, products = np.full((count, longest, n), np.nan), np.empty(count), np.empty((count, n, n))
    for number, orbit in enumerate(orbits):
        period = len(orbit.states)
        states[number, :period] = orbit.states
        residual[number] = np.abs(_steps(system, orbit.states[:1], period)[-1] - orbit.states[:1]).max()
        products[number] = _product(system, orbit.states[:1], period)[0]
    modes, periods = spectrum(products), np.array([len(orbit.states) for orbit in orbits], int)
    constants = np.array([times(row, period * system.dt)[0] for row, period in zip(modes.values, periods, strict=True)]).reshape(count, n)
    variables = {
        "state": (("cycle", "phase", "unit"), states, {"units": "1"}),
        "period": ("cycle", periods, {"units": "1", "long_name": "steps"}),
        "duration": ("cycle", periods * system.dt, {"units": "s"}),
        "multipliers": (("cycle", "unit"), modes.values, {"units": "1"}),
        "stable": ("cycle", modes.stability == "stable"),
        "stability": ("cycle", modes.stability),
        "time_constant": (("cycle", "unit"), constants, {"units": "s"}),
        "residual": ("cycle", residual, {"units": "1"}),
        "multiplicity": ("cycle", np.array([orbit.count for orbit in orbits], int), {"units": "1", "long_name": "starts that ended here"}),
    }
    return xarray.Dataset(variables, system.labels, {"dt": system.dt, "tolerance": TOLERANCE, "partial": int(clock.partial)})
