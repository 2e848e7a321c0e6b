"""A network's units on tensors: the printed functions bound to this network's constants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch

from neurorec.formula.derive import EXTERNAL, RECURRENT, Formula
from neurorec.formula.unit import for_torch
from neurorec.networks.network import Network

Rows = Sequence[torch.Tensor]  # one tensor (..., B, N) for each state, port or output


class Linear(NamedTuple):
    """How the states of a step answer to what came before, each ``(rows, columns, ..., B, N)``.

    Attributes
    ----------
    decay : (k, k, ..., B, N) tensor
        D = ds(t)/ds(t-1), a unit's own.
    recurrent, external : (k, D, ..., B, N) tensors
        F = ds(t)/du(t), by the recurrent and the external part of each drive.
    partial : (k, Q, ..., B, N) tensor
        G = ds(t)/dtheta, by the plastic parameters.
    """

    decay: torch.Tensor
    recurrent: torch.Tensor
    external: torch.Tensor
    partial: torch.Tensor


class Unit:
    """The functions of a unit, on rows of any shape that ends in (trial, unit)."""

    def __init__(self, network: Network, parameters: torch.Tensor) -> None:
        self.formula: Formula = network.formula
        self.printed, self.dt = for_torch(self.formula), network.dt
        self.refresh(parameters)

    def refresh(self, parameters: torch.Tensor) -> None:
        """Take over parameters (Q, N) that have changed."""
        self.constants = [0.0] * self.printed.N_CONSTANTS
        self.printed.prepare([*parameters, self.dt], (), self.constants)

    def drives(self, recurrent: Rows, external: Rows) -> list[torch.Tensor]:
        """What reaches each argument of the formula, from both parts of each drive."""
        found = []
        for port in self.formula.layout:
            parts = [part[port.drive] for takes, part in ((port.takes_recurrent, recurrent), (port.takes_external, external)) if takes]
            found.append(sum(parts[1:], parts[0]))
        return found

    def step(self, states: Rows, drives: Rows) -> list[torch.Tensor]:
        """States one step later."""
        new = [0.0] * len(self.formula.states)
        self.printed.step(states, drives, self.constants, new)
        return _filled(new, states[0])

    def output(self, states: Rows) -> list[torch.Tensor]:
        """What other units see."""
        out = [0.0] * len(self.formula.emitted)
        self.printed.output(states, self.constants, out)
        return _filled(out, states[0])

    def emission(self, states: Rows) -> torch.Tensor:
        """O = do/ds, (K, k, ..., B, N)."""
        gain = [0.0] * len(self.formula.emission)
        self.printed.emission(states, self.constants, gain)
        return _matrix(gain, self.formula.emission.shape, states[0])

    def linear(self, states: Rows, drives: Rows) -> Linear:
        """D, F, G at the steps that start from ``states``."""
        shapes = [each.shape for each in (self.formula.decay, self.formula.slope, self.formula.partial)]
        parts = [[0.0] * (rows * columns) for rows, columns in shapes]
        self.printed.jacobian(states, drives, self.constants, *parts)
        decay, slope, partial = (_matrix(part, shape, states[0]) for part, shape in zip(parts, shapes, strict=True))
        return Linear(decay, self._by_drive(slope, RECURRENT), self._by_drive(slope, EXTERNAL), partial)

    def _by_drive(self, slope: torch.Tensor, part: str) -> torch.Tensor:
        ports = [self.formula.port_of(drive, part) for drive in range(self.formula.n_drives)]
        silent = torch.zeros_like(slope[:, 0])
        return torch.stack([silent if port < 0 else slope[:, port] for port in ports], dim=1)


def pull(matrix: torch.Tensor, adjoint: torch.Tensor) -> torch.Tensor:
    """M^T r in every unit: ``(rows, columns, ..., B, N)`` and ``(rows, ..., B, N)`` to ``(columns, ..., B, N)``."""
    return (matrix * adjoint[:, None]).sum(dim=0)


def _filled(rows: Sequence[torch.Tensor | float], like: torch.Tensor) -> list[torch.Tensor]:
    """Rows that are the same for all units or trials, in the shape of the others."""
    return [torch.as_tensor(row, dtype=like.dtype, device=like.device).expand(like.shape) for row in rows]


def _matrix(entries: Sequence[torch.Tensor | float], shape: tuple[int, int], like: torch.Tensor) -> torch.Tensor:
    if not entries:
        return like.new_zeros(*shape, *like.shape)
    return torch.stack(_filled(entries, like)).reshape(*shape, *like.shape)
