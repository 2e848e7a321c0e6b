"""Units that spike: a time step of many, beside Brian2 compiled to C++; what learning costs beside it; and beside torch's autograd.

    python benchmarks/spikes.py [--quick] [--json] [--out data/spikes.json]

One thread, in turn: medians and quartiles of rounds. Units are `lif`, all connected to all, each with a constant current of its own, at 26 Hz;
a step is 1 ms. First ``us_per_step`` of a trial of a second, weights packed before: run as `nr.stream` does, in windows of 50 steps, where as in
Brian2 no state is kept longer, and as `nr.simulate` does, which keeps all states of all steps. Brian2's synapses are made, its code is generated
and compiled before (``build_s``), and its time is that of its own loop; both count the spikes. ``least_us`` and ``brian2_least`` are of the
fastest round of each, which other work on the machine disturbed least. Then a trial with the change of its weights by `rflo` (e-prop), from
weights that changed since the last, over its forward pass. Then eager torch in float32, forward and backward as one writes it; ``bptt_times`` is
over ours of the same gradient, held to it, ``rflo_times`` over e-prop, another one.
``--quick`` runs Brian2's NumPy code in the place of C++.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numpy as np
import spikes_brian2
import spikes_torch
from report import main_of_file
from spikes_brian2 import clocked, in_turn

import neurorec as nr
from neurorec.engines.numba import NumbaEngine
from neurorec.timing import Spread, side_by_side
from neurorec.timing.workload import Workload

DTYPES = ("float64", "float32")
CURRENT = 0.102  # the largest, where the threshold is 1: 26 Hz on average
UNITS, STEPS, WINDOW = 1000, 1000, 50
LEARNING = ((100, 1, 1000), (100, 32, 200), (1000, 1, 1000), (1000, 16, 100))  # units, trials, steps
AUTOGRAD = ((100, 1, 500), (1000, 1, 500))
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


def in_windows(work: Workload) -> None:
    """The trial, some steps after others; what units did is there until the next."""
    given, steps = work.stimulus, len(work.stimulus.inputs)
    names = ("inputs", "targets", "loss_weight")
    windows = (replace(given, **{name: getattr(given, name)[k : k + WINDOW] for name in names}) for k in range(0, steps, WINDOW))
    for _ in work.engine.stream(work.network, work.weights, windows):
        pass


def forward(units: int, steps: int, quick: bool) -> list[dict[str, Any]]:
    """Steps of one trial in each float type, and Brian2's."""
    works = {dtype: workload(units, 1, steps, dtype) for dtype in DTYPES}
    for work in works.values():
        work.weights.fixed = True
    ways = {"none": in_windows, "all": lambda work: work.forward()}
    jobs = {(dtype, kept): clocked(partial(way, work)) for dtype, work in works.items() for kept, way in ways.items()}
    peer = spikes_brian2.Peer(works["float64"].network, steps, "numpy" if quick else "cpp_standalone") if find_spec("brian2") else None
    taken = in_turn(jobs | ({"brian2": peer.seconds} if peer else {}), 3 if quick else 21)
    rows = []
    for dtype, kept in jobs:
        own, fired = Spread.of(1e6 * taken[dtype, kept] / steps), int(works[dtype].forward().emitted[1:].sum())
        row = {
            "units": units,
            "dtype": dtype,
            "kept": kept,
            "spikes": fired,
            "hz": fired / units / (steps * 0.001),
            "us_per_step": own.median,
        }
        row |= {"low": own.low, "high": own.high, "least_us": 1e6 * taken[dtype, kept].min() / steps}
        rows.append(row | (beside(peer, taken["brian2"], taken[dtype, kept], steps) if peer else {}))
    return rows


def beside(peer: spikes_brian2.Peer, theirs: np.ndarray, ours: np.ndarray, steps: int) -> dict[str, Any]:
    """Brian2's seconds over ours, round by round."""
    times = Spread.of(theirs / ours)
    found = {
        "brian2": peer.target,
        "brian2_spikes": peer.spikes(),
        "build_s": peer.build,
        "brian2_us": 1e6 * float(np.median(theirs)) / steps,
    }
    return found | {
        "brian2_least": 1e6 * theirs.min() / steps,
        "brian2_times": times.median,
        "times_low": times.low,
        "times_high": times.high,
    }


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
        rows += [autograd(*size, 3 if quick else 7) for size in (QUICK[:1] if quick else AUTOGRAD)]
    return rows


if __name__ == "__main__":
    main_of_file(measure, __doc__, "spikes")
