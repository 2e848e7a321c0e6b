"""Every task, learnt with its own settings: what `neurorec train TASK` reaches where nothing else is said.

    python tasks/defaults.py                                # all tasks, 3 seeds each: half an hour
    python tasks/defaults.py --tasks n_bit_flip_flop --seeds 9
    python tasks/defaults.py --quick                        # two tasks, 200 trials: seconds

Prints the settings, and on trials that training never shows the score of each seed and that of a network that says nothing; a task
with a test part is tested on that. Where trials begin in the state in which the one before ended, they are tested in a row, too.
Runs and picture go to ``--out``.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np

import neurorec as nr

SEEDS = 3
QUICK = {"seeds": 1, "tasks": ["periodic_output", "recorded_pattern"], "trials": 200}
TESTED, TEST_SEED = 200, 1_000_000  # trials, and a seed far from those of training
SIDE_BY_SIDE = 50  # trials of a test, for what fits into memory
COLUMNS = f"{'task':24}{'score':>8}{'silent':>8}{'seconds':>9}   each seed"


def main() -> None:
    settings = arguments()
    settings.out.mkdir(parents=True, exist_ok=True)
    print(COLUMNS)
    found = {name: learnt(name, settings) for name in settings.tasks}
    print(f"picture: {draw(settings, found)}")
    if settings.json:
        print(json.dumps({"tasks": found, "seeds": settings.seeds, "first_seed": settings.seed}))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", nargs="+", default=nr.names("tasks"), choices=nr.names("tasks"), metavar="TASK", help="default: all")
    parser.add_argument("--trials", type=int, help="of each training; default: the task's own")
    parser.add_argument("--quick", action="store_true", help=f"{' and '.join(QUICK['tasks'])}, one seed, {QUICK['trials']} trials")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"how many (default {SEEDS})")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for runs and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    settings = parser.parse_args()
    if settings.quick:
        vars(settings).update(QUICK)
    return settings


def learnt(name: str, settings: argparse.Namespace) -> dict[str, Any]:
    """Scores and times of a task's seeds, and the settings they were reached with."""
    task = nr.task(name)
    runs = [one(task, name, settings.seed + k, settings) for k in range(settings.seeds)]
    scores = [score(name, task, run.network) for run in runs]
    silent = score(name, task, runs[0].network.replace(readout=0 * runs[0].network.readout))
    seconds = float(np.median([duration(run) for run in runs]))
    print(f"{name:24}{np.median(scores):8.3f}{silent:8.3f}{seconds:9.1f}   {' '.join(f'{each:.3f}' for each in scores)}", flush=True)
    print(f"{'':24}{task.recommended}", flush=True)
    return {
        "score": float(np.median(scores)), "score_each": [round(each, 4) for each in scores], "silent": round(silent, 4), "seconds": round(seconds, 1),
        "settings": dataclasses.asdict(task.recommended) | {"rate": task.recommended.training["rate"]},
    }  # fmt: skip


def one(task: nr.AbstractTask, name: str, seed: int, settings: argparse.Namespace) -> nr.Run:
    own = task.recommended.but(trials=settings.trials)
    path = settings.out / f"defaults_{name}_{seed}.h5"
    return nr.train(nr.Network.for_task(task, seed=seed), task, seed=seed, path=path, overwrite=True, **own.training)


def duration(run: nr.Run) -> float:
    """Seconds of training after the first batch, at which it is compiled."""
    seconds = run.log["seconds"].values
    return float(seconds[-1] - seconds[0])


def score(name: str, task: nr.AbstractTask, network: nr.Network) -> float:
    """Mean over trials that training never showed."""
    unseen = unseen_part(name, task)
    trials = unseen.trials(min(TESTED, getattr(unseen, "count", TESTED)), seed=TEST_SEED)
    if task.recommended.start == "carried":
        return float(unseen.score(in_a_row(network, trials), trials).mean())
    parts = [trials.take(np.arange(first, min(first + SIDE_BY_SIDE, trials.count))) for first in range(0, trials.count, SIDE_BY_SIDE)]
    return float(np.concatenate([unseen.score(nr.simulate(network, part).outputs, part) for part in parts]).mean())


def unseen_part(name: str, task: nr.AbstractTask) -> nr.AbstractTask:
    """The task's test part; the task itself where it makes its trials."""
    return nr.task(name, split="test") if hasattr(task, "split") else task


def in_a_row(network: nr.Network, trials: nr.Trials) -> np.ndarray:
    """Outputs, (T, B, O), where each trial begins in the state in which the one before ended."""
    row = lambda array: array.swapaxes(0, 1).reshape(-1, 1, array.shape[2])  # noqa: E731 - one trial after the other
    outputs = nr.simulate(network, nr.Trials(row(trials.inputs), row(trials.targets), dt=trials.dt)).outputs
    return outputs.reshape(trials.count, trials.steps, -1).swapaxes(0, 1)


def draw(settings: argparse.Namespace, found: dict[str, dict[str, Any]]) -> Path:
    """A row a task: the score of each seed, and a tick where a network that says nothing is."""
    figure, axes = nr.plots.panels(1, 1, height=1 + 0.3 * len(found))
    ax = axes.item()
    for row, each in enumerate(found.values()):
        ax.plot(each["score_each"], [row] * len(each["score_each"]), "o", color="#0072B2", alpha=0.6, markersize=5)
        ax.plot([each["silent"]], [row], "|", color="0.4", markersize=10)
    ax.set_yticks(range(len(found)), list(found))
    ax.invert_yaxis()
    ax.set_xlim(-0.03, 1.03)
    ax.set_xlabel("score of each seed (bar: a network that says nothing)")
    path = settings.out / "defaults.png"
    figure.savefig(path)
    return path


if __name__ == "__main__":
    main()
