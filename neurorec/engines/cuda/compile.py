"""A model's own packages of GPU kernels: printed unit, printed sizes, and the copied loops."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numba
from numba.core.errors import NumbaError

from neurorec import __version__
from neurorec.engines.cuda import vocabulary  # noqa: F401 - teaches numba-cuda what parts may call
from neurorec.engines.cuda.device import SIMULATED
from neurorec.engines.cuda.sizes import AcrossChip, OnChip, printed
from neurorec.engines.numba.compile import Bound
from neurorec.errors import NotOffered
from neurorec.formula import cuda_single, single
from neurorec.formula.cache import package
from neurorec.formula.derive import Formula
from neurorec.formula.once import once
from neurorec.formula.sources import fingerprint
from neurorec.formula.unit import cuda_prepare, cuda_sources
from neurorec.random_numbers import philox

AHEAD, BACK = "ahead", "back"
_SINGLE = "from neurorec.formula.cuda_single import *\n"
_LAW = """\
from collections import namedtuple

from {cls.__module__} import {cls.__qualname__} as Part

from .precision import inlined as compiled
from .precision import real

{method}
{name} = method
"""
_OPTIMISER = """\
from {cls.__module__} import {cls.__qualname__} as Optimiser

from .precision import inlined

step = inlined(Optimiser.step)
"""
_LEARNING = """\
from {feedback.__module__} import {feedback.__qualname__} as Feedback

from .precision import inlined

element = inlined(Feedback.element)
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
def online(formula: Formula, layout: AcrossChip, feedback: type, link: str, uneven: bool = False) -> ModuleType:
    """`online` of a model under one feedback, of losses with that link, and with a rate a kind of weight or a synapse."""
    learning = _LEARNING.format(feedback=feedback)
    names = ("across_chip", "online")
    files = {
        "direction": _copied(AHEAD),
        "sizes": printed(layout),
        "lanes": _by_device("lanes"),
        "learning": learning,
        "compare": _copied(link),
        "pace": _copied("uneven" if uneven else "even"),
        **{n: _copied(n) for n in names},
    }
    return _package(formula, files, inspect.getsource(feedback)).online


@once(64)
def constants(formula: Formula) -> ModuleType:
    """`constants` of a model."""
    return package({**cuda_prepare(formula), "constants": _copied("constants")}, _salt()).constants


@once(64)
def blend(feedback: Bound) -> ModuleType:
    """`blend` of a feedback."""
    _expect_importable(feedback.cls)
    learning = _law(feedback, "element")
    return package(
        {"precision": _SINGLE, "learning": learning, "blend": _copied("blend")}, _salt() + fingerprint(feedback.cls.element)
    ).blend


@once(8)
def linked_error(link: str) -> ModuleType:
    """`error` of the losses with that link."""
    return package({"precision": _SINGLE, "compare": _copied(link), "error": _copied("error")}, _salt()).error


@once(64)
def own_error(loss: Bound) -> ModuleType:
    """`error` of a loss that has no link, but a law of single numbers."""
    _expect_importable(loss.cls)
    files = {"precision": _SINGLE, "learning": _law(loss, "error"), "compare": _copied("by_law"), "error": _copied("error")}
    return package(files, _salt() + fingerprint(loss.cls.error)).error


@once(64)
def update(optimiser: type) -> ModuleType:
    """`update` by an optimiser."""
    _expect_importable(optimiser)
    files = {"precision": _SINGLE, "learning": _OPTIMISER.format(cls=optimiser), "update": _copied("update")}
    return package(files, _salt() + fingerprint(optimiser.step)).update


def tried(part: object, call: Callable[[], object]) -> None:
    """Call what compiles an optimiser, a feedback or a loss.

    Raises
    ------
    NotOffered
        If the compiler gives up: by an error of its own, or by that of a table in which it did not find a function.
    """
    try:
        call()
    except (NumbaError, KeyError, NotImplementedError) as error:
        raise NotOffered(
            f"the GPU's compiler cannot compile {type(part).__name__} ({str(error).strip().splitlines()[-1]}); use arithmetic, np.sqrt, "
            "np.exp, np.abs and np.sign, or engine='numba'"
        ) from error


def _law(part: Bound, function: str) -> str:
    """A feedback's or a loss's function of single numbers, as a module."""
    return _LAW.format(cls=part.cls, method=part.written(function), name=function)


def _expect_importable(part: type) -> None:
    if "<locals>" in part.__qualname__:
        raise NotOffered(
            f"{part.__qualname__} stands inside a function, where the GPU's compiler cannot find it; move it to the top of its module"
        )


def _package(formula: Formula, files: dict[str, str], more: str = "") -> ModuleType:
    return package({**cuda_sources(formula), **files}, _salt() + more)


def _salt() -> str:
    return "\n".join([__version__, numba.__version__, str(SIMULATED), *map(inspect.getsource, (single, cuda_single)), ""])


def _by_device(name: str) -> str:
    return _copied(f"{name}_simulated" if SIMULATED else name)


def _copied(name: str) -> str:
    return (Path(__file__).parent / f"kernels/{name}.py").read_text()
