"""Laws of a way to evaluate a recurrence in time."""

from __future__ import annotations

from typing import Any

from neurorec.discovery import resolve
from neurorec.simulation.unroll import engine
from neurorec.testing._compared import check_changes, check_simulation
from neurorec.testing._laws import documented


def check_unroll(unroll: Any, cells: tuple[str, ...] = ("leaky_tanh", "gru")) -> None:
    """Hold a way to evaluate a recurrence to its laws: as it comes, states and changes are the sequential ones.

    Parameters
    ----------
    unroll : unroll, class or name
        Of a class derived from `neurorec.AbstractUnroll`.
    cells : tuple of str
        From ``nr.names("cells")``.

    Raises
    ------
    AssertionError
        Saying which law does not hold.
    """
    way = resolve("unroll", unroll)
    documented(type(way))
    for cell in cells:
        check_simulation(way, engine(way), cell)
        for rule in ("rflo", "bptt"):
            check_changes(way, engine(way), rule, cell)
