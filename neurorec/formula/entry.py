"""How Numba compiles; functions that Python calls are one piece of machine code each, which holds all they call, and alone are stored on disk.

Numba compiles what a function calls by itself first, then copies it into the caller's code and optimises it there once more. Both
copies have one name, and the linker takes whichever was loaded first: in the process that compiles that is the first copy, in one that
reads the caller from disk the second. LLVM may add in another order in each, so that results differ in the last bits. Here the
copies are made private to the caller before they are optimised: its numbers are its own, in every process and after any other call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from llvmlite.binding import Linkage
from numba.core import types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.extending import intrinsic

from neurorec.formula.machine_code import CheckedMachineCode

# Python's error model puts a branch on every division and stops vectorisation; NaN and inf keep their meaning.
FLAGS = {"error_model": "numpy", "fastmath": {"contract", "reassoc", "arcp", "nsz"}}
# Where the order of arithmetic is its point: a sum that LLVM may rearrange loses what a correction puts back.
EXACT = {"error_model": "numpy", "fastmath": {"contract"}}


class _Private(JITCodeLibrary):
    """Machine code of one function, and copies of its own of all others that it calls."""

    def _optimize_final_module(self) -> None:
        for each in self._final_module.functions:
            if not each.is_declaration and each.linkage == Linkage.linkonce_odr:
                each.linkage = Linkage.internal
        super()._optimize_final_module()


class _EntryCompiler(Compiler):
    """Numba's compiler, into a `_Private` library."""

    def compile_extra(self, func: Callable) -> Any:
        self.state.library = _Private(self.state.targetctx.codegen(), func.__qualname__)
        self.state.library.enable_object_caching()
        return super().compile_extra(func)


def compiled(**flags: Any) -> Callable[[Callable], Any]:
    """Compile a function that Python calls, and store its machine code beside its module."""

    def decorate(function: Callable) -> Any:
        dispatcher: Any = numba.njit(nogil=True, pipeline_class=_EntryCompiler, **flags)(function)
        dispatcher._cache = CheckedMachineCode(function)
        return dispatcher

    return decorate


entry = compiled(**FLAGS)
# NumPy's own arithmetic, each operation rounded by itself: for what must give the bits of array code.
exact: Any = numba.njit(nogil=True, error_model="numpy", fastmath=False)  # said, or it takes the flags of what it is called from
part: Any = numba.njit(nogil=True, **FLAGS)  # what entries call: never on disk by itself, so that an entry follows from sources alone
# A part that is compiled with what it is called from, and not by itself before: for those that mostly call others.
inlined: Any = numba.njit(nogil=True, inline="always", **FLAGS)


def _apart(typing):
    """In the first line of a part: it is not copied into what calls it, where LLVM might order its sums in another way."""

    def written(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.void(), written


apart: Any = intrinsic(_apart)
