"""A sweep over time, ahead or back, by the arrangement that suits its size."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurorec.engines.cuda import compile, sizes
from neurorec.engines.cuda.device import processors
from neurorec.engines.cuda.memory import Memory
from neurorec.engines.cuda.products import AbstractProducts
from neurorec.engines.cuda.sizes import Shape
from neurorec.formula.derive import Formula

SMALL = 128  # threads of a block that shares nothing


def sweep(formula: Formula, direction: str, weights: np.ndarray, arrays: tuple, steps: int, shape: Shape, memory: Memory,
          products: AbstractProducts, asked: str | None) -> None:  # fmt: skip
    """Run all steps.

    Parameters
    ----------
    formula : Formula
    direction : str
        `compile.AHEAD` or `compile.BACK`.
    weights : (hears N, sends N) array
        What each unit hears of what the others send: the recurrent weights, or their transpose.
    arrays : tuple
        GPU arrays that the direction works on; see ahead.py and back.py.
    steps : int
    shape : Shape
    memory, products
        Of the engine.
    asked : str or None
        An arrangement, if the user wants that one.
    """
    way = {"on_chip": _on_chip, "across_chip": _across_chip, "apart": _apart}[sizes.chosen(shape, asked)]
    way(formula, direction, weights, arrays, steps, shape, memory, products)


def alone(formula: Formula, arrays: tuple, steps: int, shape: Shape, stream: Any) -> None:
    """The reverse scan of a rule in which units hear nobody."""
    blocks = -(-shape.trials * shape.units // SMALL)
    compile.alone(formula).sweep[blocks, SMALL, stream](arrays, steps, shape.trials, shape.units)


def _on_chip(formula: Formula, direction: str, weights: np.ndarray, arrays: tuple, steps: int, shape: Shape, memory: Memory,
             products: AbstractProducts) -> None:  # fmt: skip
    layout = sizes.on_chip(shape, processors())
    tiles = memory.upload(f"tiles {direction}", sizes.tiled(weights, layout))
    blocks = -(-shape.trials // layout.GROUP)
    compile.on_chip(formula, direction, layout).sweep[blocks, layout.THREADS, products.stream](tiles, arrays, steps, shape.trials)


def _across_chip(formula: Formula, direction: str, weights: np.ndarray, arrays: tuple, steps: int, shape: Shape, memory: Memory,
                 products: AbstractProducts) -> None:  # fmt: skip
    layout = sizes.across_chip(shape, processors())
    slabs = memory.upload(f"slabs {direction}", sizes.slabs(weights, shape, layout))
    lines = memory.array(f"lines {direction}", (2, shape.trials, shape.columns))
    compile.across_chip(formula, direction, layout).sweep[layout.blocks, layout.THREADS, products.stream](
        slabs, arrays, lines, steps, shape.trials
    )


def _apart(formula: Formula, direction: str, weights: np.ndarray, arrays: tuple, steps: int, shape: Shape, memory: Memory,
           products: AbstractProducts) -> None:  # fmt: skip
    kernels, blocks = compile.apart(formula, direction), (-(-shape.units // SMALL), shape.trials)
    matrix = memory.upload(f"weights {direction}", weights)
    line = memory.array(f"line {direction}", (shape.trials, shape.columns))
    heard = memory.array(f"heard {direction}", (shape.trials, shape.rows))
    kernels.first[blocks, SMALL, products.stream](arrays, line, shape.units)
    kernels.step[1, SMALL, products.stream](arrays, heard, line, 0, 0)  # of no unit: compiles it before steps are queued

    def step(t: int, stream: Any) -> None:
        products.multiply(line, matrix, heard)
        kernels.step[blocks, SMALL, stream](arrays, heard, line, t, shape.units)

    products.repeat(step, steps, (formula, direction), (line, matrix, heard, *arrays))
