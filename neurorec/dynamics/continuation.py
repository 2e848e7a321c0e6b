"""A branch of fixed points as the input changes, and where its stability does."""

from __future__ import annotations

import copy
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import positive, real_array, whole
from neurorec.dynamics._curves import AbstractCurve, Front, advance, front
from neurorec.dynamics._map import AbstractMap, NetworkMap, StepMap, as_map
from neurorec.dynamics._roots import CONVERGED, Clock, Problem, roots
from neurorec.dynamics._spectrum import Spectrum, spectrum
from neurorec.errors import NotOffered, ValueRefused
from neurorec.networks.network import Network
from neurorec.process.one_thread import one_thread

if TYPE_CHECKING:
    import xarray

STEPS, BISECTIONS = 2000, 40
LONGEST = 0.05  # step along the branch, in states and in the share of the way from x0 to x1: no bifurcation is stepped over
NUDGE = 1e-6  # of the parameter, for a derivative by central differences


def continuation(
    net: Any,
    start: Any,
    between: tuple[Any, Any],
    *,
    steps: int = STEPS,
    longest: float = LONGEST,
    seconds: float | None = None,
    dt: float = 1.0,
) -> xarray.Dataset:
    """Follow a fixed point while the input goes from one to another, through folds, to where the branch leaves that range.

    Pseudo-arclength steps; where an eigenvalue of the map's Jacobian crosses the unit circle, the crossing is located by bisection. At +1
    it is a ``"fold"``, where the branch turns back, or a ``"branch point"``, where another one crosses; at -1 a ``"flip"``, from which a
    2-cycle leaves; of a complex pair ``"neimark-sacker"``, which is the Hopf bifurcation of a map.

    Parameters
    ----------
    net : Network or callable
        A function of your own, ``step(x, p)``, takes states (rows, n) and a number, and returns states.
    start : (n,) array_like
        A fixed point for the first of the inputs, or a state near one.
    between : tuple of (I,) array_like
        Inputs from which and to which; of a function two numbers.
    steps : int
        Along the branch, at the most.
    longest : float
        Length of one, in states and in the share of the way between the inputs.
    seconds : float, optional
        Budget; where it runs out, the result is marked ``partial``.
    dt : float
        Of a function: seconds a step.

    Returns
    -------
    xarray.Dataset
        Of each point of the branch, in its order; bifurcations are points of it:

        - ``state`` (step, unit), ``readout`` (step, output) of a network, ``input`` (step, channel).
        - ``share`` (step): of the way between the inputs, 0 to 1.
        - ``stable`` (step), ``n_unstable`` (step), ``eigenvalues`` (step, unit), largest first.
        - ``bifurcation`` (step): ``"fold"``, ``"branch point"``, ``"flip"``, ``"neimark-sacker"``, or empty.

    Raises
    ------
    ValueRefused
        If there is no fixed point near `start`, or both inputs are the same.
    ShapeError, NotOffered
        If start or inputs do not fit.

    References
    ----------
    Kuznetsov (2004), Elements of Applied Bifurcation Theory, chapters 4 and 10; Allgower and Georg (2003).

    Examples
    --------
    >>> import numpy as np
    >>> import neurorec as nr
    >>> branch = nr.dynamics.continuation(lambda x, p: np.tanh(2 * x + p), [-0.98], (-1.0, 1.0))
    >>> [name for name in branch["bifurcation"].values.tolist() if name]
    ['fold', 'fold']
    """
    curve, x = _curve(net, start, between, dt)
    with one_thread:
        branch = _follow(curve, _on_branch(curve, x), whole("steps", steps), positive("longest", longest), Clock(seconds))
        return _labelled(curve, branch)


class _Branch(AbstractCurve):
    """F(x; a + p (b - a)) - x."""

    def __init__(self, maps: Any, ends: tuple[np.ndarray, np.ndarray]):
        self.maps, self.ends = maps, ends

    def at(self, p: float) -> AbstractMap:
        """The map for a share of the way."""
        return self.maps(self.value(p))

    def value(self, p: float) -> np.ndarray:
        """The input."""
        return self.ends[0] + p * (self.ends[1] - self.ends[0])

    def linearised(self, x: np.ndarray, p: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """As `AbstractCurve.linearised`."""
        del which
        by_x = np.concatenate([self.at(share).jacobian(row[None]) for row, share in zip(x, p, strict=True)]) - np.eye(x.shape[1])
        return self._residual(x, p), by_x, (self._residual(x, p + NUDGE) - self._residual(x, p - NUDGE)) / (2 * NUDGE)

    def _residual(self, x: np.ndarray, p: np.ndarray) -> np.ndarray:
        return np.concatenate([self.at(share).step(row[None]) - row for row, share in zip(x, p, strict=True)])


def _curve(net: Any, start: Any, between: tuple[Any, Any], dt: float) -> tuple[_Branch, np.ndarray]:
    function: Any
    if len(between) != 2:
        raise ValueRefused(f"between must be two inputs, from which and to which, got {len(between)}")
    if isinstance(net, Network):
        ends = real_array("between[0]", between[0], (net.inputs,)), real_array("between[1]", between[1], (net.inputs,))
        system: Any = as_map(net)
        maps, size = lambda value: system.under(value[None]), system.size  # noqa: E731 - of one input
    elif callable(net) and not inspect.isclass(net):
        ends = real_array("between[0]", between[0], ()), real_array("between[1]", between[1], ())
        function, size, seconds = net, np.size(start), positive("dt", dt)
        maps = lambda value: StepMap(lambda x: function(x, float(value)), size, seconds)  # noqa: E731 - of one number
    else:
        raise NotOffered(f"expected a nr.Network, or a function step(x, p), got {type(net).__name__}")
    if np.array_equal(*ends):
        raise ValueRefused("both inputs are the same; the branch is followed from one to another")
    return _Branch(maps, ends), real_array("start", np.atleast_1d(start), (size,))


def _on_branch(curve: _Branch, x: np.ndarray) -> np.ndarray:
    system = curve.at(0.0)
    found = roots(Problem.fixed(system.step, system.jacobian), x[None], Clock(None))
    if found.status[0] != CONVERGED:
        raise ValueRefused(
            f"there is no fixed point near start for the first input ({found.status[0]}, |F(x) - x| = {found.residual[0]:.1e}); "
            "take one of nr.dynamics.fixed_points"
        )
    return found.x[0]


@dataclass
class _Points:
    """Points of a branch so far, (steps, n + 1), their spectra, and what happens at each."""

    z: list[np.ndarray]
    spectra: list[Spectrum]
    kinds: list[str]
    partial: bool = False


def _follow(curve: _Branch, x: np.ndarray, steps: int, longest: float, clock: Clock) -> _Points:
    at = front(curve, x[None], np.zeros(1), np.ones(1), longest)
    branch = _Points([at.z[0].copy()], [_spectrum(curve, at.z[0])], [""])
    while len(branch.z) < steps and 0 <= at.z[0, -1] <= 1:
        before = copy.deepcopy(at)
        if not advance(curve, at, clock).any():
            break
        _add(curve, branch, before, at, clock)
    branch.partial = clock.partial
    return branch


def _add(curve: _Branch, branch: _Points, before: Front, at: Front, clock: Clock) -> None:
    """The point to which a step came, and the bifurcations on the way."""
    after = _spectrum(curve, at.z[0])
    if kind := _kind(branch.spectra[-1], before, after, at):
        z = _located(curve, before, at, kind, branch.spectra[-1], clock)
        branch.z.append(z)
        branch.spectra.append(_spectrum(curve, z))
        branch.kinds.append(kind)
    branch.z.append(at.z[0].copy())
    branch.spectra.append(after)
    branch.kinds.append("")


def _kind(first: Spectrum, before: Front, second: Spectrum, after: Front) -> str:
    """What happened between two points, by the eigenvalue that crossed the unit circle and whether the branch turned."""
    turned = before.tangent[0, -1] * after.tangent[0, -1] < 0
    moved = _outside(second) - _outside(first)
    if turned:
        return "fold"
    if moved == 0:
        return ""
    values = (second if moved > 0 else first).values[0]
    crossed = values[_outside(second if moved > 0 else first) - 1]
    if abs(moved) == 2 and abs(crossed.imag) > 1e-9:
        return "neimark-sacker"
    return "flip" if crossed.real < 0 else "branch point"


def _outside(modes: Spectrum) -> int:
    return int((np.abs(modes.values[0]) > 1).sum())


def _located(curve: _Branch, before: Front, after: Front, kind: str, first: Spectrum, clock: Clock) -> np.ndarray:
    """Between two points, by halving the step until the event is at its end."""
    low, high = before, float(np.linalg.norm(after.z[0] - before.z[0]))
    best = after.z[0].copy()
    for _ in range(BISECTIONS):
        high /= 2
        if high < 1e-12:
            break
        tried = Front.of(low.z.copy(), low.tangent.copy(), high, high)
        if not advance(curve, tried, clock).any():
            break
        if _kind(first, before, _spectrum(curve, tried.z[0]), tried) == kind:
            best = tried.z[0].copy()
        else:
            low = tried
    return best


def _spectrum(curve: _Branch, z: np.ndarray) -> Spectrum:
    return spectrum(curve.at(z[-1]).jacobian(z[None, :-1]))


def _labelled(curve: _Branch, branch: _Points) -> xarray.Dataset:
    import xarray

    z = np.array(branch.z)
    system = curve.at(0.0)
    shown = [curve.at(row[-1]).readout(row[None, :-1]) for row in z]
    readout = np.concatenate([each for each in shown if each is not None]) if isinstance(system, NetworkMap) else None
    values = np.stack([np.atleast_1d(curve.value(row[-1])) for row in z])
    outputs = {} if readout is None else {"readout": (("step", "output"), readout, {"units": "1"})}
    variables = {
        "state": (("step", "unit"), z[:, :-1], {"units": "1"}),
        **outputs,
        "input": (("step", "channel"), values, {"units": "1"}),
        "share": ("step", z[:, -1], {"units": "1", "long_name": "share of the way between the inputs"}),
        "stable": ("step", np.array([modes.stability[0] == "stable" for modes in branch.spectra])),
        "n_unstable": ("step", np.array([int(modes.unstable[0]) for modes in branch.spectra]), {"units": "1"}),
        "eigenvalues": (("step", "unit"), np.concatenate([modes.values for modes in branch.spectra]), {"units": "1"}),
        "bifurcation": ("step", np.array(branch.kinds, "U14")),
    }
    return xarray.Dataset(variables, system.labels, {"dt": system.dt, "partial": int(branch.partial)})
