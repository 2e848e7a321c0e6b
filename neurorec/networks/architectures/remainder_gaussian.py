"""Training with noise: the control of training by Taylor remainder."""

from __future__ import annotations

from typing import final

import torch

from neurorec.networks.architectures._disturbed import AbstractDisturbed


@final
class RemainderGaussian(AbstractDisturbed):
    """During training, a tanh has normal noise of standard deviation `strength`: the control for `remainder_lagrange`.

    Parameters
    ----------
    inputs, units, cell, strength
        As for `remainder_lagrange`.
    """

    def sample(self, before: torch.Tensor, after: torch.Tensor, draw: torch.Tensor) -> torch.Tensor:
        """The draw itself."""
        return draw
