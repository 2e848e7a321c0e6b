"""Laws of a feedback."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurorec.discovery import resolve
from neurorec.testing._compared import check_changes
from neurorec.testing._laws import close, documented
from neurorec.testing._plain import compiled
from neurorec.training.parts import settings_of


def check_feedback(feedback: Any, engine: Any = "numba") -> None:
    """Hold a feedback to its laws: element by element, the same compiled, the same on an engine as in the reference.

    Parameters
    ----------
    feedback : feedback, class or name
        Of a class derived from `neurorec.AbstractFeedback`.
    engine : str or engine
        Beside the reference.

    Raises
    ------
    AssertionError
        Saying which law does not hold.
    """
    way = resolve("feedbacks", feedback)
    documented(type(way))
    settings_of(way)
    rng = np.random.default_rng(0)
    for shape in ((1, 1), (5, 3)):
        readout, back = rng.normal(size=shape), rng.normal(size=shape)
        whole, alone = way.element(readout, back), compiled(way, "element")
        each = [[alone(a, b) for a, b in zip(row, other, strict=True)] for row, other in zip(readout, back, strict=True)]
        close(whole, each, 1e-12, way, "element of arrays is element of each of their numbers, compiled")
    check_changes(way, engine, "rflo", feedback=way)
