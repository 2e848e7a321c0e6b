"""Trainings are carried on to their end with BLAS in one thread."""

from __future__ import annotations

from neurorec.process.carry_on import AbstractWork, carry_on
from neurorec.process.one_thread import one_thread
from neurorec.progress import Hook


def to_the_end(work: AbstractWork, progress: bool | Hook) -> None:
    """As `carry_on`."""
    import scipy.linalg.cython_blas  # noqa: F401 - Numba's products use it: loaded now, so that the limit below holds for it

    with one_thread:
        carry_on(work, progress)
