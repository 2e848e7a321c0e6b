"""A cell with its filter, as one formula: what a network's units compute, without their weights."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import sympy

from neurorec.errors import NotOffered
from neurorec.formula.derive import Formula, derive
from neurorec.formula.once import once
from neurorec.networks.cells.base import AbstractCell
from neurorec.networks.filters.base import AbstractFilter


@once(64)
def formula_of(cell: type[AbstractCell], filter: type[AbstractFilter] | None, plastic: tuple[str, ...]) -> Formula:
    """The symbolic model of a network's units.

    Parameters
    ----------
    cell, filter : class
        ``filter=None`` for the bare cell. Classes, not names: in a notebook one name stands for several in turn.
    plastic : tuple of str
        Which of the parameters are learnt.

    Raises
    ------
    NotOffered
        If cell and filter both have a parameter of one name.
    """
    if filter is None:
        return derive(cell.step, cell.output, cell.states, cell.drives, tuple(cell.parameters), plastic, cell.__name__)
    if twice := [name for name in filter.parameters if name in cell.parameters]:
        raise NotOffered(f"{twice[0]!r} is a parameter of {cell.__name__} and of {filter.__name__}; rename it in one of them")
    step, states = _filtered(cell, filter)
    parameters = (*cell.parameters, *filter.parameters)
    return derive(step, cell.output, states, cell.drives, parameters, plastic, f"{cell.__name__} with {filter.__name__}")


def _filtered(cls: type, filtered: type) -> tuple[Callable, tuple[str, ...]]:
    """Substitute the filter's answer for every drive's external part; its states come after the cell's."""
    extra = [f"{state}_{drive}" for drive in cls.drives for state in filtered.states]
    wanted = list(inspect.signature(cls.step).parameters)
    ports = {
        drive: (f"{drive}_recurrent" if {drive, f"{drive}_recurrent"} & set(wanted) else None, f"{drive}_external") for drive in cls.drives
    }

    def step(**symbols: sympy.Symbol) -> tuple[sympy.Expr, ...]:
        answers, kept = {}, []
        for drive, (recurrent, external) in ports.items():
            own = {name: symbols.get(f"{name}_{drive}", symbols.get(name)) for name in inspect.signature(filtered.step).parameters}
            heard = {"external": symbols[external], "recurrent": symbols[recurrent] if recurrent else sympy.Integer(0)}
            answer, *new = filtered.step(**{**own, **{name: part for name, part in heard.items() if name in own}})
            answers[external], kept = answer, [*kept, *new]
            answers[drive] = answer + symbols[recurrent] if recurrent else answer
        result = cls.step(*(answers.get(name, symbols.get(name)) for name in wanted))
        return (*(result if isinstance(result, tuple) else (result,)), *kept)

    return _with_arguments(step, wanted, ports, extra, filtered), (*cls.states, *extra)


def _with_arguments(step: Callable, wanted: list[str], ports: dict, extra: list[str], filtered: type) -> Callable:
    """Give the composed step a signature that says what it takes, as a hand-written formula has."""
    kept = [name for name in wanted if not any(name in (d, f"{d}_recurrent", f"{d}_external") for d in ports)]
    drives = [name for pair in ports.values() for name in pair if name]
    needs = [n for n in inspect.signature(filtered.step).parameters if n not in ("external", "recurrent", *filtered.states)]
    names = list(dict.fromkeys([*kept, *drives, *extra, *needs]))

    def by_position(*values: sympy.Symbol) -> tuple[sympy.Expr, ...]:
        return step(**dict(zip(names, values, strict=True)))

    by_position.__signature__ = inspect.Signature([inspect.Parameter(n, inspect.Parameter.POSITIONAL_ONLY) for n in names])
    return by_position
