"""A network's units in float64: the printed functions bound to this network's constants."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorec.formula.derive import EXTERNAL, RECURRENT, Formula
from neurorec.formula.unit import constants_of, for_numpy
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights


@dataclass(frozen=True)
class Linear:
    """How the states of a step answer to what came before, at one moment of some trials.

    Attributes
    ----------
    decay : (k, k, B, N) array
        D = ds(t)/ds(t-1), a unit's own.
    recurrent, external : (k, D, B, N) arrays
        F = ds(t)/du(t), by the recurrent and the external part of each drive.
    partial : (k, Q, B, N) array
        G = ds(t)/dtheta, by the plastic parameters.
    emission : (K, k, B, N) array
        O = do(t-1)/ds(t-1).
    """

    decay: np.ndarray
    recurrent: np.ndarray
    external: np.ndarray
    partial: np.ndarray
    emission: np.ndarray


class Unit:
    """The functions of a unit, on arrays (rows, trial, unit)."""

    def __init__(self, network: Network, weights: Weights):
        self.formula: Formula = network.formula
        self.printed = for_numpy(self.formula)
        self.dt = network.dt
        self.refresh(weights)

    def refresh(self, weights: Weights) -> None:
        """Take over parameters that have changed."""
        self.constants = constants_of(self.formula, weights.parameters, self.dt)

    def drives(self, recurrent: np.ndarray, external: np.ndarray) -> np.ndarray:
        """What reaches each argument of the formula, (ports, B, N), from both parts of each drive, (D, B, N)."""
        drives = [port.takes_recurrent * recurrent[port.drive] + port.takes_external * external[port.drive] for port in self.formula.layout]
        return np.array(drives)

    def step(self, states: np.ndarray, drives: np.ndarray) -> np.ndarray:
        """States one step later."""
        new = np.empty_like(states)
        self.printed.step(states, drives, self.constants, new)
        return new

    def output(self, states: np.ndarray) -> np.ndarray:
        """What other units see, (K, B, N)."""
        out = np.empty((len(self.formula.emitted), *states.shape[1:]))
        self.printed.output(states, self.constants, out)
        return out

    def emission(self, states: np.ndarray) -> np.ndarray:
        """O = do/ds, (K, k, B, N)."""
        rows = self.formula.emission.shape
        gain = np.empty((rows[0] * rows[1], *states.shape[1:]))
        self.printed.emission(states, self.constants, gain)
        return gain.reshape(*rows, *states.shape[1:])

    def linear(self, states: np.ndarray, drives: np.ndarray) -> Linear:
        """D, F, G at the step that starts from ``states``."""
        shapes = [self.formula.decay.shape, self.formula.slope.shape, self.formula.partial.shape]
        parts = [np.empty((rows * columns, *states.shape[1:])) for rows, columns in shapes]
        self.printed.jacobian(states, drives, self.constants, *parts)
        decay, slope, partial = (part.reshape(*shape, *states.shape[1:]) for part, shape in zip(parts, shapes, strict=True))
        return Linear(decay, self._by_drive(slope, RECURRENT), self._by_drive(slope, EXTERNAL), partial, self.emission(states))

    def _by_drive(self, slope: np.ndarray, part: str) -> np.ndarray:
        ports = [self.formula.port_of(drive, part) for drive in range(self.formula.n_drives)]
        if -1 not in ports:
            return slope[:, ports]
        return np.concatenate([slope, np.zeros_like(slope[:, :1])], axis=1)[
            :, ports
        ]  # what does not reach the unit has the last one's place
