"""The interface of an input filter."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import sympy


class AbstractFilter(ABC):
    """A recurrence on a drive's external part (input weights x input + bias), put before the cell by substitution.

    Attributes
    ----------
    states : tuple of str
        State variables of the filter; each drive of each unit has its own.
    parameters : mapping of str to float
        Defaults.
    by_drive : tuple of str
        Those of the parameters of which each drive has its own, named ``<parameter>_<drive>``; the others are one for all drives.
    ranges : mapping of str to (float, float)
        Smallest and largest value that a parameter may be given, where others make no filter; one that is learnt may leave it.
    decays : tuple of str
        Time constants of exponential decays, which must be longer than a time step.
    """

    states: ClassVar[tuple[str, ...]]
    parameters: ClassVar[Mapping[str, float]] = {}
    by_drive: ClassVar[tuple[str, ...]] = ()
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {}
    decays: ClassVar[tuple[str, ...]] = ()

    @staticmethod
    @abstractmethod
    def step(external: sympy.Expr, *args: sympy.Expr) -> tuple[sympy.Expr, ...]:
        """What the cell receives in place of ``external``, then the filter's new states, as a tuple.

        The argument names say what it takes: ``external``, its states (which start at zero), its parameters, ``dt``, and
        ``recurrent``, the drive's other part, which is added to the answer.
        """
