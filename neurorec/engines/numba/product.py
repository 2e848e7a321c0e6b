"""Products of activity and weights, written for the vector unit; copied as kernels.py is.

A trial's products are small: what a call of BLAS costs before its first multiplication, these have done by then, and unlike
Numba's own loops they keep their sums in registers. Every sum runs over its terms one after another, so a number is
the same to the last bit however trials are batched or shared among threads.
"""

from __future__ import annotations

from collections.abc import Callable

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba.core import config, types
from numba.extending import intrinsic

from neurorec.formula.entry import entry, part

# A block of 4 rows fills half of the registers with its sums: there are 32 of 64 bytes with AVX-512, else 16 of 32.
BYTES, VECTORS = (64, 4) if llvmlite.binding.get_host_cpu_features().get("avx512f") else (32, 2)
PANEL = BYTES * VECTORS  # bytes of weights side by side
WIDE = 256  # columns
ZERO, ONE = np.intp(0), np.intp(1)
DEPTH = 128  # terms of a long sum at a time: what they share stays in the first cache
CHECKED = bool(config.BOUNDSCHECK)  # pyright: ignore[reportAttributeAccessIssue] - of NUMBA_BOUNDSCHECK: a product then looks where it reads and writes
INDEX, LANE = ir.IntType(64), ir.IntType(32)


class _Block:
    """Writes the machine code of a product whose sums, `rows` by at most `VECTORS`, sit in registers."""

    def __init__(self, rows: int):
        self.rows = rows

    def __call__(self, context, builder, signature, args):
        _, x, x_row, x_step, w, w_step, out, out_row, depth, width, keep = args
        number = signature.args[0].dtype
        builder.function.attributes.add("noinline")  # compiled once, not again in every loop that multiplies
        self.builder, self.bytes, self.lanes = builder, number.bitwidth // 8, BYTES * 8 // number.bitwidth
        real = context.get_data_type(number)
        self.vector = ir.VectorType(real, self.lanes)
        x, w, out = (builder.inttoptr(address, real.as_pointer()) for address in (x, w, out))
        full = builder.sdiv(builder.sub(width, INDEX(1)), INDEX(self.lanes))  # vectors before the last, which is cut off at `width`
        self.mask = self._below(builder.sub(width, builder.mul(full, INDEX(self.lanes))))
        end = builder.append_basic_block("end")
        ways = [builder.append_basic_block(f"vectors{count}") for count in range(1, VECTORS + 1)]
        choice = builder.switch(full, end)
        for count, way in enumerate(ways):
            choice.add_case(INDEX(count), way)
            builder.position_at_end(way)
            self._sums(count + 1, x, x_row, x_step, w, w_step, out, out_row, depth, keep)
            builder.branch(end)
        builder.position_at_end(end)
        return context.get_dummy_value()

    def _sums(self, vectors, x, x_row, x_step, w, w_step, out, out_row, depth, keep):
        """sum_k x_k w_k, in as many phi nodes as there are vectors: LLVM gives each a register."""
        builder, places = self.builder, [each for i in range(self.rows) for each in self._row(out, [INDEX(i), out_row], vectors)]
        before, kept, loop, done = builder.block, *(builder.append_basic_block(name) for name in ("kept", "depth", "done"))
        builder.cbranch(builder.icmp_signed("!=", keep, INDEX(0)), kept, loop)
        builder.position_at_end(kept)
        there = [self._load(*place) for place in places]
        builder.branch(loop)
        builder.position_at_end(loop)
        k, sums = builder.phi(INDEX), [builder.phi(self.vector) for _ in places]
        term = self._term(k)
        across = [self._load(*place) for place in self._row(w, [term, w_step], vectors)]
        x = builder.gep(x, [builder.mul(term, x_step)])
        down = [self._spread(builder.load(builder.gep(x, [builder.mul(INDEX(i), x_row)]))) for i in range(self.rows)]
        terms = [builder.fmul(a, b, flags=("contract",)) for a in down for b in across]
        added = [builder.fadd(term, total, flags=("contract",)) for term, total in zip(terms, sums, strict=True)]
        following = builder.add(k, INDEX(1))
        zeros = [ir.Constant(self.vector, [0.0] * self.lanes)] * len(sums)
        for block, first, values in ((before, INDEX(0), zeros), (kept, INDEX(0), there), (loop, following, added)):
            for phi, value in zip([k, *sums], [first, *values], strict=True):
                phi.add_incoming(value, block)
        builder.cbranch(builder.icmp_signed("<", following, depth), loop, done)
        builder.position_at_end(done)
        for value, place in zip(added, places, strict=True):
            self._store(value, *place)

    def _term(self, k):
        """Number of the k-th term: all are taken, one after another."""
        return k

    def _row(self, start, factors, vectors):
        """Where each vector of a row begins, and whether it is the last."""
        start = self.builder.gep(start, [self.builder.mul(*factors)])
        places = [self.builder.gep(start, [INDEX(j * self.lanes)]) for j in range(vectors)]
        return [(self.builder.bitcast(place, self.vector.as_pointer()), j + 1 == vectors) for j, place in enumerate(places)]

    def _spread(self, value):
        """The same number, or index, in every lane."""
        nothing = ir.Constant(ir.VectorType(value.type, self.lanes), ir.Undefined)
        first = self.builder.insert_element(nothing, value, LANE(0))
        return self.builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(LANE, self.lanes), [0] * self.lanes))

    def _below(self, width):
        """A mask of the lanes whose number is below `width`."""
        numbers = ir.Constant(ir.VectorType(INDEX, self.lanes), list(range(self.lanes)))
        return self.builder.icmp_signed("<", numbers, self._spread(width))

    def _load(self, place, last):
        if not last:
            return self.builder.load(place, align=self.bytes)
        load = self._masked("load", self.vector, [place.type, LANE, self.mask.type, self.vector])
        return self.builder.call(load, [place, LANE(self.bytes), self.mask, ir.Constant(self.vector, [0.0] * self.lanes)])

    def _store(self, value, place, last):
        if not last:
            self.builder.store(value, place, align=self.bytes)
            return
        store = self._masked("store", ir.VoidType(), [self.vector, place.type, LANE, self.mask.type])
        self.builder.call(store, [value, place, LANE(self.bytes), self.mask])

    def _masked(self, what, result, kinds):
        name, module = f"llvm.masked.{what}.v{self.lanes}f{8 * self.bytes}.p0", self.builder.module
        return module.globals[name] if name in module.globals else ir.Function(module, ir.FunctionType(result, kinds), name)


def _block(rows: int) -> Callable:
    """The product of `rows` rows: out[i, j] = sum_{k < depth} x[i, k] w[k, j], i < rows and j < width <= a panel's,
    added to what is there where `keep` is 1. Arrays are addresses (a call with arrays costs more than a short product), numbers of
    the type `kind`; ``x_row, x_step, w_step, out_row`` are the distances of rows and of terms, in numbers.
    """

    @intrinsic
    def product(typing, kind, x, x_row, x_step, w, w_step, out, out_row, depth, width, keep):
        return types.void(kind, *[types.intp] * 10), lambda *call: _Block(rows)(*call)

    return product


_one, _two, _four = map(_block, (1, 2, 4))


@part
def panel(kind, size, x, x_row, x_step, w, w_step, out, out_row, rows, depth, width, keep):
    """As `_block`, for any number of rows; `size` is a number's, in bytes."""
    while rows >= 4:
        _four(kind, x, x_row, x_step, w, w_step, out, out_row, depth, width, keep)
        x, out, rows = x + 4 * x_row * size, out + 4 * out_row * size, rows - 4
    if rows >= 2:
        _two(kind, x, x_row, x_step, w, w_step, out, out_row, depth, width, keep)
        x, out, rows = x + 2 * x_row * size, out + 2 * out_row * size, rows - 2
    if rows > 0:
        _one(kind, x, x_row, x_step, w, w_step, out, out_row, depth, width, keep)


@part
def place(array, number):
    """Address of what is so many numbers after an array's beginning."""
    return np.intp(array.ctypes.data) + number * array.itemsize


@part
def expect_within(array, first, count):
    """With NUMBA_BOUNDSCHECK=1, refuse a product that goes beyond an array's numbers: addresses know no bounds."""
    if CHECKED and (first < 0 or first + count > array.size):
        raise IndexError("a product goes beyond its array")


@part
def multiply(x, x_first, packed, block, depth, out, out_first, rows, columns, keep):
    """out = x w, or out += x w where `keep` is 1; x (rows, depth) and out (rows, columns) begin so many numbers after the arrays.

    packed (blocks, panels, depth, panel): some w (depth, columns) each, from `pack`. All three arrays in one row.
    """
    multiply_wide(x, x_first, packed, PANEL // x.itemsize, block, depth, out, out_first, rows, columns, keep)


@part
def multiply_wide(x, x_first, packed, width, block, depth, out, out_first, rows, columns, keep):
    """The same with packed (blocks, panels, depth, width), whose panels are as wide as `multiply` has them, or hold a whole row each."""
    size = x.itemsize
    expect_within(x, x_first, rows * depth)
    expect_within(packed, first_of(width, block, depth, columns), depth * columns)
    expect_within(out, out_first, rows * columns)
    from_, to, w, some = place(x, x_first), place(out, out_first), place(packed, first_of(width, block, depth, columns)), PANEL // size
    if depth > 0:
        for first in range(0, columns, some):
            panel(x.dtype, size, from_, depth, ONE, w, width, to + first * size, columns, rows, depth, min(some, columns - first), keep)
            w += beyond(width, depth, size)
    elif keep == 0:
        for number in range(out_first, out_first + rows * columns):
            out[number] = 0


@part
def first_of(width, block, depth, columns):
    """Where a block of packed weights begins, panels of this width: so many numbers after the first."""
    return block * -(-columns // width) * depth * width


@part
def beyond(width, depth, size):
    """Bytes from the columns of a product to those `PANEL` bytes further on: in the next panel, or in this one if a row is whole."""
    return depth * PANEL if width * size == PANEL else PANEL


@part
def pack(w, packed):
    """w (M, columns), in any order of memory, into packed (panels, M, panel): what a block reads lies side by side."""
    lines, some, wide = BYTES // w.itemsize, PANEL // w.itemsize, packed.shape[2]
    for first in range(0, w.shape[1], some):
        p, last = first // wide, min(first + some, w.shape[1])
        for start in range(0, w.shape[0], lines):  # few rows at a time: one order of memory or the other is read across its lines
            block, into = w[start : start + lines, first:last], packed[p, start : start + lines, first - p * wide :]
            for n in range(block.shape[1]):
                for m in range(block.shape[0]):
                    into[m, n] = block[m, n]


@part
def pack_each(w, rows, columns, packed):
    """Every block (rows, columns) of w, row of blocks after row, packed as its transpose; packed (blocks, panels, columns, width)."""
    across = w.shape[1] // columns if columns > 0 else 1
    for block in range(packed.shape[0]):
        down, c = block // across, block % across
        pack(w[down * rows : (down + 1) * rows, c * columns : (c + 1) * columns].T, packed[block])


@entry
def pack_blocks(w, rows, columns, packed):
    """As `pack_each`, for Python to call."""
    pack_each(w, rows, columns, packed)


@part
def gather(a, first, last, b, start, end, row, depth, out, out_first, keep):
    """out = a[:, first:last].T @ b[:, start:end] over `depth` terms from `row`, added to what is there where `keep` is 1.

    out (n, m), filled from `out_first` numbers after its beginning.
    """
    width, size = PANEL // a.itemsize, a.itemsize
    expect_within(a, row * a.shape[1] + first, (depth - 1) * a.shape[1] + last - first)
    expect_within(b, row * b.shape[1] + start, (depth - 1) * b.shape[1] + end - start)
    expect_within(out, out_first, (last - first - 1) * out.shape[1] + end - start)
    x, w, to = place(a, row * a.shape[1] + first), place(b, row * b.shape[1] + start), place(out, out_first)
    for p in range(0, end - start, width):
        panel(a.dtype, size, x, ONE, a.shape[1], w + p * size, b.shape[1], to + p * size, out.shape[1],
              last - first, depth, min(width, end - start - p), keep)  # fmt: skip


@part
def room_for(units, array):
    """Where `gather_some` copies to: `DEPTH` terms of so many units, and of a panel."""
    return np.empty(DEPTH * units, array.dtype), np.empty(DEPTH * (PANEL // array.itemsize), array.dtype)


@part
def gather_some(a, first, last, b, row, depth, room, out, keep):
    """Rows first to last of out = a.T @ b, as `gather`, all columns; out (N, M) lies in one row.

    Wide arrays through copies that lie together: rows a power of two apart share few places of the cache.
    """
    columns, units = b.shape[1], last - first
    if columns < WIDE:
        gather(a, first, last, b, ZERO, columns, row, depth, out, first * columns, keep)
        return
    beside, together = room
    expect_within(out, first * columns, units * columns)
    for k in range(depth):
        for n in range(units):
            beside[k * units + n] = a[row + k, first + n]
    for p in range(0, columns, PANEL // a.itemsize):
        width = min(PANEL // a.itemsize, columns - p)
        for k in range(depth):
            for j in range(width):
                together[k * width + j] = b[row + k, p + j]
        panel(a.dtype, a.itemsize, place(beside, ZERO), ONE, units, place(together, ZERO), width, place(out, first * columns + p), columns,
              units, depth, width, keep)  # fmt: skip


def packed_shape(depth: int, columns: int, dtype: np.dtype) -> tuple[int, int, int]:
    """Of what `pack` fills, from w (depth, columns)."""
    width = PANEL // dtype.itemsize
    return -(-columns // width), depth, width
