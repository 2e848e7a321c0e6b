"""Laws of an engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from neurorec.discovery import resolve
from neurorec.networks.weights import Weights
from neurorec.simulation.stimulus import stimulus
from neurorec.testing._cases import ORDINARY, Sizes, network, trials
from neurorec.testing._compared import check_changes, check_simulation, check_steps
from neurorec.testing._laws import close, documented, hold

SCHEDULES = {"trial", "step"}


def check_engine(engine: Any, cells: tuple[str, ...] = ("leaky_tanh", "gru"), rules: tuple[str, ...] = ("rflo", "bptt")) -> None:
    """Hold an engine to its laws: it simulates, changes weights, learns at every step if it offers that, and streams, as the reference does.

    Parameters
    ----------
    engine : engine, class or name
        Of a class derived from `neurorec.AbstractEngine`.
    cells, rules : tuple of str
        From ``nr.names("cells")`` and ``nr.names("rules")``; of an engine for local rules only, the full ones are left out.

    Raises
    ------
    AssertionError
        Saying which law does not hold.
    """
    runner = resolve("engines", engine)
    documented(type(runner))
    hold(runner.offers and runner.offers <= SCHEDULES, runner, f"it offers some of {sorted(SCHEDULES)}", runner.offers)
    hold(
        np.dtype(runner.dtype).kind == "f" and 0 <= runner.tolerance < 0.1, runner, "it has a float type, and a tolerance", runner.tolerance
    )
    for cell in cells:
        check_simulation(runner, runner, cell)
        for rule in rules:
            if runner.through_units or not resolve("rules", rule).through_units:
                check_changes(runner, runner, rule, cell)
        if runner.sparse:
            check_simulation(runner, runner, cell, density=0.4)
            check_changes(runner, runner, rules[0], cell, density=0.4)
        check_steps(runner, runner, ORDINARY, cell, rate=0.03, feedback="kolen_pollack", weight_decay=0.1)
    _check_stream(runner)


def _check_stream(runner: Any) -> None:
    """Windows of one long trial, each from where the one before ended, are the trial."""
    size = Sizes(5, 2, 3, 12, 1)
    net = network(size)
    weights, given = Weights.of(net, runner.dtype), stimulus(net, trials(size), runner.dtype, 0)
    whole = runner.forward(net, weights, given).readout.copy()
    cut = [slice(0, 5), slice(5, 6), slice(6, 12)]
    windows = [replace(given, inputs=given.inputs[each], targets=given.targets[each], loss_weight=given.loss_weight[each]) for each in cut]
    found = np.concatenate([activity.readout.copy() for activity in runner.stream(net, weights, windows)])
    close(found, whole, runner.tolerance, runner, "windows of a stream are the stretch in one piece")
