"""A cell with its input filter as one formula: what a network's units compute, without their weights."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import sympy

from neurorec.errors import NotOffered
from neurorec.formula.derive import Formula, derive
from neurorec.formula.once import once
from neurorec.networks.cells.base import AbstractCell
from neurorec.networks.filters.base import AbstractFilter
from neurorec.networks.surrogates.base import AbstractSurrogate
from neurorec.networks.surrogates.piecewise_linear import PiecewiseLinear


@once(64)
def formula_of(
    cell: type[AbstractCell],
    filter: type[AbstractFilter] | None,
    plastic: tuple[str, ...],
    surrogate: type[AbstractSurrogate] | None = None,
) -> Formula:
    """The symbolic model of a network's units.

    Parameters
    ----------
    cell, filter : class
        ``filter=None`` for the bare cell. Classes, not names: in a notebook one name stands for several in turn.
    plastic : tuple of str
        Which of the parameters are learnt.
    surrogate : class, optional
        Of a cell that spikes; None: `PiecewiseLinear`.

    Raises
    ------
    NotOffered
        If cell and filter both have a parameter of one name, or there is a surrogate and the cell does not spike.
    """
    written = _with_surrogate(cell, surrogate)
    if filter is None:
        return derive(written, cell.output, cell.states, cell.drives, tuple(cell.parameters), plastic, cell.__name__)
    if twice := [name for parameter in filter.parameters for name in _named(parameter, cell, filter) if name in cell.parameters]:
        raise NotOffered(f"{twice[0]!r} is a parameter of {cell.__name__} and of {filter.__name__}; rename it in one of them")
    step, states = _composed(cell, written, filter)
    parameters = tuple(defaults_of(cell, filter))
    return derive(step, cell.output, states, cell.drives, parameters, plastic, f"{cell.__name__} with {filter.__name__}")


def defaults_of(cell: type[AbstractCell], filter: type[AbstractFilter] | None) -> dict[str, float]:
    """Every parameter of a cell and its filter, in the order of the formula, with its default."""
    return {
        **cell.parameters,
        **({} if filter is None else {n: filter.parameters[p] for p in filter.parameters for n in _named(p, cell, filter)}),
    }


def _named(parameter: str, cell: type[AbstractCell], filter: type[AbstractFilter]) -> list[str]:
    """What a filter's parameter is called before a cell: one name, or one a drive."""
    return [f"{parameter}_{drive}" for drive in cell.drives] if parameter in filter.by_drive else [parameter]


def _with_surrogate(cell: type[AbstractCell], surrogate: type[AbstractSurrogate] | None) -> Callable:
    """The cell's step; of one that takes a surrogate, with that in its place."""
    formula: Any = cell.step
    arguments = inspect.signature(formula).parameters
    if "surrogate" not in arguments:
        if surrogate is not None:
            raise NotOffered(f"{cell.__name__} has no spike whose slope {surrogate.__name__} could be; leave out surrogate=")
        return formula

    def step(*symbols: sympy.Symbol) -> object:
        named: dict = dict(zip(names, symbols, strict=True))
        return formula(**named, surrogate=(surrogate or PiecewiseLinear).shape)

    names = [name for name in arguments if name != "surrogate"]
    return _signed(step, names)


def _signed(step: Callable, names: list[str]) -> Callable:
    """A function with a signature that names its symbols, as a hand-written formula has."""
    step.__signature__ = inspect.Signature([inspect.Parameter(n, inspect.Parameter.POSITIONAL_ONLY) for n in names])  # pyright: ignore[reportFunctionMemberAccess]
    return step


def _composed(cell: type, written: Callable, filter: type) -> tuple[Callable, tuple[str, ...]]:
    """The cell's step with the filter's output in the place of every drive's external part; the filter's states come after the cell's."""
    filter_states = [f"{state}_{drive}" for drive in cell.drives for state in filter.states]
    arguments = list(inspect.signature(written).parameters)
    ports = {
        drive: (f"{drive}_recurrent" if {drive, f"{drive}_recurrent"} & set(arguments) else None, f"{drive}_external")
        for drive in cell.drives
    }

    def step(**symbols: sympy.Symbol) -> tuple[sympy.Expr, ...]:
        values, new_states = {}, []
        for drive, (recurrent, external) in ports.items():
            own = {name: symbols.get(f"{name}_{drive}", symbols.get(name)) for name in inspect.signature(filter.step).parameters}
            parts = {"external": symbols[external], "recurrent": symbols[recurrent] if recurrent else sympy.Integer(0)}
            filtered, *new = filter.step(**{**own, **{name: part for name, part in parts.items() if name in own}})
            new_states += new
            values[external] = filtered
            values[drive] = filtered + symbols[recurrent] if recurrent else filtered
        result = written(*(values.get(name, symbols.get(name)) for name in arguments))
        return (*(result if isinstance(result, tuple) else (result,)), *new_states)

    own = [name for parameter in filter.parameters for name in _named(parameter, cell, filter)]
    return _with_signature(step, arguments, ports, [*filter_states, *own], filter), (*cell.states, *filter_states)


def _with_signature(step: Callable, arguments: list[str], ports: dict, of_filter: list[str], filter: type) -> Callable:
    """The composed step with a signature that names its symbols, as a hand-written formula has."""
    own = [name for name in arguments if not any(name in (d, f"{d}_recurrent", f"{d}_external") for d in ports)]
    drives = [name for pair in ports.values() for name in pair if name]
    time_step = [name for name in inspect.signature(filter.step).parameters if name == "dt"]
    names = list(dict.fromkeys([*own, *drives, *of_filter, *time_step]))

    def by_position(*values: sympy.Symbol) -> tuple[sympy.Expr, ...]:
        return step(**dict(zip(names, values, strict=True)))

    return _signed(by_position, names)
