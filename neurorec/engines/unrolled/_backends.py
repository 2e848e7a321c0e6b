"""What an unroll computes with: NumPy's arrays, or torch's tensors on one of its devices."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext
from typing import final

from neurorec.engines.base import Stimulus
from neurorec.engines.unrolled.base import AbstractRecurrence
from neurorec.errors import NotOffered, ValueRefused
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights

TOLERANCES = {"float64": 1e-7, "float32": 1e-3}  # of converged states and their changes


class AbstractBackend(ABC):
    """Makes the recurrences that an unroll solves."""

    @abstractmethod
    def recurrence(self, network: AbstractNetwork, weights: Weights, stimulus: Stimulus) -> AbstractRecurrence:
        """Of a network in some trials."""

    @abstractmethod
    def turn(self) -> AbstractContextManager[None]:
        """In which it computes."""


@final
class NumpyBackend(AbstractBackend):
    """NumPy in float64 for cells; torch on the CPU, in float64, for architectures, whose steps are torch's."""

    def recurrence(self, network: AbstractNetwork, weights: Weights, stimulus: Stimulus) -> AbstractRecurrence:
        """As the contract says."""
        from neurorec.engines.unrolled._recurrence import Recurrence

        if isinstance(network, Network):
            return Recurrence(network, weights, stimulus)
        return TorchBackend("cpu", "float64").recurrence(network, weights, stimulus)

    def turn(self) -> AbstractContextManager[None]:
        """At any time."""
        return nullcontext()


@final
class TorchBackend(AbstractBackend):
    """Tensors on a device.

    Parameters
    ----------
    device, dtype : str
        As for `neurorec.engines.torch.TorchEngine`.
    """

    def __init__(self, device: str, dtype: str) -> None:
        from neurorec.engines.torch.place import Place

        self.place = Place(device, dtype)

    def recurrence(self, network: AbstractNetwork, weights: Weights, stimulus: Stimulus) -> AbstractRecurrence:
        """As the contract says."""
        from neurorec.engines.unrolled._torch_recurrence import TorchRecurrence

        return TorchRecurrence(self.place, network, weights, stimulus)

    def turn(self) -> AbstractContextManager[None]:
        """Alone, on one thread of the CPU, so that sums come out the same on any number of cores."""
        from neurorec.engines.torch.place import one_thread

        return one_thread()


def backend(device: str | None, dtype: str) -> AbstractBackend:
    """NumPy, where no device is asked for.

    Raises
    ------
    ValueRefused, NotOffered
        If there is no such device or float type, or this machine lacks it.
    """
    if dtype not in TOLERANCES:
        raise ValueRefused(f"dtype must be {' or '.join(TOLERANCES)}, got {dtype!r}")
    if device is not None:
        return TorchBackend(device, dtype)
    if dtype != "float64":
        raise NotOffered(f"without a device, cells are evaluated by NumPy in float64, not {dtype}; give a device, such as device='cpu'")
    return NumpyBackend()
