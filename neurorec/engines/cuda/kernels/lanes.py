"""Sum over the 32 threads of a warp, in registers; `lanes_simulated` does it where there are no warps."""

from __future__ import annotations

from numba import cuda

from .precision import inlined  # pyright: ignore[reportMissingImports]

ALL = 0xFFFFFFFF


@inlined
def lane_sum(value, scratch):
    """The sum, in the first lane; every thread of the block must come here. `scratch` is not used."""
    for distance in (16, 8, 4, 2, 1):
        value += cuda.shfl_down_sync(ALL, value, distance)
    return value
