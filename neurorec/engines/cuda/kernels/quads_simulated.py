"""Four neighbouring numbers, one by one: Numba's simulator runs plain Python."""

from __future__ import annotations

from .precision import inlined  # pyright: ignore[reportMissingImports]

BYTES = None  # the simulator aligns nothing


@inlined
def quad(array, place):
    """Numbers `place` to place + 3 of an array in C order."""
    flat = array.reshape(-1)
    return flat[place], flat[place + 1], flat[place + 2], flat[place + 3]


@inlined
def put(array, place, a, b, c, d):
    """Write four numbers where `quad` would read them."""
    flat = array.reshape(-1)
    flat[place], flat[place + 1], flat[place + 2], flat[place + 3] = a, b, c, d
