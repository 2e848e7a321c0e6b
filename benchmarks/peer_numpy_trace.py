"""RFLO in plain NumPy, a trace for every synapse and step: the paper's Equations 5 and 6 as they stand, one trial at a time.

Once with a change at the end of the trial, once with weights that change at every step.

    python benchmarks/peer_numpy_trace.py [--quick] [--json]

Published RFLO code is written like this. Ours here, from the equations.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numpy as np
from peer import compare, compared, expect_same
from report import main

from neurorec.timing import side_by_side
from neurorec.timing.workload import RATE, Workload, moved

NAME, NEEDS, RULE = "NumPy, explicit traces", (), "rflo"
SIZES = ((64, 1), (256, 1))  # one trial: a trace belongs to a trial
ONLINE = (50, 256)  # units; 50 units and 100 steps are what published scripts run


def make(work: Workload, dtype: type) -> Callable[[], np.ndarray]:
    network, trials = work.network, work.trials
    w, w_in, w_out, feedback = (each.astype(dtype) for each in (network.recurrent, network.input, network.readout, network.feedback))
    inputs, targets, initial = (each.astype(dtype) for each in (trials.inputs[:, 0], trials.targets[:, 0], network.initial))
    alpha = dtype(network.dt / network.per_unit("tau")[0])

    def change() -> np.ndarray:
        h, p, q = initial, np.zeros_like(w), np.zeros_like(w_in)
        dw, dw_in, dw_out = np.zeros_like(w), np.zeros_like(w_in), np.zeros_like(w_out)
        for x, target in zip(inputs, targets, strict=True):
            activity = np.tanh(w @ h + w_in @ x)
            slope = 1 - activity**2
            p = (1 - alpha) * p + alpha * np.outer(slope, h)
            q = (1 - alpha) * q + alpha * np.outer(slope, x)
            h = (1 - alpha) * h + alpha * activity
            error = target - w_out @ h
            signal = (feedback @ error)[:, None]
            dw += signal * p
            dw_in += signal * q
            dw_out += np.outer(error, h)
        return dw / dtype(trials.steps)

    return change


def make_online(work: Workload, dtype: type, rate: float) -> Callable[[], np.ndarray]:
    """The same with weights that change at every step; gives the movement of the recurrent weights."""
    network, trials = work.network, work.trials
    before = [each.astype(dtype) for each in (network.recurrent, network.input, network.readout)]
    feedback, (inputs, targets) = network.feedback.astype(dtype), (each.astype(dtype)[:, 0] for each in (trials.inputs, trials.targets))
    alpha, eta = dtype(network.dt / network.per_unit("tau")[0]), dtype(rate / trials.steps)

    def movement() -> np.ndarray:
        w, w_in, w_out = (each.copy() for each in before)
        h, p, q = network.initial.astype(dtype), np.zeros_like(w), np.zeros_like(w_in)
        for x, target in zip(inputs, targets, strict=True):
            activity = np.tanh(w @ h + w_in @ x)
            slope = 1 - activity**2
            p = (1 - alpha) * p + alpha * np.outer(slope, h)
            q = (1 - alpha) * q + alpha * np.outer(slope, x)
            h = (1 - alpha) * h + alpha * activity
            error = target - w_out @ h
            signal = (feedback @ error)[:, None]
            w += eta * signal * p
            w_in += eta * signal * q
            w_out += eta * np.outer(error, h)
        return w - before[0]

    return movement


def measure(quick: bool) -> list[dict[str, Any]]:
    steps, repeats, window = (10, 3, 0.001) if quick else (100, 9, 0.01)
    return compare(sys.modules[__name__], quick) + [_online(units, steps, repeats, window) for units in (ONLINE[:1] if quick else ONLINE)]


def _online(units: int, steps: int, repeats: int, window: float) -> dict[str, Any]:
    work, rate = Workload(units, 1, steps), 0.1
    theirs = make_online(work, np.float64, rate)()
    wrong = float(np.abs(moved(work, RULE, rate).recurrent - theirs).max() / np.abs(theirs).max())
    expect_same(NAME, wrong)
    work = Workload(units, 1, steps)
    jobs = {"ours": lambda: work.online(RULE), "theirs": make_online(work, np.float32, RATE)}
    size = {"peer": NAME, "rule": f"{RULE}, every step", "units": units, "trials": 1}
    return size | compared(side_by_side(jobs, repeats, window), steps) | {"deviation": wrong}


if __name__ == "__main__":
    main(measure, __doc__)
