"""Which word comes next? Momentum on the input of an LSTM, and approximate fixed-points, on words.

    python tasks/word_text.py                               # the text that comes with Python, 1000 words; LSTM of 64 units, 600 iterations
    python tasks/word_text.py --network orthogonal_tanh --unroll jacobi --sweeps 4      # approximate fixed-points (Wang and Ragni 2021)
    python tasks/word_text.py --quick                       # seconds; Python's text, too: nothing to fetch

On the papers' texts, which are yours to fetch (folders with ptb.train.txt ..., wiki.train.tokens ...), and with a GPU:

    python tasks/word_text.py --text ptb --vocabulary 10000 --length 70 --units 650 --iterations 50000 --engine cuda
    python tasks/word_text.py --text wikitext-2 --vocabulary 33278 --length 70 --units 650 --iterations 100000 --engine cuda
    python tasks/word_text.py --text ptb --vocabulary 10000 --network step_size_lstm ...        # or momentum_lstm, adam_lstm, rmsprop_lstm

Texts, vocabularies and the 70 words of a window are the papers'. Their networks are not: Nguyen et al. (2020) put momentum
into three layers of 1150 units with dropout of several kinds, Wang and Ragni's sizes are not known to us. Compare the networks
here with one another, not with the tables of the papers.

Trains by BPTT with Adam, the state anew in each window, and prints the perplexity of the test part. Words are one-hot: 32 windows
of 70 words out of 10 000 take 360 MB, their targets as much. Runs and picture go to ``--out``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.special import log_softmax

import neurorec as nr
from neurorec.errors import ValueRefused

UNITS = 64
BATCH = 32  # windows an update
TESTED = 64  # windows at a time, for what fits into memory
CLIP = 1.0  # of the norm of an update, as Nguyen et al. have it


def main() -> None:
    settings = arguments()
    parts = {"text": settings.text, "vocabulary": settings.vocabulary, "length": settings.length}
    task, test = (nr.task("word_text", split=split, **parts) for split in ("train", "test"))
    runs = [one(task, settings, settings.seed + k) for k in range(settings.seeds)]
    tested = [evaluate(test, run.network, settings) for run in runs]
    print_table(settings, task, runs, tested)
    print(f"picture: {draw(settings, runs)}")
    if settings.json:
        medians = {name: float(np.median([each[name] for each in tested])) for name in tested[0]}
        each = {f"{name}_each": [found[name] for found in tested] for name in tested[0]}
        print(json.dumps({**medians, **each, **about(settings, task, runs)}))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="lstm", choices=nr.names("presets"), help="preset (default lstm)")
    parser.add_argument("--units", type=int, default=UNITS, help=f"default {UNITS}")
    parser.add_argument("--text", help="a text file, or a folder with one each for train and test; default: Python's own")
    parser.add_argument("--vocabulary", type=int, default=1000, help="the most frequent words, at most so many (default 1000)")
    parser.add_argument("--length", type=int, default=35, help="words of a window (default 35)")
    parser.add_argument("--iterations", type=int, default=600, help=f"updates, each of {BATCH} windows (default 600)")
    parser.add_argument(
        "--rate", type=float, default=3e-3, help="learning rate, a tenth for the maps of orthogonal networks (default 3e-3)"
    )
    parser.add_argument("--engine", help="from nr.names('engines'); default: numba, or the only one that runs the preset")
    parser.add_argument("--unroll", choices=nr.names("unroll"), help="train and use by this evaluation in time, in place of --engine")
    parser.add_argument("--sweeps", type=sweeps, help="of jacobi, in training and in use; default: as many as the exact states need")
    parser.add_argument("--quick", action="store_true", help="one seed, 20 iterations at most, 100 words")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=3, help="how many (default 3)")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for runs and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    settings = parser.parse_args()
    if settings.sweeps is not None and settings.unroll != "jacobi":
        parser.error("--sweeps are those of --unroll jacobi")
    if (only := nr.presets.training(settings.network).get("engine")) and (settings.unroll or settings.engine not in (None, only)):
        parser.error(f"--network {settings.network} is run by --engine {only} only; leave --unroll out, and --engine too")
    if settings.quick:
        settings.seeds, settings.iterations, settings.vocabulary = 1, min(settings.iterations, 20), 100
    return settings


def sweeps(text: str) -> int:
    try:
        return nr.unroll.Jacobi(int(text)).sweeps
    except (ValueRefused, ValueError) as error:
        raise argparse.ArgumentTypeError(f"sweeps must be a whole number from 1, got {text!r}") from error


def one(task: nr.AbstractTask, settings: argparse.Namespace, seed: int) -> nr.Run:
    settings.out.mkdir(parents=True, exist_ok=True)
    network = nr.preset(settings.network, task.n_inputs, settings.units, task.n_outputs, seed=seed, dt=task.dt)
    moved = [name for name in (*network.plastic, *network.learnt) if name != "recurrent" or not network.learnt]
    rates = {name: settings.rate * (0.1 if name in ("skew", "theta") else 1) for name in moved}
    return nr.train(
        network, task, rule="bptt", optimiser="adam", rate=rates, clip=CLIP, engine=engine(settings), trials=BATCH * settings.iterations,
        batch=BATCH, seed=seed, path=settings.out / f"word_text_{name(settings)}_{seed}.h5", overwrite=True,
        record=nr.Record(variables=("output", "target"), every=BATCH * settings.iterations),
    )  # fmt: skip


def engine(settings: argparse.Namespace) -> object:
    if settings.sweeps is not None:
        return nr.unroll.engine(nr.unroll.Jacobi(settings.sweeps))
    if settings.unroll is not None:
        return nr.unroll.engine(settings.unroll)
    return settings.engine or nr.presets.training(settings.network).get("engine", "numba")


def name(settings: argparse.Namespace) -> str:
    return "_".join([settings.network, *(str(each) for each in (settings.unroll, settings.sweeps) if each is not None)])


def evaluate(test: nr.AbstractTask, network: nr.Network, settings: argparse.Namespace) -> dict[str, float]:
    """On the whole test part, as the network was trained: perplexity, and the share of words foretold."""
    losses, right = np.empty(test.count), np.empty(test.count)
    for first in range(0, test.count, TESTED):
        some = test.trials(min(TESTED, test.count - first), first=first)
        outputs = nr.simulate(network, some, engine=engine(settings)).outputs
        which = slice(first, first + some.count)
        losses[which] = -(some.targets * log_softmax(outputs, axis=2)).sum(axis=2).mean(axis=0)
        right[which] = test.score(outputs, some)
    return {"perplexity": test.perplexity(losses.mean()), "right": float(right.mean())}


def about(settings: argparse.Namespace, task: nr.AbstractTask, runs: list[nr.Run]) -> dict[str, object]:
    facts = {key: getattr(settings, key) for key in ("network", "units", "length", "iterations", "rate", "unroll", "sweeps")}
    seeds = list(range(settings.seed, settings.seed + settings.seeds))
    seconds = float(np.median([run.log["seconds"][-1] for run in runs]))
    return {**facts, "words": task.n_inputs, "parameters": runs[0].network.learnable, "seeds": seeds, "seconds": seconds}


def draw(settings: argparse.Namespace, runs: list[nr.Run]) -> Path:
    figure, curves = nr.plots.panels(1, 1)
    nr.plots.learning_curve(runs, ax=curves.item(), label=name(settings))
    path = settings.out / f"word_text_{name(settings)}.png"
    figure.savefig(path)
    return path


def print_table(settings: argparse.Namespace, task: nr.AbstractTask, runs: list[nr.Run], tested: list[dict[str, float]]) -> None:
    facts = about(settings, task, runs)
    print(
        f"\n{name(settings)}: {facts['units']} units, {facts['parameters']} parameters, {facts['iterations']} iterations of {BATCH} windows"
    )
    print(f"{facts['words']} words, {'text of Python' if settings.text is None else settings.text}")
    print(f"{'seed':>6}{'perplexity':>14}{'foretold':>10}{'seconds':>10}")
    for k, (run, each) in enumerate(zip(runs, tested, strict=True)):
        print(f"{settings.seed + k:6}{each['perplexity']:14.1f}{each['right']:10.3f}{float(run.log['seconds'][-1]):10.1f}")
    print(f"median{np.median([e['perplexity'] for e in tested]):14.1f}{np.median([e['right'] for e in tested]):10.3f}")


if __name__ == "__main__":
    main()
