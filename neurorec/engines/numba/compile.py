"""The packages of compiled code: time loops once a float type, a model's printed functions, and update_settings functions as they stand."""

from __future__ import annotations

import dataclasses
import inspect
from functools import lru_cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import numba
import numpy as np
from numba.core import config
from numba.np.numpy_support import from_dtype

from neurorec import __version__
from neurorec.errors import NotOffered
from neurorec.formula.cache import package
from neurorec.formula.calls import LEARNING, LOOPS, UNIT, table
from neurorec.formula.derive import Formula
from neurorec.formula.once import once
from neurorec.formula.sources import fingerprint
from neurorec.formula.unit import PRECISION, numba_sources
from neurorec.random_numbers.noise import compiled_noise

if TYPE_CHECKING:
    from neurorec.engines.base import UpdateSettings
    from neurorec.learning.losses.base import AbstractLoss

_LEARNING = """\
from collections import namedtuple

import numba

from neurorec.formula.entry import FLAGS, entry
from neurorec.formula.{precision} import real
from {cls.__module__} import {cls.__qualname__} as Part

compiled = numba.njit(**FLAGS)
{method}


@entry
{entry}"""
_STATIC = "method = compiled(Part.{function})"
# A method finds its object's fields in a tuple of those names: Numba compiles that, and no object of Python.
_METHOD = """\
settings_ = namedtuple("Part", {names})({values})
method_ = compiled(Part.{function})


@compiled
def method(a, b):
    return method_(settings_, a, b)
"""
# As a loop calls them: what is found goes where the loop has room for it, and the types of the arguments do not depend on the class.
_ENTRIES = {
    "error": """\
def error(outputs, targets, epsilon):
    found = method(outputs, targets)
    for b in range(epsilon.shape[0]):
        for o in range(epsilon.shape[1]):
            epsilon[b, o] = found[b, o]
""",
    "element": """\
def element(readout, feedback, matrix):
    for k in range(matrix.shape[0]):
        matrix[k] = method(readout[k], feedback[k])
""",
    "step": """\
def optimise(vector, change, slots, rates, count, settings):
    vector += method(vector, change, slots, rates, count, ({settings}))
""",
}
_LOOPS = {  # of each kind of recurrent weights
    "dense": (
        "product",
        "recurrence",
        "readout",
        "kernels",
        "time_step",
        "causal",
        "learning",
        "fused",
        "low_rank",
        "softmax",
        "plastic",
        "chunk",
        "step_chunk",
    ),
    "event": ("product", "events", "recurrence", "readout", "kernels"),
    "sparse": ("product", "recurrence", "readout", "kernels", "time_step", "learning", "fused"),
    "sparse_event": ("product", "events", "sparse_recurrence", "recurrence", "readout", "kernels"),
}
_OF_A_KIND = ("recurrence", "learning")  # files of which each kind has its own


@once(8)
def loops(dtype: str, kind: str = "dense") -> ModuleType:
    """Package with the time loops in a float type, which are the same for every model: modules `kernels`, `causal`, `chunk` ...

    `kind` is that of the recurrent weights: ``"dense"``, ``"event"`` where what goes through them is spikes, ``"sparse"`` or ``"sparse_event"``.
    """
    precision = {"precision": f"from neurorec.formula.{PRECISION[dtype]} import exp, real\n"}
    files = {name: f"{kind}_{name}" if name in _OF_A_KIND else name for name in _LOOPS[kind]}
    return package({**precision, **{name: _copied(file) for name, file in files.items()}}, _salt())


def products() -> ModuleType:
    """Module of the products, for others than the loops: what calls parts without being an entry needs parts of which no entry has a copy.

    LLVM's loader takes for a function of that name whichever it finds, also an entry's private copy, which may take other arguments.
    """
    return package({"product": _copied("product")}, _salt()).product


@once(256)
def unit_table(formula: Formula, dtype: str, names: tuple[str, ...]) -> np.ndarray:
    """Addresses of a model's own functions, those that are called by these names; no `output` where other units see the state itself."""
    needed = [name for name in names if name != "output" or not formula.shows_state]
    return table(package(numba_sources(formula, dtype), _salt()).unit, UNIT, needed, from_dtype(np.dtype(dtype)))


class Bound(NamedTuple):
    """A class, and the settings of the object whose function is compiled; none where the function is static and sees no object."""

    cls: type
    settings: tuple[tuple[str, Any], ...] | None

    def written(self, function: str) -> str:
        """As source."""
        if self.settings is None:
            return _STATIC.format(function=function)
        values = ", ".join(f"real({value!r})" if isinstance(value, float) else repr(value) for _, value in self.settings)
        names = [name for name, _ in self.settings]
        return _METHOD.format(function=function, names=names, values=values)


def bound(part: Any, function: str) -> Bound:
    """What compiled loops need of a loss's or a feedback's function.

    Raises
    ------
    NotOffered
        If it is a method of something else than a dataclass of numbers.
    """
    if _is_static(type(part), function):
        return Bound(type(part), None)
    fields = dataclasses.fields(part) if dataclasses.is_dataclass(part) else ()
    settings = tuple((field.name, getattr(part, field.name)) for field in fields)
    if wrong := [name for name, value in settings if not isinstance(value, bool | int | float)]:
        raise NotOffered(f"{wrong[0]} of {type(part).__name__} is no number, and compiled loops take nothing else; use engine='reference'")
    return Bound(type(part), settings)


@lru_cache(maxsize=64)
def _is_static(cls: type, function: str) -> bool:
    return isinstance(inspect.getattr_static(cls, function), staticmethod)


def tables(formula: Formula, update_settings: UpdateSettings, dtype: str, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Addresses of what a loop that learns at every step calls by these names: of the model, and of loss, feedback and optimiser."""
    error = linked_error(update_settings.loss, dtype) or _written(bound(update_settings.loss, "error"), "error", dtype)
    feedback = bound(update_settings.feedback, "element")
    return unit_table(formula, dtype, names), _learning_table(error, feedback, type(update_settings.optimiser), dtype, names)


def linked_error(loss: AbstractLoss, dtype: str) -> ModuleType | None:
    """Module with the error of a loss that its link says, as loops call it; None where it is called as it stands.

    A class that has an error of its own, and inherits the link of another one, has said nothing about it.
    """
    own = next(each for each in type(loss).__mro__ if {"link", "error"} & vars(each).keys())
    return loops(dtype).softmax if "link" in vars(own) and loss.link == "softmax" else None


@once(64)
def error_table(error: ModuleType, dtype: str) -> np.ndarray:
    """Addresses of what teaches a loop: of an error alone."""
    return table(error, LEARNING, ["error"], from_dtype(np.dtype(dtype)))


def loop_table(dtype: str, noise: bool, **functions: Any) -> np.ndarray:
    """Addresses of the loops that a chunk calls; that of the noise where there is any."""
    called = {**functions, "fill": compiled_noise().fill} if noise else functions
    return table(SimpleNamespace(**called), LOOPS, called, from_dtype(np.dtype(dtype)))


@once(64)
def _learning_table(error: ModuleType, feedback: Bound, optimiser: type, dtype: str, names: tuple[str, ...]) -> np.ndarray:
    settings = "".join(f"settings[{k}], " for k in range(len(dataclasses.fields(optimiser))))
    modules = error, _written(feedback, "element", dtype), _written(Bound(optimiser, None), "step", dtype, settings)
    functions = SimpleNamespace(**{name: getattr(module, name) for name, module in zip(LEARNING, modules, strict=True)})
    return table(functions, LEARNING, names, from_dtype(np.dtype(dtype)))


@once(64)
def _written(part: Bound, function: str, dtype: str, settings: str = "") -> ModuleType:
    """Module with a function of a loss, a feedback or an optimiser, as loops call it."""
    entry = _ENTRIES[function].replace("{settings}", settings)
    text = _LEARNING.format(cls=part.cls, precision=PRECISION[dtype], method=part.written(function), entry=entry)
    return package({"update_settings": text}, _salt() + fingerprint(getattr(part.cls, function))).update_settings


def _copied(name: str) -> str:
    return Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")


def _salt() -> str:
    """What machine code depends on beside the library's sources must be in the package's name: Numba looks only at a function's own file."""
    checked = "bounds are checked" if config.BOUNDSCHECK else ""  # pyright: ignore[reportAttributeAccessIssue]
    return "\n".join([__version__, numba.__version__, np.__version__, checked])
