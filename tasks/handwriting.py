"""A network learns letters, by RFLO and by BPTT; a loop around it then learns to spell a word, and writes it.

    python tasks/handwriting.py                   # five letters, 15,000 trials, 3 seeds for each rule: a quarter of an hour
    python tasks/handwriting.py --word neuron     # another word
    python tasks/handwriting.py --quick           # two letters, badly: seconds

Needs the fonts: ``pip install 'neurorec[handwriting]'``. A trial is one letter, chosen at random and written while its input
is on, and a short rest; it begins in the state in which the trial before ended. The trained network stays as it is while the
loop (Murray 2019, Fig 4) learns from reward which letter follows which. Prints how far each letter is from what was asked, in
letter heights, and how well the loop spells. Runs and the picture of the ink go to ``--out``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

import neurorec as nr
from neurorec.circuits import Performance, SequenceLoop
from neurorec.errors import NeurorecError

WORD = "learner"  # five letters, two of which come twice
UNITS = 400
GAIN = 1.5  # Murray 2019: a chaotic network to start from
RATE = 0.002  # for all weights and both rules; the more units the smaller
LEFT = 0.15  # of the rate at the end: errors of velocity add up to errors of place, so the last ones must be small
TRIALS = 15_000
LAST = 200  # trials over which the loss is given
SEEDS = 3
RULES = ("rflo", "bptt")
TRANSITIONS = 1000  # from one letter to the next, by which the loop learns the word
# Not the paper's Hebbian rule and readout of the end state: in "learner" two letters have two successors.
LOOP = {"context": "conjunctive_cells", "plasticity": "reward_prediction"}
QUICK = {"units": 50, "trials": 200, "seeds": 1, "transitions": 100}


def main() -> None:
    settings = arguments()
    runs = {rule: [one(settings, rule, settings.seed + k) for k in range(settings.seeds)] for rule in RULES}
    errors = {rule: np.array([letter_errors(settings.task, run.network, settings.word) for run in each]) for rule, each in runs.items()}
    loops = {rule: [spell(settings, run) for run in each] for rule, each in runs.items()}
    found = summary(settings, runs, errors, loops)
    print_table(settings, found)
    print(f"picture: {draw(settings, errors, loops)}")
    if settings.json:
        print(json.dumps(found))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--word", default=WORD, help=f"what to write (default {WORD})")
    parser.add_argument("--font", default="cursive", help="of Hershey-Fonts (default cursive)")
    parser.add_argument("--trials", type=int, default=TRIALS, help=f"letters that are practised (default {TRIALS})")
    parser.add_argument("--units", type=int, default=UNITS, help=f"of each network (default {UNITS})")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"networks for each rule (default {SEEDS})")
    parser.add_argument("--quick", action="store_true", help="the word's first two letters, one seed, few units and trials")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for runs and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    settings = parser.parse_args(namespace=argparse.Namespace(transitions=TRANSITIONS))
    if settings.quick:
        vars(settings).update(QUICK, word=settings.word[:2])
    try:
        settings.task = nr.task("handwriting", letters="".join(dict.fromkeys(settings.word)), font=settings.font)
    except NeurorecError as error:
        parser.error(f"--word {settings.word!r} in --font {settings.font!r}: {error}")
    settings.out.mkdir(parents=True, exist_ok=True)
    return settings


def one(settings: argparse.Namespace, rule: str, seed: int) -> nr.Run:
    task, path = settings.task, settings.out / f"handwriting_{settings.word}_{rule}_{seed}.h5"
    network = nr.Network.random(task.n_inputs, settings.units, task.n_outputs, dt=task.dt, gain=GAIN, seed=seed)
    return nr.train(
        network, task, rule=rule, trials=settings.trials, rate=RATE, anneal=LEFT, start="carried", seed=seed, path=path, overwrite=True
    )  # fmt: skip


def letter_errors(task: Any, network: nr.Network, word: str) -> np.ndarray:
    """Of each letter, from its own start, while we switch the inputs on; the second time: the first letter was learnt to follow another."""
    twice = nr.simulate(network, task.word(word + word)).outputs[:, 0]
    return task.shape_error(task.apart(twice), task.letters_of(word + word))[len(word) :]


def spell(settings: argparse.Namespace, run: nr.Run) -> Performance:
    """The word twice, as written by a loop that has learnt to spell it."""
    task = settings.task
    loop = SequenceLoop(run.network, task.duration, task.hold, tuple(task.letters), seed=run.config["seed"], **LOOP)
    loop.learn(settings.word, settings.transitions)
    return loop.perform(2 * len(settings.word))


def summary(settings: argparse.Namespace, runs: dict, errors: dict[str, np.ndarray], loops: dict) -> dict[str, Any]:
    """Medians over seeds, and each seed's own."""
    found: dict[str, Any] = {name: getattr(settings, name) for name in ("word", "font", "units", "trials", "seeds", "transitions")}
    for rule, each in errors.items():
        by_seed = [
            {
                "seed": run.config["seed"],
                "letters": letters.round(4).tolist(),
                "loss": last(run),
                "transitions_correct": loop.transitions_correct,
            }
            for run, letters, loop in zip(runs[rule], each, loops[rule], strict=True)
        ]
        medians = {name: float(np.median([one[name] for one in by_seed])) for name in ("loss", "transitions_correct")}
        found[rule] = {
            "letters": np.median(each, axis=0).round(4).tolist(),
            "shape_error": float(np.median(each)),
            **medians,
            "each": by_seed,
        }
    return found


def last(run: nr.Run) -> float:
    """Mean loss of the last trials."""
    return float(run.log["loss"][-LAST:].mean())


def print_table(settings: argparse.Namespace, found: dict[str, Any]) -> None:
    task, word = settings.task, settings.word
    letters = task.letters_of(word)
    resting = task.shape_error(np.zeros_like(letters.targets), letters)
    print(
        f"\n{'distance from asked path':26}" + "".join(f"{letter:>7}" for letter in word) + f"{'median':>9}{'loss':>9}{'spelt right':>13}"
    )
    for rule in RULES:
        each = found[rule]
        row = "".join(f"{error:7.3f}" for error in each["letters"])
        print(f"{rule.upper():26}{row}{each['shape_error']:9.3f}{each['loss']:9.4f}{each['transitions_correct']:13.0%}")
    print(f"{'a pen that does not move':26}" + "".join(f"{error:7.3f}" for error in resting) + f"{np.median(resting):9.3f}")
    print(
        f"root mean square in heights of a capital, each letter from its own start; medians of {settings.seeds} seeds; loss over the last {LAST} "
        f"of {settings.trials} trials; {settings.units} units, rate {RATE} falling to {RATE * LEFT:g}; spelt right: transitions of the loop, after {settings.transitions}"
    )


def draw(settings: argparse.Namespace, errors: dict[str, np.ndarray], loops: dict) -> Path:
    """Of each rule, what the median network wrote when the loop led it through the word a second time; and the errors of the letters."""
    task, asked = settings.task, settings.task.word(settings.word).targets[:, 0]
    figure, axes = nr.plots.panels(len(RULES) + 1, 1, width=7.0, height=2.3)
    for ax, rule in zip(axes, RULES, strict=False):
        which = int(np.argsort(np.median(errors[rule], axis=1))[(settings.seeds - 1) // 2])
        nr.plots.ink(task, loops[rule][which].outputs[len(asked) :, 0], asked, ax=ax)
        ax.set_title(f"letters learnt by {rule.upper()}, put in a row by the loop (grey: asked)", loc="left", fontsize=9)
    draw_errors(axes[-1], settings.word, errors)
    path = settings.out / f"handwriting_{settings.word}.png"
    figure.savefig(path)
    return path


def draw_errors(ax: Any, word: str, errors: dict[str, np.ndarray]) -> None:
    """Median and quartiles over seeds, letter by letter."""
    for shift, (rule, each) in zip((-0.1, 0.1), errors.items(), strict=True):
        low, middle, high = np.quantile(each, (0.25, 0.5, 0.75), axis=0)
        ax.errorbar(np.arange(len(word)) + shift, middle, (middle - low, high - middle), fmt="o", capsize=3, label=rule.upper())
    ax.set_xticks(range(len(word)), list(word))
    ax.set_ylim(bottom=0)
    ax.set_ylabel("distance from asked path\n(letter heights)")
    ax.legend(frameon=False, fontsize=8)


if __name__ == "__main__":
    main()
