"""Units that spike: a time step of many, beside Brian2 compiled to C++; what learning costs beside it; and beside torch's autograd.

    python benchmarks/spikes.py [--quick] [--json] [--out data/spikes.json]

One thread, in turn: medians and quartiles of rounds. Units are `lif`, all connected to all, each with a constant current of its own, at 26 Hz;
a step is 1 ms. First ``us_per_step`` of a trial of a second, weights packed before, as Brian2's synapses are made before its clock starts: its
code is generated and compiled before (``build_s``), and its time is that of its own loop. Both say how often units spiked. Then a trial with
the change of its weights by `rflo` (e-prop), from weights that changed since the last, over its forward pass. Then eager torch in float32,
forward and backward as one writes it; ``bptt_times`` is over ours of the same gradient, held to it, ``rflo_times`` over e-prop, another one.
``--quick`` runs Brian2's NumPy code in the place of C++.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numpy as np
import spikes_brian2
import spikes_torch
from report import main_of_file

import neurorec as nr
from neurorec.engines.numba import NumbaEngine
from neurorec.timing import Spread, side_by_side
from neurorec.timing.workload import Workload

DTYPES = ("float64", "float32")
CURRENT = 0.095  # the largest, where the threshold is 1: 26 Hz on average
UNITS, STEPS = 1000, 1000
LEARNING = ((100, 1, 1000), (100, 32, 200), (1000, 1, 1000), (1000, 16, 100))  # units, trials, steps
AUTOGRAD = ((100, 1, 200), (1000, 1, 100))
QUICK = ((20, 1, 30), (20, 3, 30))


def network(units: int, seed: int = 0) -> nr.Network:
    """Weights N(0, 0.09 / N), as many excite as inhibit; no input is heard."""
    rng = np.random.default_rng(seed)
    recurrent = 0.3 * rng.standard_normal((units, units)) / np.sqrt(units) * (1 - np.eye(units))
    bias, readout = rng.uniform(0, CURRENT, units), rng.standard_normal((1, units)) / np.sqrt(units)
    feedback = rng.standard_normal((units, 1))
    return nr.Network(recurrent, np.zeros((units, 1)), readout, feedback, cell="lif", dt=0.001, bias=bias)


def workload(units: int, trials: int, steps: int, dtype: str) -> Workload:
    return Workload(units, trials, steps, NumbaEngine(dtype=dtype), network=network(units))


def forward(units: int, steps: int, quick: bool) -> list[dict[str, Any]]:
    """Steps of one trial in each float type, and Brian2's."""
    works = {dtype: workload(units, 1, steps, dtype) for dtype in DTYPES}
    for work in works.values():
        work.weights.fixed = True
    jobs = {dtype: spikes_brian2.clocked(work.forward) for dtype, work in works.items()}
    spikes = {dtype: int(work.forward().emitted[1:].sum()) for dtype, work in works.items()}
    peer = spikes_brian2.made(works["float64"].network, steps, "numpy" if quick else "cpp_standalone") if find_spec("brian2") else None
    if peer:
        jobs["brian2"] = peer.seconds
    taken = spikes_brian2.in_turn(jobs, 3 if quick else 15)
    rows = []
    for dtype in DTYPES:
        own = Spread.of(1e6 * taken[dtype] / steps)
        row = {"units": units, "steps": steps, "dtype": dtype, "hz": spikes[dtype] / units / (steps * 0.001), "us_per_step": own.median}
        row |= {"low": own.low, "high": own.high, "spikes": spikes[dtype]}
        if peer:
            times = Spread.of(taken["brian2"] / taken[dtype])
            row |= {"brian2": peer.target, "brian2_us": 1e6 * float(np.median(taken["brian2"])) / steps, "brian2_spikes": peer.spikes()}
            row |= {"build_s": peer.build, "brian2_times": times.median, "times_low": times.low, "times_high": times.high}
        rows.append(row)
    return rows


def learning(units: int, trials: int, steps: int, dtype: str, repeats: int) -> dict[str, Any]:
    """A trial with the change of its weights, over its forward pass."""
    work = workload(units, trials, steps, dtype)
    taken = side_by_side({"forward": work.forward, "rflo": lambda: work.update("rflo")}, repeats)
    times = Spread.of(taken["rflo"] / taken["forward"])
    found = {"units": units, "trials": trials, "dtype": dtype, "forward_us": 1e6 * float(np.median(taken["forward"])) / steps}
    return found | {"rflo_times_forward": times.median, "low": times.low, "high": times.high}


def autograd(units: int, trials: int, steps: int, repeats: int) -> dict[str, Any]:
    """BPTT by eager torch, over ours and over e-prop."""
    work = workload(units, trials, steps, "float32")
    theirs = spikes_torch.job(work)
    wrong = np.abs(theirs() - work.update("bptt").recurrent).max() / np.abs(work.update("bptt").recurrent).max()
    if wrong > 1e-3:
        raise SystemExit(f"torch's gradient of the recurrent weights differs by {wrong:.1g} of the largest: nothing is timed")
    taken = side_by_side({"torch": theirs, "bptt": lambda: work.update("bptt"), "rflo": lambda: work.update("rflo")}, repeats)
    bptt, rflo = (Spread.of(taken["torch"] / taken[rule]) for rule in ("bptt", "rflo"))
    found = {"units": units, "trials": trials, "torch_us": 1e6 * float(np.median(taken["torch"])) / steps, "bptt_times": bptt.median}
    return found | {"rflo_times": rflo.median, "low": rflo.low, "high": rflo.high}


def measure(quick: bool) -> list[dict[str, Any]]:
    rows = forward(*((QUICK[0][0], QUICK[0][2]) if quick else (UNITS, STEPS)), quick=quick)
    rows += [learning(*size, dtype, 3 if quick else 11) for size in (QUICK if quick else LEARNING) for dtype in DTYPES]
    if find_spec("torch"):
        rows += [autograd(*size, 3 if quick else 9) for size in (QUICK[:1] if quick else AUTOGRAD)]
    return rows


if __name__ == "__main__":
    main_of_file(measure, __doc__, "spikes")
