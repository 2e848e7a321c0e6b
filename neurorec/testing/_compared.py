"""Laws that hold an engine to the reference, for a cell, a rule ... or for the engine itself."""

from __future__ import annotations

from typing import Any

from neurorec.discovery import resolve
from neurorec.networks.pattern import strengths
from neurorec.runs.record import Record
from neurorec.simulation.simulate import simulate
from neurorec.simulation.weight_change import weight_change
from neurorec.testing._cases import Sizes, network, several, trials
from neurorec.testing._laws import alike, close, difference, hold
from neurorec.training.train import train


def check_simulation(of: object, engine: Any, cell: Any = "leaky_tanh", **model: Any) -> None:
    """Outputs and states of several sizes, with private noise, are the reference's."""
    runner = resolve("engines", engine)
    for seed, size in enumerate(several()):
        net, data = network(size, cell, seed, noise=0.05, **model), trials(size, seed)
        ours, definition = (simulate(net, data, engine=each, seed=seed) for each in (runner, "reference"))
        law = f"{type(runner).__name__} simulates as the reference does ({size})"
        close(ours.outputs, definition.outputs, runner.tolerance, of, f"{law}: outputs")
        for name, states in definition.states.items():
            close(ours.states[name], states, runner.tolerance, of, f"{law}: {name}")


def check_changes(of: object, engine: Any, rule: Any, cell: Any = "leaky_tanh", feedback: Any = None, **model: Any) -> None:
    """A rule's change of every weight, in several sizes, is the reference's."""
    runner = resolve("engines", engine)
    for seed, size in enumerate(several()):
        net, data = network(size, cell, seed, noise=0.05, **model), trials(size, seed)
        ours, definition = (weight_change(net, data, rule, each, feedback, seed) for each in (runner, "reference"))
        ours, definition = ({name: strengths(change) for name, change in each.items()} for each in (ours, definition))
        alike(ours, definition, runner.tolerance, of, f"{type(runner).__name__} changes weights as the reference does ({size})")


def check_steps(of: object, engine: Any, size: Sizes, cell: Any = "leaky_tanh", **how: Any) -> None:
    """Weights that change at every step, in three batches, end as the reference's; of an engine that does not offer that, nothing."""
    runner = resolve("engines", engine)
    if "step" not in runner.offers:
        return
    start = network(size, cell, noise=0.05, gain=0.7)  # cells that do not saturate would run away
    data, batches = trials(size), {"trials": 3 * size.trials, "batch": size.trials}
    ours, definition = (
        train(start, data, engine=each, update="step", record=Record.nothing(), progress=False, **batches, **how).network
        for each in (runner, "reference")
    )
    for name in ("recurrent", "input", "readout", "bias", "feedback"):
        apart = difference(getattr(ours, name), getattr(definition, name))
        hold(apart <= runner.tolerance, of, f"{type(runner).__name__} learns at every step as the reference does: {name}", f"{apart:.1e}")
