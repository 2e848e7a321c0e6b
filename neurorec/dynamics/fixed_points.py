"""Fixed points: states that a step leaves as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import whole
from neurorec.dynamics import _fibres, _roots
from neurorec.dynamics._distinct import ALIKE, SAME, Distinct, distinct, isolated, merged
from neurorec.dynamics._map import AbstractMap, Step, as_map
from neurorec.dynamics._roots import CONVERGED, SLOW, Clock, Found, Problem, Tell, roots
from neurorec.dynamics._spectrum import Spectrum, non_normality, spectrum, times
from neurorec.dynamics._starts import as_starts, width
from neurorec.process.memory import expect_memory
from neurorec.process.one_thread import one_thread
from neurorec.progress import Hook, Progress
from neurorec.random_numbers.seeds import entropy

if TYPE_CHECKING:
    import xarray

FIBRES, SMALL = 2, 256  # from a point, where there are no more entries of the state than that
FROM, SPREAD = 4, 512  # points from which fibres begin, or as many as make so many entries: one fibre often passes all
ROUNDS = 4  # of fibres from points that fibres found
SLOWEST = 4  # slow points from which fibres begin, where nothing has converged
MATRICES = 10  # of n x n numbers that the spectrum of a point takes
OUTLYING = 10  # times the starts' distance from their mean


def fixed_points(
    net: Any,
    inputs: Any = None,
    starts: Any = None,
    seed: int | None = 0,
    *,
    fibres: int | None = None,
    seconds: float | None = None,
    dt: float = 1.0,
    size: int = 0,
    jacobian: Step | None = None,
    progress: bool | Hook = False,
) -> xarray.Dataset:
    """All fixed points that can be found, x = F(x) under a constant input, with the stability of each.

    Damped Newton steps from every start, in float64 with the formula's own Jacobian; then a minimisation of the speed for what stalls,
    which ends in a root or in a slow point. From what was found, fibres F(x) - x = p c are followed for more (Katz and Reggia 2017): starts
    alone miss points that attract few of them. Roots that are the same are merged; those on a curve or surface, where the Jacobian less 1
    is singular, are one manifold. A network's private noise is off. Above 256 entries of a state, starts that Newton's steps do not lead straight to a
    root go down by products with the weights alone, for at most 30 steps, and Newton's steps follow; of a budget what is left then goes
    into the minimisation.

    Parameters
    ----------
    net : Network, ModuleNetwork, Run or callable
        Of a run the network as it was last trained. A function of your own takes and returns states, (rows, n).
    inputs : (I,) array_like, optional
        Held constant. None: zeros.
    starts : Trajectories or (starts, n) array_like, optional
        States of all units, a cell's states one after another; of trajectories at most 512, drawn at random. None: 512 states on the way
        of random ones.
    seed : int or None
        Of starts and fibres.
    fibres : int, optional
        Directions from a point, and that from some of the points. None: 2, or 0 where n is above 256, as each step solves n equations.
    seconds : float, optional
        Budget; where it runs out, the result is marked ``partial``.
    dt : float
        Of a function: seconds a step.
    size : int
        Of a function: n, where there are no starts.
    jacobian : callable, optional
        Of a function: (rows, n, n) from (rows, n). None: central differences.
    progress : bool or callable
        As for `nr.train`, first of the starts that are done, then of the fibres of each round. Where a function returns False, the search ends
        with what was found, ``partial``.

    Returns
    -------
    xarray.Dataset
        Of each point, in an order that does not depend on the starts:

        - ``state`` (point, unit), ``readout`` (point, output) of a network.
        - ``residual``, ``speed`` (point): max and norm of F(x) - x; ``error`` (point): bound of the distance to the root.
        - ``stable`` (point); ``stability`` (point): ``"stable"``, ``"saddle"``, ``"unstable"``, or ``"marginal"`` where an eigenvalue is on
          the unit circle; ``n_unstable`` (point).
        - ``eigenvalues`` (point, unit) of the map's Jacobian, largest first; ``time_constant`` in s, negative where a mode grows;
          ``frequency`` in Hz; ``alternates``: a negative eigenvalue, which changes sign every step; ``unstable_mode`` (point, unit): direction
          that grows most, NaN where none does.
        - ``dimension`` (point): 0, or of the manifold that the point stands for; ``sigma_min`` (point): smallest singular value of J - 1.
        - ``non_normality`` (point): Henrici's, from 0 to below 1.
        - ``multiplicity`` (point): starts that ended there; ``found_by`` (point): newton, minimisation or fibre.

        Of each start: ``status`` (start), ``"converged"``, ``"slow"``, ``"diverged"``, ``"outlier"`` (at a point far from all starts), or
        ``"unfinished"`` at the end of a budget or of the iterations; ``start_residual`` (start), max|F(x) - x| there; ``point_of`` (start), -1
        for none. Of each slow point, a minimum of the speed:
        ``slow_state`` (slow_point, unit) and ``slow_speed`` (slow_point).

    Raises
    ------
    ShapeError, ValueRefused, NotOffered
        If starts or inputs do not fit the network, or it is neither a network nor a function; if its Jacobians do not fit into memory.

    References
    ----------
    Sussillo and Barak (2013), doi:10.1162/NECO_a_00409; Katz and Reggia (2017), doi:10.1109/TNNLS.2017.2733544.

    Examples
    --------
    >>> import neurorec as nr
    >>> net = nr.Network.random(0, 20, 1, gain=1.8, seed=1)
    >>> points = nr.dynamics.fixed_points(net)
    >>> float(points["speed"].max()) < 1e-9
    True
    """
    system, clock = as_map(net, inputs, size or width(starts), dt, jacobian), Clock(seconds)
    way_out = "nr.dynamics.lyapunov(exponents=10), or a simulation from many states, works by products with the weights alone"
    expect_memory(8 * MATRICES * system.size**2, "the Jacobian of a state and its eigenvectors", way_out)
    with one_thread, np.errstate(all="ignore"):  # what overflows has diverged, and is called so
        return _Search(system, as_starts(system, starts, seed), seed, fibres, clock, progress).result()


@dataclass
class _Search:
    """One search: starts, then fibres, then what is told of the points."""

    system: AbstractMap
    starts: np.ndarray
    seed: int | None
    fibres: int | None
    clock: Clock
    progress: bool | Hook

    def result(self) -> xarray.Dataset:
        problem = Problem.fixed(self.system.step, self.system.jacobian, self.system.gradient)
        with self._counting(len(self.starts), "start") as tell:
            found = roots(problem, self.starts, self.clock, tell=tell)
        good = found.status == CONVERGED
        more = self._more(problem, found)
        points = distinct(problem, np.concatenate([found.x[good], more]), self.clock)
        found.status[self._outlying(found, good)] = "outlier"
        return self._labelled(problem, found, good, points)

    @contextmanager
    def _counting(self, total: int, unit: str) -> Iterator[Tell]:
        """Whom to tell how many are done."""
        with Progress(self.progress, total, unit=unit) as shown:
            yield lambda done: None if shown.advance(done, np.nan) else self.clock.stop()

    def _more(self, problem: Problem, found: Found) -> np.ndarray:
        """What fibres add, (roots, n)."""
        count = (FIBRES if self.system.size <= SMALL else 0) if self.fibres is None else whole("fibres", self.fibres, 0)
        rng, known = np.random.default_rng([entropy(self.seed), 1]), found.x[found.status == CONVERGED]
        fresh = known[_first_of_each(known)] if len(known) else self._from_slow(found) if count else known
        total = [fresh]
        for _ in range(ROUNDS if count else 0):
            begin = self._some(problem, fresh)
            if not len(begin) or self.clock.up():
                break
            ways = rng.standard_normal((count, self.system.size))
            ways /= np.linalg.norm(ways, axis=1, keepdims=True)
            with self._counting(2 * count * len(begin), "fibre") as tell:
                passed = _fibres.from_roots(self.system, begin, ways, self.clock, tell)
            fresh = _new(np.concatenate(total), passed)
            total.append(fresh)
        return np.concatenate(total[int(len(known) > 0) :] or [known[:0]])

    def _some(self, problem: Problem, fresh: np.ndarray) -> np.ndarray:
        """Evenly chosen of those that are isolated: from a manifold every fibre is its neighbour's."""
        alone = fresh[isolated(problem, fresh)]
        most = max(FROM, SPREAD // self.system.size)
        return alone[np.unique(np.linspace(0, len(alone) - 1, min(most, len(alone))).astype(int))] if len(alone) else alone

    def _from_slow(self, found: Found) -> np.ndarray:
        slow = found.x[found.status == SLOW]
        if not len(slow):
            return slow
        least = np.argsort(found.residual[found.status == SLOW])[:SLOWEST]
        passed = _fibres.from_anywhere(self.system, slow[least], self.clock)
        return passed[_first_of_each(passed)]

    def _outlying(self, found: Found, good: np.ndarray) -> np.ndarray:
        """Starts that ended far from where all of them began."""
        centre = self.starts.mean(axis=0)
        spread = np.linalg.norm(self.starts - centre, axis=1).mean()
        return good & (np.linalg.norm(found.x - centre, axis=1) > OUTLYING * spread) if spread > 0 else np.zeros_like(good)

    def _labelled(self, problem: Problem, found: Found, good: np.ndarray, points: Distinct) -> xarray.Dataset:
        import xarray

        of = np.full(len(found.x), -1)
        of[good] = points.of[: good.sum()]
        variables = {**self._places(problem, points), **self._modes(points), **_origins(found, of, len(points.x)), **_slow(problem, found)}
        settings = {"dt": self.system.dt, "tolerance": _roots.TOLERANCE, "partial": int(self.clock.partial), "seed": str(self.seed)}
        return xarray.Dataset(variables, self.system.labels, settings)

    def _places(self, problem: Problem, points: Distinct) -> dict[str, Any]:
        """Where they are, and how exactly that is known."""
        x, r, shown = points.x, problem.residual(points.x), self.system.readout(points.x)
        outputs = {} if shown is None else {"readout": (("point", "output"), shown, {"units": "1"})}
        return {
            "state": (("point", "unit"), x, {"units": "1"}),
            **outputs,
            "residual": ("point", np.abs(r).max(axis=1, initial=0), {"units": "1"}),
            "speed": ("point", np.linalg.norm(r, axis=1), {"units": "1", "long_name": "|F(x) - x|, a step"}),
            "error": ("point", _bound(problem, x, r), {"units": "1", "long_name": "bound of the distance to the root"}),
            "dimension": ("point", points.dimension, {"units": "1"}),
            "sigma_min": ("point", points.sigma, {"units": "1"}),
        }

    def _modes(self, points: Distinct) -> dict[str, Any]:
        """What their Jacobians say, as many at a time as fit."""
        parts = [_modes(self.system, some) for some in _roots.chunks(points.x, self.system.size)]
        return {name: (dims, np.concatenate([part[name][1] for part in parts]), about) for name, (dims, _, about) in parts[0].items()}


def _modes(system: AbstractMap, x: np.ndarray) -> dict[str, Any]:
    jacobians = system.jacobian(x)
    modes = spectrum(jacobians)
    constants, frequency, alternates = times(modes.values, system.dt)
    return {
        "stable": ("point", modes.stability == "stable", {}),
        "stability": ("point", modes.stability, {}),
        "n_unstable": ("point", modes.unstable, {"units": "1"}),
        "eigenvalues": (("point", "unit"), modes.values, {"units": "1", "long_name": "of dF/dx"}),
        "unstable_mode": (("point", "unit"), _unstable_modes(modes), {"units": "1", "long_name": "real direction of the mode that grows most"}),
        "time_constant": (("point", "unit"), constants, {"units": "s"}),
        "frequency": (("point", "unit"), frequency, {"units": "Hz"}),
        "alternates": (("point", "unit"), alternates, {}),
        "non_normality": ("point", non_normality(jacobians, modes.values), {"units": "1"}),
    }  # fmt: skip


def _origins(found: Found, of: np.ndarray, count: int) -> dict[str, Any]:
    """Which starts led to each point, and what became of each start."""
    return {
        "multiplicity": ("point", np.bincount(of[of >= 0], minlength=count), {"units": "1", "long_name": "starts that ended here"}),
        "found_by": ("point", _methods(found, of, count)),
        "status": ("start", found.status),
        "point_of": ("start", of, {"units": "1"}),
        "iterations": ("start", found.iterations, {"units": "1"}),
        "start_residual": ("start", found.residual, {"units": "1", "long_name": "max|F(x) - x| where the start ended"}),
    }


def _slow(problem: Problem, found: Found) -> dict[str, Any]:
    """Minima of the speed that are no fixed points."""
    x = found.x[found.status == SLOW]
    x = x[_first_of_each(x, ALIKE)]
    return {
        "slow_state": (("slow_point", "unit"), x, {"units": "1"}),
        "slow_speed": ("slow_point", np.linalg.norm(problem.residual(x), axis=1), {"units": "1"}),
    }


def _bound(problem: Problem, x: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Twice a Newton step: how far the root can be, where the residual and rounding allow that to be known, (points,)."""
    rounding = np.maximum(np.abs(r), np.finfo(float).eps * np.maximum(1, np.abs(x)))
    parts = zip(*(_roots.chunks(each, x.shape[1]) for each in (x, rounding)), strict=True)
    return np.concatenate([2 * np.linalg.norm(_roots.solved(problem.jacobian(at), size), axis=1) for at, size in parts])


def _unstable_modes(modes: Spectrum) -> np.ndarray:
    """Real part of the first eigenvector of each point, of length 1; NaN where nothing grows, (points, n)."""
    first = np.real(modes.right[:, :, 0]) if modes.values.shape[1] else np.empty(modes.values.shape)
    with np.errstate(invalid="ignore"):
        first = first / np.linalg.norm(first, axis=1, keepdims=True)
    return np.where(modes.unstable[:, None] > 0, first, np.nan)


def _methods(found: Found, of: np.ndarray, count: int) -> np.ndarray:
    names = np.full(count, "fibre", "U12")
    for method in ("minimisation", "newton"):
        names[np.unique(of[(found.method == method) & (of >= 0)])] = method
    return names


def _first_of_each(x: np.ndarray, same: float = SAME) -> np.ndarray:
    groups = merged(x, same)
    return np.unique(groups, return_index=True)[1]


def _new(known: np.ndarray, passed: np.ndarray) -> np.ndarray:
    """Of what fibres passed, each root that is none of those known, once."""
    both = np.concatenate([known, passed])
    firsts = _first_of_each(both)
    return both[firsts[firsts >= len(known)]]
