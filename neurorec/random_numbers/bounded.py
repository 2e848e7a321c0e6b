"""Whole numbers of a range, each as likely, by Lemire (2019, doi:10.1145/3230636): a product in place of a division; as NumPy's below 2^32."""

from __future__ import annotations

import numpy as np

from neurorec.formula.entry import exact

from .pcg64 import LOW, ONE, UPPER, next_half

ZERO = np.uint64(0)


@exact
def bounded(size, state, increment, kept, half):
    """One of 0 ... size - 1, for a size from 1 to 2^32 - 1; the state after it, and the half word that is kept."""
    if size == ONE:  # there is nothing to draw
        return ZERO, state, kept, half
    word, state, kept, half = next_half(state, increment, kept, half)
    product = word * size
    if product & LOW < size:  # rare: some products are one too many
        least = (LOW + ONE - size) % size
        while product & LOW < least:
            word, state, kept, half = next_half(state, increment, kept, half)
            product = word * size
    return product >> UPPER, state, kept, half
