"""A whole training, from the call of `nr.train` to the closed file, against a plain Numba loop written by hand for this one case.

    python benchmarks/whole_training.py [--out data/whole_training.json] [--quick] [--json]

RFLO on the periodic output, 100 steps a trial, an update a trial: the loop does forward pass, error, reverse scan, products and update of a leaky
tanh network, with no file, no log but the loss, no noise, no other cell, rule or optimiser. What `nr.train` takes beyond it is what all of these
cost. Losses of both agree to five digits before anything is timed, and `times_the_loop` is a median of rounds in turn.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numba
import numpy as np
from report import main_of_file

import neurorec as nr
from neurorec.timing import Spread, side_by_side

STEPS, RATE = 100, 0.003
SIZES, REPEATS = {30: 10_000, 64: 6000, 128: 3000, 256: 1000}, 7  # trials by units
AGREE = 1e-5  # of the losses, relative


@numba.njit(fastmath=True, error_model="numpy")
def loop(recurrent, readout, feedback, initial, target, alpha, rate, trials, losses):  # pragma: no cover - compiled
    """Weights (N, N), (N,) and (N,) change in place; target (T,), losses (trials,)."""
    steps, units = target.shape[0], initial.shape[0]
    states, slopes = np.empty((steps + 1, units), np.float32), np.empty((steps, units), np.float32)
    back, error = np.empty((steps, units), np.float32), np.empty(steps, np.float32)
    states[0] = initial
    for trial in range(trials):
        loss = np.float32(0)
        for t in range(steps):
            drive, y = np.dot(recurrent, states[t]), np.float32(0)
            for n in range(units):
                r = np.tanh(drive[n])
                slopes[t, n] = alpha * (1 - r * r)
                states[t + 1, n] = (1 - alpha) * states[t, n] + alpha * r
                y += readout[n] * states[t + 1, n]
            error[t] = (target[t] - y) / steps
            loss += (target[t] - y) ** 2 / (2 * steps)
        carried = np.zeros(units, np.float32)
        for t in range(steps - 1, -1, -1):
            for n in range(units):
                carried[n] = (1 - alpha) * carried[n] + feedback[n] * error[t]
                back[t, n] = slopes[t, n] * carried[n]
        recurrent += rate * np.dot(back.T, states[:steps])
        readout += rate * np.dot(error, states[1:])
        losses[trial] = loss


def by_hand(network: nr.Network, target: np.ndarray, trials: int) -> np.ndarray:
    """Losses of a training by the loop, (trials,)."""
    single = {name: np.array(getattr(network, name), np.float32) for name in ("recurrent", "readout", "feedback", "initial")}
    alpha, losses = np.float32(network.dt / network.parameters["tau"]), np.empty(trials, np.float32)
    recurrent, readout, feedback, initial = single.values()
    loop(recurrent, readout[0], feedback[:, 0].copy(), initial, target, alpha, np.float32(RATE), trials, losses)
    return losses


def trained(network: nr.Network, task: nr.AbstractTask, trials: int, path: Path) -> nr.Run:
    return nr.train(network, task, rule="rflo", trials=trials, rate=RATE, path=path, overwrite=True, progress=False)


def jobs(units: int, trials: int, folder: Path) -> dict[str, Callable[[], Any]]:
    """Both trainings, after a look at what they compute.

    Raises
    ------
    ArithmeticError
        If the two do not learn the same.
    """
    task = nr.task("periodic_output", period=STEPS * 0.01)
    network = nr.Network.random(0, units, 1, gain=1.5, initial=0.1, seed=0)
    target, path = task.trials(1).targets[:, 0, 0].astype(np.float32), folder / f"{units}.h5"
    few = 100
    wrong = np.abs(by_hand(network, target, few) / trained(network, task, few, path).log["loss"].values - 1).max()
    if not wrong < AGREE:
        raise ArithmeticError(f"losses of the loop and of nr.train differ by {wrong:.1e}: not the same training")
    return {"loop": lambda: by_hand(network, target, trials), "train": lambda: trained(network, task, trials, path)}


def measure(quick: bool) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        if quick:
            return [_row(min(SIZES), 200, 3, Path(folder))]
        return [_row(units, trials, REPEATS, Path(folder)) for units, trials in SIZES.items()]


def _row(units: int, trials: int, repeats: int, folder: Path) -> dict[str, Any]:
    taken = side_by_side(jobs(units, trials, folder), repeats, window=0.0)
    times = Spread.of(taken["train"] / taken["loop"])
    each = {f"{name}_us_per_trial": Spread.of(seconds).median / trials * 1e6 for name, seconds in taken.items()}
    return {"units": units, "trials": trials, "steps": STEPS, **each, "times_the_loop": times.median, "low": times.low, "high": times.high}


if __name__ == "__main__":
    main_of_file(measure, __doc__, "whole_training")
