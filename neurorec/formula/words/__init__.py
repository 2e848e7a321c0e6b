"""Functions that a cell's formula may use beside sympy's own, one a file: ``from neurorec.formula.words import sigmoid``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurorec.discovery import load, names

if TYPE_CHECKING:
    from neurorec.formula.words.absolute import absolute as absolute
    from neurorec.formula.words.heaviside import heaviside as heaviside
    from neurorec.formula.words.relu import relu as relu
    from neurorec.formula.words.sigmoid import sigmoid as sigmoid
    from neurorec.formula.words.signum import signum as signum
    from neurorec.formula.words.softplus import softplus as softplus
    from neurorec.formula.words.spike import spike as spike
    from neurorec.formula.words.stop_gradient import stop_gradient as stop_gradient
    from neurorec.formula.words.triangle import triangle as triangle

# Each is bound once its module, of the same name, is there: in the package that name is the word's.
globals().update({name: load("words", name) for name in names("words")})
