"""Products with what is mostly zero, such as spikes: of each sum the terms that are not zero are listed first; copied as kernels.py is.

A listed sum runs over its terms in the order of the whole one, to which the others add nothing: its numbers are those of `product.multiply`
and `product.gather` to the last bit, as long as all weights are numbers. So whichever way is cheaper is taken, at every step anew.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.cpython.unsafe import numbers
from numba.extending import intrinsic

from neurorec.formula.entry import apart, part

from .product import (  # pyright: ignore[reportMissingImports]
    INDEX,
    LANE,
    ONE,
    PANEL,
    ZERO,
    _Block,
    beyond,
    expect_within,
    first_of,
    gather,
    multiply_wide,
    place,
)

GROUP = 64  # numbers that are looked at together: a bit each
# What a listed term takes, with finding it, in terms of a whole product of up to three rows, and of more, of which that makes four at once
# (measured on AVX-512: 1.2 of one row, 1.9 of three, 3 to 4 of four and of 64, of 100 and 512 units in either float type).
FEW, ALONE, BESIDE = 4, 2.0, 3.5


class _Listed(_Block):
    """Writes the machine code of a sum over listed terms, of one row: where a product of several has their distance, this has its list."""

    def __init__(self, terms):
        super().__init__(1)
        self.terms = terms

    def _term(self, k):
        return self.builder.load(self.builder.gep(self.builder.inttoptr(self.terms, INDEX.as_pointer()), [k]))


def _listed(typing, kind, x, terms, x_step, w, w_step, out, out_row, depth, width, keep):
    """As `product._block` has it, of one row: out[j] = sum_{k < depth} x[terms_k] w[terms_k, j]; depth is 1 or more."""
    return types.void(kind, *[types.intp] * 10), lambda context, builder, signature, call: _Listed(call[2])(
        context, builder, signature, call
    )


def _looked_at(context, builder, signature, call):
    _, x, count = call
    number = signature.args[0].dtype
    real, mask = context.get_data_type(number), ir.VectorType(ir.IntType(1), GROUP)
    vector, name = ir.VectorType(real, GROUP), f"llvm.masked.load.v{GROUP}f{number.bitwidth}.p0"
    kind = ir.FunctionType(vector, [vector.as_pointer(), LANE, mask, vector])
    load = cgutils.get_or_insert_function(builder.module, kind, name)
    below = builder.sub(builder.shl(INDEX(1), count), INDEX(1))
    there = builder.bitcast(builder.select(builder.icmp_signed("<", count, INDEX(GROUP)), below, INDEX(-1)), mask)
    zeros = ir.Constant(vector, [0.0] * GROUP)
    values = builder.call(load, [builder.inttoptr(x, vector.as_pointer()), LANE(number.bitwidth // 8), there, zeros])
    return builder.bitcast(builder.fcmp_unordered("!=", values, zeros), INDEX)


def _bits(typing, kind, x, count):
    """A bit for each of the next `GROUP` numbers, of which `count` are looked at: whether it is not zero."""
    return types.intp(kind, types.intp, types.intp), _looked_at


_sum_listed: Any = intrinsic(_listed)
_nonzero: Any = intrinsic(_bits)
_trailing_zeros: Any = numbers.trailing_zeros


@part
def list_nonzero(kind, size, x, depth, terms, count):
    """Numbers of the terms of x (depth,) that are not zero, written behind the `count` there are in `terms`; how many there then are."""
    for first in range(0, depth, GROUP):
        bits = _nonzero(kind, x + first * size, np.intp(min(GROUP, depth - first)))
        while bits != 0:
            terms[count] = first + np.intp(_trailing_zeros(bits))
            count += 1
            bits &= bits - 1
    return count


@part
def desk_for(rows, depth):
    """Room for the terms of so many rows, and for where each row's begin."""
    return np.empty(rows * depth, np.intp), np.empty(rows + 1, np.intp)


@part
def list_rows(x, x_first, rows, depth, lists):
    """The terms of each row of x (rows, depth) that are not zero, to `lists`; False once they are so many that the whole product is cheaper."""
    (terms, starts), size, count = lists, x.itemsize, ZERO
    expect_within(x, x_first, rows * depth)
    cost = ALONE if rows < FEW else BESIDE
    from_ = place(x, x_first)
    for b in range(rows):
        starts[b] = count
        count = list_nonzero(x.dtype, size, from_ + b * depth * size, depth, terms, count)
        if count * cost > rows * depth:
            return False
    starts[rows] = count
    return True


@part
def sum_listed(kind, size, x, terms, x_step, w, w_step, out, first, last, width, keep):
    """out = sum x_k w_k over the terms from number `first` to before `last` of a list, added where `keep` is 1; all but these are addresses."""
    if last > first:
        _sum_listed(kind, x, terms + first * 8, x_step, w, w_step, out, ZERO, last - first, width, keep)


@part
def clear_row(out, first, columns):
    """Zeros."""
    for j in range(first, first + columns):
        out[j] = 0


@part
def multiply_some(x, x_first, packed, width, block, depth, out, out_first, rows, columns, keep, lists):
    """As `product.multiply_wide`, over the terms that are not zero where that is cheaper; `lists` from `desk_for`."""
    apart()
    if not list_rows(x, x_first, rows, depth, lists):
        multiply_wide(x, x_first, packed, width, block, depth, out, out_first, rows, columns, keep)
        return
    (terms, starts), size = lists, x.itemsize
    some = PANEL // size
    expect_within(out, out_first, rows * columns)
    from_, of_terms, to, w = (
        place(x, x_first),
        place(terms, ZERO),
        place(out, out_first),
        place(packed, first_of(width, block, depth, columns)),
    )
    for b in range(rows):
        if keep == 0 and starts[b] == starts[b + 1]:
            clear_row(out, out_first + b * columns, columns)
    for first in range(0, columns, some):
        for b in range(rows):
            sum_listed(x.dtype, size, from_ + b * depth * size, of_terms, ONE, w, width, to + (b * columns + first) * size,
                       starts[b], starts[b + 1], min(some, columns - first), keep)  # fmt: skip
        w += beyond(width, depth, size)


@part
def list_columns(a, row, depth, lists, by_column):
    """Of rows `row` ... of a (R, M), the terms of each column that are not zero, to `by_column`; False as for `list_rows`."""
    columns = a.shape[1]
    if not list_rows(a.reshape(-1), row * columns, depth, columns, lists):
        return False
    (found, of_row), (terms, starts) = lists, by_column
    starts[: columns + 1] = 0
    for e in range(of_row[depth]):
        starts[found[e] + 1] += 1
    for m in range(columns):
        starts[m + 1] += starts[m]
    for k in range(depth):
        for e in range(of_row[k], of_row[k + 1]):
            m = found[e]
            terms[starts[m]] = k
            starts[m] += 1
    for m in range(columns, 0, -1):  # each start has moved to the next one's
        starts[m] = starts[m - 1]
    starts[0] = 0
    return True


@part
def gather_listed(a, b, start, end, row, depth, out, out_first, keep, lists, by_column):
    """out = a.T @ b[:, start:end], as `product.gather` has it of all columns of a, over the terms of a that are not zero where that is cheaper."""
    apart()
    if not list_columns(a, row, depth, lists, by_column):
        gather(a, ZERO, a.shape[1], b, start, end, row, depth, out, out_first, keep)
        return
    (terms, starts), size, columns = by_column, a.itemsize, out.shape[1]
    width = PANEL // size
    expect_within(b, row * b.shape[1] + start, (depth - 1) * b.shape[1] + end - start)
    expect_within(out, out_first, (a.shape[1] - 1) * columns + end - start)
    x, w, of_terms, to = place(a, row * a.shape[1]), place(b, row * b.shape[1] + start), place(terms, ZERO), place(out, out_first)
    row_of_out = out.reshape(-1)
    for m in range(a.shape[1]):
        if keep == 0 and starts[m] == starts[m + 1]:
            clear_row(row_of_out, out_first + m * columns, end - start)
    for first in range(0, end - start, width):
        for m in range(a.shape[1]):
            sum_listed(a.dtype, size, x + m * size, of_terms, a.shape[1], w + first * size, b.shape[1], to + (m * columns + first) * size,
                       starts[m], starts[m + 1], min(width, end - start - first), keep)  # fmt: skip
