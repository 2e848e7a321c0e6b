"""A network writes a word: its letters are learnt one by one, by RFLO and by BPTT, then put in a row.

    python tasks/handwriting.py                  # "learn", five letters, 15,000 trials, 3 seeds for each rule: an hour
    python tasks/handwriting.py --word neuron    # another word
    python tasks/handwriting.py --quick          # two letters, badly: seconds

Needs the fonts: ``pip install 'neurorec[handwriting]'``. A trial is one letter, chosen at random and written while its input
is on, and a short rest; it begins in the state in which the trial before ended. Prints how far each letter is from what was
asked, in letter heights. Runs and the picture of the ink go to ``--out``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

import neurorec as nr
from neurorec.errors import NeurorecError

WORD = "learn"
UNITS = 300
GAIN = 1.5  # Murray 2019: a chaotic network to start from
RATE = 0.002  # for all weights and both rules; the more units the smaller
TRIALS = 15_000
SEEDS = 3
RULES = ("rflo", "bptt")
QUICK = {"letters": 2, "units": 50, "trials": 200, "seeds": 1}


def main() -> None:
    settings = arguments()
    task, word = settings.task, settings.word
    runs = {rule: [one(settings, rule, settings.seed + k) for k in range(settings.seeds)] for rule in RULES}
    written = {rule: [write(task, run.network, word) for run in each] for rule, each in runs.items()}
    errors = {rule: np.median([letter_errors(task, outputs, word) for outputs in each], axis=0) for rule, each in written.items()}
    print_table(settings, runs, errors)
    print(f"picture: {draw(settings, runs, written)}")
    if settings.json:
        print(json.dumps(summary(settings, runs, errors)))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--word", default=WORD, help=f"what to write (default {WORD})")
    parser.add_argument("--font", default="cursive", help="of Hershey-Fonts (default cursive)")
    parser.add_argument("--trials", type=int, default=TRIALS, help=f"letters that are practised (default {TRIALS})")
    parser.add_argument("--units", type=int, default=UNITS, help=f"of each network (default {UNITS})")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"networks for each rule (default {SEEDS})")
    parser.add_argument("--quick", action="store_true", help="the word's first two letters, 50 units, 200 trials, one seed")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for runs and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    settings = parser.parse_args()
    if settings.quick:
        settings.word, settings.units, settings.trials, settings.seeds = settings.word[: QUICK["letters"]], *list(QUICK.values())[1:]
    try:
        settings.task = nr.task("handwriting", letters="".join(dict.fromkeys(settings.word)), font=settings.font)
    except NeurorecError as error:
        parser.error(f"--word {settings.word!r} in --font {settings.font!r}: {error}")
    settings.out.mkdir(parents=True, exist_ok=True)
    return settings


def one(settings: argparse.Namespace, rule: str, seed: int) -> nr.Run:
    task, path = settings.task, settings.out / f"handwriting_{settings.word}_{rule}_{seed}.h5"
    network = nr.Network.random(task.n_inputs, settings.units, task.n_outputs, dt=task.dt, gain=GAIN, seed=seed)
    return nr.train(network, task, rule=rule, trials=settings.trials, rate=RATE, start="carried", seed=seed, path=path, overwrite=True)


def write(task: Any, network: nr.Network, word: str) -> np.ndarray:
    """The word, as (T, 3) of velocity and contact: written twice, as its first letter was learnt to follow another, not the initial state."""
    twice = nr.simulate(network, task.word(word + word)).outputs[:, 0]
    return twice[len(twice) // 2 :]


def letter_errors(task: Any, outputs: np.ndarray, word: str) -> np.ndarray:
    """Of each letter, from its own start, in letter heights."""
    return task.shape_error(task.apart(outputs), task.letters_of(word))


def summary(settings: argparse.Namespace, runs: dict[str, list[nr.Run]], errors: dict[str, np.ndarray]) -> dict[str, Any]:
    found: dict[str, Any] = {"word": settings.word, "units": settings.units, "trials": settings.trials, "seeds": settings.seeds}
    for rule, each in errors.items():
        last = [float(run.log["loss"][-200:].mean()) for run in runs[rule]]
        found[rule] = {"shape_error": float(np.median(each)), "letters": each.round(4).tolist(), "loss": float(np.median(last))}
    return found


def print_table(settings: argparse.Namespace, runs: dict[str, list[nr.Run]], errors: dict[str, np.ndarray]) -> None:
    task, word, found = settings.task, settings.word, summary(settings, runs, errors)
    resting = letter_errors(task, np.zeros((task.word(word).steps, 3)), word)
    print(f"\n{'distance from the asked path':30}" + "".join(f"{letter:>8}" for letter in word) + f"{'median':>10}{'loss':>10}")
    for rule, each in errors.items():
        print(f"{rule.upper():30}" + "".join(f"{error:8.3f}" for error in each) + f"{np.median(each):10.3f}{found[rule]['loss']:10.4f}")
    print(f"{'a pen that does not move':30}" + "".join(f"{error:8.3f}" for error in resting) + f"{np.median(resting):10.3f}")
    print(
        f"root mean square in heights of a capital, each letter from its own start, median of {settings.seeds} seeds; loss: over the last "
        f"200 of {settings.trials} trials; {settings.units} units, rate {RATE}"
    )


def draw(settings: argparse.Namespace, runs: dict[str, list[nr.Run]], written: dict[str, list[np.ndarray]]) -> Path:
    """The median network's ink of each rule over the asked word, and the loss over trials."""
    task, asked = settings.task, settings.task.word(settings.word).targets[:, 0]
    figure, axes = nr.plots.panels(len(RULES) + 1, 1, width=7.0, height=2.3)
    for ax, (rule, each) in zip(axes, written.items(), strict=False):
        nr.plots.ink(task, each[median(task, each, settings.word)], asked, ax=ax)
        ax.set_title(f"{settings.word!r} after learning its letters by {rule.upper()} (asked: grey)", loc="left")
    for rule, each in runs.items():
        nr.plots.learning_curve(each, ax=axes[-1], label=rule.upper())
    path = settings.out / f"handwriting_{settings.word}.png"
    figure.savefig(path)
    return path


def median(task: Any, written: list[np.ndarray], word: str) -> int:
    """Which of them wrote the word neither best nor worst."""
    errors = [float(np.median(letter_errors(task, outputs, word))) for outputs in written]
    return int(np.argsort(errors)[(len(errors) - 1) // 2])


if __name__ == "__main__":
    main()
