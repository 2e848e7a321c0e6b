"""Sparse recurrent weights between units that spike, as kernels.py takes them; copied beside it as ``.recurrence`` in the place of dense_recurrence.py.

They are those of sparse_recurrence.py, copied beside, and so are all numbers forward; those of changes are, but for rounding. The synapses of units
that spike alone are gone through. Forward, the weights lie in the order of their columns, too, (S,), with the number of each column's first synapse,
(D K N + 1,), drive after drive, and for each synapse one of its row's four sums, (S,): that to which sparse_recurrence.py adds it. Of a change there
are these two, and which synapse each is, (S,).
"""

from __future__ import annotations

import numpy as np

from neurorec.formula.entry import apart, exact, inlined, part

from .events import desk_for, gather_listed, list_nonzero, list_rows, multiply_some  # pyright: ignore[reportMissingImports]
from .precision import real  # pyright: ignore[reportMissingImports]
from .product import DEPTH, PANEL, ZERO, place  # pyright: ignore[reportMissingImports]
from .sparse_recurrence import (  # noqa: F401 # pyright: ignore[reportMissingImports]
    SUMS,
    in_order,
    onward_shape,
    settle,
)
from .sparse_recurrence import desk as desk_for_all  # pyright: ignore[reportMissingImports]
from .sparse_recurrence import gather_recurrent as gather_all  # pyright: ignore[reportMissingImports]
from .sparse_recurrence import receive as receive_all  # pyright: ignore[reportMissingImports]
from .sparse_recurrence import room_for as room_for_all  # pyright: ignore[reportMissingImports]
from .sparse_recurrence import send_back as send_back_all  # pyright: ignore[reportMissingImports]


@part
def desk(outputs, units, states, others):
    """Room that the products of a loop share: lists of terms, the sums of all rows, and what sparse_recurrence.py takes."""
    lists = desk_for(states.shape[2], max(units, others))
    return lists, np.empty(SUMS * units, states.dtype), desk_for_all(outputs, units, states, others)


@inlined
def take_in(x, start, weights, block, depth, out, to, rows, columns, keep, desk):
    """As event_recurrence.py has it."""
    multiply_some(x, start, weights, PANEL // x.itemsize, block, depth, out, to, rows, columns, keep, desk[0])


@part
def receive(recurrent, desk, emitted, t, outputs, trials, first, rows, units, d, drives, to, keep):
    """As dense_recurrence.py has it, by the synapses of what is not zero where that is cheaper."""
    values, firsts, pre, weights, begin, sums_of = recurrent
    lists, sums, all_of = desk
    for c in range(outputs):
        if not list_rows(emitted, ((t * outputs + c) * trials + first) * units, rows, units, lists):
            receive_all((values, firsts, pre), all_of, emitted, t, outputs, trials, first, rows, units, d, drives, to, keep)
            return
    for b in range(rows):
        clear(sums)
        for c in range(outputs):
            start = ((t * outputs + c) * trials + first + b) * units
            count = list_nonzero(emitted.dtype, emitted.itemsize, place(emitted, start), units, lists[0], ZERO)
            spread(weights, begin, sums_of, emitted, start, (d * outputs + c) * units, lists[0], count, sums)
        add_up(sums, drives, to + b * units, units, keep)


@part
def clear(sums):
    """Zeros."""
    for i in range(sums.shape[0]):
        sums[i] = real(0)


@part
def spread(weights, begin, sums_of, emitted, start, column, terms, count, sums):
    """Add each listed term times its column of weights to sums; indices have no sign, or Numba would look whether each counts from the end."""
    apart()
    for e in range(count):
        number = emitted[start + terms[e]]
        for s in range(np.uint64(begin[column + terms[e]]), np.uint64(begin[column + terms[e] + 1])):
            sums[np.uint64(sums_of[s])] += weights[s] * number


@exact
def add_up(sums, drives, to, units, keep):
    """The four sums of each row, as sparse_recurrence.py adds them, added to what is there where `keep` is 1."""
    apart()
    for n in range(units):
        total = (sums[SUMS * n] + sums[SUMS * n + 1]) + (sums[SUMS * n + 2] + sums[SUMS * n + 3])
        drives[to + n] = drives[to + n] + total if keep == 1 else total


@inlined
def send_back(recurrent, desk, back, recurrent_ports, outputs, trials, first, rows, units, adjoint):
    """As sparse_recurrence.py has it: what drives give back is seldom zero."""
    send_back_all(recurrent, desk[2], back, recurrent_ports, outputs, trials, first, rows, units, adjoint)


@inlined
def of_drive(change, room, d, units):
    """The change of one drive's weights: its rows, and its columns."""
    values, firsts, pre, begin, sums_of, order = change
    columns = (begin.shape[0] - 1) // ((firsts.shape[0] - 1) // units)
    return values, firsts[d * units : (d + 1) * units + 1], pre, begin[d * columns : (d + 1) * columns + 1], sums_of, order


@part
def room_for(drives, units, columns, others, array):
    """What sparse_recurrence.py takes, and lists of terms, by row and by column."""
    lists = desk_for(DEPTH, max(columns, others))
    return (
        room_for_all(drives, units, columns, others, array),
        lists,
        (np.empty_like(lists[0]), np.empty(max(columns, others) + 1, np.intp)),
    )


@inlined
def gather_outside(a, b, start, end, row, depth, room, out, out_first, keep):
    """As event_recurrence.py has it."""
    gather_listed(a, b, start, end, row, depth, out, out_first, keep, room[1], room[2])


@part
def gather_recurrent(post, first, last, before, row, depth, room, change, keep):
    """As sparse_recurrence.py has it; a spike adds to the synapses of its unit, where that is cheaper."""
    values, firsts, pre, begin, sums_of, order = change
    if not list_rows(before.reshape(-1), row * before.shape[1], depth, before.shape[1], room[1]):
        gather_all(post, first, last, before, row, depth, room[0], (values, firsts, pre), keep)
        return
    if keep == 0:
        clear(values[firsts[first] : firsts[last]])
    terms, starts = room[1]
    for k in range(row, row + depth):
        for e in range(starts[k - row], starts[k - row + 1]):
            add_column(post[k], first, last, before[k, terms[e]], begin[terms[e]], begin[terms[e] + 1], sums_of, order, values)


@part
def add_column(post, first, last, number, start, stop, sums_of, order, values):
    """post x number, to the synapses from `start` to before `stop` by columns, of the rows from `first` to before `last`."""
    apart()
    for s in range(np.uint64(start), np.uint64(stop)):
        n = np.uint64(sums_of[s] // SUMS)
        if first <= n < last:
            values[np.uint64(order[s])] += post[n] * number
