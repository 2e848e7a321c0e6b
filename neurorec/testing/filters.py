"""Laws of an input filter."""

from __future__ import annotations

from typing import Any

from neurorec.discovery import class_of, load
from neurorec.simulation.weight_change import weight_change
from neurorec.testing._cases import ORDINARY, descent, network, trials
from neurorec.testing._compared import check_changes, check_simulation
from neurorec.testing._formulas import check_derivatives
from neurorec.testing._laws import close, documented, hold


def check_filter(filter: Any, cells: tuple[str, ...] = ("leaky_tanh", "gru"), engine: Any = "numba") -> None:
    """Hold an input filter to its laws, before cells that take a drive whole and in parts.

    Derivatives of the composed formula are its derivatives; exact rules give minus the slope of the loss; an engine simulates and
    changes weights, before the last of the cells, as the reference does.

    Parameters
    ----------
    filter : class, or its name
        Derived from `neurorec.AbstractFilter`.
    cells : tuple of str
        From ``nr.names("cells")``.
    engine : str or engine
        Beside the reference.

    Raises
    ------
    AssertionError
        Saying which law does not hold.
    """
    cls: Any = class_of("filters", filter)
    documented(cls)
    for name, (least, most) in cls.ranges.items():
        hold(name in cls.parameters and least <= cls.parameters[name] <= most, cls, f"{name} is a parameter whose default is in its range")
    for cell in cells:
        check_derivatives(cls, load("cells", cell), cls)
        _check_gradient(cls, cell)
    check_simulation(cls, engine, cells[-1], filter=cls)
    for rule in ("rflo", "bptt"):
        check_changes(cls, engine, rule, cells[-1], filter=cls)


def _check_gradient(filter: Any, cell: str) -> None:
    net, data = network(ORDINARY, cell, filter=filter), trials(ORDINARY)
    for name, change in weight_change(net, data, rule="bptt", engine="reference").items():
        close(change, descent(net, data, name), 1e-6, filter, f"before {cell}, bptt changes {name} by minus the slope of the loss")
