"""Many small networks trained side by side in one call, against the same one by one, and against JAX, where it is installed.

    python benchmarks/side_by_side.py [--out data/side_by_side.json] [--quick] [--json]

RFLO on the periodic output, 100 steps a trial, an update a trial, 50 units, first weights and seed of each network its own. All times are of the
whole training, from the call of `nr.train` to the closed file, in microseconds for a trial of a network: by one call of `nr.train` for each
network, batch by batch (a hook asks for every batch) and in chunks; by one call for all, on one thread and on two; by JAX, whose training is
jitted as a scan over trials and mapped over networks, with XLA's threads on two cores, no file, and no log but the loss. Ratios are medians
of rounds in turn. Losses of JAX and of nr.train agree to four digits before anything is timed.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numpy as np
from report import main_of_file

import neurorec as nr
from neurorec.engines.numba import NumbaEngine
from neurorec.timing import Spread, side_by_side

UNITS, STEPS, RATE = 50, 100, 0.003
NETWORKS, TRIALS, REPEATS = 64, 1000, 3
FEW = 4  # networks that are trained one by one: that takes long, and each takes as long as the others
AGREE = 1e-4  # of the losses, relative


def by_jax(networks: list[nr.Network], target: np.ndarray, trials: int) -> Callable[[], np.ndarray]:
    """The training as a function that gives the losses, (trials, networks)."""
    os.environ["NPROC"], os.environ["XLA_FLAGS"] = "2", ""  # XLA has two threads, as we have
    import jax
    import jax.numpy as jnp

    names = ("recurrent", "readout", "feedback", "initial")
    recurrent, readout, feedback, initial = (jnp.asarray(np.stack([getattr(net, name) for net in networks]), jnp.float32) for name in names)
    alpha, target = float(networks[0].dt / networks[0].parameters["tau"]), jnp.asarray(target)

    def trial(weights: tuple, _: None) -> tuple:
        w, w_out, b, h0 = weights

        def step(h: jax.Array, wanted: jax.Array) -> tuple:
            r = jnp.tanh(w @ h)
            now = (1 - alpha) * h + alpha * r
            return now, (h, now, alpha * (1 - r * r), wanted - w_out @ now)

        _, (before, after, slopes, errors) = jax.lax.scan(step, h0, target)

        def back(carried: jax.Array, given: tuple) -> tuple:
            slope, error = given
            carried = (1 - alpha) * carried + b * error
            return carried, slope * carried

        _, post = jax.lax.scan(back, jnp.zeros_like(h0), (slopes, errors / len(target)), reverse=True)
        weights = (w + RATE * post.T @ before, w_out + RATE * (errors / len(target)) @ after, b, h0)
        return weights, (errors**2).mean() / 2

    def train(w: jax.Array, w_out: jax.Array, b: jax.Array, h0: jax.Array) -> jax.Array:
        return jax.lax.scan(trial, (w, w_out, b, h0), None, trials)[1]

    trained = jax.jit(jax.vmap(train))
    return lambda: np.asarray(jax.block_until_ready(trained(recurrent, readout[:, 0], feedback[:, :, 0], initial))).T


def jobs(networks: list[nr.Network], trials: int, folder: Path) -> tuple[dict[str, Callable[[], Any]], dict[str, int]]:
    """What is timed, by name, and how many networks each trains."""
    task, few = nr.task("periodic_output", period=STEPS * 0.01), networks[:FEW]
    how = {"rule": "rflo", "trials": trials, "rate": RATE, "overwrite": True}

    def one_by_one(progress: Any) -> None:
        for k, network in enumerate(few):
            nr.train(network, task, seed=k, path=folder / "one.h5", progress=progress, **how)

    def together(threads: int) -> nr.Runs:
        engine, path = NumbaEngine(threads=threads), folder / "many.h5"
        return nr.train(networks, task, engine=engine, seed=range(len(networks)), path=path, progress=False, **how)

    made = {
        "batches": lambda: one_by_one(lambda *state: None), "chunks": lambda: one_by_one(False),
        "one_thread": lambda: together(1), "two_threads": lambda: together(2),
    }  # fmt: skip
    if find_spec("jax"):
        made["jax"] = by_jax(networks, task.trials(1).targets[:, 0, 0].astype(np.float32), trials)
        _expect_equal(made["jax"](), together(2).log["loss"].values.T)
    return made, {name: len(few) if name in ("batches", "chunks") else len(networks) for name in made}


def _expect_equal(theirs: np.ndarray, ours: np.ndarray) -> None:
    first = min(100, len(ours))  # later, float32 and another order of sums have led apart what is alike
    if not (wrong := np.abs(theirs / ours - 1)[:first].max()) < AGREE:
        raise ArithmeticError(f"losses of JAX and of nr.train differ by {wrong:.1e}: not the same training")


def measure(quick: bool) -> list[dict[str, Any]]:
    networks, trials, repeats = (3, 60, 1) if quick else (NETWORKS, TRIALS, REPEATS)
    nets = [nr.Network.random(0, UNITS, 1, gain=1.5, initial=0.1, seed=seed) for seed in range(networks)]
    with tempfile.TemporaryDirectory() as folder:
        made, trained = jobs(nets, trials, Path(folder))
        taken = side_by_side(made, repeats, window=0.0)
    each = {name: seconds / (trained[name] * trials) * 1e6 for name, seconds in taken.items()}
    row = {"networks": networks, "units": UNITS, "trials": trials, "steps": STEPS}
    row |= {f"{name}_us": Spread.of(values).median for name, values in each.items()}
    for name in (name for name in each if name != "two_threads"):
        times = Spread.of(each[name] / each["two_threads"])
        row |= {f"times_{name}": times.median, f"{name}_low": times.low, f"{name}_high": times.high}
    return [row]


if __name__ == "__main__":
    main_of_file(measure, __doc__, "side_by_side")
