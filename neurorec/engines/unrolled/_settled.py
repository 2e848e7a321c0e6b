"""An answer that can be relied on: the iteration's where it converged, otherwise the sequential one."""

from __future__ import annotations

from dataclasses import dataclass

from neurorec.discovery import name_of
from neurorec.engines.unrolled.base import AbstractRecurrence, AbstractUnroll, Solution
from neurorec.engines.unrolled.sequential import Sequential
from neurorec.errors import UnrollWarning, warn


@dataclass(frozen=True, eq=False)
class Settled:
    """States to go on with, the way in which they were found, and what was tried.

    Attributes
    ----------
    how : AbstractUnroll
        Whose `pull` belongs to the states.
    solution, tried : Solution
        The same where the iteration converged.
    """

    how: AbstractUnroll
    solution: Solution
    tried: Solution


def settled(how: AbstractUnroll, recurrence: AbstractRecurrence) -> Settled:
    """Solve; where that does not converge, warn and step through time."""
    tried = how.solve(recurrence)
    if tried.converged:
        return Settled(how, tried, tried)
    warn(
        f"{name_of(how)} did not converge in {len(tried.residuals)} sweeps (residual {tried.residuals[-1].max():.1g}): the states are those "
        "of how='sequential'; allow more sweeps (most=), or expect none to be enough where the largest Lyapunov exponent is positive",
        UnrollWarning,
    )
    return Settled(Sequential(), Sequential().solve(recurrence), tried)
