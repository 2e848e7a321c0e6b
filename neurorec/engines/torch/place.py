"""Where tensors live: a device and a float type."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from neurorec.errors import NotOffered, ValueRefused
from neurorec.networks.weights import Weights

ALONE = threading.RLock()
DTYPES = {"float32": torch.float32, "float64": torch.float64}


class Place:
    """Carries arrays to a device and back.

    Parameters
    ----------
    device : str
        As torch names it.
    dtype : str
        ``"float32"`` or ``"float64"``.

    Raises
    ------
    ValueRefused
        If there is no such device or float type.
    NotOffered
        If this machine lacks the device, or the device the float type.
    """

    def __init__(self, device: str, dtype: str) -> None:
        if dtype not in DTYPES:
            raise ValueRefused(f"dtype must be {' or '.join(DTYPES)}, got {dtype!r}")
        try:
            self.device = torch.device(device)
        except (RuntimeError, TypeError) as error:
            raise ValueRefused(f"device must be one of torch's, such as 'cpu', 'cuda' or 'cuda:1', got {device!r}") from error
        self.dtype = DTYPES[dtype]
        try:
            self.array(self.tensor(np.zeros(1)))
        except (RuntimeError, AssertionError, TypeError) as error:  # torch has one for every kind of missing device
            reason = str(error).strip().partition("\n")[0].rstrip(".")
            raise NotOffered(f"torch cannot use device {device!r} with {dtype} on this machine ({reason}); use device='cpu'") from error

    def tensor(self, array: np.ndarray) -> torch.Tensor:
        """A copy on the device."""
        return torch.tensor(array, dtype=self.dtype, device=self.device)

    def weights(self, weights: Weights) -> Any:
        """`Weights` whose vector is a tensor, and whose arrays are views of it."""
        vector: Any = self.tensor(weights.vector)
        return weights.like(vector)

    def array(self, tensor: torch.Tensor) -> np.ndarray:
        """Back, without a copy where the device is the CPU."""
        return tensor.detach().cpu().numpy()


@contextmanager
def one_thread() -> Iterator[None]:
    """Sums on the CPU come out in the same order on any number of cores.

    One call at a time: the number of threads is the process's, and torch puts weights into a module while it calls it.
    """
    with ALONE:
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)
