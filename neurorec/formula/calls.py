"""Calls of compiled functions by their address: a time loop is compiled once, for every unit, loss, feedback and optimiser.

A loop takes tables of addresses, int64 arrays: `UNIT` for what `neurorec.formula.unit` prints, `LEARNING` for what teaches it. What
it calls is compiled by itself, with the arguments that `signature` says, and only when a loop first needs it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.errors import TypingError
from numba.extending import intrinsic

INDEX = types.intp
# Ranks of the arrays that each function takes, in the loop's float type; then the first trial and the one after the last.
UNIT = {
    "step": (3, 3, 2, 3),
    "output": (3, 2, 3),
    "pull": (3, 3, 3, 2, 3, 3, 3),
    "pull_output": (3, 3, 2, 3),
    "jacobian": (3, 3, 2, 3, 3, 3),
    "emission": (3, 2, 3),
    "prepare": (3, 2, 3),
}
LEARNING = {"error": (2, 2, 2), "element": (1, 1, 1), "optimise": (1, 1, 2, 1)}  # optimise: then the count, and settings in float64


# Entries that a chunk calls: arrays of numbers (n) or of int64 (i) with their ranks, and an index, truth, word or float64 by itself.
LOOPS = {
    "forward": "i1 n2 n4 n4 n4 n1 n2 i1 i1 n3 n3 n4 n4 n4 n3 index index",
    "reverse_scan": "i1 n2 n4 n4 i1 i1 truth n3 n4 n4 index n4 n3 truth n2 n2 n2 n3 n1 n2 index index",
    "fill": "word word word word float n3",
}
_ALONE = {"index": INDEX, "truth": types.boolean, "word": types.uint64, "float": types.float64}


def signature(name: str, number: types.Type) -> tuple[types.Type, ...]:
    """Types of a function's arguments, where a loop's numbers are of this one."""
    if name in LOOPS:
        return tuple(
            _ALONE.get(kind) or types.Array(number if kind[0] == "n" else INDEX, int(kind[1:]), "C") for kind in LOOPS[name].split()
        )
    arrays = tuple(types.Array(number, rank, "C") for rank in (UNIT | LEARNING)[name])
    if name == "optimise":
        return *arrays, INDEX, types.Array(types.float64, 1, "C")
    return (*arrays, INDEX, INDEX) if name in UNIT else arrays


def address(compiled: Any, name: str, number: types.Type) -> int:
    """Where the machine code of a function lies, which is compiled or read from disk if it was not yet."""
    arguments = signature(name, number)
    compiled.compile(arguments)
    done = compiled.overloads[arguments]
    return done.library.get_pointer_to_function(done.fndesc.llvm_func_name)


def table(functions: Any, among: Iterable[str], names: Iterable[str], number: types.Type) -> np.ndarray:
    """Addresses of the functions `among` which are called by name in a module; 0 for the others."""
    return np.array([address(getattr(functions, name), name, number) if name in names else 0 for name in among], np.int64)


def _called(name: str, place: int) -> Any:
    @intrinsic
    def call(typing, table, *arguments):
        expected = signature(name, _number(arguments))
        if len(arguments) != len(expected) or any(not typing.can_convert(a, b) for a, b in zip(arguments, expected, strict=True)):
            raise TypingError(f"{name} takes {expected}, got {arguments}")
        made: Any = types.void  # whose call pyright takes for that of its class
        return made(table, types.StarArgTuple.from_types(expected)), _jump(place, expected)

    return call


def _number(arguments: Iterable[types.Type]) -> types.Type:
    """The float type of a call's arrays."""
    return next(each.dtype for each in arguments if isinstance(each, types.Array) and isinstance(each.dtype, types.Float))


def _jump(place: int, expected: tuple[types.Type, ...]) -> Any:
    """What writes the call: arguments as Numba's own functions take them, and the errors that they raise."""

    def written(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        table = cgutils.create_struct_proxy(signature.args[0])(context, builder, arguments[0])
        number = builder.load(builder.gep(table.data, [ir.Constant(ir.IntType(64), place)]))
        function = builder.inttoptr(number, context.call_conv.get_function_type(types.none, expected).as_pointer())
        given = [builder.extract_value(arguments[1], k) for k in range(len(expected))]
        status, _ = context.call_conv.call_function(builder, function, types.none, expected, given)
        with cgutils.if_unlikely(builder, status.is_error):
            context.call_conv.return_status_propagate(builder, status)
        return context.get_dummy_value()

    return written


step, output, pull, pull_output, jacobian, emission, prepare = (_called(name, place) for place, name in enumerate(UNIT))
error, element, optimise = (_called(name, place) for place, name in enumerate(LEARNING))
forward, reverse_scan, fill = (_called(name, place) for place, name in enumerate(LOOPS))
OUTPUT = list(UNIT).index("output")
