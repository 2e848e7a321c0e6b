"""Laws of a sequence loop's context."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurorec.discovery import resolve
from neurorec.testing._laws import documented, hold
from neurorec.training.parts import settings_of


def check_context(context: Any, outputs: int = 6, syllables: int = 4) -> None:
    """Hold a context to its laws: as many cells as it says, from one seed the same, and what it is given stays as it is.

    Parameters
    ----------
    context : context, class or name
        Of a class derived from `neurorec.AbstractContext`.
    outputs, syllables : int
        Of the network, and of the loop.

    Raises
    ------
    AssertionError
        Saying which law does not hold.
    """
    law = resolve("contexts", context)
    documented(type(law))
    settings_of(law)
    count = law.count(outputs)
    hold(isinstance(count, int) and count >= 1, law, "it has a whole number of cells", count)
    code, again = (law.code(outputs, syllables, np.random.default_rng(0)) for _ in range(2))
    for history in ([0], [2, 1], [0, 1, 2, 3] * 10):
        sent = np.random.default_rng(1).normal(size=outputs)
        kept, cells = sent.copy(), code(sent, history)
        hold(cells.shape == (count,) and np.isfinite(cells).all(), law, f"cells are {count} numbers", cells.shape)
        hold(np.array_equal(cells, again(sent, history)), law, "one seed is one code")
        hold(np.array_equal(sent, kept), law, "what the units send stays as it is")
