"""How Numba compiles; functions that Python calls are one piece of machine code each, which holds all they call, and alone are stored on disk.

Numba compiles what a function calls by itself first, to machine code, then copies it into the caller's code and optimises it there once more.
Both copies have one name, and the linker takes whichever was loaded first: in the process that compiles that is the first copy, in one that
reads the caller from disk the second. LLVM may add in another order in each, so that results differ in the last bits. Here the
copies are made private to the caller before they are optimised: its numbers are its own, in every process and after any other call. And what is
called is not compiled to machine code of its own, nor optimised before it is copied, which is two fifths of the time of a first training.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from llvmlite.binding import Linkage
from numba.core import cgutils, types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.lowering import Lower
from numba.core.typed_passes import NativeLowering
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


class _Linked(JITCodeLibrary):
    """What others copy into their machine code, where it is optimised: it has none of its own."""

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True


WITHOUT_ARRAYS = types.NoneType | types.Number | types.Boolean


class _Lower(Lower):
    """Arrays that a function takes are its caller's, who keeps them: it does not count itself among their owners, unless it gives arrays back.

    Numba counts by locked instructions, for every array and every part of one, which are a large part of a short step.
    """

    def extract_function_arguments(self) -> Any:
        given = super().extract_function_arguments()
        if isinstance(self.fndesc.restype, WITHOUT_ARRAYS):
            self.fnargs = [self._uncounted(*each) for each in zip(self.fndesc.argtypes, self.fnargs, strict=True)]
        return given

    def _uncounted(self, kind: Any, value: Any) -> Any:
        if not isinstance(kind, types.Array):
            return value
        array = self.context.make_array(kind)(self.context, self.builder, value)
        array.meminfo = cgutils.get_null_value(array.meminfo.type)
        return array._getvalue()


@register_pass(mutates_CFG=True, analysis_only=False)
class _Lowering(NativeLowering):
    """Numba's, by `_Lower`."""

    _name = "uncounted_lowering"

    @property
    def lowering_class(self) -> Any:
        return _Lower


class _Compiler(Compiler):
    """Numba's compiler, with `_Lowering`."""

    def define_pipelines(self) -> list[Any]:
        made = DefaultPassBuilder.define_nopython_pipeline(self.state)
        made.passes = [(_Lowering if each is NativeLowering else each, why) for each, why in made.passes]
        made._finalized = False
        made.finalize()
        return [made]


class _EntryCompiler(_Compiler):
    """The same, into a `_Private` library."""

    def compile_extra(self, func: Callable) -> Any:
        self.state.library = _Private(self.state.targetctx.codegen(), func.__qualname__)
        self.state.library.enable_object_caching()
        return super().compile_extra(func)


class _PartCompiler(_Compiler):
    """The same, as far as what can be linked: without machine code, and without what Python would call."""

    def compile_extra(self, func: Callable) -> Any:
        self.state.library, flags = _Linked(self.state.targetctx.codegen(), func.__qualname__), self.state.flags
        flags.no_compile = flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
        found = super().compile_extra(func)
        name = object()  # by which its callers know it
        self.state.targetctx.insert_user_function(name, found.fndesc, [found.library])
        return found._replace(entry_point=name)


class _OnItsOwnCompiler(_EntryCompiler):
    """The same of a function no array of which that it writes overlaps another: LLVM need not look before every loop whether they do."""

    def compile_extra(self, func: Callable) -> Any:
        self.state.flags.noalias = True
        return super().compile_extra(func)


def compiled(compiler: Any = _EntryCompiler, **flags: Any) -> Callable[[Callable], Any]:
    """Compile a function that Python calls, and store its machine code beside its module."""

    def decorate(function: Callable) -> Any:
        dispatcher: Any = numba.njit(nogil=True, pipeline_class=compiler, **flags)(function)
        dispatcher._cache = CheckedMachineCode(function)
        return dispatcher

    return decorate


def _part(**flags: Any) -> Callable[[Callable], Any]:
    """Compile a function that others call, into theirs; for Python, if it calls it, it is compiled once more, to machine code."""

    def decorate(function: Callable) -> Any:
        dispatcher: Any = numba.njit(nogil=True, pipeline_class=_PartCompiler, **flags)(function)
        dispatcher.add_overload = lambda found: dispatcher.overloads.__setitem__(tuple(found.signature.args), found)
        whole: Any = numba.njit(nogil=True, pipeline_class=_Compiler, **flags)(function)
        dispatcher._compile_for_args = whole._compile_for_args
        return dispatcher

    return decorate


entry = compiled(**FLAGS)
on_its_own = compiled(_OnItsOwnCompiler, **FLAGS)
# NumPy's own arithmetic, each operation rounded by itself: for what must give the bits of array code.
# (What is not fast is said, or it takes the flags of what it is called from.)
exact: Any = _part(error_model="numpy", fastmath=False)
# What entries call: never on disk by itself, so that an entry follows from sources alone.
part: Any = _part(**FLAGS)
# A part that is compiled with what it is called from, and not by itself before: for those that mostly call others.
inlined: Any = numba.njit(nogil=True, inline="always", **FLAGS)


def _apart(typing):
    """In the first line of a part: it is not copied into what calls it, where LLVM might order its sums in another way."""

    def written(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.void(), written


apart: Any = intrinsic(_apart)
