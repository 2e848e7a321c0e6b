"""Sparse recurrent weights, as kernels.py takes them; copied beside it as ``.recurrence`` in the place of dense_recurrence.py.

Weights, and their change, are three arrays: a number a synapse (S,), the number of each row's first synapse (D N + 1,), and each one's column,
(S,). Nothing here takes the time or the memory of a matrix. A row's terms go to four sums in turn, the last few to the first, and these
are added at the end: that hides what an addition takes to finish, and, one trial or many side by side, the order is the same, so that a
trial's numbers do not depend on the others.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from neurorec.formula.entry import apart, exact, inlined, part

from .precision import real  # pyright: ignore[reportMissingImports]
from .product import BYTES, ZERO, gather, multiply, place  # pyright: ignore[reportMissingImports]
from .product import packed_shape as onward_shape  # noqa: F401 # pyright: ignore[reportMissingImports]

INDEX, LANE = ir.IntType(64), ir.IntType(32)
SUMS = 4  # side by side
COLUMN = 4  # bytes of a synapse's column
TERMS = 64  # trials and steps that are gathered at once: what a synapse reads of them is four lines


class _Synapses:
    """Writes the machine code for the synapses of one row; numbers of several trials lie side by side, as many as fill a vector."""

    def __init__(self, builder, number, lanes: int):
        self.builder, self.lanes = builder, lanes
        self.real = {32: ir.FloatType(), 64: ir.DoubleType()}[number.bitwidth]
        self.kind = self.real if lanes == 1 else ir.VectorType(self.real, lanes)
        self.size = number.bitwidth // 8

    def spread(self, value):
        """The same number in every lane."""
        if self.lanes == 1:
            return value
        nothing = ir.Constant(self.kind, ir.Undefined)
        first = self.builder.insert_element(nothing, value, LANE(0))
        return self.builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(LANE, self.lanes), [0] * self.lanes))

    def load(self, place):
        return self.builder.load(place, align=self.size)

    def store(self, value, place):
        self.builder.store(value, place, align=self.size)

    def at(self, address):
        return self.builder.inttoptr(address, self.kind.as_pointer())

    def synapse(self, values, pre, k):
        """Its weight, and its column."""
        builder = self.builder
        value = builder.load(builder.gep(builder.inttoptr(values, self.real.as_pointer()), [k]))
        unit = builder.load(builder.gep(builder.inttoptr(pre, LANE.as_pointer()), [k]))
        return self.spread(value), builder.zext(unit, INDEX)

    def add(self, total, weight, number):
        builder = self.builder
        return builder.fadd(total, builder.fmul(weight, number, flags=("contract",)), flags=("contract",))

    def sum(self, values, pre, count, x, out):
        """out = sum_k value_k x[pre_k]."""
        builder, x = self.builder, self.at(x)
        zero = ir.Constant(self.kind, 0.0 if self.lanes == 1 else [0.0] * self.lanes)
        sums = [cgutils.alloca_once_value(builder, zero) for _ in range(SUMS)]

        def one(k, total):
            weight, unit = self.synapse(values, pre, k)
            builder.store(self.add(builder.load(total), weight, self.load(builder.gep(x, [unit]))), total)

        whole = builder.and_(count, INDEX(-SUMS))
        with cgutils.for_range_slice(builder, INDEX(0), whole, INDEX(SUMS), INDEX) as (k, _):
            for j, total in enumerate(sums):
                one(builder.add(k, INDEX(j)), total)
        with cgutils.for_range_slice(builder, whole, count, INDEX(1), INDEX) as (k, _):
            one(k, sums[0])
        a, b, c, d = (builder.load(total) for total in sums)
        self.store(builder.fadd(builder.fadd(a, b), builder.fadd(c, d)), self.at(out))

    def spread_out(self, values, pre, count, x, out):
        """out[pre_k] += value_k x: no two synapses of a row have one column."""
        builder, out, number = self.builder, self.at(out), self.load(self.at(x))
        with cgutils.for_range_slice(builder, INDEX(0), count, INDEX(1), INDEX) as (k, _):
            weight, unit = self.synapse(values, pre, k)
            place = builder.gep(out, [unit])
            self.store(self.add(self.load(place), weight, number), place)


def _row(what: Callable, vector: bool) -> Callable:
    """One of the above as a function of addresses, and of the type of the numbers."""

    def written(context, builder, signature, arguments):
        number = signature.args[0].dtype
        builder.function.attributes.add("noinline")  # compiled once, not again in every loop that multiplies
        what(_Synapses(builder, number, BYTES * 8 // number.bitwidth if vector else 1), *arguments[1:])
        return context.get_dummy_value()

    @intrinsic
    def row(typing, kind, values, pre, count, x, out):
        return types.void(kind, *[types.intp] * 5), written

    return row


_sum_one, _sum_many = _row(_Synapses.sum, False), _row(_Synapses.sum, True)
_spread_one, _spread_many = _row(_Synapses.spread_out, False), _row(_Synapses.spread_out, True)


@exact
def sum_one(kind, values, pre, count, x, out):
    """`_Synapses.sum` of one trial, its four sums added in the order in which they are for many."""
    _sum_one(kind, values, pre, count, x, out)


@exact
def sum_many(kind, values, pre, count, x, out):
    """The same of as many trials as fill a vector."""
    _sum_many(kind, values, pre, count, x, out)


@inlined
def in_order(recurrent):
    """The weights as products take them: as they are."""
    return recurrent


@part
def desk(outputs, units, states, others):
    """Room that the products of a loop share: of all outputs of all units, as many trials side by side as fill a vector; twice."""
    size = outputs * units * (BYTES // states.itemsize)
    return np.empty(size, states.dtype), np.empty(size, states.dtype)


@inlined
def take_in(x, start, weights, block, depth, out, to, rows, columns, keep, desk):
    """As dense_recurrence.py has it."""
    multiply(x, start, weights, block, depth, out, to, rows, columns, keep)


@part
def lanes_of(trials, array):
    """How many trials lie side by side: a vector's worth, or one."""
    return BYTES // array.itemsize if trials > 1 else 1


@part
def lay(rows, start, units, trials, lanes, beside, to):
    """Some rows (trials, units), which begin at `start`, side by side: beside (units, lanes) from number `to`, zeros in the lanes left over."""
    for n in range(units):
        for j in range(lanes):
            beside[to + n * lanes + j] = rows[start + j * units + n] if j < trials else real(0)


@part
def take(beside, units, trials, lanes, begin, rows, start, keep):
    """The way back, added where `keep` is 1."""
    for j in range(trials):
        for n in range(units):
            number = beside[begin + n * lanes + j]
            rows[start + j * units + n] = rows[start + j * units + n] + number if keep == 1 else number


@part
def receive(recurrent, desk, emitted, t, outputs, trials, first, rows, units, d, drives, to, keep):
    """As dense_recurrence.py has it."""
    (values, firsts, pre), (beside, sums) = recurrent, desk
    size = values.itemsize
    for b in range(0, rows, BYTES // size):
        some = min(BYTES // size, rows - b)
        lanes = lanes_of(some, values)
        for c in range(outputs):
            lay(emitted, ((t * outputs + c) * trials + first + b) * units, units, some, lanes, beside, c * units * lanes)
        x, out, of_values, of_pre = place(beside, 0), place(sums, 0), place(values, 0), place(pre, 0)
        for n in range(units):
            start, count = firsts[d * units + n], firsts[d * units + n + 1] - firsts[d * units + n]
            if lanes == 1:
                sum_one(values.dtype, of_values + start * size, of_pre + start * COLUMN, count, x, out + n * size)
            else:
                sum_many(values.dtype, of_values + start * size, of_pre + start * COLUMN, count, x, out + n * lanes * size)
        take(sums, units, some, lanes, 0, drives, to + b * units, keep)


@part
def send_back(recurrent, desk, back, recurrent_ports, outputs, trials, first, rows, units, adjoint):
    """As dense_recurrence.py has it: a row of W is a column of W^T, whose terms go to where its synapses come from."""
    (values, firsts, pre), (beside, sums) = recurrent, desk
    size = values.itemsize
    for b in range(0, rows, BYTES // size):
        some = min(BYTES // size, rows - b)
        lanes = lanes_of(some, values)
        for c in range(outputs):
            lay(adjoint, (c * trials + first + b) * units, units, some, lanes, sums, c * units * lanes)
        x, out, of_values, of_pre = place(beside, 0), place(sums, 0), place(values, 0), place(pre, 0)
        for d in range(recurrent_ports.shape[0]):
            if recurrent_ports[d] >= 0:
                lay(back, (recurrent_ports[d] * trials + first + b) * units, units, some, lanes, beside, 0)
                for n in range(units):
                    start, count = firsts[d * units + n], firsts[d * units + n + 1] - firsts[d * units + n]
                    if lanes == 1:
                        _spread_one(values.dtype, of_values + start * size, of_pre + start * COLUMN, count, x + n * size, out)
                    else:
                        _spread_many(values.dtype, of_values + start * size, of_pre + start * COLUMN, count, x + n * lanes * size, out)
        for c in range(outputs):
            take(sums, units, some, lanes, c * units * lanes, adjoint, (c * trials + first + b) * units, 0)


@inlined
def of_drive(change, room, d, units):
    """The change of one drive's weights: its rows."""
    return change[0], change[1][d * units : (d + 1) * units + 1], change[2]


@part
def room_for(drives, units, columns, others, array):
    """Where `gather_recurrent` copies to: the terms of a unit side by side, postsynaptic and presynaptic."""
    return np.empty((units, TERMS), array.dtype), np.empty((columns, TERMS), array.dtype)


@inlined
def settle(change, room, first):
    """As dense_recurrence.py has it."""
    return


@inlined
def gather_outside(a, b, start, end, row, depth, room, out, out_first, keep):
    """As dense_recurrence.py has it."""
    gather(a, ZERO, a.shape[1], b, start, end, row, depth, out, out_first, keep)


@part
def beside_terms(rows, first, last, row, terms, out):
    """Some rows (terms, units) from `row`, of the units from `first` to before `last`, as out (units, terms)."""
    for n in range(first, last):
        for k in range(terms):
            out[n - first, k] = rows[row + k, n]


@part
def gather_recurrent(post, first, last, before, row, depth, room, change, keep):
    """As dense_recurrence.py has it, of the synapses that exist: post x pre is summed where one is, and nowhere else."""
    (values, firsts, pre), (of_post, of_pre) = change, room
    for start in range(0, depth, TERMS):
        terms = min(TERMS, depth - start)
        beside_terms(post, first, last, row + start, terms, of_post)
        beside_terms(before, 0, before.shape[1], row + start, terms, of_pre)
        sampled(of_post, of_pre, terms, values, firsts[first : last + 1], pre, max(keep, min(start, 1)))


@part
def sampled(of_post, of_pre, terms, values, firsts, pre, keep):
    """sum_k post_k pre_k of every synapse of some units; indices have no sign, or Numba would look whether each counts from the end."""
    apart()
    for n in range(firsts.shape[0] - 1):
        for s in range(np.uint64(firsts[n]), np.uint64(firsts[n + 1])):
            unit, total = np.uint64(pre[s]), real(0)
            for k in range(terms):
                total += of_post[n, k] * of_pre[unit, k]
            values[s] = values[s] + total if keep == 1 else total
