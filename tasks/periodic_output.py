"""Figure 2 of Murray (2019): a network without input learns one period of a waveform, by RFLO and by BPTT.

    python tasks/periodic_output.py            # N=30, T=200 steps, 10,000 trials, 3 seeds each: half a minute
    python tasks/periodic_output.py --quick    # seconds

Prints the loss along the training and the final alignment of the feedback weights with the readout, beside values
measured once with a plain float64 implementation of the paper's (corrected) equations. Runs and picture go to ``--out``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

import neurorec as nr

UNITS = 30
GAIN = 1.5
PERIOD = 2.0  # seconds: 200 steps of 10 ms, 20 time constants of 100 ms
RATE = 0.03  # the paper's, for both rules at this period
TRIALS = 10_000
SEEDS = 3
MARKS = (100, 1000, 3000, 10_000)  # trials at which the loss is printed
INITIAL = 0.1  # h(0) is not given in the paper; this is the author's notebook's
# Median of three other seeds, plain NumPy float64: loss at MARKS, then the final alignment.
MEASURED = {"rflo": (0.0924, 0.0165, 0.0100, 0.0015, 0.80), "bptt": (0.0841, 0.0078, 0.0005, 0.00016, 0.00)}


def main() -> None:
    settings = arguments()
    task = nr.task("periodic_output", period=PERIOD)
    trials, seeds = (300, 1) if settings.quick else (TRIALS, SEEDS)
    runs = {rule: [one(task, rule, settings.seed + k, trials, settings.out) for k in range(seeds)] for rule in ("rflo", "bptt")}
    found = {rule: summary(each) for rule, each in runs.items()}
    picture = draw(runs, settings.out / "periodic_output.png")
    print_table(found, trials)
    print(f"picture: {picture}")
    if settings.json:
        print(
            json.dumps(
                {
                    **{f"{key}_{rule}": value for rule, each in found.items() for key, value in each.items()},
                    "trials": trials,
                    "seeds": seeds,
                }
            )
        )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one seed, 300 trials")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for runs and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    return parser.parse_args()


def one(task: nr.AbstractTask, rule: str, seed: int, trials: int, out: Path) -> nr.Run:
    out.mkdir(parents=True, exist_ok=True)
    network = nr.Network.random(task.n_inputs, UNITS, task.n_outputs, dt=task.dt, gain=GAIN, initial=INITIAL, seed=seed)
    path = out / f"periodic_output_{rule}_{seed}.h5"
    return nr.train(network, task, rule=rule, trials=trials, rate=RATE, seed=seed, path=path, overwrite=True)


def summary(runs: list[nr.Run]) -> dict[str, float]:
    """Medians over seeds: loss at the marks that were reached, final alignment, seconds."""
    logs = [run.log for run in runs]
    losses = {f"loss_{mark}": float(np.median([log["loss"].sel(trial=mark) for log in logs])) for mark in MARKS if mark <= runs[0].done}
    final = float(np.median([log["loss"][-1] for log in logs]))
    last = {name: float(np.median([log[name][-1] for log in logs])) for name in ("alignment", "seconds")}
    return {**losses, "loss": final, **last}


def draw(runs: dict[str, list[nr.Run]], path: Path) -> Path:
    figure, (curves, alignments, traces) = nr.plots.panels(1, 3)
    for rule, found in runs.items():
        nr.plots.learning_curve(found, ax=curves, label=rule.upper())
        nr.plots.alignment(found, ax=alignments, label=rule.upper())
    nr.plots.outputs(runs["rflo"][0], ax=traces)
    figure.savefig(path)
    return path


def print_table(found: dict[str, dict[str, float]], trials: int) -> None:
    print(f"\n{'median of seeds':24}" + "".join(f"{f'trial {mark}':>12}" for mark in MARKS) + f"{'alignment':>12}{'seconds':>10}")
    for rule, each in found.items():
        losses = "".join(f"{each[f'loss_{mark}']:12.5f}" if f"loss_{mark}" in each else f"{'-':>12}" for mark in MARKS)
        print(f"{rule:24}{losses}{each['alignment']:12.2f}{each['seconds']:10.1f}")
        print(f"{'  measured before':24}" + "".join(f"{value:12.5f}" for value in MEASURED[rule][:4]) + f"{MEASURED[rule][4]:12.2f}")
    print(f"loss: half the mean squared error; {UNITS} units, {trials} trials of {PERIOD:g} s, rate {RATE}; chance (zero output) 0.328")


if __name__ == "__main__":
    main()
