"""The graph of attractors: which saddles lie between which, and where each of their unstable directions leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import positive, whole
from neurorec.dynamics._map import AbstractMap, Step, as_map
from neurorec.dynamics._roots import Clock, chunks
from neurorec.dynamics._spectrum import spectrum
from neurorec.errors import ShapeError, ValueRefused
from neurorec.process.one_thread import one_thread

if TYPE_CHECKING:
    import xarray

STEPS, NUDGE = 20_000, 1e-4
ARRIVED, AT_REST = 1e-4, 1e-13  # distance from an attractor, and movement a step; relative to 1 or the norm of the state
LOOKED = 10  # steps between two looks
FAR = 1e8


def connections(
    net: Any,
    points: Any,
    cycles: Any = None,
    inputs: Any = None,
    *,
    nudge: float = NUDGE,
    steps: int = STEPS,
    seconds: float | None = None,
    dt: float = 1.0,
    jacobian: Step | None = None,
) -> xarray.Dataset:
    """Follow every unstable direction of every fixed point, both ways, to what it ends in; which attractors that joins.

    A trajectory begins a little beside the point, along each eigenvector of the map's Jacobian that grows; of a complex pair along its real and
    its imaginary part. Two attractors are joined by a saddle with one unstable direction whose ways end in one and in the other: it lies on
    the boundary of their basins.

    Parameters
    ----------
    net : Network, ModuleNetwork, Run or callable
        As for `fixed_points`.
    points : xarray.Dataset
        Of `fixed_points`, under the same input.
    cycles : xarray.Dataset, optional
        Of `cycles`; its stable ones are attractors as well.
    inputs : (I,) array_like, optional
        Held constant. None: zeros.
    nudge : float
        How far beside the point, relative to 1 or the norm of the state.
    steps : int
        Of each trajectory, at the most.
    seconds : float, optional
        Budget; where it runs out, the result is marked ``partial``.
    dt, jacobian
        Of a function, as for `fixed_points`.

    Returns
    -------
    xarray.Dataset
        Of each way out of a point:

        - ``source`` (way): the point; ``mode`` (way): number of the eigenvalue; ``sign`` (way); ``start`` (way, unit): where it begins.
        - ``ends_in`` (way): ``"point"``, ``"cycle"``, ``"none"`` (nothing known within the steps) or ``"diverged"``; ``target`` (way): number
          of the point or cycle, -1 for none; ``steps`` (way); ``end`` (way, unit).

        Of each attractor, stable points before stable cycles: ``kind`` (attractor), ``of_kind`` its number among them; ``joined`` (attractor,
        other): how many saddles of one unstable direction join two.

    Raises
    ------
    ShapeError, ValueRefused, NotOffered
        If points or cycles are of another system.

    Examples
    --------
    >>> import numpy as np
    >>> import neurorec as nr
    >>> step = lambda x: np.tanh(2 * x)  # each unit keeps its sign: four attractors in a square
    >>> points = nr.dynamics.fixed_points(step, size=2)
    >>> nr.dynamics.connections(step, points)["joined"].values.sum(axis=1).tolist()
    [2, 2, 2, 2]
    """
    states = _states("points", points, "point")
    system, clock = as_map(net, inputs, states.shape[1], dt, jacobian), Clock(seconds)
    if states.shape[1] != system.size:
        raise ShapeError(f"the points have {states.shape[1]} entries, a state of this system {system.size}; take those of the same network")
    orbits = [] if cycles is None else _orbits(cycles, system.size)
    with one_thread, np.errstate(all="ignore"):
        ways = _ways(system, states, points["n_unstable"].values, positive("nudge", nudge))
        attractors = _Attractors(states, np.flatnonzero(points["stable"].values), orbits)
        ended = _followed(system, ways.start, attractors, whole("steps", steps), clock)
        return _labelled(system, ways, ended, attractors, points["n_unstable"].values, clock)


def _states(name: str, given: Any, dimension: str) -> np.ndarray:
    if not (hasattr(given, "dims") and "state" in given and dimension in given.dims):
        kind = {"point": "fixed_points", "cycle": "cycles"}[dimension]
        raise ValueRefused(f"{name} must be what nr.dynamics.{kind} returns, got {type(given).__name__}")
    return np.asarray(given["state"].values, np.float64)


def _orbits(cycles: Any, size: int) -> list[tuple[int, np.ndarray]]:
    """Number and states (period, n) of each stable cycle."""
    states = _states("cycles", cycles, "cycle")
    if states.shape[2] != size:
        raise ShapeError(f"the cycles have {states.shape[2]} entries, a state of this system {size}; take those of the same network")
    return [(int(k), states[k, : int(cycles["period"][k])]) for k in np.flatnonzero(cycles["stable"].values)]


@dataclass(frozen=True)
class _Ways:
    """Source, mode and sign of each, (ways,), and where it begins, (ways, n)."""

    source: np.ndarray
    mode: np.ndarray
    sign: np.ndarray
    start: np.ndarray


def _ways(system: AbstractMap, states: np.ndarray, unstable: np.ndarray, nudge: float) -> _Ways:
    rows: list[tuple[int, int, int]] = []
    starts = [np.empty((0, system.size))]
    some = np.flatnonzero(unstable)
    for chunk in chunks(some, system.size) if len(some) else []:
        modes = spectrum(system.jacobian(states[chunk]))
        for point, values, right in zip(chunk, modes.values, modes.right, strict=True):
            size = nudge * max(1.0, float(np.linalg.norm(states[point])))
            for mode in range(int(unstable[point])):
                along = size * _direction(values, right, mode)
                rows += [(int(point), mode, sign) for sign in (1, -1)]
                starts.append(np.stack([states[point] + along, states[point] - along]))
    source, mode, sign = np.array(rows, int).reshape(-1, 3).T
    return _Ways(source, mode, sign, np.concatenate(starts))


def _direction(values: np.ndarray, right: np.ndarray, mode: int) -> np.ndarray:
    """Of length 1: the eigenvector, or of a complex pair its real part, and for the second of the pair its imaginary part."""
    vector, second = right[:, mode], mode > 0 and values[mode].imag != 0 and values[mode] == np.conj(values[mode - 1])
    along = np.imag(vector) if second else np.real(vector)
    return along / np.linalg.norm(along)


@dataclass(frozen=True)
class _Attractors:
    """All points, which of them attract, and the orbits that do."""

    points: np.ndarray
    stable: np.ndarray
    orbits: list[tuple[int, np.ndarray]]

    @property
    def count(self) -> int:
        """How many."""
        return len(self.stable) + len(self.orbits)

    def reached(self, x: np.ndarray) -> np.ndarray:
        """Number of the attractor that each state is close to, -1 for none, (rows,)."""
        found = np.full(len(x), -1)
        for number, states in enumerate([*self.points[self.stable][:, None], *(orbit for _, orbit in self.orbits)]):
            found[(found < 0) & _close(x, states)] = number
        return found

    def named(self, number: int) -> tuple[str, int]:
        """Kind of an attractor, and its number among that kind."""
        return ("point", int(self.stable[number])) if number < len(self.stable) else ("cycle", self.orbits[number - len(self.stable)][0])


def _close(x: np.ndarray, states: np.ndarray) -> np.ndarray:
    apart = np.min([np.linalg.norm(x - each, axis=1) for each in states], axis=0)
    return apart <= ARRIVED * np.maximum(1, np.linalg.norm(x, axis=1))


@dataclass(frozen=True)
class _Ended:
    """What each way ended in: kind, number, steps, state; and its attractor's number."""

    kinds: np.ndarray
    targets: np.ndarray
    steps: np.ndarray
    x: np.ndarray
    attractor: np.ndarray


def _followed(system: AbstractMap, start: np.ndarray, attractors: _Attractors, steps: int, clock: Clock) -> _Ended:
    x, count = start.copy(), len(start)
    attractor, taken, moving = np.full(count, -1), np.zeros(count, int), np.ones(count, bool)
    for t in range(1, steps + 1):
        some = np.flatnonzero(moving)
        if not len(some) or clock.up():
            break
        new = system.step(x[some])
        rests = np.abs(new - x[some]).max(axis=1, initial=0) <= AT_REST * np.maximum(1, np.abs(new).max(axis=1, initial=0))
        x[some], taken[some] = new, t
        lost = ~(np.abs(new).max(axis=1, initial=0) < FAR)
        if t % LOOKED == 0 or rests.any():
            attractor[some] = attractors.reached(new)
        moving[some] = ~(rests | lost | (attractor[some] >= 0))
    return _named(x, attractor, taken, attractors)


def _named(x: np.ndarray, attractor: np.ndarray, taken: np.ndarray, attractors: _Attractors) -> _Ended:
    """Also points that are no attractors: a way may end in a saddle, where symmetry keeps it on its stable side."""
    kinds, targets = np.full(len(x), "none", "U8"), np.full(len(x), -1)
    kinds[~(np.abs(x).max(axis=1, initial=0) < FAR)] = "diverged"
    for number, state in enumerate(attractors.points):
        near = (attractor < 0) & _close(x, state[None])
        kinds[near], targets[near] = "point", number
    for number in range(attractors.count):
        kinds[attractor == number], targets[attractor == number] = attractors.named(number)
    return _Ended(kinds, targets, taken, x, attractor)


def _labelled(
    system: AbstractMap, ways: _Ways, ended: _Ended, attractors: _Attractors, unstable: np.ndarray, clock: Clock
) -> xarray.Dataset:  # fmt: skip
    import xarray

    named = [attractors.named(number) for number in range(attractors.count)]
    joined = np.zeros((len(named), len(named)), int)
    for point in np.flatnonzero(unstable == 1):
        one, other = ended.attractor[ways.source == point]
        if one >= 0 and other >= 0 and one != other:
            joined[one, other] += 1
            joined[other, one] += 1
    variables = {
        "source": ("way", ways.source, {"units": "1", "long_name": "number of the point"}),
        "mode": ("way", ways.mode, {"units": "1"}),
        "sign": ("way", ways.sign, {"units": "1"}),
        "start": (("way", "unit"), ways.start, {"units": "1"}),
        "ends_in": ("way", ended.kinds),
        "target": ("way", ended.targets, {"units": "1", "long_name": "number of the point or cycle"}),
        "steps": ("way", ended.steps, {"units": "1"}),
        "end": (("way", "unit"), ended.x, {"units": "1"}),
        "kind": ("attractor", np.array([kind for kind, _ in named], "U8")),
        "of_kind": ("attractor", np.array([number for _, number in named], int), {"units": "1", "long_name": "number among its kind"}),
        "joined": (("attractor", "other"), joined, {"units": "1", "long_name": "saddles between two attractors"}),
    }
    return xarray.Dataset(variables, system.labels, {"dt": system.dt, "partial": int(clock.partial)})
