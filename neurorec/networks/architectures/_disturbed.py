"""Cells whose tanh is disturbed during training, and only then."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import torch

from neurorec.arrays import real_array
from neurorec.discovery import load
from neurorec.errors import NotOffered, ValueRefused
from neurorec.networks.architectures.base import AbstractArchitecture


class AbstractDisturbed(AbstractArchitecture):
    """A cell whose tanh is disturbed during `nr.train`; otherwise identical to the undisturbed cell.

    What is added counts as a constant: the gradient goes back through the cell's own step.

    Parameters
    ----------
    inputs, units : int
        Sizes of the cell.
    cell : str
        An architecture with a method `squashed`: ``"torch_rnn"``, ``"torch_lstm"``, or one of your own.
    strength : float
        What each sample is multiplied by.
    """

    states = ()  # of an instance: the cell's

    def __init__(self, inputs: int, units: int, cell: str = "torch_rnn", strength: float = 0.1) -> None:
        super().__init__()
        architecture: Any = load("architectures", cell)
        if not hasattr(architecture, "squashed"):
            raise NotOffered(
                f"{cell} does not say of what it takes a tanh; use cell='torch_rnn' or 'torch_lstm', or give it a method `squashed`"
            )
        if not real_array("strength", strength, ()) >= 0:
            raise ValueRefused(f"strength must be zero or positive, got {strength}")
        self.cell, self.strength = architecture(inputs, units), float(strength)
        self.states = self.cell.states

    def initial(self, batch: int) -> Sequence[torch.Tensor]:
        """The cell's."""
        return self.cell.initial(batch)

    def step(self, x: torch.Tensor, state: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        """The cell's, undisturbed."""
        return self.cell.step(x, state)

    def training_steps(self, inputs: torch.Tensor, initial: Sequence[torch.Tensor], draws: torch.Tensor) -> list[Sequence[torch.Tensor]]:
        """All steps of a training: `strength` times a sample is added to each tanh. See `AbstractArchitecture`."""
        states: list[Sequence[torch.Tensor]] = [tuple(initial)]
        before = torch.zeros_like(initial[0])
        for x, draw in zip(inputs, draws, strict=True):
            h, *others = self.cell.step(x, states[-1])
            with torch.no_grad():
                after, gain = self.cell.squashed(x, states[-1], (h, *others))
                sample = gain * self.sample(before, after, draw)
            states.append((h + self.strength * sample, *others))
            before = after
        return states

    @abstractmethod
    def sample(self, before: torch.Tensor, after: torch.Tensor, draw: torch.Tensor) -> torch.Tensor:
        """What is added to ``tanh(after)`` at strength 1.

        Parameters
        ----------
        before, after : (B, N) tensors
            Argument of the tanh a step ago (zero at the start) and now.
        draw : (B, N) tensor
            Standard normal numbers.
        """


def uniform(draw: torch.Tensor) -> torch.Tensor:
    """Standard normal numbers as numbers uniform in (0, 1)."""
    return torch.special.ndtr(draw)
