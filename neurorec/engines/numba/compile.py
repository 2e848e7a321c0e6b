"""A model's own package of kernels: printed unit, copied time loops, and the teaching functions compiled as they stand."""

from __future__ import annotations

import dataclasses
import inspect
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numba
import numpy as np

from neurorec import __version__
from neurorec.errors import NotOffered
from neurorec.formula.cache import package
from neurorec.formula.derive import Formula
from neurorec.formula.once import once
from neurorec.formula.sources import fingerprint
from neurorec.formula.unit import numba_sources

_TEACHING = """\
from collections import namedtuple

import numba

from neurorec.formula.entry import FLAGS
from {loss.cls.__module__} import {loss.cls.__qualname__} as Loss
from {feedback.cls.__module__} import {feedback.cls.__qualname__} as Feedback
from {optimiser.__module__} import {optimiser.__qualname__} as Optimiser

from .unit import real

compiled = numba.njit(**FLAGS)
optimise = compiled(Optimiser.step)
{error}
{element}
"""
_STATIC = "{function} = compiled({part}.{function})"
# A method finds its object's fields in a tuple of those names: Numba compiles that, and no object of Python.
_METHOD = """\
{function}_settings = namedtuple("{part}", {names})({values})
{function}_method = compiled({part}.{function})


@compiled
def {function}(a, b):
    return {function}_method({function}_settings, a, b)
"""


_LOOPS = ("readout", "answer", "causal", "fused", "low_rank")


@once(64)
def kernels(formula: Formula, dtype: str) -> ModuleType:
    """Module with `forward`, `reverse_scan` and `gathered` of a model."""
    files = {name: _copied(name) for name in ("product", "readout", "kernels")}
    return package({**numba_sources(formula, dtype), **files}, _salt()).kernels


def products() -> ModuleType:
    """Module of the products, which are the same for every model."""
    return package({"product": _copied("product")}, _salt()).product


class Bound(NamedTuple):
    """A class, and the settings of the object whose function is compiled; none where the function is static and sees no object."""

    cls: type
    settings: tuple[tuple[str, Any], ...] | None

    def written(self, part: str, function: str) -> str:
        """As source."""
        if self.settings is None:
            return _STATIC.format(part=part, function=function)
        values = ", ".join(f"real({value!r})" if isinstance(value, float) else repr(value) for _, value in self.settings)
        names = [name for name, _ in self.settings]
        return _METHOD.format(part=part, function=function, names=names, values=values)


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


@once(64)
def causal_kernels(formula: Formula, dtype: str, loss: Bound, feedback: Bound, optimiser: type) -> ModuleType:
    """Package with the modules `causal`, `fused` and `low_rank` of a model under one loss, feedback and optimiser."""
    error, element = loss.written("Loss", "error"), feedback.written("Feedback", "element")
    teaching = _TEACHING.format(loss=loss, feedback=feedback, optimiser=optimiser, error=error, element=element)
    sources = "".join(map(fingerprint, (loss.cls.error, feedback.cls.element, optimiser.step)))
    files = {**numba_sources(formula, dtype), "teaching": teaching, **{name: _copied(name) for name in _LOOPS}}
    return package(files, _salt() + sources)


def _copied(name: str) -> str:
    return Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")


def _salt() -> str:
    """What machine code depends on beside the library's sources must be in the package's name: Numba looks only at a function's own file."""
    return "\n".join([__version__, numba.__version__, np.__version__])
