"""Laws of a preset."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from neurorec.discovery import class_of
from neurorec.networks.presets import preset as made
from neurorec.networks.presets import training
from neurorec.runs.record import Record
from neurorec.tasks.base.trials import Trials
from neurorec.testing._laws import documented, hold
from neurorec.training.train import train


def check_preset(preset: Any) -> None:
    """Hold a preset to its laws: the sizes asked for, one seed one network, and its own training lowers a loss.

    Parameters
    ----------
    preset : class, or its name
        Derived from `neurorec.AbstractPreset`.

    Raises
    ------
    AssertionError
        Saying which law does not hold.
    """
    cls: Any = class_of("presets", preset)
    documented(cls)
    for field in dataclasses.fields(cls):
        hold(isinstance(field.default, int | float | None), cls, f"its setting {field.name} has a number for a default", field.default)
    for inputs, units, outputs in ((3, 6, 2), (1, 1, 1), (0, 4, 1)):
        net = made(cls, inputs=inputs, units=units, outputs=outputs, seed=0, dt=2 * cls.dt)
        found = (net.inputs, net.units, net.outputs, net.dt)
        hold(
            found == (inputs, units, outputs, 2 * cls.dt),
            cls,
            f"it has the sizes and dt asked for, {(inputs, units, outputs, 2 * cls.dt)}",
            found,
        )
    _check_seed(cls)
    _check_rates(cls)
    _check_training(cls)


def _check_seed(cls: Any) -> None:
    one, again, other = (made(cls, 3, 6, 2, seed=seed).parts() for seed in (1, 1, 2))
    hold(all(np.array_equal(part, again[name]) for name, part in one.items()), cls, "one seed is one network")
    hold(not np.array_equal(one["readout"], other["readout"]), cls, "another seed is another readout")
    changed = [name for name, part in one.items() if not np.array_equal(part, other[name])]
    hold(set(changed) - {"readout", "feedback"}, cls, "another seed draws other weights than readout and feedback, too", changed)


def _check_rates(cls: Any) -> None:
    rate, net = training(cls)["rate"], made(cls, 2, 4, 1)
    moving = {each for part in net.plastic for each in (net.learnt if part == "recurrent" and net.learnt else (part,))}
    hold(not isinstance(rate, dict) or set(rate) == moving, cls, f"its rates are for what it learns, {sorted(moving)}", rate)


def _check_training(cls: Any) -> None:
    inputs = np.random.default_rng(0).normal(size=(8, 4, 2))
    data = Trials(inputs, inputs.cumsum(axis=0)[:, :, :1] / 2, dt=cls.dt)
    how = {"engine": "reference", **training(cls)}
    loss = train(made(cls, 2, 8, 1), data, trials=1200, batch=4, record=Record.nothing(), progress=False, **how).log["loss"].values
    first, last = loss[:40].mean(), loss[-40:].mean()
    hold(last < 0.9 * first, cls, "300 updates by its own training lower a loss by a tenth", f"{first:.3g} to {last:.3g}")
