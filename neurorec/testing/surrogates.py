"""Laws of a surrogate."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy

from neurorec.discovery import class_of
from neurorec.formula.derive import derive
from neurorec.formula.printer import expect_known
from neurorec.formula.unit import for_numpy
from neurorec.testing._laws import documented, hold

DISTANCES = np.concatenate([np.linspace(0, 3, 25), [50.0, 1e6]])


def check_surrogate(surrogate: Any) -> None:
    """Hold a surrogate to its laws: engines can print it; it is 1 at the threshold, nowhere below zero, and never rises with distance.

    Parameters
    ----------
    surrogate : class, or its name
        Derived from `neurorec.AbstractSurrogate`.

    Raises
    ------
    AssertionError
        Saying which law does not hold.
    """
    cls: Any = class_of("surrogates", surrogate)
    documented(cls)
    expect_known([sympy.sympify(cls.shape(sympy.Symbol("y")))])
    shape = _values(cls)
    hold(np.isclose(shape[0], 1), cls, "it is 1 at the threshold", shape[0])
    hold((shape >= 0).all() and (np.diff(shape) <= 0).all(), cls, "it is nowhere below zero, and does not rise with distance", shape)


def _values(cls: Any) -> np.ndarray:
    formula = derive(lambda h, u: cls.shape(u), None, ("h",), ("u",), (), (), "Surrogate")  # noqa: ARG005 - a unit has a state
    new = np.empty((1, 1, DISTANCES.size))
    for_numpy(formula).step(np.zeros_like(new), DISTANCES.reshape(new.shape), np.empty((0, DISTANCES.size)), new)
    return new.ravel()
