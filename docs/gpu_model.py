"""Table of engines.rst: what a step of the time loop must take on an H100 by its data sheet; registers and instructions are read from data/. python docs/gpu_model.py"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from comparison import DATA, HERE
from figures import table

from neurorec.discovery import load
from neurorec.engines.cuda import sizes
from neurorec.networks.cell_with_filter import formula_of

# One H100 (SXM), of NVIDIA's data sheet and tuning guide: multiprocessors, and of each its schedulers, registers, threads, bytes of shared
# memory, and bytes that its nearest cache and its shared memory bring in a cycle.
PROCESSORS, SCHEDULERS, REGISTERS, THREADS, SHARED, CACHE = 132, 4, 65_536, 2048, 233_472, 128
CLOCK = 1.98e9  # cycles a second, at most
FLOAT = 4  # bytes
COLUMNS = (
    "network", "trials", "arrangement", "blocks x threads", "registers a thread", "shared, KB a block", "blocks a processor has room for",
    "weights it reads again, KB", "reads, us", "instructions, us",
)  # fmt: skip


class Row(NamedTuple):
    """A forward step of one model: its occupancy, and the two bounds from below."""

    network: str
    trials: int
    arrangement: str
    grid: str
    registers: int
    shared: str
    resident: int
    again: str
    reads: str
    instructions: str


def main() -> None:
    (HERE / "_static" / "gpu_model.txt").write_text(table("A forward step on an H100: a model, nothing measured", COLUMNS, [*rows()]))


def rows() -> Iterator[Row]:
    for kernel in json.loads((DATA / "cuda_kernels.json").read_text())["result"]["kernels"]:
        if kernel["architecture"] == "sm_90" and kernel["kernel"] == f"{'on' if on_one(kernel) else 'across'} chip, ahead":
            yield row(kernel)


def on_one(kernel: dict[str, Any]) -> bool:
    """Whether one multiprocessor holds all weights."""
    return bool(kernel["cell"]) and sizes.fits(shape_of(kernel))


def shape_of(kernel: dict[str, Any]) -> sizes.Shape:
    formula = formula_of(load("cells", kernel["cell"]), None, ())
    return sizes.Shape(kernel["units"], formula.n_drives, len(formula.emitted), kernel["trials"])


def row(kernel: dict[str, Any]) -> Row:
    shape = shape_of(kernel)
    small = kernel["kernel"].startswith("on chip")
    layout: Any = sizes.on_chip(shape, PROCESSORS) if small else sizes.across_chip(shape, PROCESSORS)
    blocks = -(-shape.trials // layout.GROUP) if small else layout.blocks
    warps = -(-layout.THREADS // 32)
    resident = min(REGISTERS // (kernel["registers"] * 32 * warps), SHARED // max(1, kernel["shared_bytes"]), THREADS // (32 * warps))
    again = read_again(layout, shape)
    busy = -(-blocks // PROCESSORS)  # blocks of the fullest processor
    groups = 1 if small else -(-shape.trials // layout.GROUP)
    issued = kernel.get("instructions")
    return Row(
        f"{kernel['cell']}, {shape.units}", shape.trials, kernel["kernel"].split(",")[0], f"{blocks} x {layout.THREADS}", kernel["registers"],
        f"{kernel['shared_bytes'] / 1024:.1f}", resident, f"{again / 1024:.0f}", f"{busy * groups * again / CACHE / CLOCK * 1e6:.2f}",
        f"{busy * issued * warps / SCHEDULERS / CLOCK * 1e6:.2f}" if issued else "",
    )  # fmt: skip


def read_again(layout: Any, shape: sizes.Shape) -> int:
    """Bytes of weights that a block reads at every step, for each group of its trials: those that its registers do not hold."""
    if isinstance(layout, sizes.OnChip):
        return FLOAT * layout.THREADS * layout.TALL * (layout.WIDTH - layout.HELD)
    return FLOAT * shape.receives * layout.SLAB * shape.columns


if __name__ == "__main__":
    main()
