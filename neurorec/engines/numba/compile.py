"""A model's own package of kernels: printed unit, copied time loops, and the teaching functions compiled as they stand."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numba
import numpy as np

from neurorec import __version__
from neurorec.formula.cache import package
from neurorec.formula.derive import Formula
from neurorec.formula.once import once
from neurorec.formula.sources import fingerprint
from neurorec.formula.unit import numba_sources

_TEACHING = """\
import numba

from neurorec.formula.flags import FLAGS
from {loss.__module__} import {loss.__qualname__} as Loss
from {feedback.__module__} import {feedback.__qualname__} as Feedback
from {optimiser.__module__} import {optimiser.__qualname__} as Optimiser

compiled = numba.njit(**FLAGS)
error = compiled(Loss.error)
element = compiled(Feedback.element)
optimise = compiled(Optimiser.step)
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


@once(64)
def causal_kernels(formula: Formula, dtype: str, loss: type, feedback: type, optimiser: type) -> ModuleType:
    """Package with the modules `causal`, `fused` and `low_rank` of a model under one loss, feedback and optimiser."""
    teaching = _TEACHING.format(loss=loss, feedback=feedback, optimiser=optimiser)
    sources = "".join(map(fingerprint, (loss.error, feedback.element, optimiser.step)))
    files = {**numba_sources(formula, dtype), "teaching": teaching, **{name: _copied(name) for name in _LOOPS}}
    return package(files, _salt() + sources)


def _copied(name: str) -> str:
    return Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")


def _salt() -> str:
    """What machine code depends on beside the library's sources must be in the package's name: Numba looks only at a function's own file."""
    return "\n".join([__version__, numba.__version__, np.__version__])
