"""Evaluation in time on a CPU: sweeps of jacobi, and newton, over the same states one step after another.

    python benchmarks/unrolled.py [--out data/unrolled.json] [--quick] [--json]

All on torch tensors in float32, one thread, from the call to the trajectories; beside them the compiled engine, which goes step by step.
Columns are milliseconds a trial set, and each over the sequential form's. What parallel hardware would gain cannot be seen here: a sweep is
the work of the whole trial, and one core does all of it.
"""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numpy as np
from report import main_of_file

import neurorec as nr
from neurorec.errors import UnrollWarning
from neurorec.timing import side_by_side

UNITS, TRIALS, STEPS = (32, 128), (1, 16), (64, 512)
SWEEPS = (1, 2, 4, 8)
SMALL = 32  # units: a sweep of newton makes T products of (N, N) matrices


def measure(quick: bool) -> list[dict[str, Any]]:
    if quick:
        return [_one(8, 1, 16, repeats=2)]
    return [_one(n, b, t, repeats=5) for n, b, t in itertools.product(UNITS, TRIALS, STEPS)]


def _one(units: int, trials: int, steps: int, repeats: int) -> dict[str, Any]:
    network = nr.Network.random(3, units, 1, cell="tanh", gain=0.9, seed=0)
    inputs = np.random.default_rng(0).normal(size=(steps, trials, 3))
    data = nr.Trials(inputs, np.zeros((steps, trials, 1)))
    ways = {"sequential": "sequential", **{f"jacobi_{k}": nr.unroll.Jacobi(sweeps=k) for k in SWEEPS}}
    if units <= SMALL:
        ways["newton"] = nr.unroll.Newton(tolerance=1e-5)
    engines = {name: nr.unroll.engine(how, "cpu", "float32") for name, how in ways.items()}
    jobs = {name: lambda engine=engine: nr.simulate(network, data, engine) for name, engine in {**engines, "numba": "numba"}.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnrollWarning)
        taken = {name: 1e3 * float(np.median(each)) for name, each in side_by_side(jobs, repeats).items()}
    over = {f"{name}_over_sequential": taken[name] / taken["sequential"] for name in taken if name != "sequential"}
    rows = {f"{name}_ms": each for name, each in taken.items()}
    return {"units": units, "trials": trials, "steps": steps, **rows, **over}


if __name__ == "__main__":
    main_of_file(measure, __doc__, "unrolled")
