"""Where a training that goes on is to stop."""

from __future__ import annotations

from neurorec.arrays import whole
from neurorec.errors import ValueRefused


def last_trial(trials: int | None, done: int, total: int) -> int:
    """After which training stops, of `trials` in all; None: as planned. What is left of the plan can be done later.

    Raises
    ------
    ValueRefused
        If more are done already, or it is no whole number.
    """
    if trials is None:
        return total
    if whole("trials", trials) < done:
        raise ValueRefused(f"trials={trials} is in all, and the run has done {done}; ask for more than those, or read it with nr.open_run")
    return trials
