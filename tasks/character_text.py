"""Which character comes next? A network reads the text that comes with Python, or yours.

    python tasks/character_text.py                          # tanh network of 128 units, 600 iterations, 3 seeds: a minute
    python tasks/character_text.py --network lstm           # or another preset
    python tasks/character_text.py --text novel.txt --iterations 5000      # a text file of yours, the last tenth to test
    python tasks/character_text.py --quick                  # seconds

Trains by BPTT on windows of 64 characters, the state anew in each, and prints the bits per character of the test part.
Python's text differs between its versions: compare numbers of one version only. Runs and picture go to ``--out``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.special import log_softmax

import neurorec as nr

UNITS = 128
LENGTH = 64  # characters of a trial
BATCH = 32
RATE = 1e-2  # for all weights, the best of 2e-3, 5e-3, 1e-2, 2e-2 for the tanh network; the maps of orthogonal networks have a tenth, as in their papers
SLOW = {"skew": RATE / 10, "theta": RATE / 10}


def main() -> None:
    settings = arguments()
    task, test = (nr.task("character_text", text=settings.text, length=LENGTH, split=split) for split in ("train", "test"))
    runs = [one(task, settings, settings.seed + k) for k in range(settings.seeds)]
    tested = [evaluate(test, run) for run in runs]
    print_table(settings, task, runs, tested)
    print(f"picture: {draw(settings, runs)}")
    if settings.json:
        medians = {name: float(np.median([each[name] for each in tested])) for name in tested[0]}
        each = {f"{name}_each": [one[name] for one in tested] for name in tested[0]}
        print(json.dumps({**medians, **each, **about(settings, task, runs)}))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="orthogonal_tanh", choices=nr.names("presets"), help="preset (default orthogonal_tanh)")
    parser.add_argument("--units", type=int, default=UNITS, help=f"default {UNITS}")
    parser.add_argument("--text", help="a text file, or a folder with one each for train and test; default: Python's own")
    parser.add_argument("--iterations", type=int, default=600, help=f"updates, each of {BATCH} windows (default 600)")
    parser.add_argument("--engine", default="numba", help="from nr.names('engines') (default numba)")
    parser.add_argument("--quick", action="store_true", help="one seed, 20 iterations at most")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=3, help="how many (default 3)")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for runs and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    settings = parser.parse_args()
    if settings.quick:
        settings.seeds, settings.iterations = 1, min(settings.iterations, 20)
    return settings


def one(task: nr.AbstractTask, settings: argparse.Namespace, seed: int) -> nr.Run:
    settings.out.mkdir(parents=True, exist_ok=True)
    network = nr.preset(settings.network, task.n_inputs, settings.units, task.n_outputs, seed=seed, dt=task.dt)
    moved = [name for name in (*network.plastic, *network.learnt) if name != "recurrent" or not network.learnt]
    rates = {name: SLOW.get(name, RATE) for name in moved}
    engine = nr.presets.training(settings.network).get("engine", settings.engine)
    path = settings.out / f"character_text_{settings.network}_{seed}.h5"
    return nr.train(
        network, task, rule="bptt", optimiser="adam", rate=rates, clip=1.0, engine=engine, trials=BATCH * settings.iterations, batch=BATCH, seed=seed,
        path=path, overwrite=True, record=nr.Record(variables=("output", "target"), every=BATCH * settings.iterations),
    )  # fmt: skip


def evaluate(test: nr.AbstractTask, run: nr.Run) -> dict[str, float]:
    """On the whole test part: bits per character, and the share of characters foretold."""
    trials = test.trials(test.count)
    outputs = nr.simulate(run.network, trials, engine=run.config["engine"]).outputs
    loss = -(trials.weight[..., None] * trials.targets * log_softmax(outputs, axis=2)).sum()
    return {"bits_per_character": float(test.bits_per_character(loss)), "right": float(test.score(outputs, trials).mean())}


def about(settings: argparse.Namespace, task: nr.AbstractTask, runs: list[nr.Run]) -> dict[str, object]:
    facts = {key: getattr(settings, key) for key in ("network", "units", "iterations")}
    seeds = list(range(settings.seed, settings.seed + settings.seeds))
    seconds = float(np.median([run.log["seconds"][-1] for run in runs]))
    return {**facts, "characters": task.n_inputs, "parameters": runs[0].network.learnable, "seeds": seeds, "seconds": seconds}


def draw(settings: argparse.Namespace, runs: list[nr.Run]) -> Path:
    figure, curves = nr.plots.panels(1, 1)
    nr.plots.learning_curve(runs, ax=curves.item(), label=settings.network)
    path = settings.out / f"character_text_{settings.network}.png"
    figure.savefig(path)
    return path


def print_table(settings: argparse.Namespace, task: nr.AbstractTask, runs: list[nr.Run], tested: list[dict[str, float]]) -> None:
    facts = about(settings, task, runs)
    print(
        f"\n{settings.network}: {facts['units']} units, {facts['parameters']} parameters, {facts['iterations']} iterations of {BATCH} windows"
    )
    print(
        f"{'seed':>6}{'bits/character':>18}{'foretold':>10}{'seconds':>10}   {facts['characters']} characters: {np.log2(task.n_inputs):.2f} bits"
    )
    for k, (run, each) in enumerate(zip(runs, tested, strict=True)):
        print(f"{settings.seed + k:6}{each['bits_per_character']:18.3f}{each['right']:10.3f}{float(run.log['seconds'][-1]):10.1f}")
    print(f"median{np.median([e['bits_per_character'] for e in tested]):18.3f}{np.median([e['right'] for e in tested]):10.3f}")


if __name__ == "__main__":
    main()
