"""Limit cycles of a flow: closed orbits, with their periods and multipliers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import positive, real_array, whole
from neurorec.dynamics._closed_curves import merged
from neurorec.dynamics._flow import Flow, as_flow
from neurorec.dynamics._map import StepMap
from neurorec.dynamics._roots import Clock
from neurorec.dynamics._spectrum import spectrum, times
from neurorec.dynamics._starts import as_starts, width
from neurorec.process.one_thread import one_thread

if TYPE_CHECKING:
    import xarray

COUNT = 8  # starts, where their number is not given: each is integrated
SETTLING, LONGEST = 100.0, 100.0  # seconds of a function, and ten times as many steps of a network
PHASES = 128
ITERATIONS, CLOSED = 12, 1e-10  # of Newton; what is left of x(T) - x(0), relative to 1 + max|x|
ROUGH = 1e-6  # error of a step before Newton's
NEAR = 0.1  # of the size of what it passes: how close a trajectory comes back, for a first guess
SAME = 1e-6  # of a state that has come back, relative to what it moves
PARTS = (2, 3, 5, 7)  # of a period, after which the orbit may be back already


def limit_cycles(
    net: Any,
    inputs: Any = None,
    starts: Any = None,
    seed: int | None = 0,
    *,
    settling: float | None = None,
    longest: float | None = None,
    phases: int = PHASES,
    seconds: float | None = None,
    size: int = 0,
    jacobian: Callable[[np.ndarray], np.ndarray] | None = None,
) -> xarray.Dataset:
    """Closed orbits of dx/dt = g(x) under a constant input, by shooting.

    From where a trajectory comes back near itself, Newton's steps on x(T; x0) - x0 = 0 with the period T unknown and x0 moved at right angles
    to g(x0) alone; derivatives come from the variational equations. The flow of a network is (step - state) / dt, where its cell is a step of
    Euler's, as the leaky ones are: it is what small steps go to. What the network itself does with its dt is `invariant_curves`.

    Parameters
    ----------
    net : Network, Run or callable
        A function of your own is g: it takes states (rows, n) and returns their rates of change, in 1/s.
    inputs, starts, seed, size
        As for `fixed_points`; of starts that are not given there are 8.
    settling : float, optional
        Seconds before a return is looked for; 0 for a cycle that repels, near which a start lies. None: 100, or 1000 steps of a network.
    longest : float, optional
        Longest period, in s. None: 100, or 1000 steps of a network.
    phases : int
        States of each cycle that are returned.
    seconds : float, optional
        Budget; where it runs out, the result is marked ``partial``.
    jacobian : callable, optional
        Of a function: dg/dx (rows, n, n). None: central differences.

    Returns
    -------
    xarray.Dataset
        Of each cycle, by period:

        - ``state`` (cycle, phase, unit), evenly in time, from where the first unit is largest; ``period`` (cycle) in s.
        - ``multipliers`` (cycle, unit): eigenvalues of the derivative of the way once round, largest first, one of which is 1; ``stable``
          (cycle): all others are inside the unit circle. ``time_constant`` (cycle, unit) in s.
        - ``residual`` (cycle): max|x(T) - x(0)|; ``multiplicity`` (cycle): starts that ended there.

        ``status`` (start): ``"cycle"``, ``"rest"``, ``"no return"`` within `longest`, ``"not closed"``, ``"diverged"``, ``"unfinished"``.

    Raises
    ------
    NotOffered
        If the network's step is none of Euler's, or it is a torch module.
    ShapeError, ValueRefused
        As `fixed_points`.

    References
    ----------
    Kuznetsov (2004), Elements of Applied Bifurcation Theory, chapter 10.

    Examples
    --------
    >>> import numpy as np
    >>> import neurorec as nr
    >>> van_der_pol = lambda x: np.stack([x[:, 1], (1 - x[:, 0] ** 2) * x[:, 1] - x[:, 0]], axis=1)
    >>> found = nr.dynamics.limit_cycles(van_der_pol, starts=[[1.0, 0.0]], settling=20, longest=10)
    >>> f"{float(found['period'][0]):.6f}"
    '6.663287'
    """
    flow, clock = as_flow(net, inputs, size or width(starts), jacobian), Clock(seconds)
    begun = _starts(flow, starts, seed)
    spans = [10 * each * flow.dt if flow.labels["variable"][0] != "x" else each for each in (SETTLING, LONGEST)]
    settle = spans[0] if settling is None else float(real_array("settling", settling, ()))
    search = _Search(flow, settle, spans[1] if longest is None else positive("longest", longest))
    with one_thread, np.errstate(all="ignore"):
        ended = [search.from_start(x) if not clock.up() else ("unfinished", None) for x in begun]
        cycles, counts = merged([orbit for _, orbit in ended if orbit is not None], lambda each: each.period, lambda each: each.states)
        return _labelled(flow, cycles, counts, whole("phases", phases), [status for status, _ in ended], clock)


def _starts(flow: Flow, starts: Any, seed: int | None) -> np.ndarray:
    still = StepMap(lambda x: x, flow.size, 1.0)  # of which starts are rows, and no more
    still.entries = tuple(zip(flow.labels["variable"], flow.labels["number"], strict=True))
    begun = as_starts(still, starts, seed)
    return begun[:COUNT] if starts is None else begun


@dataclass(frozen=True)
class _Orbit:
    """Once round: states (PHASES, n) from the first unit's maximum, evenly in time, the derivative of the way, what is left open."""

    period: float
    states: np.ndarray
    derivative: np.ndarray
    residual: float


@dataclass(frozen=True)
class _Search:
    flow: Flow
    settling: float
    longest: float

    def from_start(self, x: np.ndarray) -> tuple[str, _Orbit | None]:
        """How a start ended, and its orbit."""
        if self.settling > 0:
            x = self.flow.run(x, self.settling, ROUGH).y[:, -1]
        if not np.isfinite(x).all():
            return "diverged", None
        if np.linalg.norm(self.flow.rate(x)) * self.flow.dt <= 1e-9 * (1 + np.linalg.norm(x)):
            return "rest", None
        period = self._return(x)
        if period is None:
            return "no return", None
        closed = self._closed(x, period)
        return ("not closed", None) if closed is None else ("cycle", self._whole(*closed))

    def _return(self, x: np.ndarray) -> float | None:
        """When the trajectory first comes back, through the plane across it at x, to near x."""
        across = self.flow.rate(x)
        section = lambda t, y: float(across @ (y - x))  # noqa: E731 - one line of algebra
        section.direction = 1  # pyright: ignore[reportFunctionMemberAccess] - as solve_ivp has it
        path = self.flow.run(x, self.longest, ROUGH, events=section)
        when, where = path.t_events[0], path.y_events[0]
        size = np.linalg.norm(path.y.T - x, axis=1).max()
        good = [t for t, y in zip(when, where, strict=True) if t > 1e-6 * self.longest and np.linalg.norm(y - x) < NEAR * size]
        return float(good[0]) if good else None

    def _closed(self, x: np.ndarray, period: float) -> tuple[np.ndarray, float] | None:
        """Newton's steps on the state and the period."""
        n = self.flow.size
        for _ in range(ITERATIONS):
            states, derivative = self.flow.varied(x, period)
            end = states[-1]
            if np.abs(end - x).max() <= CLOSED * (1 + np.abs(x).max()):
                return self._smallest(x, period)
            whole_ = np.zeros((n + 1, n + 1))
            whole_[:n, :n], whole_[:n, n], whole_[n, :n] = derivative - np.eye(n), self.flow.rate(end), self.flow.rate(x)
            step = np.linalg.lstsq(whole_, np.append(x - end, 0.0), rcond=None)[0]
            x, period = x + step[:n], period + step[n]
            if not (np.isfinite(x).all() and 0 < period <= 2 * self.longest):
                return None
        return None

    def _smallest(self, x: np.ndarray, period: float) -> tuple[np.ndarray, float] | None:
        """The same orbit, once round, from where the first unit is largest; None for a point at rest."""
        path = self.flow.run(x, period, dense_output=True).sol
        sampled = path(np.linspace(0, period, PHASES, endpoint=False)).T
        size = np.linalg.norm(sampled - x, axis=1).max()
        if size <= SAME * (1 + np.linalg.norm(x)):
            return None
        for parts in PARTS:
            while np.linalg.norm(path(period / parts) - x) <= SAME * size:
                period /= parts
        return sampled[int(np.argmax(np.round(sampled[:, 0], 9)))], period

    def _whole(self, x: np.ndarray, period: float) -> _Orbit:
        states, derivative = self.flow.varied(x, period, PHASES)
        return _Orbit(period, states[:-1], derivative, float(np.abs(states[-1] - x).max()))


def _labelled(flow: Flow, cycles: list[_Orbit], counts: list[int], phases: int, status: list[str], clock: Clock) -> xarray.Dataset:
    import xarray

    n, periods = flow.size, np.array([orbit.period for orbit in cycles])
    states, products = np.empty((len(cycles), phases, n)), np.empty((len(cycles), n, n))
    for number, orbit in enumerate(cycles):
        at = np.linspace(0, orbit.period, phases, endpoint=False)
        states[number] = orbit.states if phases == PHASES else flow.run(orbit.states[0], orbit.period, t_eval=at).y.T
        products[number] = orbit.derivative
    values = spectrum(products).values
    trivial = np.abs(values - 1).argmin(axis=1)[:, None] if n else np.empty((0, 1), int)
    others = np.abs(np.where(np.arange(n) == trivial, 0, values))
    constants = np.array([times(row, period)[0] for row, period in zip(values, periods, strict=True)]).reshape(values.shape)
    variables = {
        "state": (("cycle", "phase", "unit"), states, {"units": "1"}),
        "period": ("cycle", periods, {"units": "s"}),
        "multipliers": (("cycle", "unit"), values, {"units": "1", "long_name": "of the way once round"}),
        "stable": ("cycle", (others < 1).all(axis=1)),
        "time_constant": (("cycle", "unit"), constants, {"units": "s"}),
        "residual": ("cycle", np.array([orbit.residual for orbit in cycles]), {"units": "1"}),
        "multiplicity": ("cycle", np.array(counts, int), {"units": "1", "long_name": "starts that ended here"}),
        "status": ("start", np.array(status, "U10")),
    }
    return xarray.Dataset(variables, flow.labels, {"tolerance": CLOSED, "partial": int(clock.partial)})
