"""RFLO in NumPy, a trace for every synapse and step: the paper's Equations 5 and 6 as they stand, one trial at a time.

Once with a change at the end of the trial, once with weights that change at every step.

    python benchmarks/peer_numpy_trace.py [--quick] [--json]

Plain: float32, no more operations than the equations have. Published: as the paper's own program has them
(github.com/murray-lab/rflo-learning), at the size of its example, from the equations: float64, the slope as a function of
the drive, evaluated for each of the two traces, and the learning signal spread over a matrix.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numpy as np
from peer import EVERY_STEP, STEP_RATE, Job, Peer, compare
from report import main

from neurorec.timing.workload import Workload


class Arrays(NamedTuple):
    """A workload of one trial."""

    w: np.ndarray
    w_in: np.ndarray
    w_out: np.ndarray
    feedback: np.ndarray
    initial: np.ndarray
    inputs: np.ndarray
    targets: np.ndarray
    alpha: np.floating


def arrays(work: Workload, dtype: type) -> Arrays:
    network, trials = work.network, work.trials
    weights = (network.recurrent, network.input, network.readout, network.feedback, network.initial)
    given = (each.astype(dtype) for each in (*weights, trials.inputs[:, 0], trials.targets[:, 0]))
    return Arrays(*given, dtype(network.dt / network.per_unit("tau")[0]))


def plain(work: Workload, dtype: type) -> Job:
    w, w_in, w_out, feedback, initial, inputs, targets, alpha = arrays(work, dtype)

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
        return dw / dtype(len(inputs))

    return change


def published(work: Workload, dtype: type) -> Job:
    w, w_in, w_out, feedback, initial, inputs, targets, alpha = arrays(work, dtype)
    steps, spread, spread_in = len(inputs), np.ones(w.shape[1]), np.ones(w_in.shape[1])

    def change() -> np.ndarray:
        h, p, q = initial, np.zeros_like(w), np.zeros_like(w_in)
        dw, dw_in, dw_out = 0, 0, 0
        for x, target in zip(inputs, targets, strict=True):
            drive = np.dot(w, h) + np.dot(w_in, x)
            p = (1 - alpha) * p + alpha * np.outer(_slope(drive), h)
            q = (1 - alpha) * q + alpha * np.outer(_slope(drive), x)
            h = h + alpha * (np.tanh(drive) - h)
            error = target - np.dot(w_out, h)
            dw += np.outer(np.dot(feedback, error), spread) * p / steps
            dw_in += np.outer(np.dot(feedback, error), spread_in) * q / steps
            dw_out += np.outer(error, h) / steps
        return np.asarray(dw)

    return change


def _slope(drive: np.ndarray) -> np.ndarray:
    return 1 / np.cosh(drive) ** 2


def every_step(work: Workload, dtype: type) -> Job:
    """Plain, with weights that change at every step; gives the movement of the recurrent weights."""
    *before, feedback, initial, inputs, targets, alpha = arrays(work, dtype)
    eta = dtype(STEP_RATE / len(inputs))

    def movement() -> np.ndarray:
        w, w_in, w_out = (each.copy() for each in before)
        h, p, q = initial, np.zeros_like(w), np.zeros_like(w_in)
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


PEERS = (
    Peer("NumPy, explicit traces, plain", (), "rflo", ((64, 1), (256, 1)), plain),  # one trial: a trace belongs to a trial
    Peer("NumPy, explicit traces, as published", (), "rflo", ((50, 1),), published, steps=100, dtypes=(np.float64,)),
    Peer("NumPy, explicit traces, plain", (), EVERY_STEP, ((50, 1), (256, 1)), every_step, steps=100),
)


def measure(quick: bool) -> list[dict[str, Any]]:
    return compare(PEERS, quick)


if __name__ == "__main__":
    main(measure, __doc__)
