"""A sweep over time, ahead or back, by the arrangement that suits its size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurorec.engines.cuda import compile, sizes
from neurorec.engines.cuda.bench import Bench, OnGpu
from neurorec.engines.cuda.device import SIMULATED, processors
from neurorec.engines.cuda.kernels import events
from neurorec.engines.cuda.layouts import Layout
from neurorec.engines.cuda.sizes import Shape
from neurorec.formula.derive import Formula

# What each unit receives of what the others send, (receives N, sends N).
MATRIX = {compile.AHEAD: lambda w: w.recurrent, compile.BACK: lambda w: w.recurrent.T}
SMALL = 8 if SIMULATED else 128  # threads of a block that shares nothing


def sweep(bench: Bench, formula: Formula, direction: str, weights: OnGpu, arrays: tuple, steps: int, shape: Shape) -> None:
    """Run all steps.

    Parameters
    ----------
    bench : Bench
    formula : Formula
    direction : str
        `compile.AHEAD` or `compile.BACK`.
    weights : OnGpu
    arrays : tuple
        GPU arrays that the direction works on; see ahead.py and back.py.
    steps : int
    shape : Shape
        Of `MATRIX`.
    """
    way = {"on_chip": _on_chip, "across_chip": _across_chip, "apart": _apart}[sizes.chosen(shape, bench.requested)]
    way(bench, formula, direction, weights, arrays, steps, shape)


def alone(formula: Formula, arrays: tuple, steps: int, shape: Shape, stream: Any) -> None:
    """The reverse scan of a rule in which units receive nothing from other units."""
    blocks = -(-shape.trials * shape.units // SMALL)
    compile.alone(formula).sweep[blocks, SMALL, stream](arrays, steps, shape.trials, shape.units)


def _on_chip(bench: Bench, formula: Formula, direction: str, weights: OnGpu, arrays: tuple, steps: int, shape: Shape) -> None:
    layout = sizes.on_chip(shape, processors())
    tiled = Layout(("tiles", direction, layout), lambda w: sizes.tiled(MATRIX[direction](w), layout))
    tiles = bench.layouts.lay(f"tiles {direction}", weights, tiled)
    blocks = -(-shape.trials // layout.GROUP)
    compile.on_chip(formula, direction, layout).sweep[blocks, layout.THREADS, bench.stream](tiles, arrays, steps, shape.trials)


def _across_chip(bench: Bench, formula: Formula, direction: str, weights: OnGpu, arrays: tuple, steps: int, shape: Shape) -> None:
    layout = sizes.across_chip(shape, processors())
    slabbed = Layout(("slabs", direction, layout), lambda w: sizes.slabs(MATRIX[direction](w), shape, layout))
    slabs = bench.layouts.lay(f"slabs {direction}", weights, slabbed)
    lines = bench.memory.array(f"lines {direction}", (2, shape.trials, shape.columns))
    compile.across_chip(formula, direction, layout).sweep[layout.blocks, layout.THREADS, bench.stream](
        slabs, arrays, lines, steps, shape.trials
    )


def _apart(bench: Bench, formula: Formula, direction: str, weights: OnGpu, arrays: tuple, steps: int, shape: Shape) -> None:
    kernels, blocks = compile.apart(formula, direction), (-(-shape.units // SMALL), shape.trials)
    line = bench.memory.array(f"line {direction}", (shape.trials, shape.columns))
    received = bench.memory.array(f"received {direction}", (shape.trials, shape.rows))
    by_events = direction == compile.AHEAD and formula.spikes and sizes.worth_listing(shape)
    multiply, matrix = (_by_events if by_events else _whole)(bench, direction, weights, line, received)
    kernels.first[blocks, SMALL, bench.stream](arrays, line, shape.units)
    kernels.step[1, SMALL, bench.stream](arrays, received, line, 0, 0)  # of no unit: compiles it before steps are queued

    def step(t: int, stream: Any) -> None:
        multiply(stream)
        kernels.step[blocks, SMALL, stream](arrays, received, line, t, shape.units)

    bench.products.repeat(step, steps, (formula, direction), (line, matrix, received, *arrays))


def _whole(bench: Bench, direction: str, weights: OnGpu, line: Any, received: Any) -> tuple[Callable[[Any], None], Any]:
    """The product of a step, queued in a stream, and the matrix that it reads: ahead in time the weights where they are, as the queued graph has them."""
    matrix = weights.recurrent if direction == compile.AHEAD else _transposed(bench, weights)
    return lambda stream: bench.products.multiply(line, matrix, received), matrix


def _by_events(bench: Bench, direction: str, weights: OnGpu, line: Any, received: Any) -> tuple[Callable[[Any], None], Any]:
    """The same of what is mostly zero."""
    columns, grid = _transposed(bench, weights), (-(-received.shape[1] // events.THREADS), received.shape[0])
    events.receive[grid, events.THREADS, bench.stream](line, columns, received)  # compiles it before steps are queued
    return lambda stream: events.receive[grid, events.THREADS, stream](line, columns, received), weights.recurrent


def _transposed(bench: Bench, weights: OnGpu) -> Any:
    return bench.layouts.lay("weights transposed", weights, Layout("recurrent.T", MATRIX[compile.BACK]))
