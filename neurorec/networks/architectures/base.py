"""The interface of an architecture."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch


class AbstractArchitecture(torch.nn.Module, ABC):
    """A recurrence as a torch module, instantiated by ``Architecture(inputs, units, **settings)``; `neurorec.ModuleNetwork` adds a readout.

    Any torch module with this signature and with `states`, `initial` and `step` is one; this class documents them. A step may depend
    on its arguments, the module's parameters and its buffers only.

    A module whose forward pass is another one in training also has ``training_steps(inputs (T, B, I), initial, draws (T, B, N))``, which
    `nr.train` alone uses in the place of `step`: the states before and after every step, T + 1 of them. ``draws`` are standard normal
    numbers, the same for a seed and a trial's number, so that a resumed run draws the same.

    Attributes
    ----------
    states : tuple of str
        Names of the state variables, each (B, N). The first is what the readout sees.
    """

    states: tuple[str, ...]

    @classmethod
    def __subclasshook__(cls, other: type) -> bool:
        """Any torch module counts as one; what it must have is checked when it is instantiated."""
        return issubclass(other, torch.nn.Module) if cls is AbstractArchitecture else NotImplemented

    @abstractmethod
    def initial(self, batch: int) -> Sequence[torch.Tensor]:
        """State before the first step, one (batch, N) tensor a state variable; not learnt."""

    @abstractmethod
    def step(self, x: torch.Tensor, state: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        """The state one step later, from the input ``x (B, I)``."""
