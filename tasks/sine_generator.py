"""Sine generator (after Sussillo and Barak 2013): a constant input sets the frequency of the output; by BPTT.

    python tasks/sine_generator.py            # N=100, 30,000 trials, 2 seeds: two minutes
    python tasks/sine_generator.py --quick    # N=30, 1,500 trials: seconds

Prints the score on new trials, and of each input the fixed point, the frequency of its unstable pair of eigenvalues, and the frequency that is produced.
Runs and picture go to ``--out``; ``analysis/sine_generator.ipynb`` reads them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

import neurorec as nr

UNITS, SEEDS, TRIALS = 100, 2, 30_000
QUICK = {"units": 30, "seeds": 1, "trials": 1500}
TESTED, TEST_SEED = 200, 1_000_000
INPUTS = range(0, 20, 2)  # numbers of the frequencies at which fixed points are sought


def main() -> None:
    settings = arguments()
    settings.out.mkdir(parents=True, exist_ok=True)
    task = nr.task("sine_generator")
    runs = [one(task, settings.seed + k, settings) for k in range(settings.seeds)]
    found = [summary(task, run) for run in runs]
    print(f"picture: {draw(runs, found, settings.out / 'sine_generator.png')}")
    print_table(found)
    if settings.json:
        print(json.dumps({"units": settings.units, "trials": settings.trials, "networks": found}))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="30 units, 1,500 trials, one seed")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for runs and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    parser.set_defaults(units=UNITS, seeds=SEEDS, trials=TRIALS)
    settings = parser.parse_args()
    if settings.quick:
        vars(settings).update(QUICK)
    return settings


def one(task: nr.AbstractTask, seed: int, settings: argparse.Namespace) -> nr.Run:
    own = task.recommended.but(trials=settings.trials, units=settings.units)
    path = settings.out / f"sine_generator_{seed}.h5"
    return nr.train(nr.Network.for_task(task, seed=seed, units=settings.units), task, seed=seed, path=path, overwrite=True, **own.training)


def summary(task, run: nr.Run) -> dict:
    """Score; and of some inputs, what the fixed point says and what comes out."""
    trials = task.trials(TESTED, seed=TEST_SEED)
    score = float(task.score(nr.simulate(run.network, trials).outputs, trials).mean())
    rows = [at_input(run.network, task, number) for number in INPUTS]
    return {"score": score, "inputs": rows}


def at_input(network: nr.Network, task, number: int) -> dict:
    """The fixed point nearest to the middle of the rhythm."""
    level, steps = task.level(number), 2000
    shown = nr.simulate(network, np.full((steps, 1, 1), level))
    late = shown.states["h"][steps // 2 :, 0].astype(float)
    points = nr.dynamics.fixed_points(network, [level], starts=late[::50], seed=0)
    rows = {
        "asked": float(task.all_frequencies()[number]),
        "produced": rhythm(shown.outputs[steps // 2 :, 0, 0], network.dt),
        "points": points.sizes["point"],
    }
    if not points.sizes["point"]:
        return rows
    point = points.isel(point=int(np.linalg.norm(points["state"].values - late.mean(axis=0), axis=1).argmin()))
    return rows | {
        "unstable": int(point["n_unstable"]),
        "eigenvalue": float(point["frequency"][0]),
        "modulus": float(np.abs(point["eigenvalues"][0])),
    }


def rhythm(output: np.ndarray, dt: float) -> float:
    """Frequency in Hz, by the mean time between upward crossings of the middle; 0 where there are none."""
    y = output.astype(float) - (output.max() + output.min()) / 2
    below = np.flatnonzero((y[:-1] < 0) & (y[1:] >= 0))
    if len(below) < 2:
        return 0.0
    times = below + y[below] / (y[below] - y[below + 1])
    return float((len(times) - 1) / (times[-1] - times[0]) / dt)


def draw(runs: list[nr.Run], found: list[dict], path: Path) -> Path:
    figure, (curves, frequencies) = nr.plots.panels(1, 2)
    nr.plots.learning_curve(runs, ax=curves)
    for each in found:
        rows = [row for row in each["inputs"] if "eigenvalue" in row]
        frequencies.plot([row["produced"] for row in rows], [row["eigenvalue"] for row in rows], "o", markersize=3)
    frequencies.set(xlabel="produced frequency (Hz)", ylabel="frequency of the slowest mode (Hz)")
    figure.savefig(path)
    return path


def print_table(found: list[dict]) -> None:
    for number, each in enumerate(found):
        print(
            f"\nnetwork {number}: score {each['score']:.4f}\n{'asked (Hz)':>10}{'produced':>10}{'points':>8}{'unstable':>10}{'its Hz':>8}{'modulus':>9}"
        )
        for row in each["inputs"]:
            more = f"{row['unstable']:10}{row['eigenvalue']:8.3f}{row['modulus']:9.4f}" if "eigenvalue" in row else ""
            print(f"{row['asked']:10.3f}{row['produced']:10.3f}{row['points']:8}{more}")


if __name__ == "__main__":
    main()
