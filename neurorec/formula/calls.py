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
# Ranks of the arrays that each function takes, in the loop's float type. A unit's functions are given addresses alone, then how many trials
# and units there are, the first trial and the one after the last: an array as Numba hands it on is a dozen numbers, more than a short loop costs.
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


# Entries that a chunk calls: arrays of numbers (n), of int64 (i) or float64 (d) with their ranks, and an index, truth, word, float64 or number by itself.
LOOPS = {
    "forward": "i1 n2 n4 n4 n4 n1 n2 i1 i1 n3 n3 n4 n4 n4 n3 index index",
    "reverse_scan": "i1 n2 n4 n4 i1 i1 truth n3 n4 n4 index n4 n3 truth n2 n2 n2 n3 n1 n2 index index",
    "fill": "word word word word float n3",
    "fused": "i1 i1 n2 n2 n2 n2 n2 i1 i1 n1 number n4 n3 n3 n3 n2 n4 n4 n4 n3",
    "low_rank": "i1 i1 n2 n2 n2 n2 n2 i1 i1 n1 n3 n3 n3 n2 n4 n4 n4 n3",
    "causal": "i1 i1 n3 n2 n1 i1 n2 n1 n1 i1 i1 i1 truth n3 n3 n3 n2 n4 n4 n4 n3 float float d1 index",
}
_ALONE = {"index": INDEX, "truth": types.boolean, "word": types.uint64, "float": types.float64}


def signature(name: str, number: types.Type) -> tuple[types.Type, ...]:
    """Types of a function's arguments, where a loop's numbers are of this one."""
    if name in LOOPS:
        alone, within = {**_ALONE, "number": number}, {"n": number, "i": INDEX, "d": types.float64}
        return tuple(alone.get(kind) or types.Array(within[kind[0]], int(kind[1:]), "C") for kind in LOOPS[name].split())
    if name in UNIT:
        return *(types.CPointer(number) for _ in UNIT[name]), INDEX, INDEX, INDEX, INDEX
    arrays = tuple(types.Array(number, rank, "C") for rank in LEARNING[name])
    return (*arrays, INDEX, types.Array(types.float64, 1, "C")) if name == "optimise" else arrays


def _accepted(name: str, number: types.Type) -> tuple[types.Type, ...]:
    """Types of what a loop calls it with."""
    return (*(types.Array(number, rank, "C") for rank in UNIT[name]), INDEX, INDEX) if name in UNIT else signature(name, number)


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
        number = _number(arguments)
        expected = _accepted(name, number)
        if len(arguments) != len(expected) or any(not typing.can_convert(a, b) for a, b in zip(arguments, expected, strict=True)):
            raise TypingError(f"{name} takes {expected}, got {arguments}")
        made: Any = types.void  # whose call pyright takes for that of its class
        return made(table, types.StarArgTuple.from_types(expected)), _jump(place, expected, signature(name, number))

    return call


def _number(arguments: Iterable[types.Type]) -> types.Type:
    """The float type of a call's arrays."""
    return next(each.dtype for each in arguments if isinstance(each, types.Array) and isinstance(each.dtype, types.Float))


def _jump(place: int, accepted: tuple[types.Type, ...], taken: tuple[types.Type, ...]) -> Any:
    """What writes the call: arguments as Numba's own functions take them, and the errors that they raise."""

    def written(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        table = cgutils.create_struct_proxy(signature.args[0])(context, builder, arguments[0])
        number = builder.load(builder.gep(table.data, [ir.Constant(ir.IntType(64), place)]))
        function = builder.inttoptr(number, context.call_conv.get_function_type(types.none, taken).as_pointer())
        given = [builder.extract_value(arguments[1], k) for k in range(len(accepted))]
        given = given if accepted == taken else _by_address(context, builder, accepted, given)
        status, _ = context.call_conv.call_function(builder, function, types.none, taken, given)
        with cgutils.if_unlikely(builder, status.is_error):
            context.call_conv.return_status_propagate(builder, status)
        return context.get_dummy_value()

    return written


def _by_address(context: Any, builder: Any, accepted: tuple[types.Type, ...], given: list[Any]) -> list[Any]:
    """The arguments of a unit's function: where its arrays lie, and of the first, (rows, trial, unit), the sizes."""
    arrays = [context.make_array(kind)(context, builder, value) for kind, value in zip(accepted[:-2], given, strict=False)]
    _, trials, units = cgutils.unpack_tuple(builder, arrays[0].shape)
    return [*(array.data for array in arrays), trials, units, *given[-2:]]


step, output, pull, pull_output, jacobian, emission, prepare = (_called(name, place) for place, name in enumerate(UNIT))
error, element, optimise = (_called(name, place) for place, name in enumerate(LEARNING))
forward, reverse_scan, fill, fused, low_rank, causal = (_called(name, place) for place, name in enumerate(LOOPS))
OUTPUT, ERROR = list(UNIT).index("output"), list(LEARNING).index("error")
FUSED = list(LOOPS).index("fused")
