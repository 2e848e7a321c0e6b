"""Training with noise: the control of training by Taylor remainder."""

from __future__ import annotations

from typing import final

import torch

from neurorec.networks.architectures._disturbed import AbstractDisturbed


@final
class RemainderGaussian(AbstractDisturbed):
    """While it learns, a tanh has normal noise of standard deviation `strength`: what `remainder_lagrange` has to be better than.

    Parameters
    ----------
    inputs, units, cell, strength
        As for `remainder_lagrange`.
    """

    def sample(self, before: torch.Tensor, after: torch.Tensor, draw: torch.Tensor) -> torch.Tensor:
        """The draw itself."""
        return draw
