"""Registers and spills of every CUDA kernel, compiled for GPUs that need not be there.

    python benchmarks/cuda_kernels.py --out data/cuda_kernels.json

Numba asks the GPU in the machine for which architecture device functions are; here it is told. Needs neurorec[cuda] and
nvidia-cuda-nvcc, whose ptxas counts.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from numba import cuda, types
from numbers_file import one_row_a_line

import neurorec as nr
from neurorec.discovery import load
from neurorec.engines.cuda import compile, sizes
from neurorec.engines.cuda.kernels import product
from neurorec.formula.cuda_single import THREADS
from neurorec.formula.derive import Formula
from neurorec.storage.about import git_commit

ARCHITECTURES = ((8, 0), (9, 0))  # A100; H100 and H200
PROCESSORS = {(8, 0): 108, (9, 0): 132}
NETWORKS = (("leaky_tanh", 256, 1), ("leaky_tanh", 256, 512), ("leaky_tanh", 1024, 64), ("lstm", 64, 8))  # cell, units, trials
WORD = types.Array(types.uint64, 1, "C")


class Kernel(NamedTuple):
    """A kernel, what it is called with, and the most threads of its blocks."""

    name: str
    dispatcher: Any
    signature: tuple
    threads: int = THREADS


def floats(dimensions: int) -> types.Array:
    return types.Array(types.float32, dimensions, "C")


AHEAD = types.Tuple([floats(n) for n in (2, 4, 4, 4)])
BACK = types.Tuple([floats(n) for n in (2, 4, 4, 3, 3, 4, 3)])
NUMBER = types.int64


def kernels(formula: Formula, units: int, trials: int, processors: int) -> Iterator[Kernel]:
    """All kernels of a model, as laid out for that size."""
    drives, outputs = formula.n_drives, len(formula.emitted)
    yield Kernel("external", compile.external(formula).external, (floats(3), floats(2), WORD, WORD, types.float64, floats(4)))
    yield Kernel("local scan", compile.alone(formula).sweep, (BACK, NUMBER, NUMBER, NUMBER))
    for direction, arrays, blocks in ((compile.AHEAD, AHEAD, (drives, outputs)), (compile.BACK, BACK, (outputs, drives))):
        shape = sizes.Shape(units, *blocks, trials)
        pointwise = compile.apart(formula, direction).step
        yield Kernel(f"apart, {direction}", pointwise, (arrays, floats(2), floats(2), NUMBER, NUMBER))
        if sizes.fits(shape):
            sweep = compile.on_chip(formula, direction, sizes.on_chip(shape, processors)).sweep
            yield Kernel(f"on chip, {direction}", sweep, (floats(3), arrays, NUMBER, NUMBER), THREADS // 2)
        sweep = compile.across_chip(formula, direction, sizes.across_chip(shape, processors)).sweep
        yield Kernel(f"across chip, {direction}", sweep, (floats(3), arrays, floats(3), NUMBER, NUMBER))
    layout = sizes.online(sizes.Shape(units, drives, outputs, trials), processors)
    online = compile.online(formula, layout, load("feedbacks", "random"), False).online
    signature = (*map(floats, (3, 3, 3, 3, 5, 4, 3)), AHEAD, *map(floats, (3, 3, 3, 2, 3, 1)), types.float32)
    yield Kernel("every step", online, signature, THREADS // 2)


def products() -> Iterator[Kernel]:
    """Kernels that are the same for every model."""
    yield Kernel("gather", product.gather, (floats(3), floats(3), floats(2)))
    yield Kernel("spread", product.spread, (floats(3), floats(2), floats(3)))


def counted(kernel: Kernel, architecture: tuple[int, int]) -> dict[str, Any]:
    """Compile it and count."""
    device = mock.Mock(compute_capability=architecture)
    holders = [m for n, m in sys.modules.items() if n.startswith("numba") and hasattr(m, "get_current_device")]
    with ExitStack() as told_so:
        for module in holders:
            told_so.enter_context(mock.patch.object(module, "get_current_device", lambda: device))
        text, _ = cuda.compile_ptx(kernel.dispatcher.py_func, kernel.signature, cc=architecture)
    told = _ptxas(text, architecture, 65536 // kernel.threads)
    spill = re.findall(r"(\d+) bytes spill stores, (\d+) bytes spill loads", told)
    return {
        "kernel": kernel.name,
        "architecture": "sm_{}{}".format(*architecture),
        "registers": int(re.findall(r"Used (\d+) registers", told)[-1]),
        "spilled_bytes": max(max(map(int, each)) for each in spill),
        "shared_bytes": int((re.findall(r"(\d+) bytes smem", told) or [0])[-1]),
    }


def _ptxas(text: str, architecture: tuple[int, int], registers: int) -> str:
    """What NVIDIA's assembler says of a kernel that may use so many registers a thread."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "kernel.ptx"
        source.write_text(text)
        arch = "-arch=sm_{}{}".format(*architecture)
        command = [ptxas(), "-v", arch, f"-maxrregcount={min(255, registers)}", "-c", source, "-o", Path(folder) / "kernel.cubin"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stderr


def ptxas() -> Path:
    """NVIDIA's assembler, from the package nvidia-cuda-nvcc."""
    import nvidia

    return next(found for folder in nvidia.__path__ for found in Path(folder).glob("*/bin/ptxas"))


def table() -> list[dict[str, Any]]:
    """Every kernel of some networks, for every architecture."""
    rows = []
    for architecture in ARCHITECTURES:
        rows += [{"cell": "", "units": 0, "trials": 0} | counted(kernel, architecture) for kernel in products()]
        for cell, units, trials in NETWORKS:
            formula = nr.Network.random(2, units, 1, cell=cell).formula
            for kernel in kernels(formula, units, trials, PROCESSORS[architecture]):
                rows.append({"cell": cell, "units": units, "trials": trials} | counted(kernel, architecture))
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    rows = table()
    for row in rows:
        print(
            "{cell:10} {units:5} {trials:4}  {kernel:18} {architecture} {registers:4} registers, {spilled_bytes:4} bytes spilled".format(
                **row
            )
        )
    if arguments.out:
        versions = {name: version(name) for name in ("numba-cuda", "nvidia-nvvm", "nvidia-cuda-nvcc")}
        told = {"command": " ".join(["python", *sys.argv]), "commit": git_commit(), "versions": versions, "result": {"kernels": rows}}
        arguments.out.write_text(one_row_a_line(told))
