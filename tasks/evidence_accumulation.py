"""Evidence accumulation of Bellec et al. (2020): spiking units learn on which side there were more cues, by e-prop with random feedback.

    python tasks/evidence_accumulation.py          # 3 networks, 450 updates on 64 trials each: a quarter of an hour
    python tasks/evidence_accumulation.py --quick  # a shorter corridor, 2 updates: seconds

50 leaky integrate-and-fire units and 50 with an adaptive threshold, two readouts with a time constant of 20 ms; `rflo` with such units is
e-prop. Settings are those of the authors' code, which `tasks/eprop_verification.py` has to the twelfth digit in the form of NEST's test;
as there, and unlike in the authors' code, the cost of activity is of each trial's own rates, not of the batch's mean. Chance is 50 %.

Prints the share of 512 new trials answered rightly after some updates. Runs and picture go to ``--out``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

import neurorec as nr

UNITS, BATCH, RATE = 100, 64, 5e-3
TAU, TAU_ADAPTATION, TAU_READOUT = 0.02, 2.0, 0.02  # seconds
THRESHOLD, BETA, REFRACTORY = 0.6, 1.7, 0.005  # beta is of an adaptation that low-passes, as in the authors' code
COST, TARGET = 2.0, 10.0  # of activity, for a loss that is a mean over the steps that count; Hz
UPDATES, SEEDS, EVERY = 450, 3, 75
TESTED, TEST_SEED = 512, 1_000_000
QUICK = {"updates": 2, "seeds": 1, "every": 1, "batch": 4, "tested": 8}
SHORT = {"cues": 3, "cue": 0.02, "gap": 0.01, "delay": 0.03, "recall": 0.03}  # of the corridor when quick


def main() -> None:
    settings = arguments()
    task = nr.task("evidence_accumulation", **(SHORT if settings.quick else {}))
    runs = [one(task, seed, settings) for seed in range(settings.seed, settings.seed + settings.seeds)]
    found = [summary(task, run, settings) for run in runs]
    print_table(found)
    print(f"picture: {draw(task, runs, found, settings)}")
    if settings.json:
        print(json.dumps({"updates": settings.updates, "batch": settings.batch, "feedback": settings.feedback, "networks": found}))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--feedback", default="random", choices=nr.names("feedbacks"), help="how the error reaches the units")
    parser.add_argument("--updates", type=int, default=UPDATES, help=f"default {UPDATES}")
    parser.add_argument("--quick", action="store_true", help="a shorter corridor, two updates on four trials")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"how many (default {SEEDS})")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for runs and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    parser.set_defaults(every=EVERY, batch=BATCH, tested=TESTED)
    settings = parser.parse_args()
    if settings.quick:
        vars(settings).update(QUICK)
    settings.out.mkdir(parents=True, exist_ok=True)
    return settings


def network(task: nr.AbstractTask, seed: int) -> nr.Network:
    """The authors' first weights: N(0, 1) over the root of how many converge, and Glorot's uniform readout; no self-connections."""
    rng = np.random.default_rng(seed)
    recurrent = rng.standard_normal((UNITS, UNITS)) / np.sqrt(UNITS) * (1 - np.eye(UNITS))
    given = rng.standard_normal((UNITS, task.n_inputs)) / np.sqrt(task.n_inputs)
    limit = np.sqrt(6 / (UNITS + task.n_outputs))
    readout, feedback = rng.uniform(-limit, limit, (task.n_outputs, UNITS)), rng.standard_normal((UNITS, task.n_outputs))
    beta = BETA * (1 - np.exp(-task.dt / TAU_ADAPTATION)) / (1 - np.exp(-task.dt / TAU)) * (np.arange(UNITS) >= UNITS // 2)
    parameters = {"tau_m": TAU, "tau_a": TAU_ADAPTATION, "beta": beta, "threshold": THRESHOLD, "refractory": REFRACTORY}
    around = {"readout_tau": TAU_READOUT, "activity_cost": COST, "activity_target": TARGET * task.dt}
    return nr.Network(recurrent, given, readout, feedback, cell="adaptive_lif", dt=task.dt, parameters=parameters, **around)


def one(task: nr.AbstractTask, seed: int, settings: argparse.Namespace) -> nr.Run:
    trials = settings.updates * settings.batch
    plastic = {"recurrent": ~np.eye(UNITS, dtype=bool), "input": None, "readout": None}
    record = nr.Record(("z", "b", "output"), every=trials, checkpoints=1 + settings.updates // settings.every)
    path = settings.out / f"evidence_accumulation_{settings.feedback}_{seed}.h5"
    how = {"trials": trials, "batch": settings.batch, "rate": RATE, "optimiser": "adam", "feedback": settings.feedback, "plastic": plastic}
    return nr.train(network(task, seed), task, rule="rflo", record=record, path=path, overwrite=True, seed=seed, **how)


def summary(task: nr.AbstractTask, run: nr.Run, settings: argparse.Namespace) -> dict:
    right = {str(trial // settings.batch): tested(task, run.checkpoint(trial), settings) for trial in run.checkpoints}
    return {"right": right, "last": list(right.values())[-1], "seconds": float(run.log["seconds"][-1])}


def tested(task: nr.AbstractTask, net: nr.Network, settings: argparse.Namespace) -> float:
    """Share of new trials answered rightly, some at a time."""
    share = []
    for first in range(0, settings.tested, settings.batch):
        trials = task.trials(settings.batch, TEST_SEED, first)
        share.append(task.score(nr.simulate(net, trials).outputs, trials).mean())
    return float(np.mean(share))


def print_table(found: list[dict]) -> None:
    print(f"\n{'right after':12}" + "".join(f"{update:>8}" for update in found[0]["right"]) + "   updates")
    for number, each in enumerate(found):
        print(f"network {number:<4}" + "".join(f"{share:8.1%}" for share in each["right"].values()) + f"   {each['seconds']:.0f} s")


def draw(task: nr.AbstractTask, runs: list[nr.Run], found: list[dict], settings: argparse.Namespace) -> Path:
    """Learning, and a new trial of the first network: spikes of its inputs and units, what adapts, and the two readouts."""
    figure, axes = nr.plots.panels(1, 3)
    for each in found:
        axes[0].plot([int(update) for update in each["right"]], list(each["right"].values()), "o-", markersize=3)
    axes[0].set(xlabel="update", ylabel="share of new trials right", ylim=(0.4, 1.02))
    trials = task.trials(1, TEST_SEED)
    shown = nr.simulate(runs[0].network, trials)
    steps, units = np.nonzero(np.concatenate([trials.inputs[:, 0], shown.states["z"][:, 0]], axis=1))
    axes[1].plot(trials.time[steps], units, "|", color="k", markersize=1)
    axes[1].axhline(task.n_inputs - 0.5, color="0.6", linewidth=0.8)
    axes[1].set(xlabel="time (s)", ylabel="input channels, units above")
    share = np.exp(shown.outputs[:, 0] - shown.outputs[:, 0].max(axis=1, keepdims=True))
    for side, name in enumerate(trials.channels):
        axes[2].plot(trials.time, share[:, side] / share.sum(axis=1), linewidth=1, label=name)
    axes[2].set(xlabel="time (s)", ylabel="softmax of the readout", ylim=(-0.02, 1.02))
    axes[2].legend(frameon=False)
    path = settings.out / "evidence_accumulation.png"
    figure.savefig(path)
    return path


if __name__ == "__main__":
    main()
