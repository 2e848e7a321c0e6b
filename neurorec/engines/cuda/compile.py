"""A model's own packages of GPU kernels: printed unit, printed sizes, and the copied loops."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import ModuleType

import numba

from neurorec import __version__
from neurorec.engines.cuda.device import SIMULATED
from neurorec.engines.cuda.sizes import AcrossChip, OnChip, printed
from neurorec.formula import cuda_single, single
from neurorec.formula.cache import package
from neurorec.formula.derive import Formula
from neurorec.formula.once import once
from neurorec.formula.unit import cuda_sources
from neurorec.random_numbers import philox

AHEAD, BACK = "ahead", "back"
_TEACHING = """\
from {feedback.__module__} import {feedback.__qualname__} as Feedback

from .precision import inlined

element, SOFTMAX = inlined(Feedback.element), {softmax}
"""


@once(64)
def external(formula: Formula) -> ModuleType:
    """`external` of a model."""
    return _package(formula, {"philox": inspect.getsource(philox), "external": _copied("external")}).external


@once(64)
def alone(formula: Formula) -> ModuleType:
    """The reverse scan of a local rule."""
    return _package(formula, {"direction": _copied(BACK), "alone": _copied("alone")}).alone


@once(64)
def apart(formula: Formula, direction: str) -> ModuleType:
    """`first` and `step`."""
    return _package(formula, {"direction": _copied(direction), "apart": _copied("apart")}).apart


@once(64)
def on_chip(formula: Formula, direction: str, layout: OnChip) -> ModuleType:
    """`sweep` of a small network."""
    files = {"direction": _copied(direction), "sizes": printed(layout), "quads": _by_device("quads"), "on_chip": _copied("on_chip")}
    return _package(formula, files).on_chip


@once(64)
def across_chip(formula: Formula, direction: str, layout: AcrossChip) -> ModuleType:
    """`sweep` with a barrier a step."""
    files = {"direction": _copied(direction), "sizes": printed(layout), "lanes": _by_device("lanes"), "across_chip": _copied("across_chip")}
    return _package(formula, files).across_chip


@once(64)
def online(formula: Formula, layout: AcrossChip, feedback: type, softmax: bool, uneven: bool = False) -> ModuleType:
    """`online` of a model under one feedback, with or without a softmax before the error, and with a rate a kind of weight or a synapse."""
    teaching = _TEACHING.format(feedback=feedback, softmax=softmax)
    names = ("across_chip", "online")
    files = {
        "direction": _copied(AHEAD),
        "sizes": printed(layout),
        "lanes": _by_device("lanes"),
        "teaching": teaching,
        "pace": _copied("uneven" if uneven else "even"),
        **{n: _copied(n) for n in names},
    }
    return _package(formula, files, inspect.getsource(feedback)).online


def _package(formula: Formula, files: dict[str, str], more: str = "") -> ModuleType:
    salt = "\n".join([__version__, numba.__version__, str(SIMULATED), *map(inspect.getsource, (single, cuda_single)), more])
    return package({**cuda_sources(formula), **files}, salt)


def _by_device(name: str) -> str:
    return _copied(f"{name}_simulated" if SIMULATED else name)


def _copied(name: str) -> str:
    return (Path(__file__).parent / f"kernels/{name}.py").read_text()
