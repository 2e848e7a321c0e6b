"""Plastic parameters of units that stand still during a trial: their change, and what follows from them; copied as kernels.py is.

What follows is computed in double precision, then rounded, by one machine code batch by batch and in chunks.
"""

from __future__ import annotations

from neurorec.formula.calls import prepare
from neurorec.formula.entry import apart, entry, exact, part

from .precision import real  # pyright: ignore[reportMissingImports]


@exact
def sum_over_trials(partial, plastic_rows, d_parameters):
    """A change of the plastic parameters, of all trials, one after another; partial (Q, B, N), d_parameters (Q', N)."""
    apart()
    for q in range(plastic_rows.shape[0]):
        change = d_parameters[plastic_rows[q]]
        for n in range(change.shape[0]):
            change[n] = partial[q, 0, n]
        for b in range(1, partial.shape[1]):
            for n in range(change.shape[0]):
                change[n] += partial[q, b, n]


@part
def follow_from(wide_unit, parameters, settings, wide, constants):
    """constants (C, N) of a unit, of parameters (Q', N) as they are now.

    settings (Q' + 1, 1, N), with dt in the last row, and wide (C, N) are float64; `wide_unit` is the unit's table in that type.
    """
    for q in range(parameters.shape[0]):
        for n in range(parameters.shape[1]):
            settings[q, 0, n] = parameters[q, n]
    prepare(wide_unit, settings, wide, wide.reshape(wide.shape[0], 1, wide.shape[1]), 0, 1)
    for c in range(constants.shape[0]):
        for n in range(constants.shape[1]):
            constants[c, n] = real(wide[c, n])


@entry
def constants_of(wide_unit, parameters, settings, wide, constants):
    """As `follow_from`, for Python to call."""
    follow_from(wide_unit, parameters, settings, wide, constants)
