"""Recurrent weights as the loops take them: packed matrices, or the synapses that exist."""

from __future__ import annotations

from typing import Any, Protocol, final

import numpy as np

from neurorec.arrays import aligned
from neurorec.engines.numba.lines import widened, zeros
from neurorec.networks.network import Network
from neurorec.networks.pattern import Pattern
from neurorec.networks.weights import Weights

SUMS = 4  # of a row of a sparse product, as sparse_recurrence.py has it


class Recurrence(Protocol):
    """What `NumbaEngine` asks of a kind of recurrent weights.

    Attributes
    ----------
    kind, learning : str
        Of loops, as `neurorec.engines.numba.compile.loops` has them: of those in which weights stand still, and in which they change at every step.
    """

    kind: str
    learning: str

    def onward(self, own: Any, weights: Weights) -> Any:
        """The weights as `forward` takes them; `own` is the `Prepared` that has room for them."""
        ...

    def backward(self, own: Any, weights: Weights, full: bool) -> Any:
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

    def held(self, recurrent: np.ndarray) -> Any:
        """A copy of the weights, or the weights themselves, as a loop takes them that changes them at every step."""
        ...

    def traces(self, held: Any, trials: int, states: int) -> np.ndarray:
        """Zeros, an eligibility trace for each synapse, trial and state."""
        ...

    def give_back(self, held: Any, recurrent: np.ndarray) -> None:
        """Write what has become of `held` into the weights."""
        ...


@final
class Dense:
    """Between all units; what these send is gone through by its events where it is spikes."""

    learning = "dense"

    def __init__(self, network: Network):
        self.units = network.units
        self.kind = "event" if network.formula.spikes else "dense"

    def onward(self, own: Any, weights: Weights) -> np.ndarray:
        """Packed, transposed."""
        return own.packed("recurrent transposed", weights, weights.recurrent, self.units, self.units, own.kernels.onward_shape)

    def backward(self, own: Any, weights: Weights, full: bool) -> np.ndarray:
        """Packed."""
        return (
            own.packed("recurrent", weights, weights.recurrent.T, self.units, self.units) if full else own.room.array("none", (0, 0, 0, 0))
        )

    def change(self, recurrent: np.ndarray) -> np.ndarray:
        """As it is."""
        return recurrent

    def of_drive(self, recurrent: np.ndarray, d: int) -> np.ndarray:
        """Its rows."""
        return recurrent[d * self.units : (d + 1) * self.units]

    of_drive_alone = of_drive

    def held(self, recurrent: np.ndarray) -> np.ndarray:
        """Rows (D N, M) that begin on a cache line; columns from K N on are zero."""
        return widened(recurrent)

    def traces(self, held: np.ndarray, trials: int, states: int) -> np.ndarray:
        """(D N, B, k, M)."""
        rows, width = held.shape
        return zeros((rows, trials, states, width), held.dtype)

    def give_back(self, held: np.ndarray, recurrent: np.ndarray) -> None:
        """Without the surplus."""
        recurrent[...] = held[:, : recurrent.shape[1]]


@final
class Sparse:
    """On a pattern of synapses."""

    learning = "sparse"

    def __init__(self, network: Network, pattern: Pattern):
        self.units, self.first, self.pre = network.units, pattern.first.astype(np.int64), np.asarray(pattern.pre, np.int32).view(np.uint32)
        for array in (self.first, self.pre):
            array.setflags(write=False)
        spikes = network.formula.spikes
        self.kind, self.columns = ("sparse_event", Columns(pattern, network.units)) if spikes else ("sparse", NoColumns())

    def onward(self, own: Any, weights: Weights) -> tuple[np.ndarray, ...]:
        """Strengths and pattern; by columns, too, where units spike."""
        return weights.recurrent, self.first, self.pre, *self.columns.onward(own, weights)

    def backward(self, own: Any, weights: Weights, full: bool) -> tuple[np.ndarray, ...]:
        """Strengths and pattern."""
        return weights.recurrent, self.first, self.pre

    def change(self, recurrent: np.ndarray) -> tuple[np.ndarray, ...]:
        """A number a synapse, and the pattern."""
        return recurrent, self.first, self.pre, *self.columns.change()

    def of_drive(self, recurrent: np.ndarray, d: int) -> tuple[np.ndarray, ...]:
        """All numbers, and the pattern of its rows."""
        return recurrent, self.first[d * self.units : (d + 1) * self.units + 1], self.pre, *self.columns.change(d)

    def of_drive_alone(self, recurrent: np.ndarray, d: int) -> np.ndarray:
        """Those of its rows."""
        return recurrent[self.first[d * self.units] : self.first[(d + 1) * self.units]]

    def held(self, recurrent: np.ndarray) -> tuple[np.ndarray, ...]:
        """They change in place."""
        return recurrent, self.first, self.pre

    def traces(self, held: tuple[np.ndarray, ...], trials: int, states: int) -> np.ndarray:
        """(B, k, S)."""
        return zeros((trials, states, len(self.pre)), held[0].dtype)

    def give_back(self, held: tuple[np.ndarray, ...], recurrent: np.ndarray) -> None:
        """They are there."""


@final
class Columns:
    """A pattern by its columns: the synapses that a spike goes through.

    Attributes
    ----------
    order : (S,) array
        Numbers of the synapses, drive after drive, column after column, by rising row.
    begin : (D K N + 1,) array
        Where the synapses of each drive's columns begin.
    sums : (S,) array
        To which sum each is added, four a row: they take a row's synapses in turn, the first one those left over, too (sparse_recurrence.py).
    """

    def __init__(self, pattern: Pattern, units: int):
        from scipy.sparse import csr_array

        post, first, (rows, self.count) = pattern.post, pattern.first, pattern.shape
        column, numbers = post // units * self.count + pattern.pre, np.arange(len(post), dtype=np.uint32)
        turned = csr_array((numbers, column, first), shape=(rows, rows // units * self.count)).tocsc()
        self.order, self.begin = turned.data, turned.indptr.astype(np.int64)
        place, even = numbers - first[post], np.diff(first) // SUMS * SUMS
        self.sums = (SUMS * (post % units) + np.where(place < even[post], place % SUMS, 0))[self.order].astype(np.uint32)

    def onward(self, own: Any, weights: Weights) -> tuple[np.ndarray, ...]:
        """Strengths in that order, where columns begin, and the sums."""
        strengths, shape = weights.recurrent, weights.recurrent.shape
        laid = aligned(shape, strengths.dtype) if weights.fixed else own.room.array("by column", shape)  # room is filled by others
        np.take(strengths, self.order, out=laid, mode="clip")
        return laid, self.begin, self.sums

    def change(self, d: int | None = None) -> tuple[np.ndarray, ...]:
        """Where columns begin, those of one drive or all, the sums, and the order."""
        begin = self.begin if d is None else self.begin[d * self.count : (d + 1) * self.count + 1]
        return begin, self.sums, self.order


@final
class NoColumns:
    """Of units that do not spike: their columns are not asked for."""

    def onward(self, own: Any, weights: Weights) -> tuple[np.ndarray, ...]:
        """Nothing."""
        return ()

    def change(self, d: int | None = None) -> tuple[np.ndarray, ...]:
        """Nothing."""
        return ()


def recurrence_of(network: Network) -> Recurrence:
    """Of a network's recurrent weights."""
    return Dense(network) if network.pattern is None else Sparse(network, network.pattern)
