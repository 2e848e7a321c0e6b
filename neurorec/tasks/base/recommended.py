"""Settings with which a task is learnt: the defaults of the command line."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from neurorec.discovery import class_of

NETWORK = ("units", "cell", "gain", "readout_gain", "parametrisation")
TRAINING = ("rule", "trials", "batch", "rate", "optimiser", "clip", "weight_decay", "anneal", "start")
# What a setting depends on: where the user chooses another of these, the general setting is taken.
DEPENDS_ON = {
    "gain": ("cell", "parametrisation"),
    "parametrisation": ("cell",),
    "rate": ("optimiser",),
    "weight_decay": ("optimiser",),
}


@dataclass(frozen=True)
class Recommended:
    """Settings with which a task is learnt; the defaults are general.

    Parameters
    ----------
    units, cell, gain, readout_gain, parametrisation
        As for `nr.Network.random`.
    rule, trials, batch, optimiser, weight_decay, anneal, start
        As for `nr.train`.
    rate : float, optional
        None: the optimiser's usual one.
    clip : float, optional
        As for `nr.train`; 0 is None.
    """

    units: int = 100
    cell: str = "leaky_tanh"
    gain: float = 1.5
    readout_gain: float = 1.0
    parametrisation: str | None = None
    rule: str = "rflo"
    trials: int = 6000
    batch: int = 10
    optimiser: str = "adam"
    rate: float | None = None
    clip: float | None = 1.0
    weight_decay: float = 0.0
    anneal: float = 1.0
    start: str = "initial"

    @property
    def network(self) -> dict[str, Any]:
        """Keyword arguments of `nr.Network.random`, beside the sizes and time step of the task."""
        return {name: getattr(self, name) for name in NETWORK}

    @property
    def training(self) -> dict[str, Any]:
        """Keyword arguments of `nr.train`."""
        rate = class_of("optimisers", self.optimiser).usual_rate if self.rate is None else self.rate
        return {name: getattr(self, name) for name in TRAINING} | {"rate": rate, "clip": self.clip or None}

    @property
    def general(self) -> bool:
        """Whether they are those for a task of which nothing is known."""
        return self == GENERAL

    def but(self, **chosen: Any) -> Recommended:
        """These settings with others in their place; those that depend on what was replaced become general again.

        A learning rate that suits Adam, say, need not suit plain gradient descent. None stands for the setting as it is.
        """
        replaced = {name: value for name, value in chosen.items() if value is not None}
        different = {name for name, value in replaced.items() if value != getattr(self, name)}
        general = {name: getattr(GENERAL, name) for name, causes in DEPENDS_ON.items() if different & {*causes}}
        return dataclasses.replace(self, **(general | replaced))

    def __str__(self) -> str:
        """In a line, such as "rflo, leaky_tanh, 100 units, gain 1.5; adam, rate 0.003, clip 1; 6000 trials, batch 10"."""
        extras = [f"readout gain {self.readout_gain:g}"] if self.readout_gain != 1 else []
        extras += [self.parametrisation] if self.parametrisation else []
        network = [self.rule, self.cell, f"{self.units} units", f"gain {self.gain:g}", *extras]
        trials = [f"{self.trials} trials", f"batch {self.batch}", *(["start carried"] if self.start == "carried" else [])]
        return "; ".join(map(", ".join, (network, [self.optimiser, *self._numbers()], trials)))

    def _numbers(self) -> list[str]:
        """The rate, and of clip, weight_decay and anneal those that are not idle."""
        values, idle = self.training, {"clip": None, "weight_decay": 0.0, "anneal": 1.0}
        return [f"{name} {values[name]:g}" for name in ("rate", *idle) if name == "rate" or values[name] != idle[name]]


GENERAL = Recommended()
