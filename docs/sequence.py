"""The pictures of the README, from the full runs of two scripts in runs/: python docs/sequence.py [folder of runs].

``sequence.png`` needs those of ``tasks/movement_sequence.py``, and ``word.png`` those of ``tasks/handwriting.py``: without these it stays
as it is.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import neurorec as nr
from neurorec.circuits import SequenceLoop

HERE = Path(__file__).parent
WORD = "learner"


def main(runs: Path) -> None:
    draw_squares(runs)
    if any(runs.glob(f"handwriting_{WORD}_rflo_*.h5")):
        figure, ax = plt.subplots(figsize=(7.0, 2.0), layout="constrained", dpi=150)
        write(runs, ax)
        figure.savefig(HERE / "_static" / "word.png")


def draw_squares(runs: Path) -> None:
    """Every network's way around the square, the middle one on top."""
    task = nr.task("movement_sequence", profile="constant")
    asked, ends = task.path(task.trials(1).targets[:, 0]), np.arange(199, 1600, 200)
    found = tracks(runs, task)
    figure, axes = plt.subplots(1, len(found), figsize=(7.0, 0.4 + 7.5 / len(found)), layout="constrained", dpi=150, sharey=True)
    for ax, (title, each) in zip(axes, found.items(), strict=True):
        off = [np.linalg.norm(path[ends] - asked[ends], axis=1).mean() for path in each]
        middle, *others = np.roll(np.argsort(off), -(len(off) // 2))
        nr.plots.cursor([each[middle], *(each[k] for k in others)], asked, ends, ax=ax)
        ax.set(xlim=(-0.6, 1.6), ylim=(-0.6, 1.6), xticks=(0, 1), yticks=(0, 1), ylabel=ax.get_ylabel() if ax is axes[0] else "")
        plain(ax, f"{title}\n{np.median(off):.2f}")
    figure.savefig(HERE / "_static" / "sequence.png")


def write(runs: Path, ax: plt.Axes) -> None:
    """The word, the second time that the loop goes through it."""
    task = nr.task("handwriting", letters="".join(dict.fromkeys(WORD)))
    letters = task.letters_of(WORD)
    trained = [nr.open_run(path) for path in sorted(runs.glob(f"handwriting_{WORD}_rflo_*.h5"))]
    errors = [
        np.median(task.shape_error(task.apart(nr.simulate(run.network, task.word(2 * WORD)).outputs[:, 0])[:, len(WORD) :], letters))
        for run in trained
    ]
    run = trained[int(np.argsort(errors)[(len(errors) - 1) // 2])]  # the one in the middle
    loop = SequenceLoop(
        run.network, task.duration, task.hold, tuple(task.letters), context="conjunctive_cells", plasticity="reward_prediction",
        seed=run.config["seed"],
    )  # fmt: skip
    loop.learn(WORD, 1000, progress=False)
    asked = task.word(WORD).targets[:, 0]
    nr.plots.ink(task, loop.perform(2 * len(WORD)).outputs[len(asked) :, 0], asked, ax=ax)
    plain(ax, "letters learnt by RFLO, spelt by the loop (grey: asked)")


def tracks(runs: Path, task: nr.AbstractTask) -> dict[str, list[np.ndarray]]:
    """Of every network, where the cursor went."""
    loops = [SequenceLoop.load(path) for path in sorted(runs.glob("movement_sequence_loop_[0-9].loop"))]
    found = {"RFLO and loop": [task.path(loop.perform(4).outputs[:, 0]) for loop in loops]}
    for rule in ("rflo", "bptt"):
        for form in ("literal", "clipped"):
            trained = [nr.open_run(path).network for path in sorted(runs.glob(f"movement_sequence_direct_{rule}_{form}_[0-9].h5"))]
            each = [task.path(nr.simulate(network, task.trials(1)).outputs[:, 0]) for network in trained]
            found[f"{rule.upper()} in one piece, {form}"] = each
    return {title: each for title, each in found.items() if len(each) == len(loops)}


def plain(ax: plt.Axes, title: str) -> None:
    ax.set_title(title, loc="left", fontsize=8.5)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=7)
    ax.xaxis.label.set_size(8)
    ax.yaxis.label.set_size(8)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "runs")
