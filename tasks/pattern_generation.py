"""Pattern generation of Bellec et al. (2020): spiking units learn a sum of sines from frozen noise, by e-prop with random feedback.

    python tasks/pattern_generation.py          # gradient descent and Adam, 3 networks each, 2,000 trials: two minutes
    python tasks/pattern_generation.py --quick  # one network each, 60 trials: seconds

100 leaky integrate-and-fire units, all-to-all without self-connections, one readout with a time constant of 30 ms; `rflo` with such units
is e-prop. Settings are those of the authors' code and of NEST's test of it, which `tasks/eprop_verification.py` has to the twelfth digit:
firing is held near 10 Hz by a cost of activity, which is why the loss rises in the first trials. Each network has its own pattern.

Prints the loss (a sum over the second, as there) in some trials, and the last as a share of the first. Runs and picture go to ``--out``.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

import neurorec as nr

UNITS, TAU, THRESHOLD = 100, 0.03, 0.03  # tau in seconds, of membrane and readout
COST, TARGET = 300, 10.0  # of activity, for a loss that is a sum over time; Hz
RATES = {"sgd": 1e-4, "adam": 5e-3}  # of gradient descent for that loss, too
TRIALS, QUICK, SEEDS = 2000, 60, 3
MARKS = (1, 101, 201, 501, 1001, 2000)


def main() -> None:
    settings = arguments()
    found: dict[str, list[dict]] = {name: [] for name in RATES}
    runs = {}
    for name, each in found.items():
        for seed in range(settings.seed, settings.seed + settings.seeds):
            began = time.monotonic()
            runs[name] = run = one(name, seed, settings)
            each.append(summary(run, time.monotonic() - began))
    print_table(found)
    print(f"picture: {draw(settings, runs)}")
    if settings.json:
        print(json.dumps({"trials": settings.trials, "networks": found}))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--feedback", default="random", choices=nr.names("feedbacks"), help="how the error reaches the units")
    parser.add_argument("--trials", type=int, default=TRIALS, help=f"default {TRIALS}")
    parser.add_argument("--quick", action="store_true", help=f"one network each, {QUICK} trials")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"how many (default {SEEDS})")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for runs and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    settings = parser.parse_args()
    if settings.quick:
        settings.seeds, settings.trials = 1, QUICK
    settings.out.mkdir(parents=True, exist_ok=True)
    return settings


def network(task: nr.AbstractTask, steps: int, seed: int) -> nr.Network:
    """The authors' first weights, N(0, 1) over the root of how many converge; a cost for our loss, which is a mean over the steps."""
    rng = np.random.default_rng(seed)
    recurrent = rng.standard_normal((UNITS, UNITS)) / np.sqrt(UNITS) * (1 - np.eye(UNITS))
    given = rng.standard_normal((UNITS, task.n_inputs)) / np.sqrt(task.n_inputs)
    readout, feedback = rng.standard_normal((2, 1, UNITS)) / np.sqrt(UNITS)
    parameters = {"tau_m": TAU, "threshold": THRESHOLD, "decay_input": 1.0}
    around = {"readout_tau": TAU, "activity_cost": COST / steps, "activity_target": TARGET * task.dt}
    return nr.Network(recurrent, given, readout, feedback.T, cell="lif", dt=task.dt, parameters=parameters, **around)


def one(optimiser: str, seed: int, settings: argparse.Namespace) -> nr.Run:
    task = nr.task("pattern_generation", pattern=seed)
    steps = task.trials(1).steps
    rate = RATES[optimiser] * (steps if optimiser == "sgd" else 1)
    plastic = {"recurrent": ~np.eye(UNITS, dtype=bool), "input": None, "readout": None}
    record = nr.Record(("z", "output", "target"), every=max(1, settings.trials // 4))
    path = settings.out / f"pattern_generation_{settings.feedback}_{optimiser}_{seed}.h5"
    how = {"trials": settings.trials, "rate": rate, "optimiser": optimiser, "feedback": settings.feedback, "plastic": plastic, "seed": seed}
    return nr.train(network(task, steps, seed), task, rule="rflo", record=record, path=path, overwrite=True, **how)


def summary(run: nr.Run, seconds: float) -> dict:
    """Losses as sums over time, and the share that is left of the first."""
    loss = run.log["loss"].values.astype(float) * nr.task("pattern_generation").trials(1).steps
    marks = [trial for trial in MARKS if trial <= len(loss)] + ([len(loss)] if len(loss) not in MARKS else [])
    spikes = run.trajectories("z")["z"].isel(trial=-1)
    rate = float(spikes.sum() / spikes.sizes["unit"] / (spikes.sizes["time"] * run.network.dt))
    return {
        "loss": {str(trial): float(loss[trial - 1]) for trial in marks},
        "left": float(loss[-1] / loss[0]),
        "hz": rate,
        "seconds": seconds,
    }


def print_table(found: dict[str, list[dict]]) -> None:
    marks = list(next(iter(found.values()))[0]["loss"])
    print(f"\n{'loss in trial':14}" + "".join(f"{mark:>9}" for mark in marks) + f"{'left':>9}{'Hz':>7}{'seconds':>9}")
    for name, each in found.items():
        for one in each:
            losses = "".join(f"{loss:9.2f}" for loss in one["loss"].values())
            print(f"{name:14}{losses}{one['left']:9.1%}{one['hz']:7.1f}{one['seconds']:9.1f}")


def draw(settings: argparse.Namespace, runs: dict[str, nr.Run]) -> Path:
    """Learning, and the last recorded trial of the run by Adam: output and spikes."""
    figure, (curves, outputs, raster) = nr.plots.panels(1, 3)
    for name, run in runs.items():
        loss = run.log["loss"].values
        curves.semilogy(run.log["trial"], loss / loss[0], label=name, linewidth=1)
    curves.set(xlabel="trial", ylabel="loss, of the first")
    curves.legend(frameon=False)
    last = runs["adam"].trajectories().isel(trial=-1)
    outputs.plot(last["time"], last["target"].squeeze(), color="0.6", label="target")
    outputs.plot(last["time"], last["output"].squeeze(), linewidth=1, label="output")
    outputs.set(xlabel="time (s)", ylabel="readout")
    outputs.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    steps, units = np.nonzero(last["z"].transpose("time", "unit").values)
    raster.plot(last["time"].values[steps], units, "|", color="k", markersize=2)
    raster.set(xlabel="time (s)", ylabel="unit")
    path = settings.out / "pattern_generation.png"
    figure.savefig(path)
    return path


if __name__ == "__main__":
    main()
