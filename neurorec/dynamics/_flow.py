"""Flows dx/dt = g(x): of a network whose step is one of Euler's, or a function of somebody's own; and their integration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurorec.dynamics._map import NetworkMap, StepMap, as_map
from neurorec.errors import NotOffered
from neurorec.networks.network import Network
from neurorec.runs.run import Run

RELATIVE, ABSOLUTE = 1e-12, 0.1  # error of a step of DOP853 (Hairer, Norsett and Wanner 1993); that of what is near zero, of the former


@dataclass(frozen=True)
class Flow:
    """dx/dt = g(x), one state (n,) at a time.

    Attributes
    ----------
    size : int
        n.
    dt : float
        Seconds of the network's step; 1 for a function.
    rate, slope : callable
        g (n,), in 1/s, and dg/dx (n, n).
    labels : dict
        Coordinates of the dimension ``unit``.
    """

    size: int
    dt: float
    rate: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]
    labels: dict[str, Any]

    def run(self, x: np.ndarray, seconds: float, relative: float = RELATIVE, **more: Any) -> Any:
        """scipy's solution from x, (n,) or (m n,) rows of which the first is the state, see `varied`."""
        from scipy.integrate import solve_ivp

        function = self._varied if len(x) > self.size else self._plain
        return solve_ivp(function, (0.0, seconds), x, "DOP853", rtol=relative, atol=relative * ABSOLUTE, **more)

    def varied(self, x: np.ndarray, seconds: float, parts: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """States at the ends of equal parts of a time and before, (parts + 1, n), and the derivative of the last by the first, (n, n)."""
        n = self.size
        path = self.run(np.concatenate([x, np.eye(n).ravel()]), seconds, t_eval=np.linspace(0, seconds, parts + 1)).y
        return path[:n].T, path[n:, -1].reshape(n, n)

    def _plain(self, t: float, x: np.ndarray) -> np.ndarray:
        del t
        return self.rate(x)

    def _varied(self, t: float, both: np.ndarray) -> np.ndarray:
        del t
        n = self.size
        return np.concatenate([self.rate(both[:n]), (self.slope(both[:n]) @ both[n:].reshape(n, n)).ravel()])


def as_flow(system: Any, inputs: Any, size: int, jacobian: Callable[[np.ndarray], np.ndarray] | None) -> Flow:
    """Of a network (step(x) - x) / dt, where that does not depend on dt; a function is g itself, (rows, n) to (rows, n).

    Raises
    ------
    NotOffered
        If the network's step is none of Euler's, so that no flow is known of which it is a step.
    """
    system = system.network if isinstance(system, Run) else system
    if isinstance(system, Network):
        _expect_euler(system)
    stepped = as_map(system, inputs, size, 1.0, jacobian)
    if isinstance(stepped, NetworkMap):
        rate = lambda x: (stepped.step(x[None])[0] - x) / stepped.dt  # noqa: E731 - one line of algebra
        slope = lambda x: (stepped.jacobian(x[None])[0] - np.eye(len(x))) / stepped.dt  # noqa: E731
    elif isinstance(stepped, StepMap):
        rate, slope = (lambda x: stepped.step(x[None])[0]), (lambda x: stepped.jacobian(x[None])[0])
    else:
        raise NotOffered(
            "a torch module has a step, and no flow that it is a step of; nr.dynamics.invariant_curves takes the step as it is"
        )
    return Flow(stepped.size, stepped.dt, rate, slope, stepped.labels)


def _expect_euler(network: Network) -> None:
    """That new states are x + dt g(x, u), g free of dt."""
    import sympy

    dt, formula = sympy.Symbol("dt"), network.formula
    for name, new in zip(formula.states, formula.new, strict=True):
        by_dt = sympy.diff(new, dt)
        if sympy.simplify(new.subs(dt, 0) - sympy.Symbol(name)) != 0 or sympy.simplify(sympy.diff(by_dt, dt)) != 0:
            raise NotOffered(
                f"{name}(t) of this cell is {new}, no step of Euler's x + dt g(x), so it has no flow; "
                "nr.dynamics.invariant_curves takes the step as it is, nr.dynamics.cycles finds what returns after whole steps"
            )
