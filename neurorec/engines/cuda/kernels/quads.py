"""Four neighbouring numbers by one instruction of 16 bytes; `quads_simulated` reads and writes them where nothing is compiled."""

from __future__ import annotations

from llvmlite import ir
from numba.core import types
from numba.cuda import cgutils
from numba.cuda.extending import intrinsic

FOUR = ir.VectorType(ir.FloatType(), 4)
BYTES = 16  # at a multiple of which the four begin


@intrinsic
def quad(typingctx, array, place):
    """Numbers `place` to place + 3 of a float32 array in C order, which begins at a multiple of 16 bytes; place: a multiple of four."""

    def code(context, builder, signature, arguments):
        numbers = builder.load(_at(context, builder, signature, arguments), align=BYTES)
        return context.make_tuple(builder, signature.return_type, [builder.extract_element(numbers, _word(i)) for i in range(4)])

    return types.UniTuple(types.float32, 4)(array, place), code


@intrinsic
def put(typingctx, array, place, a, b, c, d):
    """Write four numbers where `quad` would read them."""

    def code(context, builder, signature, arguments):
        numbers = ir.Constant(FOUR, ir.Undefined)
        for i, each in enumerate(arguments[2:]):
            numbers = builder.insert_element(numbers, each, _word(i))
        builder.store(numbers, _at(context, builder, signature, arguments), align=BYTES)
        return context.get_dummy_value()

    return types.void(array, place, a, b, c, d), code


def _at(context, builder, signature, arguments):
    """Address of the four; counted from the array's first number, and never from its end."""
    array, place = signature.args[0], context.cast(builder, arguments[1], signature.args[1], types.uintp)
    data = cgutils.create_struct_proxy(array)(context, builder, arguments[0]).data
    return builder.bitcast(builder.gep(data, [place]), FOUR.as_pointer())


def _word(value):
    return ir.Constant(ir.IntType(32), value)
