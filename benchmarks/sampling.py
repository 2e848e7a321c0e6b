"""Making the trials of every task whose settings need no file, beside what no form of it can avoid.

    python benchmarks/sampling.py [--out data/sampling.json] [--quick] [--json]

The floor draws as many random numbers as the trials have in one call of NumPy's generator, and writes arrays of the sizes of inputs, targets
and mask: no checks, no generator of each trial, no task. `times_the_floor` is a median of rounds in turn.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numpy as np
from report import main_of_file

import neurorec as nr
from neurorec.timing import Spread, side_by_side

TASKS = (
    "adding_problem", "centre_out_velocity", "context_integration", "copying_memory", "delayed_match_to_sample", "interval_matching",
    "movement_sequence", "n_bit_flip_flop", "periodic_output", "recorded_pattern", "sine_generator",
)  # fmt: skip
TRIALS, REPEATS = 256, 9


def measure(quick: bool) -> list[dict[str, Any]]:
    """A row a task."""
    return [row(name, *((8, 2) if quick else (TRIALS, REPEATS))) for name in TASKS]


def row(name: str, n: int, repeats: int) -> dict[str, Any]:
    task = nr.task(name)
    jobs: dict[str, Callable[[], Any]] = {"made": partial(task.trials, n), "floor": partial(floor, task.trials(n), noise(task) * n)}
    taken = side_by_side(jobs, repeats, window=0.0)
    times = Spread.of(taken["made"] / taken["floor"])
    return {
        "task": name,
        "trials_per_s": round(n / Spread.of(taken["made"]).median),
        "times_the_floor": times.median,
        "low": times.low,
        "high": times.high,
    }


def noise(task: Any) -> int:
    """Normal, uniform or geometric numbers in the longest trial; others are a handful."""
    count = {
        "AddingProblem": lambda: task.length,
        "ContextIntegration": lambda: 2 * round(task.stimulus / task.dt),
        "DelayedMatchToSample": lambda: task.trials(1).inputs.size,
        "NBitFlipFlop": lambda: task.n_bits * round(task.duration / (task.width + task.dt)),  # gaps between pulses
    }
    return count.get(type(task).__name__, lambda: 0)()


def floor(trials: nr.Trials, numbers: int) -> list[np.ndarray]:
    """Draw them and write the arrays."""
    np.random.default_rng(0).standard_normal(numbers)
    return [np.ones(array.shape) for array in (trials.inputs, trials.targets, trials.mask)]


if __name__ == "__main__":
    main_of_file(measure, __doc__, "sampling")
