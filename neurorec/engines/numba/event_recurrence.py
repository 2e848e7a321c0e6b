"""Recurrent weights between units that spike, as kernels.py takes them; copied beside it as ``.recurrence`` in the place of dense_recurrence.py.

They are those of dense_recurrence.py, and so are all numbers; what spikes, and what else is mostly zero, is gone through by its events (events.py).
A change of the recurrent weights is summed transposed, so that what a presynaptic spike adds to lies side by side, and turned when all is summed.
"""

from __future__ import annotations

import numpy as np

from neurorec.arrays import LINE
from neurorec.formula.entry import apart, inlined, part

from .events import desk_for, gather_listed, multiply_some  # pyright: ignore[reportMissingImports]
from .product import DEPTH, PANEL, ZERO  # pyright: ignore[reportMissingImports]


def onward_shape(depth: int, columns: int, dtype: np.dtype) -> tuple[int, int, int]:
    """Of what `product.pack` fills where spikes go on: what a unit's spike adds, side by side, as the memory is read fastest.

    A row has an odd number of cache lines: were it a power of two, all rows would share few places of the cache.
    """
    return 1, depth, (-(-columns * dtype.itemsize // LINE) | 1) * LINE // dtype.itemsize


@inlined
def in_order(recurrent):
    """The weights as products take them: in one row, and how wide their panels are."""
    return recurrent.reshape(-1), recurrent.shape[3]


@part
def desk(outputs, units, states, others):
    """Room that the products of a loop share: lists of terms; `others` is how many inputs or channels there are at most."""
    return desk_for(states.shape[2], max(units, others))


@inlined
def take_in(x, start, weights, block, depth, out, to, rows, columns, keep, desk):
    """The product of weights with what comes from outside, as `product.multiply`."""
    multiply_some(x, start, weights, PANEL // x.itemsize, block, depth, out, to, rows, columns, keep, desk)


@part
def receive(recurrent, desk, emitted, t, outputs, trials, first, rows, units, d, drives, to, keep):
    """As dense_recurrence.py has it."""
    row, width = recurrent
    for c in range(outputs):
        start = ((t * outputs + c) * trials + first) * units
        multiply_some(emitted, start, row, width, d * outputs + c, units, drives, to, rows, units, max(keep, min(c, 1)), desk)


@part
def send_back(recurrent, desk, back, recurrent_ports, outputs, trials, first, rows, units, adjoint):
    """As dense_recurrence.py has it."""
    drives, (row, width) = recurrent_ports.shape[0], recurrent
    for c in range(outputs):
        for d in range(drives):
            if recurrent_ports[d] >= 0:
                start, to = (recurrent_ports[d] * trials + first) * units, (c * trials + first) * units
                multiply_some(back, start, row, width, c * drives + d, units, adjoint, to, rows, units, np.intp(1), desk)


@part
def room_for(drives, units, columns, others, array):
    """Where changes are summed, transposed, (D, M, N) of so many units; and room for lists of terms, by row and by column."""
    lists = desk_for(DEPTH, max(columns, others))
    return np.empty((drives, columns, units), array.dtype), lists, (np.empty_like(lists[0]), np.empty(max(columns, others) + 1, np.intp))


@inlined
def of_drive(change, room, d, units):
    """The change of one drive's weights, as it is summed: (M, N)."""
    return room[0][d]


@part
def settle(change, room, first):
    """What was summed, to the rows of the change from `first` on."""
    apart()
    summed = room[0]
    for d in range(summed.shape[0]):
        for start in range(0, summed.shape[1], 8):
            for n in range(summed.shape[2]):
                for m in range(start, min(start + 8, summed.shape[1])):
                    change[first + d * summed.shape[2] + n, m] = summed[d, m, n]


@part
def gather_recurrent(post, first, last, before, row, depth, room, change, keep):
    """dW^T = sum before post^T over `depth` terms from `row`, of the units from `first` to before `last`; added where `keep` is 1."""
    gather_listed(before, post, first, last, row, depth, change, ZERO, keep, room[1], room[2])


@part
def gather_outside(a, b, start, end, row, depth, room, out, out_first, keep):
    """out = a.T @ b[:, start:end], as `product.gather` of all columns of a, which come from outside."""
    gather_listed(a, b, start, end, row, depth, out, out_first, keep, room[1], room[2])
