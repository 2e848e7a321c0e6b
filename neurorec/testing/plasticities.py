"""Laws of a sequence loop's plasticity."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurorec.discovery import resolve
from neurorec.testing._laws import documented, hold
from neurorec.training.parts import settings_of

WINNER = 1


def check_plasticity(plasticity: Any) -> None:
    """Hold a plasticity to its laws: reward makes the choice likelier, no reward does not, and weights stay finite.

    Parameters
    ----------
    plasticity : plasticity, class or name
        Of a class derived from `neurorec.AbstractPlasticity`.

    Raises
    ------
    AssertionError
        Saying which law does not hold.
    """
    law = resolve("plasticities", plasticity)
    documented(type(law))
    settings_of(law)
    cells = np.random.default_rng(0).normal(size=5)
    for right in (True, False):
        weights = np.zeros((3, 5))
        law.change(weights, WINNER, cells, right)
        drive = float(weights[WINNER] @ cells)
        expected = "raises the drive of the winner" if right else "does not raise the drive of the winner"
        hold(drive > 0 if right else drive <= 0, law, f"{'reward' if right else 'no reward'} {expected}, from 0", drive)
    for _ in range(1000):
        law.change(weights, WINNER, cells, True)
    hold(np.isfinite(weights).all(), law, "a thousand rewards leave the weights finite")
