"""Why random feedback works: the readout aligns with it (Murray 2019, appendix 2), measured along a training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import cosine, degrees
from neurorec.engines.base import AbstractEngine
from neurorec.errors import NotOffered
from neurorec.learning.rules.base import AbstractRule
from neurorec.networks.network import Network
from neurorec.networks.pattern import strengths
from neurorec.networks.plasticity import changing
from neurorec.runs.run import Run
from neurorec.simulation.weight_change import weight_change
from neurorec.tasks.base.task import AbstractTask
from neurorec.tasks.base.trials import Trials
from neurorec.training.parts import part_of_run
from neurorec.training.task_of_run import task_of_run

if TYPE_CHECKING:
    import xarray

WIDTH = 1e-4  # of the step along the change of W, relative to W, by which its effect on the readout's change is measured


def alignment(
    run: Run, task: AbstractTask | Trials | None = None, trials: int = 10, engine: str | AbstractEngine = "reference"
) -> xarray.Dataset:
    """Alignment of readout and feedback, and the angle of the rule's change to the gradient, at every checkpoint of a run.

    Parameters
    ----------
    run : Run
        Everything is measured at its checkpoints; ``nr.Record(checkpoints=...)`` says how many there are.
    task : task or Trials, optional
        For a run that was trained on arrays.
    trials : int
        The first so many trials of the training, the same at every checkpoint.
    engine : str or engine
        The reference is float64 and slow with large networks; ``"numba"`` gives about three digits of `together`.

    Returns
    -------
    xarray.Dataset
        Over ``trial`` (number of trials done) and ``weight`` (those that the rule changes):

        - ``trace`` (trial): Tr(readout feedback); of one output w . b. ``cosine`` (trial): the same over both norms.
        - ``angle`` (trial, weight): degrees between the rule's change and -dL/dW.
        - ``descent`` (trial, weight): <change, -dL/dW>, by how much the loss falls per unit rate, to first order. The paper's Eq 40:
          for W it is positive, on average, if and only if the trace is.
        - ``alone`` (trial): growth of the trace per unit rate, from the readout's change with W as it is.
        - ``together`` (trial): how that grows with the rate of W, d^2 Tr / (d rate d rate), the paper's G (Eq 42), where the change of W
          comes first. Its expectation is positive (Eqs 52 to 55): alignment comes of both changes, of neither by itself. Both are
          zero where the rule spares the readout.

    Raises
    ------
    NotOffered, ValueRefused
        If the network is a torch module; if the run was trained on arrays and `task` was left out.

    Examples
    --------
    >>> import neurorec as nr
    >>> table = nr.dynamics.alignment(nr.open_run("run.h5"), trials=2)
    >>> table["angle"].dims
    ('trial', 'weight')
    """
    import xarray

    rule, feedback = (part_of_run(name, run.config, run.trust) for name in ("rule", "feedback"))
    data = task_of_run(run.config, task, run.trust).trials(trials, run.config["seed"], 0)
    _expect_recurrent(run.network)
    networks = [run.checkpoint(trial) for trial in run.checkpoints]
    names = _changing(networks[0], rule)
    rows = [_measured(network, data, names, engine, {"rule": rule, "feedback": feedback}) for network in networks]
    by_weight = {name: (("trial", "weight"), np.array([row[name] for row in rows])) for name in ("angle", "descent")}
    single = {name: ("trial", np.array([row[name] for row in rows])) for name in ("trace", "cosine", "alone", "together")}
    found = xarray.Dataset(single | by_weight, {"trial": list(run.checkpoints), "weight": names})
    for name, each in found.data_vars.items():
        each.attrs["units"] = "degrees" if name == "angle" else "1"
    return found


def _trace(network: Network) -> float:
    """Tr(readout feedback): positive where the error comes back, on balance, to the units that made it."""
    return float((network.readout.T * network.feedback).sum())


def _expect_recurrent(network: Any) -> None:
    if not isinstance(network, Network):
        raise NotOffered(f"{type(network).__name__} has no recurrent weights of its own, of which the theory speaks; use nr.Network")


def _changing(network: Network, rule: AbstractRule) -> list[str]:
    """Weights that the rule changes, in the place of `recurrent` its free parameters; those without entries are left out."""
    names, parts = changing(network, rule), network.parts()
    return [name for name in names if name not in parts or parts[name].size]


def _measured(network: Network, data: Trials, names: list[str], engine: Any, settings: dict[str, Any]) -> dict[str, Any]:
    """Everything at one checkpoint."""
    ours = _changes(network, data, engine, **settings)
    exact = _changes(network, data, engine, rule="bptt", feedback="symmetric")
    grows = lambda net: float((weight_change(net, data, engine=engine, **settings)["readout"].T * net.feedback).sum())  # noqa: E731 - of one argument
    return {
        "trace": _trace(network),
        "cosine": cosine(network.readout.T, network.feedback),
        "angle": [degrees(ours[name], exact[name]) for name in names],
        "descent": [float((ours[name].astype(float) * exact[name]).sum()) for name in names],
        "alone": grows(network),
        "together": _slope(network, ours, grows),
    }


def _changes(network: Network, data: Trials, engine: Any, **settings: Any) -> dict[str, np.ndarray]:
    """As an optimiser sees them."""
    return {name: strengths(change) for name, change in weight_change(network, data, engine=engine, **settings).items()}


def _slope(network: Network, change: dict[str, np.ndarray], value: Any) -> float:
    """Derivative of a value of the network along a change of its recurrent weights, by central difference."""
    now = {name: network.free[name] for name in network.learnt} or {"recurrent": network.parts()["recurrent"]}
    size = np.sqrt(sum(float((change[name].astype(float) ** 2).sum()) for name in now))
    if size == 0:
        return 0.0
    step = WIDTH * max(np.sqrt(sum(float((array**2).sum()) for array in now.values())), 1.0) / size
    moved = [{name: array + sign * step * change[name] for name, array in now.items()} for sign in (1, -1)]
    ends = [value(_with(network, each)) for each in moved]
    return (ends[0] - ends[1]) / (2 * step)


def _with(network: Network, numbers: dict[str, np.ndarray]) -> Network:
    """The network with other recurrent weights, or what these are made of."""
    if network.learnt:
        return network.replace(free={**network.free, **numbers})
    return network.with_parts({**network.parts(), **numbers})
