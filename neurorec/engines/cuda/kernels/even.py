"""Learning rates (5,) where a kind of weight has one: of recurrent, input, bias, readout and feedback; in the place of uneven.py."""

from .precision import inlined  # pyright: ignore[reportMissingImports]


@inlined
def of_units(rates, block, row, m):
    """Of a recurrent weight."""
    return rates[0]


@inlined
def of_outside(rates, block, row, m, inputs):
    """Of an input weight, or of the bias behind them."""
    return rates[1] if m < inputs else rates[2]


@inlined
def of_readout(rates, o, m):
    """Of a readout weight."""
    return rates[3]


@inlined
def of_feedback(rates, m, o):
    """Of a feedback weight."""
    return rates[4]
