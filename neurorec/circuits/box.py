"""The room in which a cursor may move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from neurorec.arrays import positive, real_array


@final
@dataclass(frozen=True)
class Box:
    """A square around the origin: a syllable that would lead out of it is not chosen.

    Parameters
    ----------
    ways : (syllables, O) array_like
        Where each syllable leads.
    half_width : float
        How far from the origin the cursor may be in each direction, in the unit of `ways`.
    """

    ways: Any
    half_width: float = 1.0

    def __post_init__(self) -> None:
        """Take the array in."""
        object.__setattr__(self, "ways", real_array("ways", self.ways, (-1, -1), "one row a syllable"))
        positive("half_width", self.half_width)

    def inside(self, at: np.ndarray) -> np.ndarray:
        """Which syllables stay in the box from there, (syllables,) of bool; all of them where none would."""
        found = (np.abs(at + self.ways) <= self.half_width + 1e-9).all(axis=1)
        return found if found.any() else np.ones_like(found)
