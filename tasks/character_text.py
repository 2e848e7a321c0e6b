"""Which character comes next? A network reads the text that comes with Python, or yours.

    python tasks/character_text.py                          # tanh network of 128 units, 600 iterations, 3 seeds: a minute
    python tasks/character_text.py --network lstm           # or another preset
    python tasks/character_text.py --unroll jacobi --sweeps 4                  # approximate fixed-points: four sweeps in training and in use
    python tasks/character_text.py --evaluate 1 2 4 8       # trained exactly, used with so many sweeps
    python tasks/character_text.py --text novel.txt --iterations 5000      # a text file of yours, the last tenth to test
    python tasks/character_text.py --quick                  # seconds

Trains by BPTT on windows of 64 characters, the state anew in each, and prints the bits per character of the test part: as
the network was trained, and for each way of ``--evaluate`` what that costs. Python's text differs between its versions:
compare numbers of one version only. Runs and picture go to ``--out``.

Approximate fixed-points are those of Wang and Ragni (2021, arXiv 2106.02417), who read words: ``word_text.py`` takes their texts.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.special import log_softmax

import neurorec as nr
from neurorec.errors import ValueRefused

UNITS = 128
LENGTH = 64  # characters of a trial
BATCH = 32
RATE = 5e-3  # for all weights: at 1e-2 trainings from starts that differ in the third digit end up to 0.03 bits apart, here 0.003
SLOW = 0.1  # times that for the maps of orthogonal networks, as in their papers
# Scale of the recurrent weights, and standard deviation of the input weights where they are not the preset's. One channel of 103
# is active at a time: with Glorot's 0.09 a unit hardly hears it beside its recurrence. These are as an embedding's would be.
STARTS = {"orthogonal_tanh": (0.9, 0.6)}


def main() -> None:
    settings = arguments()
    task, test = (nr.task("character_text", text=settings.text, length=LENGTH, split=split) for split in ("train", "test"))
    runs = [one(task, settings, settings.seed + k) for k in range(settings.seeds)]
    tested = [used(test, run.network, settings) for run in runs]
    print_table(settings, task, runs, tested)
    print(f"picture: {draw(settings, runs)}")
    if settings.json:
        medians = {name: float(np.median([each[name] for each in tested])) for name in tested[0]}
        each = {f"{name}_each": [found[name] for found in tested] for name in tested[0]}
        print(json.dumps({**medians, **each, **about(settings, task, runs)}))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="orthogonal_tanh", choices=nr.names("presets"), help="preset (default orthogonal_tanh)")
    parser.add_argument("--units", type=int, default=UNITS, help=f"default {UNITS}")
    parser.add_argument("--text", help="a text file, or a folder with one each for train and test; default: Python's own")
    parser.add_argument("--iterations", type=int, default=600, help=f"updates, each of {BATCH} windows (default 600)")
    parser.add_argument("--rate", type=float, default=RATE, help=f"learning rate (default {RATE:g})")
    parser.add_argument(
        "--input", type=float, help="standard deviation of the input weights at the start; default: the preset's, 0.6 for a tanh network"
    )
    parser.add_argument("--engine", default="numba", help="from nr.names('engines') (default numba)")
    parser.add_argument("--unroll", choices=nr.names("unroll"), help="train and use by this evaluation in time, in place of --engine")
    parser.add_argument("--sweeps", type=sweeps, help="of jacobi, in training and in use; default: as many as the exact states need")
    parser.add_argument(
        "--evaluate", nargs="+", type=way, default=[], metavar="WAY", help="also use what was trained by so many sweeps, or 'sequential'"
    )
    parser.add_argument("--quick", action="store_true", help="one seed, 20 iterations at most")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=3, help="how many (default 3)")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for runs and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    settings = parser.parse_args()
    if settings.sweeps is not None and settings.unroll != "jacobi":
        parser.error("--sweeps are those of --unroll jacobi")
    if settings.quick:
        settings.seeds, settings.iterations = 1, min(settings.iterations, 20)
    return settings


def sweeps(text: str) -> int:
    try:
        return nr.unroll.Jacobi(int(text)).sweeps
    except (ValueRefused, ValueError) as error:
        raise argparse.ArgumentTypeError(f"sweeps must be a whole number from 1, got {text!r}") from error


def way(text: str) -> str:
    return text if text == "sequential" else str(sweeps(text))


def one(task: nr.AbstractTask, settings: argparse.Namespace, seed: int) -> nr.Run:
    settings.out.mkdir(parents=True, exist_ok=True)
    network = start(task, settings, seed)
    moved = [name for name in (*network.plastic, *network.learnt) if name != "recurrent" or not network.learnt]
    rates = {name: settings.rate * (SLOW if name in ("skew", "theta") else 1) for name in moved}
    return nr.train(
        network, task, rule="bptt", optimiser="adam", rate=rates, clip=1.0, engine=engine(settings), trials=BATCH * settings.iterations,
        batch=BATCH, seed=seed, path=settings.out / f"character_text_{name(settings)}_{seed}.h5", overwrite=True,
        record=nr.Record(variables=("output", "target"), every=BATCH * settings.iterations),
    )  # fmt: skip


def start(task: nr.AbstractTask, settings: argparse.Namespace, seed: int) -> nr.Network:
    network = nr.preset(settings.network, task.n_inputs, settings.units, task.n_outputs, seed=seed, dt=task.dt)
    if settings.network not in STARTS and settings.input is None:
        return network
    gain, usual = STARTS.get(settings.network, (1, None))
    spread = usual if settings.input is None else settings.input
    draws = {} if spread is None else {"input": np.random.default_rng(seed).normal(0, spread, network.input.shape)}
    return network.replace(**draws) if network.learnt else network.replace(recurrent=gain * network.recurrent, **draws)


def engine(settings: argparse.Namespace) -> object:
    if settings.sweeps is not None:
        return nr.unroll.engine(nr.unroll.Jacobi(settings.sweeps))
    if settings.unroll is not None:
        return nr.unroll.engine(settings.unroll)
    return nr.presets.training(settings.network).get("engine", settings.engine)


def used(test: nr.AbstractTask, network: nr.Network, settings: argparse.Namespace) -> dict[str, float]:
    """As trained; then what other ways to evaluate it cost, in bits per character."""
    own = evaluate(test, network, engine(settings))
    ways = {each: "reference" if each == "sequential" else nr.unroll.engine(nr.unroll.Jacobi(int(each))) for each in settings.evaluate}
    found = {each: evaluate(test, network, by)["bits_per_character"] for each, by in ways.items()}
    return {**own, **{f"penalty_{each}": bits - own["bits_per_character"] for each, bits in found.items()}}


def evaluate(test: nr.AbstractTask, network: nr.Network, by: object) -> dict[str, float]:
    """On the whole test part: bits per character, and the share of characters foretold."""
    trials = test.trials(test.count)
    outputs = nr.simulate(network, trials, engine=by).outputs
    loss = -(trials.weight[..., None] * trials.targets * log_softmax(outputs, axis=2)).sum()
    return {"bits_per_character": float(test.bits_per_character(loss)), "right": float(test.score(outputs, trials).mean())}


def name(settings: argparse.Namespace) -> str:
    return "_".join([settings.network, *(str(each) for each in (settings.unroll, settings.sweeps) if each is not None)])


def about(settings: argparse.Namespace, task: nr.AbstractTask, runs: list[nr.Run]) -> dict[str, object]:
    facts = {key: getattr(settings, key) for key in ("network", "units", "iterations", "rate", "unroll", "sweeps")}
    seeds = list(range(settings.seed, settings.seed + settings.seeds))
    seconds = float(np.median([run.log["seconds"][-1] for run in runs]))
    return {**facts, "characters": task.n_inputs, "parameters": runs[0].network.learnable, "seeds": seeds, "seconds": seconds}


def draw(settings: argparse.Namespace, runs: list[nr.Run]) -> Path:
    figure, curves = nr.plots.panels(1, 1)
    nr.plots.learning_curve(runs, ax=curves.item(), label=name(settings))
    path = settings.out / f"character_text_{name(settings)}.png"
    figure.savefig(path)
    return path


def print_table(settings: argparse.Namespace, task: nr.AbstractTask, runs: list[nr.Run], tested: list[dict[str, float]]) -> None:
    facts = about(settings, task, runs)
    print(
        f"\n{name(settings)}: {facts['units']} units, {facts['parameters']} parameters, {facts['iterations']} iterations of {BATCH} windows"
    )
    print(f"{facts['characters']} characters: {np.log2(task.n_inputs):.2f} bits")
    print(f"{'seed':>6}{'bits/character':>16}{'foretold':>10}" + "".join(f"{'by ' + each:>14}" for each in settings.evaluate))
    medians = {column: np.median([each[column] for each in tested]) for column in tested[0]}
    for label, row in [*zip(map(str, facts["seeds"]), tested, strict=True), ("median", medians)]:
        bits, right, *penalties = row.values()
        print(f"{label:>6}{bits:16.3f}{right:10.3f}" + "".join(f"{penalty:+14.3f}" for penalty in penalties))
    print(
        f"{facts['seconds']:.0f} seconds of training"
        + ("; by a number of sweeps, or sequential: bits that this costs" if settings.evaluate else "")
    )


if __name__ == "__main__":
    main()
