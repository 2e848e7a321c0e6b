"""A model's own packages of GPU kernels: printed unit, printed sizes, and the copied loops."""

from __future__ import annotations

import inspect
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import numba

from neurorec import __version__, philox
from neurorec.engines.cuda.device import SIMULATED
from neurorec.engines.cuda.sizes import AcrossChip, OnChip, printed
from neurorec.formula import cuda_single, single
from neurorec.formula.cache import package
from neurorec.formula.derive import Formula
from neurorec.formula.unit import cuda_sources

AHEAD, BACK = "ahead", "back"


@lru_cache(maxsize=64)
def external(formula: Formula) -> ModuleType:
    """`external` of a model."""
    return _package(formula, {"external": _copied("external"), "philox": inspect.getsource(philox)}).external


@lru_cache(maxsize=64)
def alone(formula: Formula) -> ModuleType:
    """The reverse scan of a local rule."""
    return _package(formula, {"direction": _copied(BACK), "alone": _copied("alone")}).alone


@lru_cache(maxsize=64)
def apart(formula: Formula, direction: str) -> ModuleType:
    """`first` and `step`."""
    return _package(formula, {"direction": _copied(direction), "apart": _copied("apart")}).apart


@lru_cache(maxsize=64)
def on_chip(formula: Formula, direction: str, layout: OnChip) -> ModuleType:
    """`sweep` of a small network."""
    return _package(formula, {"direction": _copied(direction), "sizes": printed(layout), "on_chip": _copied("on_chip")}).on_chip


@lru_cache(maxsize=64)
def across_chip(formula: Formula, direction: str, layout: AcrossChip) -> ModuleType:
    """`sweep` with a barrier a step."""
    files = {"direction": _copied(direction), "sizes": printed(layout), "lanes": _lanes(), "across_chip": _copied("across_chip")}
    return _package(formula, files).across_chip


def _package(formula: Formula, files: dict[str, str]) -> ModuleType:
    salt = "\n".join([__version__, numba.__version__, str(SIMULATED), *map(inspect.getsource, (single, cuda_single))])
    return package({**cuda_sources(formula), **files}, salt)


def _lanes() -> str:
    return _copied("lanes_simulated" if SIMULATED else "lanes")


def _copied(name: str) -> str:
    return Path(__file__).with_name(f"{name}.py").read_text()
