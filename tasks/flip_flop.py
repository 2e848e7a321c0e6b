"""Three-bit flip-flop (Sussillo and Barak 2013) by BPTT and by RFLO, and the fixed points that hold its eight states.

    python tasks/flip_flop.py            # N=100, 3 seeds by each rule: some minutes
    python tasks/flip_flop.py --quick    # one bit, N=20: seconds

Prints the score on trials that training never showed, and how many fixed points with how many unstable directions each network has. Runs, with
eleven snapshots of the weights each, and picture go to ``--out``; ``analysis/flip_flop.ipynb`` reads them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

import neurorec as nr

BITS, UNITS, SEEDS = 3, 100, 3
TRIALS = {"bptt": 20_000, "rflo": 12_000}
HOW = {"optimiser": "adam", "rate": 0.003, "batch": 10, "clip": 1.0, "anneal": 0.1}  # the task's own; the rate falls to a tenth
QUICK = {"bits": 1, "units": 20, "seeds": 1, "trials": {"bptt": 300, "rflo": 300}}
TESTED, TEST_SEED = 200, 1_000_000
FROM = 20  # trials whose states are starts of the search
BUDGET = 60.0  # seconds a network


def main() -> None:
    settings = arguments()
    settings.out.mkdir(parents=True, exist_ok=True)
    task = nr.task("n_bit_flip_flop", n_bits=settings.bits)
    runs = {rule: [one(task, rule, settings.seed + k, settings) for k in range(settings.seeds)] for rule in settings.trials}
    found = {rule: [summary(task, run) for run in each] for rule, each in runs.items()}
    print(f"picture: {draw(runs, settings.out / 'flip_flop.png')}")
    print_table(found)
    if settings.json:
        print(json.dumps({"bits": settings.bits, "units": settings.units, "trials": settings.trials, **found}))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one bit, 20 units, 300 trials, one seed")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for runs and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    parser.set_defaults(bits=BITS, units=UNITS, seeds=SEEDS, trials=TRIALS)
    settings = parser.parse_args()
    if settings.quick:
        vars(settings).update(QUICK)
    return settings


def one(task: nr.AbstractTask, rule: str, seed: int, settings: argparse.Namespace) -> nr.Run:
    network = nr.Network.for_task(task, seed=seed, units=settings.units)
    record = nr.Record(("h", "output"), every=max(1, settings.trials[rule] // 20), checkpoints=11)
    path = settings.out / f"flip_flop_{rule}_{seed}.h5"
    return nr.train(network, task, rule=rule, trials=settings.trials[rule], seed=seed, record=record, path=path, overwrite=True, **HOW)


def summary(task: nr.AbstractTask, run: nr.Run) -> dict:
    trials = task.trials(TESTED, seed=TEST_SEED)
    score = float(task.score(nr.simulate(run.network, trials).outputs, trials).mean())
    points = nr.dynamics.fixed_points(run.network, starts=nr.simulate(run.network, task.trials(FROM, seed=TEST_SEED)), seconds=BUDGET)
    corners = np.abs(np.abs(points["readout"].values[points["stable"].values]) - 1)
    return {
        "score": score, "points": points.sizes["point"], "stable": int(points["stable"].sum()), "complete": not points.attrs["partial"],
        "by_unstable_directions": np.bincount(points["n_unstable"].values, minlength=1).tolist(),
        "farthest_from_corner": float(corners.max(initial=0.0)), "converged": float((points["status"] == "converged").mean()),
    }  # fmt: skip


def draw(runs: dict[str, list[nr.Run]], path: Path) -> Path:
    figure, (curves, space) = nr.plots.panels(1, 2)
    for rule, each in runs.items():
        nr.plots.learning_curve(each, ax=curves, label=rule.upper())
    nr.plots.state_space(runs["bptt"][0], ax=space)
    figure.savefig(path)
    return path


def print_table(found: dict[str, list[dict]]) -> None:
    print(f"\n{'rule':6}{'score':>8}{'points':>8}{'stable':>8}{'complete':>10}   by number of unstable directions")
    for rule, each in found.items():
        for row in each:
            complete = "yes" if row["complete"] else "no"
            print(f"{rule:6}{row['score']:8.4f}{row['points']:8}{row['stable']:8}{complete:>10}   {row['by_unstable_directions']}")


if __name__ == "__main__":
    main()
