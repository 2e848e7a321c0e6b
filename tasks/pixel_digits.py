"""Which digit was it, read one pixel at a time? LSTMs whose input goes through an optimiser, beside the LSTM alone.

    python tasks/pixel_digits.py                            # five presets, 48 units, 60 epochs, 3 seeds: ten minutes
    python tasks/pixel_digits.py --network lstm adam_lstm   # some
    python tasks/pixel_digits.py --quick                    # seconds

At the papers' sizes, on MNIST's four IDX files, which are yours to fetch, and with a GPU; ``--order permuted`` for permuted MNIST:

    python tasks/pixel_digits.py --folder mnist --units 128 --batch 128 --epochs 150 --engine cuda          # Nguyen et al.: also 256 units
    python tasks/pixel_digits.py --folder mnist --order permuted --network momentum_lstm --set s=1.0 --units 128 --batch 128 --epochs 150 --engine cuda
    python tasks/pixel_digits.py --folder mnist --order permuted --network adam_lstm --set s=1.0 --set beta=0.01 ...     # rmsprop_lstm: the same
    python tasks/pixel_digits.py --folder mnist --network scornn --set negative=17 --units 170 --batch 50 --epochs 70 --engine cuda     # scoRNN
    python tasks/pixel_digits.py --folder mnist --network scurnn --units 116 --batch 50 --epochs 70 --engine cuda                       # scuRNN

scikit-learn's 8 x 8 pictures, 1400 to learn from and 397 to test. Trains by BPTT, RMSProp, rate 1e-3, clipped at norm 1, as
Nguyen et al. (2020, arXiv 2006.06919). `step_size_lstm` only scales its input: what it gains is not due to momentum. Prints
the share of test pictures named right. Runs and picture go to ``--out``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

import neurorec as nr

NETWORKS = ("lstm", "step_size_lstm", "momentum_lstm", "adam_lstm", "rmsprop_lstm")
UNITS = 48
BATCH = 64
TESTED = 500  # pictures at a time, for what fits into memory


def main() -> None:
    settings = arguments()
    task, test = (nr.task("pixel_digits", order=settings.order, split=split, folder=settings.folder) for split in ("train", "test"))
    runs = {network: [one(task, network, settings, settings.seed + k) for k in range(settings.seeds)] for network in settings.network}
    right = {network: [accuracy(test, run) for run in found] for network, found in runs.items()}
    print_table(settings, runs, right)
    print(f"picture: {draw(settings, runs)}")
    if settings.json:
        medians = {f"accuracy_{network}": float(np.median(found)) for network, found in right.items()}
        each = {f"accuracy_{network}_each": found for network, found in right.items()}
        facts = {key: getattr(settings, key) for key in ("order", "units", "epochs", "batch")}
        print(
            json.dumps(
                {
                    **medians,
                    **each,
                    **dict(settings.set),
                    **facts,
                    "seeds": seeds(settings),
                    "seconds": {n: seconds(found) for n, found in runs.items()},
                }
            )
        )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", nargs="+", default=NETWORKS, choices=nr.names("presets"), help="presets")
    parser.add_argument(
        "--set", action="append", type=field, default=[], metavar="NAME=VALUE", help="a field of the presets, such as s=1.0"
    )
    parser.add_argument("--units", type=int, default=UNITS, help=f"default {UNITS}")
    parser.add_argument("--order", default="pixel", choices=("pixel", "row", "permuted"), help="how pictures are read (default pixel)")
    parser.add_argument("--folder", help="with MNIST's four IDX files; default: scikit-learn's digits")
    parser.add_argument("--epochs", type=int, default=60, help="passes through the pictures (default 60)")
    parser.add_argument("--batch", type=int, default=BATCH, help=f"pictures an update (default {BATCH})")
    parser.add_argument("--engine", default="numba", help="from nr.names('engines') (default numba)")
    parser.add_argument("--quick", action="store_true", help="one seed, one epoch")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=3, help="how many (default 3)")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for runs and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    settings = parser.parse_args()
    if settings.quick:
        settings.seeds, settings.epochs = 1, 1
    return settings


def field(text: str) -> tuple[str, float]:
    name, value = text.split("=", 1)
    return name, json.loads(value)


def one(task: nr.AbstractTask, network: str, settings: argparse.Namespace, seed: int) -> nr.Run:
    settings.out.mkdir(parents=True, exist_ok=True)
    start = nr.preset(network, task.n_inputs, settings.units, task.n_outputs, seed=seed, dt=task.dt, **dict(settings.set))
    path = settings.out / f"pixel_digits_{network}_{settings.order}_{seed}.h5"
    return nr.train(
        start, task, trials=settings.epochs * task.count, batch=settings.batch, seed=seed, path=path,
        overwrite=True, **{"engine": settings.engine, **nr.presets.training(network)},
    )  # fmt: skip


def accuracy(test: nr.AbstractTask, run: nr.Run) -> float:
    some = (test.trials(min(TESTED, test.count - first), first=first) for first in range(0, test.count, TESTED))
    outputs = ((trials, nr.simulate(run.network, trials, engine=run.config["engine"]).outputs) for trials in some)
    return float(np.concatenate([test.score(each, trials) for trials, each in outputs]).mean())


def seeds(settings: argparse.Namespace) -> list[int]:
    return list(range(settings.seed, settings.seed + settings.seeds))


def seconds(runs: list[nr.Run]) -> float:
    return float(np.median([run.log["seconds"][-1] for run in runs]))


def draw(settings: argparse.Namespace, runs: dict[str, list[nr.Run]]) -> Path:
    figure, curves = nr.plots.panels(1, 1, height=3.0)
    for network, found in runs.items():
        nr.plots.learning_curve(found, ax=curves.item(), label=network)
    path = settings.out / f"pixel_digits_{settings.order}.png"
    figure.savefig(path)
    return path


def print_table(settings: argparse.Namespace, runs: dict[str, list[nr.Run]], right: dict[str, list[float]]) -> None:
    print(f"\n{settings.units} units, {settings.epochs} epochs, read by {settings.order}; chance 0.1")
    print(f"{'network':18}{'test pictures right, each seed':34}{'median':>8}{'parameters':>12}{'seconds':>10}")
    for network, found in right.items():
        each = "  ".join(f"{one:.3f}" for one in found)
        print(f"{network:18}{each:34}{np.median(found):8.3f}{runs[network][0].network.learnable:12}{seconds(runs[network]):10.1f}")


if __name__ == "__main__":
    main()
