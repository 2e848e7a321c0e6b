"""The picture of the README, from the full runs of two scripts in runs/: python docs/sequence.py [folder of runs].

Needs those of ``tasks/handwriting.py`` and ``tasks/movement_sequence.py``.
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
    figure = plt.figure(figsize=(7.0, 4.6), layout="constrained", dpi=150)
    word, *squares = figure.subplot_mosaic("AAA;BCD", height_ratios=(1, 1.35)).values()
    write(runs, word)
    task = nr.task("movement_sequence", profile="constant")
    trials = task.trials(1)
    asked, ends = task.path(trials.targets[:, 0]), np.arange(199, 1600, 200)
    for ax, (title, each) in zip(squares, tracks(runs, task, trials).items(), strict=True):
        order = np.argsort([np.linalg.norm(path[ends] - asked[ends], axis=1).mean() for path in each])
        middle = order[len(order) // 2]
        nr.plots.cursor([each[middle], *(each[k] for k in order if k != middle)], asked, ends, ax=ax)
        ax.set(xlim=(-0.6, 1.6), ylim=(-0.6, 1.6))
        plain(ax, title)
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


def tracks(runs: Path, task: nr.AbstractTask, trials: nr.Trials) -> dict[str, list[np.ndarray]]:
    """Of every seed, where the cursor went."""
    loops = [SequenceLoop.load(path) for path in sorted(runs.glob("movement_sequence_loop_*.loop"))]
    found = {"movements learnt by RFLO, loop": [task.path(loop.perform(4).outputs[:, 0]) for loop in loops]}
    for rule in ("rflo", "bptt"):
        trained = [nr.open_run(path).network for path in sorted(runs.glob(f"movement_sequence_direct_{rule}_*.h5"))]
        found[f"in one piece, {rule.upper()}"] = [task.path(nr.simulate(network, trials).outputs[:, 0]) for network in trained]
    return found


def plain(ax: plt.Axes, title: str) -> None:
    ax.set_title(title, loc="left", fontsize=8.5)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=7)
    ax.xaxis.label.set_size(8)
    ax.yaxis.label.set_size(8)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "runs")
