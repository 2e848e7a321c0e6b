"""How a sweep over time is laid out on a GPU: readable rules of size; what they fix is compiled into the kernels."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np

from neurorec.errors import NotOffered
from neurorec.formula.cuda_single import THREADS

SHARED = 46_000  # bytes of shared memory a block may have without asking the driver for more (48 KiB), less a reserve
REGISTERS = 160  # weights that a thread holds of the registers that half a full block has, beside all else (compiled and counted)
ON_CHIP = 2**16  # weights of one multiprocessor: a part in registers, the others in its nearest cache (256 KB each)
CROWD = 2**16  # units times trials beyond which blocks of a small network would queue
FEW = 16  # trials up to which one launch for all steps beats a product a step: each four of them read all weights again
WARPS = THREADS // 32
ROOMY = THREADS // 2  # threads of a block that needs twice the registers
SPREAD = 4096  # units that the processors of any recent GPU can step together
FEWEST = 16  # columns a thread should sum before it shares a row with another
QUAD = 4  # numbers that one load of 16 bytes brings: rows of a tile, and columns that are taken at once
RATE = 0.02  # share of the units that spike in a step, 20 Hz in steps of a millisecond: it is not known before, nor seen by the host
WAYS = ("on_chip", "across_chip", "apart")


@dataclass(frozen=True)
class Shape:
    """What a sweep multiplies: weights (receives N, sends N) by what B trials send.

    Attributes
    ----------
    units, receives, sends, trials : int
        N; blocks of rows and of columns of the weights; B.
    """

    units: int
    receives: int
    sends: int
    trials: int

    @property
    def rows(self) -> int:
        """Rows of the weights."""
        return self.receives * self.units

    @property
    def columns(self) -> int:
        """Columns of the weights."""
        return self.sends * self.units


@dataclass(frozen=True)
class OnChip:
    """A block for some trials, with all weights; see kernels/on_chip.py."""

    UNITS: int
    GROUP: int
    TALL: int
    TILES: int
    SLICES: int
    WIDTH: int
    HELD: int
    THREADS: int

    @property
    def shared_bytes(self) -> int:
        """What a block needs: a line that is sent, and what each slice has found."""
        return 4 * self.GROUP * self.SLICES * (self.WIDTH + self.TILES * self.TALL)


@dataclass(frozen=True)
class AcrossChip:
    """A block for some units, with their weights; see kernels/across_chip.py."""

    UNITS: int
    COLUMNS: int
    SLAB: int
    GROUP: int
    TALL: int
    TILES: int
    AT_ONCE: int
    SLICES: int
    KEPT: int
    THREADS: int

    @property
    def blocks(self) -> int:
        """Blocks of the grid."""
        return -(-self.UNITS // self.SLAB)

    @property
    def shared_bytes(self) -> int:
        """What a block needs at most: the weights that are kept, what each slice has found, and a number a thread."""
        return 4 * (max(1, self.KEPT * self.COLUMNS) + self.SLICES * self.TILES * self.TALL * self.GROUP + self.THREADS)


def chosen(shape: Shape, requested: str | None = None) -> str:
    """Which arrangement: as requested, or by size. The limits are estimates; no GPU has been measured yet.

    ``"on_chip"`` where one multiprocessor can hold all weights; ``"across_chip"`` for few trials of a larger network;
    ``"apart"``, one product and one launch a step, for the others.
    """
    if requested is not None:
        return requested
    if fits(shape) and shape.units * shape.trials <= CROWD:
        return "on_chip"
    return "across_chip" if shape.trials <= FEW and shape.units <= SPREAD else "apart"


def worth_listing(shape: Shape) -> bool:
    """Whether to go through what units send by its spikes: each trial reads the weights of its own, a product of all trials reads all weights once.

    An estimate from what is read, by the rule of the `numba` engine (numba/events.py): a listed term as dear as 3.5 others, at `RATE`.
    """
    return 3.5 * RATE * shape.trials <= 1


def fits(shape: Shape) -> bool:
    """Whether one multiprocessor holds all weights."""
    return shape.rows * shape.columns <= ON_CHIP and shape.rows <= 4 * ROOMY and shape.units <= ROOMY


def on_chip(shape: Shape, processors: int) -> OnChip:
    """As many trials a block as the processors leave over; the weights in tiles, one a thread.

    Raises
    ------
    NotOffered
        If the network is too large for it.
    """
    if not fits(shape):
        raise NotOffered(
            f"{shape.rows} x {shape.columns} weights are too many for arrangement='on_chip', which holds {ON_CHIP}; use 'across_chip' or 'apart'"
        )
    wanted, most = -(-shape.trials // processors), ROOMY // shape.units
    group = max(g for g in (1, 2, 4, 8) if g == 1 or (g < 2 * wanted and g <= most))
    tiles = -(-shape.rows // QUAD)
    slices = max(1, min(ROOMY // tiles, shape.columns // FEWEST))
    width = _up(-(-shape.columns // slices), QUAD)
    threads = _up(max(slices * tiles, group * shape.units), 32)
    return OnChip(shape.units, group, QUAD, tiles, slices, width, min(width, REGISTERS // QUAD), threads)


def tiled(weights: np.ndarray, layout: OnChip) -> np.ndarray:
    """Weights (rows, columns) as (WIDTH, threads, TALL): each thread's tile, filled up with zeros."""
    rows, columns = layout.TILES * layout.TALL, layout.SLICES * layout.WIDTH
    full = np.zeros((rows, columns), weights.dtype)
    full[: weights.shape[0], : weights.shape[1]] = weights
    by_tile = full.reshape(layout.TILES, layout.TALL, layout.SLICES, layout.WIDTH).transpose(3, 2, 0, 1)
    out = np.zeros((layout.WIDTH, layout.THREADS, layout.TALL), weights.dtype)
    out[:, : layout.SLICES * layout.TILES] = by_tile.reshape(layout.WIDTH, -1, layout.TALL)
    return out


def across_chip(shape: Shape, processors: int, warps: int = WARPS) -> AcrossChip:
    """The units spread evenly over the processors; their weights in shared memory where they fit."""
    slab = -(-shape.units // processors)
    rows, tall = shape.receives * slab, min(4, shape.receives * slab)
    tiles = -(-rows // tall)
    at_once = min(tiles, warps)
    slices = max(1, min(warps // at_once, shape.columns // 32))
    threads = 32 * at_once * slices
    if slab > threads:
        raise NotOffered(
            f"{shape.units} units are too many for {processors} processors of {threads} threads to step together; use arrangement='apart'"
        )
    group = max(g for g in (1, 2, 4) if g == 1 or (g < 2 * shape.trials and g * slab <= threads))
    layout = AcrossChip(shape.units, shape.columns, slab, group, tall, tiles, at_once, slices, rows, threads)
    return layout if layout.shared_bytes <= SHARED else replace(layout, KEPT=0)


def slabs(weights: np.ndarray, shape: Shape, layout: AcrossChip) -> np.ndarray:
    """Weights (receives N, columns) as (blocks, receives SLAB, columns), filled up with zeros: a block's rows lie together."""
    missing, columns = layout.blocks * layout.SLAB - shape.units, weights.shape[1]
    each = np.pad(weights.reshape(shape.receives, shape.units, columns), ((0, 0), (0, missing), (0, 0)))
    by_block = each.reshape(shape.receives, layout.blocks, layout.SLAB, columns).transpose(1, 0, 2, 3)
    return by_block.reshape(layout.blocks, shape.receives * layout.SLAB, columns)


def online(shape: Shape, processors: int) -> AcrossChip:
    """For weights that change: they stay where they are, and half as many threads have twice the registers."""
    return replace(across_chip(shape, processors, WARPS // 2), KEPT=0)


def printed(layout: OnChip | AcrossChip) -> str:
    """As a module of constants."""
    return "".join(f"{name} = {value}\n" for name, value in asdict(layout).items())


def _up(number: int, step: int) -> int:
    return -(-number // step) * step
