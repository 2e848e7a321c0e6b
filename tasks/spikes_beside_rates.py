"""A network of rates and one of spikes learn the same periodic output by the same rule, RFLO; of spikes that is e-prop with random feedback.

    python tasks/spikes_beside_rates.py          # five networks each, 1,500 trials: minutes
    python tasks/spikes_beside_rates.py --quick  # a small network each, 60 trials: seconds

The task is Murray's (2019, Figure 2) in a period of ten time constants, without any input. Rates are leaky tanh units of 100 ms. Spikes are of
leaky integrate-and-fire units with membranes of 20 ms, in steps of a millisecond, whose synapses are what has 100 ms: a current that lasts as long
as a rate does. Each has a bias that alone would make it fire, and a cost of activity asks for 20 Hz.

Prints the loss along the training, medians and quartiles over the networks, and firing rates. Runs and picture go to ``--out``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

import neurorec as nr

PERIOD, TAU = 1.0, 0.1  # seconds; tau of a rate, and of a synapse
UNITS, TRIALS, SEEDS = 100, 1500, 5
RATE, ANNEAL = 2e-3, 0.05  # of Adam, for both; the rate at the end, as a share of the first
GAIN, INITIAL = 1.5, 0.1  # of the network of rates
DRIVE, SPREAD, COUPLING = 1.1, 0.3, 0.2  # mean of the biases in thresholds, their relative spread, recurrent gain in thresholds a spike
MEMBRANE, REFRACTORY, READOUT = 0.02, 0.002, 0.05  # seconds
COST, TARGET = 0.5, 20.0  # of activity; Hz
STEP = {"rates": 0.01, "spikes": 0.001}  # seconds
QUICK = {"units": 30, "trials": 60, "seeds": 1}
MARKS = (1, 101, 301, 1001, 1500)


def main() -> None:
    settings = arguments()
    runs = {kind: [one(kind, seed, settings) for seed in range(settings.seed, settings.seed + settings.seeds)] for kind in STEP}
    found = {kind: summary(each) for kind, each in runs.items()}
    print_table(found)
    print(f"picture: {draw(runs, settings.out / 'spikes_beside_rates.png')}")
    if settings.json:
        print(json.dumps({"units": settings.units, "trials": settings.trials, "tau_syn": settings.tau_syn, **found}))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tau-syn", type=float, default=TAU, help=f"of the spiking units' synapses, seconds (default {TAU})")
    parser.add_argument("--quick", action="store_true", help=", ".join(f"{value} {name}" for name, value in QUICK.items()))
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"how many (default {SEEDS})")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for runs and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    parser.set_defaults(units=UNITS, trials=TRIALS)
    settings = parser.parse_args()
    if settings.quick:
        vars(settings).update(QUICK)
    settings.out.mkdir(parents=True, exist_ok=True)
    return settings


def rates(task: nr.AbstractTask, units: int, seed: int) -> nr.Network:
    return nr.Network.random(0, units, 1, dt=task.dt, gain=GAIN, initial=INITIAL, parameters={"tau": TAU}, bias=np.zeros(units), seed=seed)


def spikes(task: nr.AbstractTask, units: int, seed: int, tau_syn: float) -> nr.Network:
    """A bias is what a synapse brings in each step; held, it makes a current of bias / (1 - exp(-dt / tau_syn)), to which v settles."""
    rng = np.random.default_rng(seed)
    bias = DRIVE * (1 + SPREAD * rng.standard_normal(units)) * (1 - np.exp(-task.dt / tau_syn))
    recurrent = COUPLING * rng.standard_normal((units, units)) / np.sqrt(units) * (1 - np.eye(units))
    parameters = {"tau_m": MEMBRANE, "refractory": REFRACTORY, "decay_input": 1.0, "tau_syn": tau_syn}
    around = {"readout_tau": READOUT, "activity_cost": COST, "activity_target": TARGET * task.dt}
    net = nr.Network.random(
        0, units, 1, cell="lif", filter="exponential_synapse", dt=task.dt, bias=bias, parameters=parameters, seed=seed, **around
    )
    return net.replace(recurrent=recurrent)


def one(kind: str, seed: int, settings: argparse.Namespace) -> nr.Run:
    task = nr.task("periodic_output", period=PERIOD, dt=STEP[kind])
    net = rates(task, settings.units, seed) if kind == "rates" else spikes(task, settings.units, seed, settings.tau_syn)
    record = nr.Record((net.own_states[0], "output", "target"), every=max(1, settings.trials - 1))  # the first trial, and the last
    path = settings.out / f"spikes_beside_rates_{kind}_{seed}.h5"
    how = {"trials": settings.trials, "optimiser": "adam", "rate": RATE, "anneal": ANNEAL, "seed": seed}
    return nr.train(net, task, rule="rflo", record=record, path=path, overwrite=True, **how)


def summary(runs: list[nr.Run]) -> dict:
    """Quartiles of the loss along the training, of the alignment at its end, and of spiking units' rates before and after."""
    losses = np.array([run.log["loss"].values for run in runs])
    marks = [trial for trial in MARKS if trial <= losses.shape[1]] + ([losses.shape[1]] if losses.shape[1] not in MARKS else [])
    hz = [run.trajectories("z")["z"].mean(("time", "unit")).values / run.network.dt for run in runs if "z" in run.network.own_states]
    return {
        "loss": {str(trial): quartiles(losses[:, trial - 1]) for trial in marks},
        "last": losses[:, -1].tolist(),
        "alignment": quartiles([run.log["alignment"].values[-1] for run in runs]),
        "hz": [quartiles(each) for each in np.transpose(hz)] if hz else None,
    }


def quartiles(values: object) -> list[float]:
    return [float(each) for each in np.percentile(np.asarray(values, float), (25, 50, 75))]


def print_table(found: dict[str, dict]) -> None:
    marks = list(next(iter(found.values()))["loss"])
    print(f"\n{'loss in trial':14}" + "".join(f"{mark:>24}" for mark in marks) + f"{'alignment':>11}{'Hz':>14}")
    for kind, each in found.items():
        losses = "".join(f"{median:.4f} ({low:.4f}-{high:.4f})".rjust(24) for low, median, high in each["loss"].values())
        hz = "" if each["hz"] is None else f"{each['hz'][0][1]:8.1f}{each['hz'][-1][1]:6.1f}"
        print(f"{kind:14}{losses}{each['alignment'][1]:11.2f}{hz:>14}")
    print("medians (and quartiles) of the networks; half the mean squared error, an output of zero has 0.328; Hz before and after")


def draw(runs: dict[str, list[nr.Run]], path: Path) -> Path:
    figure, (curves, raster, outputs) = nr.plots.panels(1, 3)
    for kind, each in runs.items():
        nr.plots.learning_curve(each, ax=curves, label=kind)
    network = runs["spikes"][0].network
    shown = nr.simulate(network, nr.task("periodic_output", period=PERIOD, dt=network.dt).trials(1))
    nr.plots.raster(shown, ax=raster)
    nr.plots.outputs(runs["spikes"][0], ax=outputs)
    figure.savefig(path)
    return path


if __name__ == "__main__":
    main()
