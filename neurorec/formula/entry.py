"""Compiled functions that Python calls: each is one piece of machine code that holds all it calls, and alone is kept on disk.

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

from neurorec.formula.flags import FLAGS
from neurorec.formula.kept_code import KeptCode


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


def kept(**flags: Any) -> Callable[[Callable], Any]:
    """Compile a function that Python calls, and keep its machine code beside its module."""

    def decorate(function: Callable) -> Any:
        compiled: Any = numba.njit(nogil=True, pipeline_class=_EntryCompiler, **flags)(function)
        compiled._cache = KeptCode(function)
        return compiled

    return decorate


entry = kept(**FLAGS)
part: Any = numba.njit(nogil=True, **FLAGS)  # what entries call: never on disk by itself, so that an entry follows from sources alone


@intrinsic
def apart(typing):
    """In the first line of a part: it is not copied into what calls it, where LLVM might order its sums in another way."""

    def written(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.void(), written
