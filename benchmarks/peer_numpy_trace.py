"""RFLO in plain NumPy, a trace for every synapse and step: the paper's Equations 5 and 6 as they stand, one trial at a time.

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
from peer import compare
from report import main

from neurorec.timing.workload import Workload

NAME, NEEDS, RULE = "NumPy, explicit traces", (), "rflo"
SIZES = ((64, 1), (256, 1))  # one trial: a trace belongs to a trial


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


def measure(quick: bool) -> list[dict[str, Any]]:
    return compare(sys.modules[__name__], quick)


if __name__ == "__main__":
    main(measure, __doc__)
