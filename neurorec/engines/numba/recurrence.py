"""Recurrent weights as the loops take them: packed matrices, or the synapses that exist."""

from __future__ import annotations

from typing import Any, Protocol, final

import numpy as np

from neurorec.networks.network import Network
from neurorec.networks.pattern import Pattern


class Recurrence(Protocol):
    """What `NumbaEngine` asks of a kind of recurrent weights.

    Attributes
    ----------
    source : str
        File that the loops have as ``.recurrence``.
    """

    source: str

    def onward(self, own: Any, recurrent: np.ndarray) -> Any:
        """The weights as `forward` takes them; of `Prepared` the room in which they are laid out."""
        ...

    def backward(self, own: Any, recurrent: np.ndarray, full: bool) -> Any:
        """As `reverse_scan` takes them; of a rule that is not full, anything of that type."""
        ...

    def change(self, recurrent: np.ndarray) -> Any:
        """A change of all of them, to be filled by `reverse_scan`."""
        ...

    def of_drive(self, recurrent: np.ndarray, d: int) -> Any:
        """That of one drive, to be filled by `gathered`."""
        ...

    def of_drive_alone(self, recurrent: np.ndarray, d: int) -> np.ndarray:
        """Its numbers."""
        ...


@final
class Dense:
    """Between all units."""

    source = "dense_recurrence"

    def __init__(self, network: Network):
        self.units = network.units

    def onward(self, own: Any, recurrent: np.ndarray) -> np.ndarray:
        """Packed, transposed."""
        return own.packed("recurrent transposed", recurrent, self.units, self.units)

    def backward(self, own: Any, recurrent: np.ndarray, full: bool) -> np.ndarray:
        """Packed."""
        return own.packed("recurrent", recurrent.T, self.units, self.units) if full else own.room.array("none", (0, 0, 0, 0))

    def change(self, recurrent: np.ndarray) -> np.ndarray:
        """As it is."""
        return recurrent

    def of_drive(self, recurrent: np.ndarray, d: int) -> np.ndarray:
        """Its rows."""
        return recurrent[d * self.units : (d + 1) * self.units]

    of_drive_alone = of_drive


@final
class Sparse:
    """On a pattern of synapses."""

    source = "sparse_recurrence"

    def __init__(self, pattern: Pattern, units: int):
        self.units, self.first, self.pre = units, pattern.first.astype(np.int64), np.asarray(pattern.pre, np.int32).view(np.uint32)
        for array in (self.first, self.pre):
            array.setflags(write=False)

    def onward(self, own: Any, recurrent: np.ndarray) -> tuple[np.ndarray, ...]:
        """Strengths and pattern."""
        return recurrent, self.first, self.pre

    def backward(self, own: Any, recurrent: np.ndarray, full: bool) -> tuple[np.ndarray, ...]:
        """The same."""
        return self.onward(own, recurrent)

    def change(self, recurrent: np.ndarray) -> tuple[np.ndarray, ...]:
        """A number a synapse, and the pattern."""
        return recurrent, self.first, self.pre

    def of_drive(self, recurrent: np.ndarray, d: int) -> tuple[np.ndarray, ...]:
        """All numbers, and the pattern of its rows."""
        return recurrent, self.first[d * self.units : (d + 1) * self.units + 1], self.pre

    def of_drive_alone(self, recurrent: np.ndarray, d: int) -> np.ndarray:
        """Those of its rows."""
        return recurrent[self.first[d * self.units] : self.first[(d + 1) * self.units]]


def recurrence_of(network: Network) -> Recurrence:
    """Of a network's recurrent weights."""
    return Dense(network) if network.pattern is None else Sparse(network.pattern, network.units)
