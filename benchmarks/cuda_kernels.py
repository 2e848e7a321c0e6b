"""Registers, spills, shared memory and instructions of every CUDA kernel, compiled for GPUs that need not be there.

    python benchmarks/cuda_kernels.py --out data/cuda_kernels.json

Numba asks the GPU in the machine for which architecture device functions are; here it is told. Needs neurorec[cuda],
nvidia-cuda-nvcc, whose ptxas counts, and nvidia-cuda-nvdisasm, which lists what a step of the time loop runs.

``registers`` and ``spilled_bytes`` (written and read again) are those of the kernel as it will run, held to the registers
that its most threads leave to each; ``unbounded`` is how many it would take of the 255 that there are.
``instructions`` are those of one step of a thread, where its loop is written out, and ``multiply_adds`` the products of
weights among them.
"""

from __future__ import annotations

import argparse
import dataclasses
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from numba import cuda, types
from numbers_file import one_row_a_line

import neurorec as nr
from neurorec.discovery import load, resolve
from neurorec.engines.cuda import compile, sizes
from neurorec.engines.cuda.kernels import events, flat, product
from neurorec.engines.numba.compile import bound
from neurorec.formula.cuda_single import THREADS
from neurorec.formula.derive import Formula
from neurorec.runs.provenance import git_commit

ARCHITECTURES = ((8, 0), (9, 0))  # A100; H100 and H200
PROCESSORS = {(8, 0): 108, (9, 0): 132}
NETWORKS = (  # cell, units, trials
    ("leaky_tanh", 256, 1),
    ("leaky_tanh", 256, 512),
    ("leaky_tanh", 64, 512),
    ("leaky_tanh", 1024, 64),
    ("lstm", 64, 8),
)
BOUND = re.compile(r"^\.(maxntid|reqntid|minnctapersm)\b.*$", re.M)  # what PTX says of the threads of a block
DECLARED = re.compile(r"\.shared\s+\.align\s+\d+\s+\.b8\s+\w+\[(\d+)\]")
WORD = types.Array(types.uint64, 1, "C")


class Kernel(NamedTuple):
    """A kernel, what it is called with, the most threads of its blocks, and how it is laid out, if that depends on sizes."""

    name: str
    dispatcher: Any
    signature: tuple
    threads: int = THREADS
    layout: sizes.OnChip | sizes.AcrossChip | None = None


def floats(dimensions: int) -> types.Array:
    return types.Array(types.float32, dimensions, "C")


AHEAD = types.Tuple([floats(n) for n in (2, 4, 4, 4)])
BACK = types.Tuple([floats(n) for n in (2, 4, 4, 3, 3, 4, 3)])
NUMBER = types.int64


def kernels(formula: Formula, units: int, trials: int, processors: int) -> Iterator[Kernel]:
    """All kernels of a model, as laid out for that size."""
    drives, outputs = formula.n_drives, len(formula.emitted)
    yield Kernel("constants", compile.constants(formula).constants, (floats(1), NUMBER, types.float64, floats(2)))
    yield Kernel("external", compile.external(formula).external, (floats(3), floats(2), WORD, WORD, types.float64, floats(4)))
    yield Kernel("local scan", compile.alone(formula).sweep, (BACK, NUMBER, NUMBER, NUMBER))
    for direction, arrays, blocks in ((compile.AHEAD, AHEAD, (drives, outputs)), (compile.BACK, BACK, (outputs, drives))):
        shape = sizes.Shape(units, *blocks, trials)
        pointwise = compile.apart(formula, direction).step
        yield Kernel(f"apart, {direction}", pointwise, (arrays, floats(2), floats(2), NUMBER, NUMBER))
        if sizes.fits(shape):
            small = sizes.on_chip(shape, processors)
            sweep = compile.on_chip(formula, direction, small).sweep
            yield Kernel(f"on chip, {direction}", sweep, (floats(3), arrays, NUMBER, NUMBER), small.THREADS, small)
        wide = sizes.across_chip(shape, processors)
        sweep = compile.across_chip(formula, direction, wide).sweep
        yield Kernel(f"across chip, {direction}", sweep, (floats(3), arrays, floats(3), NUMBER, NUMBER), wide.THREADS, wide)
    layout = sizes.online(sizes.Shape(units, drives, outputs, trials), processors)
    for name, rates in (("every step", floats(1)), ("every step, uneven", types.UniTuple(floats(3), 4))):
        online = compile.online(formula, layout, load("feedbacks", "random"), "identity", rates != floats(1)).online
        signature = (*map(floats, (3, 3, 3, 3, 5, 4, 3)), AHEAD, *map(floats, (3, 3, 3, 2, 3)), rates, types.float32)
        yield Kernel(name, online, signature, layout.THREADS, layout)


def products() -> Iterator[Kernel]:
    """Kernels that are the same for every model."""
    yield Kernel("gather", product.gather, (floats(3), floats(3), floats(2)))
    yield Kernel("spread", product.spread, (floats(3), floats(2), floats(3)))
    yield Kernel("receive events", events.receive, (floats(2), floats(2), floats(2)), events.THREADS)


def updates(optimisers: Iterable[type], feedbacks: Iterable[Any]) -> Iterator[Kernel]:
    """Kernels that change weights and lay them out, by each law."""
    sums, vector, rate = types.Array(types.float64, 2, "C"), floats(1), types.float32
    total, table = types.Array(types.float64, 1, "C"), types.Array(types.int32, 1, "C")
    for optimiser in optimisers:
        settings = types.UniTuple(types.float64, max(1, len(dataclasses.fields(optimiser))))
        arrays = (vector, vector, floats(2), vector, vector, total)
        yield Kernel(
            f"update, {optimiser.__name__}", compile.update(optimiser).update, (*arrays, types.float64, rate, rate, NUMBER, settings)
        )
    for feedback in feedbacks:
        yield Kernel(f"blend, {type(feedback).__name__}", compile.blend(bound(feedback, "element")).blend, (floats(2),) * 3)
    yield Kernel("lay", flat.lay, (vector, table, rate, vector))
    yield Kernel("put", flat.put, (vector, table, vector))
    yield Kernel("over trials", flat.over_trials, (floats(2), NUMBER, vector))
    yield Kernel("squares", flat.squares, (vector, vector, rate, sums))
    yield Kernel("survey", flat.survey, (vector, vector, vector, rate, rate, rate, NUMBER, NUMBER, NUMBER, NUMBER, sums))
    yield Kernel("add up", flat.add_up, (sums, total))


def errors(losses: Iterable[Any]) -> Iterator[Kernel]:
    """Kernels that compute what is sent back: of a loss with a link that of the link, of any other its own."""
    for loss in losses:
        found = compile.linked_error(loss.link) if loss.link else compile.own_error(bound(loss, "error"))
        yield Kernel(f"error, {type(loss).__name__}", found.error, (floats(3), floats(3), floats(2), floats(3)))


def counted(kernel: Kernel, architecture: tuple[int, int]) -> dict[str, Any]:
    """Compile it and count."""
    text = ptx(kernel, architecture)
    with tempfile.TemporaryDirectory() as folder:
        cubin = Path(folder) / "kernel.cubin"
        unbounded = _registers(assembled(BOUND.sub("", text), architecture, cubin))
        told = assembled(text, architecture, cubin)
        loop = step_of(listing(cubin)) if isinstance(kernel.layout, sizes.OnChip) and nvidia("nvdisasm") else None
    return {
        "kernel": kernel.name,
        "architecture": "sm_{}{}".format(*architecture),
        "registers": _registers(told),
        "unbounded": unbounded,
        "spilled_bytes": max(int(out) + int(back) for out, back in re.findall(r"(\d+) bytes spill stores, (\d+) bytes spill loads", told)),
        "shared_bytes": sum(map(int, DECLARED.findall(text))),  # which ptxas does not count where it does not link
        **({} if loop is None else {"instructions": loop, "multiply_adds": multiply_adds(kernel.layout)}),
    }


def ptx(kernel: Kernel, architecture: tuple[int, int]) -> str:
    """As it is compiled for that GPU, with the bounds that its decorator states."""
    device = mock.Mock(compute_capability=architecture)
    holders = [m for n, m in sys.modules.items() if n.startswith("numba") and hasattr(m, "get_current_device")]
    with ExitStack() as told_so:
        for module in holders:
            told_so.enter_context(mock.patch.object(module, "get_current_device", lambda: device))
        bounds = kernel.dispatcher.targetoptions.get("launch_bounds")
        return cuda.compile_ptx(kernel.dispatcher.py_func, kernel.signature, cc=architecture, launch_bounds=bounds)[0]


def assembled(text: str, architecture: tuple[int, int], cubin: Path) -> str:
    """What NVIDIA's assembler says of a kernel; unlinked (-c), for a barrier of the whole grid is in a library of the driver's."""
    source = cubin.with_suffix(".ptx")
    source.write_text(text)
    command = [required("ptxas"), "-v", "-arch=sm_{}{}".format(*architecture), "-c", source, "-o", cubin]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


def listing(cubin: Path) -> str:
    """The instructions that the GPU runs, a line each."""
    return subprocess.run([required("nvdisasm"), "-c", cubin], capture_output=True, text=True, check=True).stdout


def step_of(listed: str) -> int | None:
    """Instructions of the longest loop, the one over time; None if there is a loop in it, whose turns cannot be read off."""
    count, labels, loops = 0, {}, []
    for line in listed.splitlines():
        if label := re.match(r"\s*(\.L\w+):", line):
            labels[label[1]] = count
        elif re.match(r"\s*/\*[0-9a-f]+\*/\s+\S", line):
            if (back := re.search(r"\bBRA\b.*`\((\.L\w+)\)", line)) and back[1] in labels:
                loops.append((labels[back[1]], count))
            count += 1
    first, last = max(loops, key=lambda loop: loop[1] - loop[0])
    inside = [loop for loop in loops if first <= loop[0] and loop[1] <= last and loop != (first, last)]
    return None if inside else last - first + 1


def multiply_adds(layout: sizes.OnChip) -> int:
    """Of weights, in a step of a thread."""
    return layout.WIDTH * layout.TALL * layout.GROUP


def nvidia(program: str) -> Path | None:
    """A program of NVIDIA's packages, if that package is installed."""
    import nvidia

    return next((found for folder in nvidia.__path__ for found in Path(folder).glob(f"*/bin/{program}")), None)


def required(program: str) -> Path:
    found = nvidia(program)
    if found is None:
        raise SystemExit(f"{program} is missing: pip install nvidia-cuda-{'nvcc' if program == 'ptxas' else program}")
    return found


def _registers(told: str) -> int:
    return int(re.findall(r"Used (\d+) registers", told)[-1])


def table() -> list[dict[str, Any]]:
    """Every kernel of some networks, for every architecture."""
    rows = []
    for architecture in ARCHITECTURES:
        laws = updates((load("optimisers", name) for name in nr.names("optimisers")), [resolve("feedbacks", "random")])
        losses = errors(resolve("losses", name) for name in nr.names("losses"))
        rows += [{"cell": "", "units": 0, "trials": 0} | counted(kernel, architecture) for kernel in (*products(), *laws, *losses)]
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
            "{cell:10} {units:5} {trials:4}  {kernel:18} {architecture} {registers:4} registers ({unbounded:3} if unbounded), "
            "{spilled_bytes:4} bytes spilled, {shared_bytes:5} shared".format(**row)
            + (", {instructions} instructions a step for {multiply_adds} multiply-adds".format(**row) if "instructions" in row else "")
        )
    if arguments.out:
        versions = {name: version(name) for name in ("numba-cuda", "nvidia-nvvm", "nvidia-cuda-nvcc", "nvidia-cuda-nvdisasm")}
        told = {"command": " ".join(["python", *sys.argv]), "commit": git_commit(), "versions": versions, "result": {"kernels": rows}}
        arguments.out.write_text(one_row_a_line(told))
