"""What a network did in some trials."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from neurorec.display import AbstractDisplayed, Rows, several, shape, some, span
from neurorec.errors import expect_known
from neurorec.runs.spikes import listed
from neurorec.simulation.loss import losses
from neurorec.tasks.base.trials import Trials

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True, eq=False, repr=False)
class Trajectories(AbstractDisplayed):
    """What a network did in some trials.

    Attributes
    ----------
    outputs : (T, B, O) array
        y, before a softmax.
    states : dict of str to (T, B, N) array
        Every state of the cell, after each step.
    trials : Trials
        What was given, and the targets, if any.
    """

    outputs: np.ndarray
    states: dict[str, np.ndarray]
    trials: Trials

    @cached_property
    def loss(self) -> np.ndarray:
        """Loss of each trial, (B,); NaN where there are no targets."""
        return losses(self.outputs, self.trials) if self.trials.has_targets else np.full(self.trials.count, np.nan)

    def to_xarray(self) -> xarray.Dataset:
        """Named dimensions (time, trial, unit, output, input), time in seconds, conditions and names of channels as coordinates.

        Without targets there is no ``target``, ``loss`` or ``mask``.
        """
        import xarray

        trials, over = self.trials, ("time", "trial")
        variables = {name: ((*over, "unit"), values, {"units": "1"}) for name, values in self.states.items()}
        wanted = {"target": (trials.targets, "output")} if trials.has_targets else {}
        channels = {"output": (self.outputs, "output"), **wanted, "input": (trials.inputs, "input")}
        variables |= {name: ((*over, f"{last}_channel"), values, {"units": "1"}) for name, (values, last) in channels.items()}
        coordinates = {
            "time": ("time", trials.time, {"units": "s", "long_name": "time from trial start"}),
            "trial": np.arange(trials.count),
        }
        if trials.channels:
            coordinates["output_channel"] = list(trials.channels)
        conditions = {name: ("trial", values) for name, values in trials.conditions.items()}
        compared = {"loss": ("trial", self.loss), "mask": (over, trials.mask)} if trials.has_targets else {}
        return xarray.Dataset({**variables, **compared}, {**coordinates, **conditions})

    def spikes(self, state: str = "z") -> xarray.Dataset:
        """Every spike of cells that spike: trial, step, time (s) and unit over ``spike``, sorted by trial and time.

        Parameters
        ----------
        state : str
            Which one spikes.

        Raises
        ------
        ValueRefused
            If it has other values than 0 and 1.
        """
        expect_known("state", {state: None}, list(self.states))
        return listed(self.to_xarray()[state])

    def _display(self) -> tuple[str, Rows]:
        trials, told = self.trials, self.trials.conditions
        rows = [(name, f"{shape(array)}, {span(array)}") for name, array in {"outputs": self.outputs, **self.states}.items()]
        rows += (
            [("loss", f"{trials.loss}, {self.loss.mean():.4g} on average, {span(self.loss)}")]
            if trials.has_targets
            else [("targets", "none")]
        )
        head = f"{some(trials.count, 'trial')} of {trials.steps * trials.dt:g} s, {some(trials.steps, 'step')} of {trials.dt:g} s"
        return head, [*rows, *([("conditions", several(told))] if told else [])]
