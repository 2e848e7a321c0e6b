"""Laws of a cell."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurorec.discovery import class_of, load
from neurorec.networks.network import Network
from neurorec.runs.record import Record
from neurorec.simulation.weight_change import weight_change
from neurorec.tasks.base.trials import Trials
from neurorec.testing._cases import ORDINARY, Sizes, descent, network, trials
from neurorec.testing._compared import check_changes, check_simulation
from neurorec.testing._formulas import check_derivatives
from neurorec.testing._laws import close, documented, hold
from neurorec.training.train import train


def check_cell(cell: Any, engine: Any = "numba") -> None:
    """Hold a cell to its laws.

    What is derived from its formula are its derivatives; exact rules change a network of it by minus the slope of the loss. Of one that
    spikes or stops a gradient, which have none, exact rules do what torch's autograd finds. An engine simulates and changes it as the
    reference does; a change averages over trials; and a network of it learns to report a held input.

    Parameters
    ----------
    cell : class, or its name
        Derived from `neurorec.AbstractCell`.
    engine : str or engine
        Beside the reference.

    Raises
    ------
    AssertionError
        Saying which law does not hold.
    """
    cls: Any = class_of("cells", cell)
    documented(cls)
    if network(ORDINARY, cls).formula.exact:
        check_derivatives(cls, cls)
        _check_gradient(cls)
    else:
        check_changes(cls, load("engines", "torch")(dtype="float64"), "bptt", cls)
    _check_average(cls)
    check_simulation(cls, engine, cls)
    for rule in ("rflo", "bptt"):
        check_changes(cls, engine, rule, cls)
    _check_learning(cls, engine)


def _check_gradient(cell: Any) -> None:
    net, data = network(ORDINARY, cell), trials(ORDINARY)
    backward = weight_change(net, data, rule="bptt", engine="reference")
    forward = weight_change(net, data, rule="rtrl", engine="reference")
    for name, change in backward.items():
        close(change, descent(net, data, name), 1e-6, cell, f"bptt changes {name} by minus the slope of the loss")
        close(forward[name], change, 1e-10, cell, f"rtrl changes {name} as bptt does")


def _check_average(cell: Any) -> None:
    size = Sizes(4, 1, 2, 6, 3)
    net, data = network(size, cell), trials(size)
    together = weight_change(net, data, engine="reference")
    alone = [weight_change(net, data.take(np.array([k])), engine="reference") for k in range(size.trials)]
    for name, change in together.items():
        close(np.mean([each[name] for each in alone], axis=0), change, 1e-12, cell, f"the change of {name} is the mean over its trials")


def _check_learning(cell: Any, engine: Any) -> None:
    """Enough for any cell that gets its gradient right; a wrong sign makes the loss rise."""
    held = np.tile(np.random.default_rng(0).normal(size=(1, 4, 1)), (10, 1, 1))
    dt = min([0.05, *(value / 2 for name, value in cell.parameters.items() if name.startswith("tau"))])  # seconds
    net, data = Network.random(1, 12, 1, cell=cell, dt=dt), Trials(held, held / 2, dt=dt)
    how: dict[str, Any] = {"rule": "bptt", "trials": 1200, "batch": 4, "rate": 0.01, "optimiser": "adam"}
    loss = train(net, data, engine=engine, record=Record.nothing(), progress=False, **how).log["loss"].values
    first, last = loss[:40].mean(), loss[-40:].mean()
    hold(
        last < 0.5 * first,
        cell,
        "a network of it learns to report a held input: the loss halves in 300 updates",
        f"{first:.3g} to {last:.3g}",
    )
