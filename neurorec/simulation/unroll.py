"""Networks evaluated in time step by step, or for all steps at once by iterations: ``nr.unroll``.

The classes of ``nr.names("unroll")`` are here under their own names: ``nr.unroll.Jacobi(sweeps=4)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.discovery import load, names
from neurorec.engines.base import AbstractEngine
from neurorec.engines.unrolled._iterate import per_trial
from neurorec.engines.unrolled._lyapunov import largest_exponent
from neurorec.engines.unrolled.base import AbstractUnroll
from neurorec.errors import UnrollWarning, warn
from neurorec.learning.rules.base import AbstractRule
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.simulation.simulate import simulate
from neurorec.simulation.trajectories import Trajectories
from neurorec.simulation.weight_change import weight_change as change_of
from neurorec.tasks.base.trials import Trials

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a network did in some trials, and how that was found.

    Attributes
    ----------
    trajectories : Trajectories
        As `nr.simulate` gives them.
    iterations : int
        Sweeps that were made; 0: one step after another.
    residuals : (iterations + 1, B) array
        Largest entry of f(s(t-1)) - s(t) in each trial: at the start, and after each sweep.
    converged : bool
        False: a tolerance was not reached in as many sweeps as were allowed, and `trajectories` are the sequential ones.
    lyapunov : (B,) array
        Largest Lyapunov exponent along each trial, per step: how fast neighbours part (positive) or meet (negative). Its
        first quarter is left out.
    """

    trajectories: Trajectories
    iterations: int
    residuals: np.ndarray
    converged: bool
    lyapunov: np.ndarray

    outputs = property(lambda self: self.trajectories.outputs, doc="y, (T, B, O), before a softmax.")
    states = property(lambda self: self.trajectories.states, doc="Every state of the cell after each step, by name, (T, B, N).")
    loss = property(lambda self: self.trajectories.loss, doc="Loss of each trial, (B,).")

    @property
    def lyapunov_per_second(self) -> np.ndarray:
        """The largest exponent in 1/s, (B,)."""
        return self.lyapunov / self.trajectories.trials.dt

    def to_xarray(self) -> xarray.Dataset:
        """As `Trajectories.to_xarray`, with ``residual`` over (sweep, trial) and ``lyapunov``, 1/s, over trial."""
        exponent = ("trial", self.lyapunov_per_second, {"units": "1/s", "long_name": "largest Lyapunov exponent"})
        residual = (("sweep", "trial"), self.residuals, {"units": "1"})
        about = {"iterations": self.iterations, "converged": int(self.converged)}
        return self.trajectories.to_xarray().assign(residual=residual, lyapunov=exponent).assign_attrs(about)


def evaluate(
    network: AbstractNetwork,
    trials: Trials,
    how: str | AbstractUnroll = "newton",
    seed: int | None = 0,
    initial: np.ndarray | None = None,
    device: str | None = None,
    dtype: str = "float64",
) -> Evaluation:
    """Run a network through trials, all steps at once; nothing is learnt.

    Parameters
    ----------
    network, trials, seed, initial
        As for `nr.simulate`.
    how : str or AbstractUnroll
        From ``nr.names("unroll")``.
    device : str, optional
        As torch names it: ``"cpu"``, ``"cuda"`` ... None: NumPy for cells, and torch on the CPU for architectures.
    dtype : str
        ``"float64"``, or, with a device, ``"float32"``; a tolerance below 64 roundings of it is taken for these.

    Returns
    -------
    Evaluation

    Raises
    ------
    ValueRefused, NotOffered
        If there is no such device or float type, or this machine lacks it.

    Warns
    -----
    UnrollWarning
        If the iteration did not converge (then states are the sequential ones), or if the largest Lyapunov exponent is positive.
    """
    runner: Any = engine(how, device, dtype)
    trajectories = simulate(network, trials, runner, seed, initial)
    _, recurrence, found = runner.last
    residuals = np.array([*found.tried.residuals, per_trial(recurrence.residual(found.tried.states))])
    exponents = largest_exponent(recurrence, found.solution.states)
    _warn_of_chaos(exponents)
    return Evaluation(trajectories, len(residuals) - 1, residuals, found.tried.converged, exponents)


def weight_change(
    network: AbstractNetwork,
    trials: Trials,
    how: str | AbstractUnroll = "newton",
    rule: str | AbstractRule = "bptt",
    seed: int | None = 0,
    device: str | None = None,
    dtype: str = "float64",
) -> dict[str, np.ndarray]:
    """The change that a rule would make, by the way back through an unroll: for bptt minus the gradient of what `how` computes.

    Parameters
    ----------
    network, trials, how, seed, device, dtype
        As for `evaluate`.
    rule : str or rule
        From ``nr.names("rules")``.

    Returns
    -------
    dict of str to array
        As from `nr.weight_change`.

    Warns
    -----
    UnrollWarning
        If the iteration did not converge; the change is then that of the sequential states.
    """
    return change_of(network, trials, rule, engine(how, device, dtype), seed=seed)


def engine(how: str | AbstractUnroll = "newton", device: str | None = None, dtype: str = "float64") -> AbstractEngine:
    """The engine that simulates and trains by an unroll, for ``engine=`` of `nr.train`.

    Parameters
    ----------
    how : str or AbstractUnroll
        From ``nr.names("unroll")``; ``Jacobi(sweeps=4)`` trains a network for four sweeps.
    device, dtype
        As for `evaluate`.
    """
    return load("engines", "unrolled")(how, device=device, dtype=dtype)


def __getattr__(name: str) -> type[AbstractUnroll]:
    found = {cls.__name__: cls for cls in (load("unroll", each) for each in names("unroll"))}
    if name not in found:
        raise AttributeError(f"{__name__} has no {name!r}; its classes are {', '.join(found)}")
    return found[name]


def _warn_of_chaos(exponents: np.ndarray) -> None:
    positive = int((exponents > 0).sum())
    if positive:
        warn(
            f"the largest Lyapunov exponent is positive in {positive} of {len(exponents)} trials (up to {exponents.max():+.2g} a step): "
            "neighbouring trajectories part, so late states depend on rounding, and iterations need about as many sweeps as there are steps; "
            "use how='sequential', shorter trials or a smaller gain",
            UnrollWarning,
        )
