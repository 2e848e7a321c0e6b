"""What does the next moment of speech sound like? Networks predict the next frame of a spectrogram.

    python tasks/speech_frames.py --folder speech           # WAV files of yours; five LSTMs of 84 units, 50 epochs, 3 seeds
    python tasks/speech_frames.py --network scornn scurnn   # other presets; without a folder, voice-like glides that are made up
    python tasks/speech_frames.py --quick                   # seconds; glides, too: nothing to fetch

At the settings of Nguyen et al. (2020, arXiv 2006.06919) on TIMIT, which is licensed and yours to get (its files are NIST SPHERE:
convert them to WAV first), and with a GPU:

    python tasks/speech_frames.py --folder timit --network lstm --units 158 --rate 1e-4 --batch 32 --epochs 700 --engine cuda
    python tasks/speech_frames.py --folder timit --network momentum_lstm --set mu=0.3 --set s=0.1 --units 158 --rate 1e-4 --batch 32 --epochs 700 --engine cuda
    python tasks/speech_frames.py --folder timit --network step_size_lstm --set s=0.1 ...       # what the step size alone does
    python tasks/speech_frames.py --folder timit --network adam_lstm --set mu=0.3 --set s=0.1 --set beta=0.999 ...
    python tasks/speech_frames.py --folder timit --network rmsprop_lstm --set s=0.1 --set beta=0.999 ...

and 84 or 120 units. Frames are 129 log magnitudes at 8 kHz; ours are shifted so that silence is 0, and every utterance counts
alike however long, so that errors are not to the digit those of papers.

Trains by BPTT as the preset's paper does. Prints the mean squared error of a bin and a frame of the test part, and the variance
explained, beside that of predicting that nothing changes. Glides are no speech: their numbers only show that it runs. Runs
and picture go to ``--out``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

import neurorec as nr

NETWORKS = ("lstm", "step_size_lstm", "momentum_lstm", "adam_lstm", "rmsprop_lstm")
UNITS = 84
BATCH = 32
TESTED = 64  # utterances at a time, for what fits into memory


def main() -> None:
    settings = arguments()
    task, test = (nr.task("speech_frames", folder=settings.folder, split=split) for split in ("train", "test"))
    runs = {network: [one(task, network, settings, settings.seed + k) for k in range(settings.seeds)] for network in settings.network}
    tested = {network: [evaluate(test, run) for run in found] for network, found in runs.items()}
    still = evaluate(test, None)
    print_table(settings, runs, tested, still)
    print(f"picture: {draw(settings, runs)}")
    if settings.json:
        each = {f"{key}_{network}_each": [one[key] for one in found] for network, found in tested.items() for key in still}
        medians = {key.removesuffix("_each"): float(np.median(found)) for key, found in each.items()}
        facts = {
            "units": settings.units,
            "epochs": settings.epochs,
            "batch": settings.batch,
            "folder": settings.folder,
            "utterances": task.count,
        }
        seeds = list(range(settings.seed, settings.seed + settings.seeds))
        print(json.dumps({**medians, **each, "mse_nothing_changes": still["mse"], **dict(settings.set), **facts, "seeds": seeds}))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", nargs="+", default=NETWORKS, choices=nr.names("presets"), help="presets")
    parser.add_argument(
        "--set", action="append", type=field, default=[], metavar="NAME=VALUE", help="a field of the presets, such as mu=0.3"
    )
    parser.add_argument("--units", type=int, default=UNITS, help=f"default {UNITS}")
    parser.add_argument("--folder", help="with WAV files; default: glides that are made up")
    parser.add_argument("--epochs", type=int, default=50, help="passes through the utterances (default 50)")
    parser.add_argument("--batch", type=int, default=BATCH, help=f"utterances an update (default {BATCH})")
    parser.add_argument("--rate", type=float, help="learning rate for all weights; default: the preset's")
    parser.add_argument("--engine", help="from nr.names('engines'); default: numba, or the only one that runs a preset")
    parser.add_argument("--quick", action="store_true", help="one seed, one epoch")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=3, help="how many (default 3)")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for runs and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    settings = parser.parse_args()
    for network in settings.network:
        if settings.engine not in (None, only := nr.presets.training(network).get("engine", settings.engine)):
            parser.error(f"--network {network} is run by --engine {only} only, not by {settings.engine}; leave --engine out")
    if settings.quick:
        settings.seeds, settings.epochs = 1, 1
    return settings


def field(text: str) -> tuple[str, float]:
    name, value = text.split("=", 1)
    return name, json.loads(value)


def one(task: nr.AbstractTask, network: str, settings: argparse.Namespace, seed: int) -> nr.Run:
    settings.out.mkdir(parents=True, exist_ok=True)
    start = nr.preset(network, task.n_inputs, settings.units, task.n_outputs, seed=seed, dt=task.dt, **dict(settings.set))
    training = {"engine": settings.engine or "numba", **nr.presets.training(network)}
    return nr.train(
        start, task, trials=settings.epochs * task.count, batch=settings.batch, seed=seed, overwrite=True,
        path=settings.out / f"speech_frames_{network}_{seed}.h5", **{**training, "rate": settings.rate or training["rate"]},
    )  # fmt: skip


def evaluate(test: nr.AbstractTask, run: nr.Run | None) -> dict[str, float]:
    """On the whole test part; without a run, the prediction is the frame before."""
    mse, explained = np.empty(test.count), np.empty(test.count)
    for first in range(0, test.count, TESTED):
        some = test.trials(min(TESTED, test.count - first), first=first)
        outputs = some.inputs if run is None else nr.simulate(run.network, some, engine=run.config["engine"]).outputs
        which = slice(first, first + some.count)
        mse[which] = (some.weight[..., None] * (outputs - some.targets) ** 2).sum(axis=(0, 2)) / (
            some.weight.sum(axis=0) * some.targets.shape[2]
        )
        explained[which] = test.score(outputs, some)
    return {"mse": float(mse.mean()), "explained": float(explained.mean())}


def draw(settings: argparse.Namespace, runs: dict[str, list[nr.Run]]) -> Path:
    figure, curves = nr.plots.panels(1, 1, height=3.0)
    for network, found in runs.items():
        nr.plots.learning_curve(found, ax=curves.item(), label=network)
    path = settings.out / "speech_frames.png"
    figure.savefig(path)
    return path


def print_table(
    settings: argparse.Namespace, runs: dict[str, list[nr.Run]], tested: dict[str, list[dict[str, float]]], still: dict[str, float]
) -> None:
    print(f"\n{settings.units} units, {settings.epochs} epochs, {settings.folder or 'made-up glides, no speech'}")
    print(f"{'network':18}{'mean squared error, each seed':34}{'median':>8}{'explained':>11}{'parameters':>12}{'seconds':>10}")
    for network, found in tested.items():
        errors, explained = ([each[key] for each in found] for key in ("mse", "explained"))
        each = "  ".join(f"{error:.4f}" for error in errors)
        taken = np.median([run.log["seconds"][-1] for run in runs[network]])
        print(
            f"{network:18}{each:34}{np.median(errors):8.4f}{np.median(explained):11.3f}{runs[network][0].network.learnable:12}{taken:10.1f}"
        )
    print(f"{'nothing changes':18}{'':34}{still['mse']:8.4f}{still['explained']:11.3f}")


if __name__ == "__main__":
    main()
