"""Weights as the kernels want them, copied on the GPU from the one flat vector by tables of places.

A layout is said once, by NumPy: what it makes of numbered weights is the table.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

import numpy as np
from numba import cuda

from neurorec.engines.cuda.device import SIMULATED
from neurorec.engines.cuda.kernels import flat
from neurorec.engines.cuda.memory import Memory
from neurorec.networks.weights import Weights

MOST = 32  # tables: those of both directions and of single steps, of a few networks
WIDE = 2 if SIMULATED else 1024  # blocks that fill any GPU; the simulator starts a thread of the processor for each thread


class Layout(NamedTuple):
    """How weights are laid out: a name, with all that the arrangement depends on beside the weights' shapes, and the arrangement."""

    key: Hashable
    arrange: Callable[[Weights], np.ndarray]


class Layouts:
    """Copies of weights on the GPU, and the tables by which they are made, kept from batch to batch."""

    def __init__(self, memory: Memory):
        self.memory, self._kept = memory, OrderedDict()

    def table(self, weights: Any, layout: Layout) -> Any:
        """For each number of the layout 1 + its place in the vector, or 0 for a zero that only fills up."""
        key = layout.key, *weights.shapes.items()
        if key not in self._kept:
            numbered = weights.like(np.arange(1, weights.vector.size + 1, dtype=np.int32))
            self._kept[key] = cuda.to_device(np.ascontiguousarray(layout.arrange(numbered), np.int32))
            if len(self._kept) > MOST:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def lay(self, name: str, weights: Any, layout: Layout, scale: float = 1.0, out: Any = None) -> Any:
        """The array of that name, or `out`: weights (or rates) on the GPU times `scale`, laid out."""
        table = self.table(weights, layout)
        out = self.memory.array(name, tuple(table.shape)) if out is None else out
        flat.lay[blocks(table.size), flat.THREADS, self.memory.stream](
            weights.vector, table.reshape(table.size), np.float32(scale), out.reshape(table.size)
        )
        return out

    def put(self, laid: Any, weights: Any, layout: Layout) -> None:
        """Write what was laid out back into the weights on the GPU."""
        table = self.table(weights, layout)
        flat.put[blocks(table.size), flat.THREADS, self.memory.stream](laid.reshape(table.size), table.reshape(table.size), weights.vector)


def blocks(numbers: int) -> int:
    """Of `flat.THREADS`, for so many numbers."""
    return min(WIDE, max(1, -(-numbers // flat.THREADS)))
