"""A network learns to reproduce a recording: four channels of human EEG, or your own data.

    python tasks/recorded_pattern.py                                  # the EEG that ships with matplotlib
    python tasks/recorded_pattern.py --recording mine.csv             # columns are channels and time, rows are samples
    python tasks/recorded_pattern.py --recording mine.npy --sampling 0.004   # without a column of times
    python tasks/recorded_pattern.py --quick                          # seconds, for a first look

Trains by random-feedback local learning (RFLO) and by backpropagation through time (BPTT) from the same seeds, and
prints the variance explained. Runs and the picture go to ``--out``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

import neurorec as nr

UNITS = 100
GAIN = 1.5  # Murray 2019: a chaotic network to start from
AMPLITUDE = 1.0  # standard deviation of each channel of the target
RATE = 0.01  # for all weights; 0.03 is unstable at this size
TRIALS = 4000  # one trial is one pass through the recording
SEEDS = 3


def main() -> None:
    settings = arguments()
    task = nr.task("recorded_pattern", recording=settings.recording, sampling=settings.sampling, amplitude=AMPLITUDE)
    print(f"took {task.note}")
    trials, seeds = (300, 1) if settings.quick else (TRIALS, SEEDS)
    runs = {rule: [one(task, rule, settings.seed + k, trials, settings.out) for k in range(seeds)] for rule in ("rflo", "bptt")}
    explained = {rule: [score(task, run) for run in found] for rule, found in runs.items()}
    picture = draw(runs, settings.out / "recorded_pattern.png")
    print_table(explained, runs, trials)
    print(f"picture: {picture}")
    if settings.json:
        medians = {f"variance_explained_{rule}": float(np.median(found)) for rule, found in explained.items()}
        print(json.dumps({**medians, "trials": trials, "seeds": seeds, "units": UNITS}))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recording", help="CSV, TSV, TXT, NPY or HDF5 file; default: the EEG that ships with matplotlib")
    parser.add_argument("--sampling", type=float, help="seconds between two samples; default: by the column of times, else 0.01")
    parser.add_argument("--quick", action="store_true", help="one seed, 300 trials")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for runs and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    return parser.parse_args()


def one(task: nr.AbstractTask, rule: str, seed: int, trials: int, out: Path) -> nr.Run:
    out.mkdir(parents=True, exist_ok=True)
    network = nr.Network.random(task.n_inputs, UNITS, task.n_outputs, dt=task.dt, gain=GAIN, seed=seed)
    path = out / f"recorded_pattern_{rule}_{seed}.h5"
    return nr.train(network, task, rule=rule, trials=trials, rate=RATE, seed=seed, path=path, overwrite=True)


def score(task: nr.AbstractTask, run: nr.Run) -> float:
    test = task.trials(1)
    return float(task.score(nr.simulate(run.network, test).outputs, test)[0])


def draw(runs: dict[str, list[nr.Run]], path: Path) -> Path:
    figure, (traces, curves) = nr.plots.panels(1, 2)
    nr.plots.outputs(runs["rflo"][0], ax=traces)
    for rule, found in runs.items():
        nr.plots.learning_curve(found, ax=curves, label=rule.upper())
    figure.savefig(path)
    return path


def print_table(explained: dict[str, list[float]], runs: dict[str, list[nr.Run]], trials: int) -> None:
    print(f"\n{'rule':6}{'variance explained, each seed':34}{'median':>8}{'seconds':>10}   after {trials} trials, {UNITS} units")
    for rule, found in explained.items():
        seconds = sum(float(run.log["seconds"][-1]) for run in runs[rule]) / len(runs[rule])
        print(f"{rule:6}{'  '.join(f'{each:.3f}' for each in found):34}{np.median(found):8.3f}{seconds:10.1f}")


if __name__ == "__main__":
    main()
