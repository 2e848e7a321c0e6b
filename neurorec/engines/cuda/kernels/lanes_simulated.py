"""Sum over the 32 threads of a warp, through shared memory: Numba's simulator has no warps."""

from __future__ import annotations

from numba import cuda

from .precision import inlined  # pyright: ignore[reportMissingImports]


@inlined
def lane_sum(value, scratch):
    """The sum, in the first lane; every thread of the block must come here. scratch (threads,)."""
    cuda.syncthreads()
    scratch[cuda.threadIdx.x] = value
    cuda.syncthreads()
    first = cuda.threadIdx.x // 32 * 32
    return scratch[first : first + 32].sum()
