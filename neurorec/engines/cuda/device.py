"""The GPU there is, or Numba's simulator in its place."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from numba import cuda

from neurorec.errors import NotOffered
from neurorec.formula.cuda_single import SIMULATED as SIMULATED


def expect_gpu() -> None:
    """Refuse to go on where kernels cannot run.

    Raises
    ------
    NotOffered
        With what is missing, and the way out.
    """
    if SIMULATED:
        return
    if find_spec("numba_cuda") is None:
        raise NotOffered("engine 'cuda' needs NVIDIA's numba-cuda: pip install 'neurorec[cuda]', or use engine='numba'")
    if not cuda.is_available():
        raise NotOffered(
            "engine 'cuda' found no CUDA device with a driver; use engine='numba', or set NUMBA_ENABLE_CUDASIM=1 to try small "
            "networks in Numba's simulator"
        )
    _few_blocks_are_meant()


def _few_blocks_are_meant() -> None:
    """Numba warns of every grid that does not fill the GPU; a small network does not."""
    from numba.cuda.core import config  # pyright: ignore[reportMissingImports]

    config.CUDA_LOW_OCCUPANCY_WARNINGS = 0


def processors() -> int:
    """Multiprocessors of the GPU; one in the simulator, where blocks run one after another and cannot wait for each other."""
    return 1 if SIMULATED else int(cuda.get_current_device().MULTIPROCESSOR_COUNT)


def about() -> dict[str, Any]:
    """Name, compute capability, driver, memory."""
    if SIMULATED or not cuda.is_available():
        return {"name": "simulator" if SIMULATED else None}
    device = cuda.get_current_device()
    name = device.name.decode() if isinstance(device.name, bytes) else str(device.name)
    _, total = cuda.current_context().get_memory_info()
    return {"name": name, "compute_capability": list(device.compute_capability), "memory_bytes": int(total), "processors": processors()}
