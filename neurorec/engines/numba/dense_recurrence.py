"""Recurrent weights between all units, as kernels.py takes them; copied beside it as ``.recurrence``, as sparse_recurrence.py is for sparse ones.

Weights are a packed row (`product.pack`), and their change is a matrix (D N, K N).
"""

from __future__ import annotations

import numpy as np

from neurorec.formula.entry import inlined, part

from .product import ZERO, gather, gather_some, multiply
from .product import packed_shape as onward_shape  # noqa: F401 # pyright: ignore[reportMissingImports]
from .product import room_for as room_for_some  # pyright: ignore[reportMissingImports]


@inlined
def in_order(recurrent):
    """The weights as products take them: in one row."""
    return recurrent.reshape(-1)


@inlined
def desk(outputs, units, states, others):
    """Room that the products of a loop share: none. `others` is how many inputs or channels there are at most."""
    return ()


@inlined
def take_in(x, start, weights, block, depth, out, to, rows, columns, keep, desk):
    """The product of weights with what comes from outside, as `product.multiply`."""
    multiply(x, start, weights, block, depth, out, to, rows, columns, keep)


@part
def receive(recurrent, desk, emitted, t, outputs, trials, first, rows, units, d, drives, to, keep):
    """W o(t-1) of drive d and some trials, into `rows` rows of drives from number `to`, added where `keep` is 1; emitted (T + 1, K, B, N) in one row."""
    for c in range(outputs):
        start = ((t * outputs + c) * trials + first) * units
        multiply(emitted, start, recurrent, d * outputs + c, units, drives, to, rows, units, max(keep, min(c, 1)))


@part
def send_back(recurrent, desk, back, recurrent_ports, outputs, trials, first, rows, units, adjoint):
    """W^T of what drives give back, added to the adjoint of outputs; back (P, B, N) and adjoint (K, B, N), each in one row."""
    drives = recurrent_ports.shape[0]
    for c in range(outputs):
        for d in range(drives):
            if recurrent_ports[d] >= 0:
                start, to = (recurrent_ports[d] * trials + first) * units, (c * trials + first) * units
                multiply(back, start, recurrent, c * drives + d, units, adjoint, to, rows, units, np.intp(1))


@inlined
def of_drive(change, room, d, units):
    """The change of one drive's weights, as it is summed: (N, K N)."""
    return change[d * units : (d + 1) * units]


@inlined
def room_for(drives, units, columns, others, array):
    """Where `gather_recurrent` copies to; presynaptic activity has so many columns, and there are at most so many inputs or channels."""
    return room_for_some(units, array)


@inlined
def settle(change, room, first):
    """What was summed, to the rows of the change from `first` on: it is there."""
    return


@part
def gather_recurrent(post, first, last, before, row, depth, room, change, keep):
    """dW = sum post before^T over `depth` terms from `row`, of the units from `first` to before `last`; added where `keep` is 1."""
    gather_some(post, first, last, before, row, depth, room, change, keep)


@inlined
def gather_outside(a, b, start, end, row, depth, room, out, out_first, keep):
    """out = a.T @ b[:, start:end], as `product.gather` of all columns of a, which come from outside."""
    gather(a, ZERO, a.shape[1], b, start, end, row, depth, out, out_first, keep)
