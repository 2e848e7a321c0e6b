"""The functions of one unit that engines call in their loops, printed from its formula.

All arrays are ``(rows, trial, unit)``; ``constants`` is ``(rows, unit)``, from `prepare`. The compiled ones take addresses of arrays of which
none that is written overlaps another, and four arguments more: how many trials and units there are, the first trial, and the one after the last.

``step(states, drives, constants, new)``            the states one step later
``output(states, constants, out)``                  what other units see
``pull(states, drives, adjoint, constants, back_states, back_drives, back_parameters)``
                                                    D^T r, F^T r and G^T r for an adjoint r of the new states
``pull_output(states, pushed, constants, back)``    O^T q for an adjoint q of the outputs
``jacobian(states, drives, constants, decay, slope, partial)``   D, F and G themselves, row-major in their rows
``emission(states, constants, gain)``               O itself
``prepare(settings, constants, hoisted)``           ``settings (parameters + dt, 1, unit)`` to the constants
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import sympy

from neurorec.errors import NotOffered
from neurorec.formula.cache import package
from neurorec.formula.derive import EXTERNAL, RECURRENT, Formula
from neurorec.formula.hoist import hoist
from neurorec.formula.once import once
from neurorec.formula.printer import Array, Elementwise, expect_known, words
from neurorec.formula.sources import fingerprint
from neurorec.formula.words.base import AbstractWord

_NUMPY_HEAD = """\
from numpy import float64 as real

from neurorec.formula.primitives_numpy import *
{words}
N_CONSTANTS = {n}
"""
_TORCH_HEAD = """\
from neurorec.formula.primitives_torch import *
{words}
N_CONSTANTS, real = {n}, float  # a number takes the type of the tensor that it meets
"""
_NUMBA_HEAD = """\
from numba import carray

from neurorec.formula.entry import on_its_own

from .precision import real
from .primitives import *

N_CONSTANTS = {n}
"""
_CUDA_HEAD = '''\
# One unit of one trial: every argument is a short one-dimensional array, which the compiler keeps in registers.
# SHOWS_STATE: other units see a unit's only state as it is, so that states and outputs can be one array. SPIKES: they hear 0 or 1.
from .precision import inlined, real
from .primitives import *

SHOWS_STATE, SPIKES = {shows_state}, {spikes}
N_STATES, N_PORTS, N_DRIVES, N_OUTPUTS, N_PLASTIC, N_CONSTANTS = {k}, {ports}, {drives}, {outputs}, {plastic}, {n}
RECURRENT_PORTS, EXTERNAL_PORTS = {recurrent_ports}, {external_ports}


@inlined
def add_recurrent(drives, recurrent):
    """Add the recurrent part of each drive to the port that takes it."""
{add_recurrent}


@inlined
def recurrent_adjoint(back_drives, adjoint):
    """The adjoint of the recurrent part of each drive."""
{recurrent_adjoint}
'''
_CUDA_PREPARE = """\
from .precision import inlined, real
from .primitives import *

N_CONSTANTS, N_PARAMETERS = {n}, {parameters}


"""
PRECISION = {"float32": "single", "float64": "double"}


@once(64)
def for_numpy(formula: Formula) -> ModuleType:
    """The unit's functions on whole arrays, float64."""
    functions, n = _functions(formula)
    text = "\n\n".join([_NUMPY_HEAD.format(n=n, words=_words(functions, "{word}.on_arrays")), *(f.by_rows() for f in functions)])
    return package({"unit": text + "\n"}).unit


@once(64)
def for_torch(formula: Formula) -> ModuleType:
    """The unit's functions on lists of tensors, one a row, of any float type and device; rows without a unit's own value may be numbers."""
    functions, n = _functions(formula)
    words = _words(functions, "of_numbers_too({word}.on_tensors)")
    text = "\n\n".join([_TORCH_HEAD.format(n=n, words=words), *(f.by_rows() for f in functions)])
    return package({"unit": text + "\n"}).unit


def constants_of(formula: Formula, parameters: np.ndarray, dt: float) -> np.ndarray:
    """What is constant during a trial, (rows, unit) float64, from the parameters' values, (Q, unit)."""
    units, printed = parameters.shape[1], for_numpy(formula)
    settings = np.concatenate([parameters.astype(np.float64), np.full((1, units), dt)])[:, None]
    constants = np.empty((printed.N_CONSTANTS, 1, units))
    printed.prepare(settings, None, constants)
    return constants[:, 0]


@once(64)
def numba_sources(formula: Formula, dtype: str) -> dict[str, str]:
    """Modules that hold the unit's functions as Numba loops in ``dtype``, by name: ``unit`` and what it imports.

    Each is compiled by itself, when a time loop first needs it, and called by its address (`neurorec.formula.calls`).
    """
    functions, n = _functions(formula)
    unit = "\n\n".join([_NUMBA_HEAD.format(n=n), *(_compiled(each, n) for each in functions)]) + "\n"
    precision = f"from neurorec.formula.{PRECISION[dtype]} import exp, inlined, log, log1p, real, tanh\n"
    return {"precision": precision, "primitives": _primitives(functions), "unit": unit}


@once(64)
def cuda_sources(formula: Formula) -> dict[str, str]:
    """Modules that hold the unit's functions as CUDA device functions in float32, for one unit of one trial at a time."""
    functions, n = _functions(formula)
    recurrent_ports, external_ports = (tuple(formula.port_of(d, part) for d in range(formula.n_drives)) for part in (RECURRENT, EXTERNAL))
    add = "\n".join(f"    drives[{p}] += recurrent[{d}]" for d, p in enumerate(recurrent_ports) if p >= 0) or "    pass"
    adjoint = "\n".join(f"    adjoint[{d}] = " + (f"back_drives[{p}]" if p >= 0 else "real(0)") for d, p in enumerate(recurrent_ports))
    head = _CUDA_HEAD.format(
        n=n, shows_state=formula.shows_state, spikes=formula.spikes, k=len(formula.states), ports=len(formula.ports), drives=formula.n_drives,
        outputs=len(formula.emitted), plastic=len(formula.plastic), recurrent_ports=recurrent_ports, external_ports=external_ports,
        add_recurrent=add, recurrent_adjoint=adjoint,
    )  # fmt: skip
    unit = "\n\n".join([head, *("\n@inlined\n" + f.by_rows() for f in functions if f.name != "prepare")]) + "\n"
    precision = "from neurorec.formula.cuda_single import *\n"
    return {"precision": precision, "primitives": _primitives(functions), "unit": unit}


def _compiled(function: Elementwise, constants: int) -> str:
    """What loops call by its address, with the addresses of its arrays."""
    rows = {**{a.name: len(a.rows) for a in function.inputs}, **{name: len(rows) for name, rows in function.outputs}}
    arrays = [f"    {name} = carray({name}, ({count}, trials_, units_))" for name, count in rows.items()]
    arrays.append(f"    constants = carray(constants, ({constants}, units_))")
    return "\n@on_its_own\n" + function.for_numba(arrays)


@once(64)
def cuda_prepare(formula: Formula) -> dict[str, str]:
    """Modules that hold `prepare` as a CUDA device function in float64, for one unit at a time."""
    functions, n = _functions(formula)
    head = _CUDA_PREPARE.format(n=n, parameters=len(formula.parameters))
    precision = "from neurorec.formula.cuda_double import *\n"
    return {"precision": precision, "primitives": _primitives(functions), "prepare": f"{head}@inlined\n{functions[-1].by_rows()}\n"}


def _primitives(functions: Sequence[Elementwise]) -> str:
    """What compiled functions call: sympy's functions, and the words."""
    sympys = Path(__file__).with_name("primitives_numba.py").read_text(encoding="utf-8")
    written = _words(functions, "inlined({word}.compiled(precision))")
    return f"{sympys}\n\nfrom . import precision\n{written}" + "".join(f"__all__.append({word.__name__!r})\n" for word in _used(functions))


def _words(functions: Sequence[Elementwise], form: str) -> str:
    """Lines that import the words that are used, each by its module, and define what is called by its name.

    What those lines depend on besides the library's own modules is written with them, so that machine code is not kept for another word.
    """
    return "".join(
        f"from {word.__module__} import {word.__name__}  # {_digest(word)}\n{word.__name__} = {form.format(word=word.__name__)}\n"
        for word in map(_importable, _used(functions))
    )


def _used(functions: Sequence[Elementwise]) -> list[type[AbstractWord]]:
    return words([each for function in functions for each in function.expressions])


def _importable(word: type[AbstractWord]) -> type[AbstractWord]:
    if "<locals>" in word.__qualname__ or "." in word.__qualname__:
        raise NotOffered(f"the word {word.__qualname__} stands inside a function or a class; move it to the top of its module")
    return word


def _digest(word: type[AbstractWord]) -> str:
    return hashlib.sha256(fingerprint(word.compiled).encode()).hexdigest()[:16]


def _functions(formula: Formula) -> tuple[list[Elementwise], int]:
    expect_known([*formula.new, *formula.emitted])
    drafts = _drafts(formula)
    flat = [each for draft in drafts for _, rows in draft[2] for each in rows]
    hoisted, constant_parts = hoist(flat, formula.run_symbols)
    constants, remaining = tuple(map(str, constant_parts)), iter(hoisted)
    functions = [
        Elementwise(name, inputs, constants, tuple((target, [next(remaining) for _ in rows]) for target, rows in outputs))
        for name, inputs, outputs in drafts
    ]
    settings = Array("settings", (*formula.parameters, "dt"))
    return [*functions, Elementwise("prepare", (settings,), (), (("hoisted", list(constant_parts.values())),))], len(constant_parts)


def _drafts(formula: Formula) -> list[tuple[str, tuple[Array, ...], tuple]]:
    states, drives = Array("states", formula.states), Array("drives", formula.ports)
    adjoint = Array("adjoint", tuple(f"adjoint_{s}" for s in formula.states))
    pushed = Array("pushed", tuple(f"pushed_{i}" for i in range(len(formula.emitted))))
    back = [
        ("back_states", _pull(formula.decay, adjoint)),
        ("back_drives", _pull(formula.slope, adjoint)),
        ("back_parameters", _pull(formula.partial, adjoint)),
    ]
    parts = [("decay", list(formula.decay)), ("slope", list(formula.slope)), ("partial", list(formula.partial))]
    return [
        ("step", (states, drives), (("new", list(formula.new)),)),
        ("output", (states,), (("out", list(formula.emitted)),)),
        ("pull", (states, drives, adjoint), tuple(back)),
        ("pull_output", (states, pushed), (("back", _pull(formula.emission, pushed)),)),
        ("jacobian", (states, drives), tuple(parts)),
        ("emission", (states,), (("gain", list(formula.emission)),)),
    ]


def _pull(matrix: sympy.Matrix, adjoint: Array) -> Sequence[sympy.Expr]:
    return list(matrix.T * sympy.Matrix(sympy.symbols(adjoint.rows, seq=True))) if matrix.cols else []
