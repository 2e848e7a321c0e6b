"""The interface of a cell: a formula, the names in it, and the initial state."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar

import sympy


class AbstractCell(ABC):
    """One model neuron.

    A cell is one file with one final class; engines, rules, fixed points and Brian2 equations follow from `step`.

    Attributes
    ----------
    states : tuple of str
        State variables of a unit. The first is what other units receive, unless `output` says otherwise.
    drives : tuple of str
        What a unit receives (recurrent weights x outputs + input weights x input + bias), D of them.
    parameters : mapping of str to float
        Defaults; times in seconds. A user may give one value a unit.
    ranges : mapping of str to (float, float)
        Smallest and largest value that a parameter may be given; one that is learnt may leave it.
    positive, whole_steps, decays : tuple of str
        Parameters that must be above zero; times that must be a whole number of time steps; time constants of exponential decays, which
        must be longer than a time step (others may be as long).
    memories : mapping of str to str
        Time constants of what is there to be remembered through a trial, each with the strength without which it does nothing. A training
        whose trials are shorter says so.
    plastic : tuple of str
        Parameters that are learnt unless the user says otherwise.
    initial : float or tuple of float
        State before the first step, one value for every state or one each.
    biased : bool
        Whether the bias is learnt unless the user says otherwise.
    output : callable or None
        Over sympy, from states and parameters; returns the outputs, K of them. None: the first state.
    """

    states: ClassVar[tuple[str, ...]]
    drives: ClassVar[tuple[str, ...]] = ("u",)
    parameters: ClassVar[Mapping[str, float]] = {}
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {}
    positive: ClassVar[tuple[str, ...]] = ()
    whole_steps: ClassVar[tuple[str, ...]] = ()
    decays: ClassVar[tuple[str, ...]] = ()
    memories: ClassVar[Mapping[str, str]] = {}
    plastic: ClassVar[tuple[str, ...]] = ()
    initial: ClassVar[float | tuple[float, ...]] = 0.0
    biased: ClassVar[bool] = False
    output: ClassVar[Callable | None] = None

    @staticmethod
    @abstractmethod
    def step(*args: sympy.Expr) -> sympy.Expr | tuple[sympy.Expr, ...]:
        """The states one step of ``dt`` seconds later, over sympy.

        The argument names say what it takes: its states, its drives (a drive ``u`` whole, or in the two parts
        ``u_recurrent`` and ``u_external``), its parameters, ``dt``; ``surrogate``, if it spikes, the shape of the slope
        that is learnt through (`neurorec.networks.surrogates.base`). Returns one expression a state.
        """
