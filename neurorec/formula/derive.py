"""From a neuron's formula to everything an engine needs, by symbolic differentiation.

With states ``s``, drive ports ``u``, per-unit parameters ``theta`` and outputs ``o``:

    s(t) = step(s(t-1), u(t), theta)          o(t) = output(s(t), theta)
    decay D = ds(t)/ds(t-1)   slope F = ds(t)/du(t)   partial G = ds(t)/dtheta   emission O = do/ds
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import sympy

from neurorec.display import AbstractDisplayed, Rows, several
from neurorec.errors import NotOffered
from neurorec.formula.words.base import AbstractWord

WHOLE, RECURRENT, EXTERNAL = "whole", "recurrent", "external"


@dataclass(frozen=True)
class Port:
    """One drive argument of a formula: which drive, and which part of it."""

    drive: int
    part: str

    @property
    def takes_recurrent(self) -> bool:
        """Whether recurrent weights reach this port."""
        return self.part != EXTERNAL

    @property
    def takes_external(self) -> bool:
        """Whether input weights, bias and noise reach this port."""
        return self.part != RECURRENT


@dataclass(frozen=True, repr=False)
class Formula(AbstractDisplayed):
    """The symbolic form of a cell: symbols in, expressions out.

    Attributes
    ----------
    states, ports, parameters : tuple of str
        Names, in the order in which engines lay them out.
    layout : tuple of Port
        Which part of which drive each port takes, parallel to `ports`.
    n_drives : int
        Number of drives D; each has its own rows in the weights.
    new : tuple of sympy.Expr
        The states one step later.
    emitted : tuple of sympy.Expr
        The outputs, from the (new) states.
    plastic : tuple of str
        Parameters by which the new states are differentiated.
    """

    states: tuple[str, ...]
    ports: tuple[str, ...]
    layout: tuple[Port, ...]
    n_drives: int
    parameters: tuple[str, ...]
    plastic: tuple[str, ...]
    new: tuple[sympy.Expr, ...]
    emitted: tuple[sympy.Expr, ...]

    @property
    def run_symbols(self) -> frozenset[sympy.Symbol]:
        """Symbols that are constant during a trial: parameters and dt."""
        return frozenset(sympy.symbols([*self.parameters, "dt"]))

    @property
    def shows_state(self) -> bool:
        """Whether a unit's output is its only state, unchanged."""
        return len(self.states) == 1 and self.emitted == (sympy.Symbol(self.states[0]),)

    @cached_property
    def spikes(self) -> bool:
        """Whether what others see of a unit is 0 or 1 after each step, by its formula: states and words that are `binary`, and their products."""
        new = {sympy.Symbol(name): value for name, value in zip(self.states, self.new, strict=True)}
        return bool(self.emitted) and all(_is_binary(new.get(each, each)) for each in self.emitted)

    @property
    def exact(self) -> bool:
        """Whether its slopes are its derivatives: it has no surrogate, and stops no gradient."""
        return all(word.exact for each in (*self.new, *self.emitted) for word in each.atoms(AbstractWord))

    def _display(self) -> tuple[str, Rows]:
        steps = [(f"{name}(t)", str(value)) for name, value in zip(self.states, self.new, strict=False)]
        sent = [("sent", several(self.emitted))] if self.emitted and not self.shows_state else []
        named = {"ports": self.ports, "parameters": self.parameters, "plastic": self.plastic}
        return f"states {several(self.states)}", [*steps, *sent, *((name, several(each)) for name, each in named.items() if each)]

    @cached_property
    def decay(self) -> sympy.Matrix:
        """D, (k, k): derivative of the new states by the old ones."""
        return _jacobian(self.new, self.states)

    @cached_property
    def slope(self) -> sympy.Matrix:
        """F, (k, ports): derivative of the new states by the drives."""
        return _jacobian(self.new, self.ports)

    @cached_property
    def partial(self) -> sympy.Matrix:
        """G, (k, plastic parameters): derivative of the new states by those."""
        return _jacobian(self.new, self.plastic)

    @cached_property
    def emission(self) -> sympy.Matrix:
        """O, (K, k): derivative of the outputs by the states."""
        return _jacobian(self.emitted, self.states)

    def port_of(self, drive: int, part: str) -> int:
        """Index of the port through which a drive's `part` (recurrent or external) acts; -1 where there is none."""
        for index, port in enumerate(self.layout):
            if port.drive == drive and port.part in (WHOLE, part):
                return index
        return -1


def derive(
    step: Callable,
    output: Callable | None,
    states: Sequence[str],
    drives: Sequence[str],
    parameters: Sequence[str],
    plastic: Sequence[str],
    owner: str,
) -> Formula:
    """The symbolic form of a formula, by calling it on symbols.

    Parameters
    ----------
    step : callable
        Over sympy; its argument names are states, drives (or ``<drive>_recurrent`` and
        ``<drive>_external``), parameters and ``dt``. Returns one expression a state.
    output : callable or None
        From states and parameters; None: the first state.
    states, drives, parameters, plastic : sequence of str
        Names; `plastic` is the part of `parameters` that is learnt.
    owner : str
        Whose formula it is, for error texts.

    Raises
    ------
    NotOffered
        If an argument is none of these names, or the wrong number of expressions comes back.
    """
    ports, layout = _ports(step, states, drives, parameters, owner)
    new = _expressions(_call(step))
    if len(new) != len(states):
        raise NotOffered(f"{owner}.step returns {len(new)} expressions for the {len(states)} states {', '.join(states)}; return one each")
    emitted = _expressions(_call(output)) if output else (sympy.Symbol(states[0]),)
    _refuse_plastic_output(emitted, plastic, owner)
    return Formula(tuple(states), ports, layout, len(drives), tuple(parameters), tuple(plastic), new, emitted)


def _ports(step: Callable, states: Sequence[str], drives: Sequence[str], parameters: Sequence[str], owner: str):
    ports, layout = [], []
    for name in inspect.signature(step).parameters:
        port = _port(name, drives)
        if port:
            ports.append(name)
            layout.append(port)
        elif name not in (*states, *parameters, "dt"):
            raise NotOffered(
                f"{owner}.step takes {name!r}, which is no state, drive, parameter or dt; it may take {', '.join((*states, *drives, *parameters, 'dt'))}"
            )
    return tuple(ports), tuple(layout)


def _is_binary(value: sympy.Expr) -> bool:
    """Whether it is 0 or 1: a word that is, what one leaves to 1, or a product of such."""
    if value.is_Mul:
        return all(map(_is_binary, value.args))
    return any(getattr(each, "binary", False) for each in (value, 1 - value))


def _port(name: str, drives: Sequence[str]) -> Port | None:
    for index, drive in enumerate(drives):
        for argument, part in ((drive, WHOLE), (f"{drive}_recurrent", RECURRENT), (f"{drive}_external", EXTERNAL)):
            if name == argument:
                return Port(index, part)
    return None


def _call(function: Callable) -> object:
    return function(*(sympy.Symbol(name) for name in inspect.signature(function).parameters))


def _expressions(result: object) -> tuple[sympy.Expr, ...]:
    many = result if isinstance(result, tuple | list) else (result,)
    return tuple(sympy.sympify(each) for each in many)


def _refuse_plastic_output(emitted: Sequence[sympy.Expr], plastic: Sequence[str], owner: str) -> None:
    used = {symbol.name for each in emitted for symbol in each.free_symbols} & set(plastic)
    if used:
        raise NotOffered(f"{owner}.output uses the plastic parameter {min(used)!r}; a plastic parameter may act in step only")


def _jacobian(expressions: Sequence[sympy.Expr], names: Sequence[str]) -> sympy.Matrix:
    return sympy.Matrix(len(expressions), len(names), lambda i, j: sympy.diff(expressions[i], sympy.Symbol(names[j])))
