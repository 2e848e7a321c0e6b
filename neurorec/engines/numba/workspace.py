"""Arrays that are used again for the next batch: fresh memory costs as much as the arithmetic on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurorec.arrays import aligned


class Workspace:
    """Arrays by name, kept until another shape is needed.

    Parameters
    ----------
    dtype : type
        Of all of them.
    """

    def __init__(self, dtype: Any):
        self.dtype = dtype
        self._kept: dict[str, np.ndarray] = {}

    def array(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """The array of that name; its content is what was left in it."""
        kept = self._kept.get(name)
        if kept is None or kept.shape != tuple(shape):
            kept = self._kept[name] = aligned(shape, self.dtype)
        return kept
