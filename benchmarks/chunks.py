"""Trainings in chunks, many batches a compiled call, beside the same batch by batch, which gives the same bits.

    python benchmarks/chunks.py [--out data/chunks.json] [--quick] [--json]

From the call of `nr.train` to the closed file: delayed match to sample at its recommended settings (cross-entropy, gru with a plastic parameter,
batches of 4), and RFLO on the periodic output, 100 steps a trial, with an update at every step. A hook that asks for every batch makes it batch
by batch. `gained` is a median of rounds in turn.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numpy as np
from report import main_of_file

import neurorec as nr
from neurorec.timing import Spread, side_by_side

UNITS, TRIALS, REPEATS = (30, 64, 128), 1500, 7


def measure(quick: bool) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        path, repeats = Path(folder) / "run.h5", 2 if quick else REPEATS
        if quick:
            return [_row(*_every_step(UNITS[0], path), 100, repeats)]
        return [_row(*_matching(path), 600, repeats), *(_row(*_every_step(units, path), TRIALS, repeats) for units in UNITS)]


def _matching(path: Path) -> tuple[str, int, Callable[..., nr.Run]]:
    task = nr.task("delayed_match_to_sample")
    chosen = task.recommended
    network = nr.Network.random(task.n_inputs, outputs=task.n_outputs, dt=task.dt, seed=0, **chosen.network)

    def train(trials: int, progress: Any) -> nr.Run:
        return nr.train(network, task, path=path, overwrite=True, progress=progress, **chosen.training | {"trials": trials})

    return "delayed match to sample", chosen.units, train


def _every_step(units: int, path: Path) -> tuple[str, int, Callable[..., nr.Run]]:
    task = nr.task("periodic_output", period=1.0)
    network = nr.Network.random(0, units, 1, initial=0.1, seed=0)

    def train(trials: int, progress: Any) -> nr.Run:
        return nr.train(network, task, update="step", rate=0.003, trials=trials, path=path, overwrite=True, progress=progress)

    return "periodic output, every step", units, train


def _row(what: str, units: int, train: Callable[..., nr.Run], trials: int, repeats: int) -> dict[str, Any]:
    def in_chunks() -> nr.Run:
        return train(trials, False)

    def by_batch() -> nr.Run:
        return train(trials, lambda *state: None)

    if not np.array_equal(in_chunks().network.recurrent, by_batch().network.recurrent):
        raise ArithmeticError("chunks do not give the bits of their batches")
    taken = side_by_side({"chunks": in_chunks, "batches": by_batch}, repeats, window=0.0)
    gained = Spread.of(taken["batches"] / taken["chunks"])
    each = {f"{name}_us_per_trial": Spread.of(seconds).median / trials * 1e6 for name, seconds in taken.items()}
    return {"what": what, "units": units, "trials": trials, **each, "gained": gained.median, "low": gained.low, "high": gained.high}


if __name__ == "__main__":
    main_of_file(measure, __doc__, "chunks")
