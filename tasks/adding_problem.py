"""The adding problem: the sum of two numbers, marked among a hundred, that came one after the other.

    python tasks/adding_problem.py                          # scornn, 64 units, 100 steps, 4000 iterations, 3 seeds: two minutes
    python tasks/adding_problem.py --rates paper            # at the scoRNN paper's rates and D instead of those that a search found
    python tasks/adding_problem.py --network cornn          # another preset, as its paper trains it
    python tasks/adding_problem.py --network sbo --iterations 1200      # on torch: three minutes
    python tasks/adding_problem.py --quick                  # seconds

At the sizes of the papers on scoRNN, scuRNN and ENRNN, with a GPU:

    python tasks/adding_problem.py --rates paper --units 170 --length 200 --iterations 20000 --engine cuda
    python tasks/adding_problem.py --network scurnn --units 116 --length 750 --iterations 60000 --engine cuda
    python tasks/adding_problem.py --network enrnn --units 160 --length 750 --iterations 12000 --engine cuda

Trains by BPTT and measures on trials that training never shows. Prints the mean squared error of the papers (twice this
project's loss; 0.167 without memory). Runs and picture go to ``--out``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

import neurorec as nr

UNITS = 64
BATCH = 50  # trials an iteration, as in the papers
TEST_TRIALS, TEST_SEED = 1000, 1_000_000  # a seed far from those of training
ALL_BUT_SKEW = ("input", "readout", "b")
# Fields of the preset and how it is trained, where that differs from the preset's own. "paper": Adam 1e-3, RMSProp 1e-4 for A,
# half of D negative. "searched": the best of a few rates and D's, on seeds other than those shown.
TRAINED = {
    ("scornn", "paper"): (
        {},
        {
            "optimiser": {"skew": "rmsprop", **dict.fromkeys(ALL_BUT_SKEW, "adam")},
            "rate": {"skew": 1e-4, **dict.fromkeys(ALL_BUT_SKEW, 1e-3)},
        },
    ),
    ("scornn", "searched"): ({"negative": 6}, {"optimiser": "adam", "rate": {"skew": 1e-3, **dict.fromkeys(ALL_BUT_SKEW, 3e-3)}}),
}


def main() -> None:
    settings = arguments()
    task = nr.task("adding_problem", length=settings.length)
    runs = [one(task, settings, settings.seed + k) for k in range(settings.seeds)]
    tested = [test(task, run) for run in runs]
    print_table(settings, task, runs, tested)
    print(f"picture: {draw(settings, task, runs)}")
    if settings.json:
        medians = {name: float(np.median([each[name] for each in tested])) for name in tested[0]}
        each = {f"{name}_each": [one[name] for one in tested] for name in tested[0]}
        print(json.dumps({**medians, **each, **about(settings, runs)}))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="scornn", choices=nr.names("presets"), help="preset (default scornn)")
    parser.add_argument("--units", type=int, default=UNITS, help=f"default {UNITS}")
    parser.add_argument("--rates", choices=("searched", "paper"), default="searched", help="of scornn; other presets have their papers'")
    parser.add_argument("--length", type=int, default=100, help="steps of a trial (default 100)")
    parser.add_argument("--iterations", type=int, default=4000, help=f"updates, each of {BATCH} trials (default 4000)")
    parser.add_argument("--engine", default="numba", help="from nr.names('engines') (default numba)")
    parser.add_argument("--quick", action="store_true", help="one seed, 100 iterations at most")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=3, help="how many (default 3)")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for runs and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    settings = parser.parse_args()
    if settings.quick:
        settings.seeds, settings.iterations = 1, min(settings.iterations, 100)
    return settings


def one(task: nr.AbstractTask, settings: argparse.Namespace, seed: int) -> nr.Run:
    settings.out.mkdir(parents=True, exist_ok=True)
    fields, training = TRAINED.get((settings.network, settings.rates), ({}, {}))
    network = nr.preset(settings.network, task.n_inputs, settings.units, task.n_outputs, seed=seed, dt=task.dt, **fields)
    path = settings.out / f"adding_problem_{name(settings)}_{seed}.h5"
    return nr.train(
        network, task, trials=BATCH * settings.iterations, batch=BATCH, seed=seed, path=path, overwrite=True,
        **{"engine": settings.engine, **nr.presets.training(settings.network), **training},
    )  # fmt: skip


def name(settings: argparse.Namespace) -> str:
    return f"{settings.network}_{settings.rates}_{settings.length}"


def test(task: nr.AbstractTask, run: nr.Run) -> dict[str, float]:
    """On fresh trials: the papers' mean squared error, and the share of answers within the task's tolerance."""
    trials = task.trials(TEST_TRIALS, seed=TEST_SEED)
    outputs = nr.simulate(run.network, trials, engine=run.config["engine"]).outputs
    return {"mse": float(np.mean((outputs[-1] - trials.targets[-1]) ** 2)), "right": float(task.score(outputs, trials).mean())}


def about(settings: argparse.Namespace, runs: list[nr.Run]) -> dict[str, object]:
    facts = {key: getattr(settings, key) for key in ("network", "units", "length", "iterations", "rates")}
    seeds = list(range(settings.seed, settings.seed + settings.seeds))
    seconds = float(np.median([run.log["seconds"][-1] for run in runs]))
    return {**facts, "parameters": runs[0].network.learnable, "seeds": seeds, "seconds": seconds}


def draw(settings: argparse.Namespace, task: nr.AbstractTask, runs: list[nr.Run]) -> Path:
    figure, curves = nr.plots.panels(1, 1)
    curves = curves.item()
    nr.plots.learning_curve(runs, ax=curves, label=settings.network)
    curves.axhline(task.baseline, color="0.5", linestyle="--", linewidth=0.8, label="without memory")
    curves.legend(fontsize=8, frameon=False)
    path = settings.out / f"adding_problem_{name(settings)}.png"
    figure.savefig(path)
    return path


def print_table(settings: argparse.Namespace, task: nr.AbstractTask, runs: list[nr.Run], tested: list[dict[str, float]]) -> None:
    facts = about(settings, runs)
    print(
        f"\n{name(settings)}: {facts['units']} units, {facts['parameters']} parameters, {facts['iterations']} iterations of {BATCH} trials"
    )
    print(f"{'seed':>6}{'MSE':>10}{'right':>10}{'seconds':>10}   without memory {task.mse(task.baseline):.4f}")
    for k, (run, each) in enumerate(zip(runs, tested, strict=True)):
        print(f"{settings.seed + k:6}{each['mse']:10.5f}{each['right']:10.3f}{float(run.log['seconds'][-1]):10.1f}")
    print(f"median{np.median([e['mse'] for e in tested]):10.5f}{np.median([e['right'] for e in tested]):10.3f}")


if __name__ == "__main__":
    main()
