"""Delayed match to sample by spiking units: were two stimuli the same, with a delay between them that no membrane bridges? By e-prop.

    python tasks/match_to_sample_spikes.py          # three networks, 2,000 updates on 32 trials each: a quarter of an hour
    python tasks/match_to_sample_spikes.py --quick  # a small network, 2 updates: seconds

The network is the e-prop paper's (preset `eprop`: 50 leaky integrate-and-fire units, 50 with an adaptive threshold), whose thresholds stay raised for half a
second; `rflo` with such units is e-prop with random feedback. Two stimuli, of 150 ms each, 300 ms apart; chance is 50 %. Inputs are held, not
spikes, so that input weights are smaller than the paper's: a held input moves a potential as far as 1 / (1 - a) spikes.

Prints the share of new trials answered rightly after some updates. Runs and picture go to ``--out``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

import neurorec as nr

TASK = {"dt": 0.001, "n_stimuli": 2, "fixation": 0.05, "sample": 0.15, "delay": (0.3, 0.3), "test": 0.15, "decision": 0.15}  # seconds
SHORT = {"dt": 0.001, "n_stimuli": 2, "fixation": 0.005, "sample": 0.01, "delay": (0.01, 0.01), "test": 0.01, "decision": 0.02}
NETWORK = {"tau_a": 0.5, "beta": 3.0}  # seconds; as in the preset
HELD = 2.0  # thresholds to which a held input of 1 drives a potential, typically
COST, TARGET = 0.3, 10.0  # of activity; Hz
BATCH, RATE, ANNEAL = 32, 5e-3, 0.1
UNITS, UPDATES, SEEDS, SNAPSHOTS = 100, 2000, 3, 5
TESTED, TEST_SEED = 512, 1_000_000
QUICK = {"units": 16, "updates": 2, "seeds": 1, "batch": 4, "tested": 8}


def main() -> None:
    settings = arguments()
    task = nr.task("delayed_match_to_sample", **(SHORT if settings.quick else TASK))
    runs = [one(task, seed, settings) for seed in range(settings.seed, settings.seed + settings.seeds)]
    found = [summary(task, run, settings) for run in runs]
    print_table(found)
    print(f"picture: {draw(task, runs[0], found, settings)}")
    if settings.json:
        print(json.dumps({"updates": settings.updates, "batch": settings.batch, "rule": settings.rule, "networks": found}))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rule", default="rflo", choices=nr.names("rules"), help="default rflo")
    parser.add_argument("--updates", type=int, default=UPDATES, help=f"default {UPDATES}")
    parser.add_argument("--quick", action="store_true", help="short trials, 16 units, two updates on four trials")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"how many (default {SEEDS})")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for runs and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    parser.set_defaults(units=UNITS, batch=BATCH, tested=TESTED)
    settings = parser.parse_args()
    if settings.quick:
        vars(settings).update(QUICK)
    settings.out.mkdir(parents=True, exist_ok=True)
    return settings


def network(task: nr.AbstractTask, units: int, seed: int) -> nr.Network:
    net = nr.preset("eprop", task.n_inputs, units, task.n_outputs, seed=seed, dt=task.dt, **NETWORK)
    settled = 1 / (1 - np.exp(-task.dt / net.parameters["tau_m"]))  # where v comes to by a held drive of 1
    drive = HELD * net.parameters["threshold"] / settled * np.sqrt(task.n_inputs)  # the preset's weights are N(0, 1 / inputs)
    return net.replace(input=drive * net.input, activity_cost=COST, activity_target=TARGET * task.dt)


def one(task: nr.AbstractTask, seed: int, settings: argparse.Namespace) -> nr.Run:
    plastic = {"recurrent": ~np.eye(settings.units, dtype=bool), "input": None, "readout": None}
    record = nr.Record(("z", "output"), every=settings.updates * settings.batch, checkpoints=SNAPSHOTS)
    path = settings.out / f"match_to_sample_spikes_{settings.rule}_{seed}.h5"
    how = {"trials": settings.updates * settings.batch, "batch": settings.batch, "optimiser": "adam", "rate": RATE, "anneal": ANNEAL}
    net = network(task, settings.units, seed)
    return nr.train(net, task, rule=settings.rule, record=record, path=path, overwrite=True, plastic=plastic, seed=seed, **how)


def summary(task: nr.AbstractTask, run: nr.Run, settings: argparse.Namespace) -> dict:
    """Share of new trials answered rightly at each snapshot, and how often units fire in the end."""
    trials = task.trials(settings.tested, TEST_SEED)
    shown = {done: nr.simulate(run.checkpoint(done), trials) for done in run.checkpoints}
    right = {str(done // settings.batch): float(task.score(each.outputs, trials).mean()) for done, each in shown.items()}
    return {"right": right, "hz": float(shown[max(shown)].states["z"].mean() / task.dt), "seconds": float(run.log["seconds"].values[-1])}


def print_table(found: list[dict]) -> None:
    print(f"\n{'right after':12}" + "".join(f"{update:>8}" for update in found[0]["right"]) + "   updates      Hz")
    for number, each in enumerate(found):
        print(f"network {number:<4}" + "".join(f"{share:8.1%}" for share in each["right"].values()) + f"{each['hz']:18.1f}")


def draw(task: nr.AbstractTask, run: nr.Run, found: list[dict], settings: argparse.Namespace) -> Path:
    """Learning, and a new trial of the first network: its spikes, and what its readout says."""
    figure, (curves, raster, answer) = nr.plots.panels(1, 3)
    for each in found:
        curves.plot([int(update) for update in each["right"]], list(each["right"].values()), "o-", markersize=3)
    curves.axhline(0.5, color="0.6", linestyle="--", linewidth=0.8)
    curves.set(xlabel="update", ylabel="share of new trials right", ylim=(0, 1.05))
    trials = task.trials(1, TEST_SEED)
    shown = nr.simulate(run.network, trials)
    nr.plots.raster(shown, ax=raster)
    share = np.exp(shown.outputs[:, 0] - shown.outputs[:, 0].max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    for channel, name in enumerate(("fixate", "match", "other")):
        answer.plot(trials.time, share[:, channel], linewidth=1, label=name)
    answer.set(xlabel="time (s)", ylabel="softmax of the readout", ylim=(-0.02, 1.25))
    answer.legend(frameon=False, ncols=3, fontsize=7, loc="upper left")
    path = settings.out / "match_to_sample_spikes.png"
    figure.savefig(path)
    return path


if __name__ == "__main__":
    main()
