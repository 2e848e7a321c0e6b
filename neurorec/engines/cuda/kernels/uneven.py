"""Learning rates where synapses have their own: an array of each kind of weight, laid out as the weights are; in the place of even.py.

rates: (blocks, ROWS, COLUMNS), (blocks, ROWS, I + 1) with the bias, (1, O, COLUMNS), (1, COLUMNS, O).
"""

from .precision import inlined  # pyright: ignore[reportMissingImports]


@inlined
def of_units(rates, block, row, m):
    """Of a recurrent weight."""
    return rates[0][block, row, m]


@inlined
def of_outside(rates, block, row, m, inputs):
    """Of an input weight, or of the bias behind them."""
    return rates[1][block, row, m]


@inlined
def of_readout(rates, o, m):
    """Of a readout weight."""
    return rates[2][0, o, m]


@inlined
def of_feedback(rates, m, o):
    """Of a feedback weight."""
    return rates[3][0, m, o]
