"""Does it help to disturb a network within its Taylor remainder while it learns? Digits, read a row at a time.

    python tasks/taylor_remainder.py                        # a tanh network of 64 units, 60 epochs, 6 seeds, seven arms: some minutes
    python tasks/taylor_remainder.py --cell torch_lstm
    python tasks/taylor_remainder.py --arms none bound_0.3  # some
    python tasks/taylor_remainder.py --quick                # seconds

A reconstruction, from the abstract alone, of what Guan et al. ("Mind the Remainder", 2022) propose; see
`neurorec.networks.architectures.remainder_lagrange`. It learns from scikit-learn's first 300 training pictures (`--pictures`), few enough
that it learns them by heart: a regulariser has something to do. Arms are the form of the disturbance and its strength;
``none`` is the plain cell, ``gaussian`` is noise that knows nothing of remainders. Prints the share of 397 test pictures named
right, by the undisturbed network. Runs and picture go to ``--out``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

import neurorec as nr

ARMS = ("none", "lagrange_0.1", "lagrange_0.3", "bound_0.3", "bound_1", "gaussian_0.1", "gaussian_0.3")
FORMS = ("lagrange", "bound", "gaussian")
UNITS = 64
BATCH = 50  # pictures an update
TRAINING = {"rule": "bptt", "engine": "torch", "optimiser": "adam", "rate": 3e-3, "clip": 1.0}  # of all arms; not searched


def main() -> None:
    settings = arguments()
    task, test = (nr.task("pixel_digits", order="row", split=split) for split in ("train", "test"))
    learnt = task.trials(settings.pictures)
    runs = {arm: [one(task, learnt, arm, settings, seed) for seed in seeds(settings)] for arm in settings.arms}
    right = {arm: [accuracy(test, run) for run in found] for arm, found in runs.items()}
    print_table(settings, runs, right)
    print(f"picture: {draw(settings, right)}")
    if settings.json:
        summary = {f"right_{arm}": {"mean": float(np.mean(found)), "each": found} for arm, found in right.items()}
        facts = {key: getattr(settings, key) for key in ("cell", "units", "pictures", "epochs")}
        print(json.dumps({**summary, **facts, "seeds": seeds(settings), "seconds": {arm: seconds(found) for arm, found in runs.items()}}))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--arms", nargs="+", type=arm, default=ARMS, metavar="FORM_STRENGTH", help=f"default {' '.join(ARMS)}")
    parser.add_argument("--cell", default="torch_rnn", choices=("torch_rnn", "torch_lstm"), help="default torch_rnn")
    parser.add_argument("--units", type=int, default=UNITS, help=f"default {UNITS}")
    parser.add_argument("--pictures", type=int, default=300, help="to learn from (default 300)")
    parser.add_argument("--epochs", type=int, default=60, help="passes through the pictures (default 60)")
    parser.add_argument("--quick", action="store_true", help="one seed, one epoch")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=6, help="how many (default 6)")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for runs and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    settings = parser.parse_args()
    if settings.quick:
        settings.seeds, settings.epochs = 1, 1
    return settings


def arm(text: str) -> str:
    form, _, strength = text.partition("_")
    if text != "none" and not (form in FORMS and strength.replace(".", "", 1).isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} must be none, or a form ({', '.join(FORMS)}) and a strength, such as bound_0.3")
    return text


def one(task: nr.AbstractTask, learnt: nr.Trials, arm: str, settings: argparse.Namespace, seed: int) -> nr.Run:
    """From the same weights and with the same pictures in every arm."""
    settings.out.mkdir(parents=True, exist_ok=True)
    form, _, strength = arm.partition("_")
    name, made_with = (settings.cell, {}) if form == "none" else (f"remainder_{form}", {"cell": settings.cell, "strength": float(strength)})
    start = nr.ModuleNetwork.random(name, task.n_inputs, settings.units, task.n_outputs, dt=task.dt, settings=made_with, seed=seed)
    path = settings.out / f"taylor_remainder_{settings.cell}_{arm}_{seed}.h5"
    trials = settings.epochs * settings.pictures
    return nr.train(start, learnt, trials=trials, batch=BATCH, seed=seed, path=path, overwrite=True, progress=False, **TRAINING)


def accuracy(test: nr.AbstractTask, run: nr.Run) -> float:
    trials = test.trials(test.count)
    return float(test.score(nr.simulate(run.network, trials, engine="torch").outputs, trials).mean())


def seeds(settings: argparse.Namespace) -> list[int]:
    return list(range(settings.seed, settings.seed + settings.seeds))


def seconds(runs: list[nr.Run]) -> float:
    return float(np.median([run.log["seconds"][-1] for run in runs]))


def draw(settings: argparse.Namespace, right: dict[str, list[float]]) -> Path:
    """Every seed a point; the mean of each arm a line, that of the plain cell all across."""
    figure, axes = nr.plots.panels(1, 1, height=3.0)
    axes = axes.item()
    for place, found in enumerate(right.values()):
        axes.plot([place] * len(found), found, "o", color="0.6", markersize=3)
        axes.plot([place - 0.3, place + 0.3], [np.mean(found)] * 2, color="C0")
    if "none" in right:
        axes.axhline(np.mean(right["none"]), color="0.5", linestyle="--", linewidth=0.8, label="plain cell")
        axes.legend(fontsize=8, frameon=False)
    axes.set_xticks(range(len(right)), [arm.replace("_", "\n") for arm in right], fontsize=7)
    axes.set_ylabel("share of test pictures right")
    path = settings.out / f"taylor_remainder_{settings.cell}.png"
    figure.savefig(path)
    return path


def print_table(settings: argparse.Namespace, runs: dict[str, list[nr.Run]], right: dict[str, list[float]]) -> None:
    print(f"\n{settings.cell}, {settings.units} units, {settings.pictures} pictures, {settings.epochs} epochs; chance 0.1")
    print(f"{'arm':14}{'test pictures right':>21}{'deviation':>11}{'lowest':>9}{'highest':>9}{'training loss':>15}{'seconds':>9}")
    for arm, found in right.items():
        loss = np.mean([float(run.log["loss"][-settings.pictures :].mean()) for run in runs[arm]])
        spread = f"{np.mean(found):21.4f}{np.std(found):11.4f}{min(found):9.3f}{max(found):9.3f}"
        print(f"{arm:14}{spread}{loss:15.4f}{seconds(runs[arm]):9.1f}")


if __name__ == "__main__":
    main()
