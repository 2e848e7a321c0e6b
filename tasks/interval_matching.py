"""Figure 3 of Murray (2019): two pulses come in, a third has to go out as long after the second, by RFLO and by BPTT.

    python tasks/interval_matching.py                             # delays up to 15 tau, both rules, 5 seeds: 3 minutes
    python tasks/interval_matching.py --rules rflo --plain        # RFLO read literally: 1 minute
    python tasks/interval_matching.py --rules bptt --longest 2.5  # longer delays, here up to 25 tau
    python tasks/interval_matching.py --quick                     # seconds

Prints the correlation of produced with requested intervals and the mean error: after the paper's 5,000 trials, for the
snapshot with the smallest loss, and at the end. BPTT has the paper's settings. RFLO with them (``--plain``) learns little in
the paper's trials, and goes back and forth in more. Ours are four times the trials, weights that change after every trial and
not every tenth, by three times the paper's rate, and decay a little, and a first readout a tenth as large, which turns sooner
towards the feedback: four of five networks are then good at the end, though not at every moment of the last half. Trials have
no noise, so that a network has met every delay in training.
Runs, which `analysis/figure_3.ipynb` reads, and picture go to ``--out``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import neurorec as nr

if TYPE_CHECKING:
    from matplotlib.axes import Axes

UNITS = 100
GAIN = 1.5
TAU = 0.1  # seconds, the cell's own: ten steps
SHORTEST, LONGEST = 0.3, 1.5  # seconds; the paper gives the longest, 15 tau, and not the shortest
QUICK = 200  # trials
RULES = ("rflo", "bptt")
PAPER = 5000  # trials in the paper
KEPT, AROUND = 500, 100  # trials from snapshot to snapshot; on either side of one, over which its loss is taken
TRIALS = {"rflo": 20_000, "bptt": 5000}
# The paper's rates, 0.001 and 0.003, times ten: it adds up the changes of ten trials, `nr.train` takes their mean.
LITERAL = {"batch": 10, "rate": 0.01, "readout": 1.0, "weight_decay": 0.0, "anneal": 1.0}
BPTT = {**LITERAL, "rate": 0.03}
OURS = {**LITERAL, "batch": 1, "rate": 0.003, "readout": 0.1, "weight_decay": 0.005}  # found on seeds 1000 to 1004
TEST_TRIALS, TEST_SEED = 500, 1_000_000
BINS = 12  # of requested intervals, in the picture
EXAMPLES = 4  # trials shown, from the shortest interval to the longest
SMALL = 8  # points, of the picture's text
COLOURS = {"rflo": "#0072B2", "bptt": "#D55E00"}


def main() -> None:
    settings = arguments()
    task = nr.task("interval_matching", delay=(SHORTEST, settings.longest))
    runs = {rule: [one(task, rule, settings.seed + k, settings) for k in range(settings.seeds)] for rule in settings.rules}
    found = {rule: [progress(task, run) for run in each] for rule, each in runs.items()}
    print_table(settings, found)
    print(f"picture: {draw(settings, task, runs)}")
    if settings.json:
        print(json.dumps({**summary(found), **about(settings, runs), "each": found}))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rules", nargs="+", default=RULES, choices=RULES, help="default both")
    parser.add_argument("--longest", type=float, default=LONGEST, help=f"longest delay in seconds (default {LONGEST})")
    parser.add_argument("--trials", type=int, help=f"default {TRIALS}")
    parser.add_argument("--plain", action="store_true", help="RFLO with the paper's settings, read literally")
    parser.add_argument("--batch", type=int, help="trials an update; this and the next four: instead of the rule's own settings")
    parser.add_argument("--rate", type=float, help="learning rate, of the mean over a batch")
    parser.add_argument("--readout", type=float, help="first readout weights, as a multiple of the paper's")
    parser.add_argument("--weight-decay", type=float, help="weights shrink by rate x this at every update")
    parser.add_argument("--anneal", type=float, help="share of the learning rate that is left at the end")
    parser.add_argument("--quick", action="store_true", help=f"one seed, {QUICK} trials")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=5, help="how many (default 5)")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for runs and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    settings = parser.parse_args()
    if settings.quick:
        settings.seeds, settings.trials = 1, QUICK
    settings.out.mkdir(parents=True, exist_ok=True)
    return settings


def given(settings: argparse.Namespace) -> dict[str, Any]:
    """What was asked to be otherwise."""
    return {key: value for key in LITERAL if (value := getattr(settings, key)) is not None}


def recipe(rule: str, settings: argparse.Namespace) -> dict[str, Any]:
    """How a rule trains: the keys are those of `LITERAL`."""
    rflo = LITERAL if settings.plain else OURS
    return {**{"rflo": rflo, "bptt": BPTT}[rule], **given(settings)}


def name(rule: str, settings: argparse.Namespace) -> str:
    changes = ["plain"] * (settings.plain and rule != "bptt") + [f"{key}{value:g}" for key, value in given(settings).items()]
    return "_".join(["interval_matching", rule, f"{settings.longest / TAU:.3g}tau", *changes])


def one(task: nr.AbstractTask, rule: str, seed: int, settings: argparse.Namespace) -> nr.Run:
    network = nr.Network.random(task.n_inputs, UNITS, task.n_outputs, dt=task.dt, parameters={"tau": TAU}, gain=GAIN, seed=seed)
    how = recipe(rule, settings)
    network = network.replace(readout=how.pop("readout") * network.readout)
    trials = settings.trials or TRIALS[rule]
    record = nr.Record(variables=("output", "target"), every=max(1, trials // 20), checkpoints=1 + max(1, trials // KEPT))
    path = settings.out / f"{name(rule, settings)}_{seed}.h5"
    return nr.train(network, task, rule=rule, trials=trials, record=record, seed=seed, path=path, overwrite=True, **how)


def progress(task: nr.AbstractTask, run: nr.Run) -> dict[str, dict[str, float]]:
    """Tests of the network after the paper's trials (where there were so many), at its best, and after all."""
    at = {"paper": PAPER, "best": best(run), "end": run.total}
    seconds = run.log["seconds"]
    return {
        when: {"trial": trial, **tested(task, run.checkpoint(trial)), "seconds": float(seconds.sel(trial=trial))}
        for when, trial in at.items()
        if trial in run.checkpoints
    }


def best(run: nr.Run) -> int:
    """The snapshot with the smallest mean loss of the trials around it: a network that is judged before it learns from a trial."""
    loss = run.log["loss"].values
    return min(run.checkpoints[1:], key=lambda trial: loss[max(0, trial - AROUND) : trial + AROUND].mean())


def tested(task: nr.AbstractTask, network: nr.Network) -> dict[str, float]:
    """Correlation of produced with requested intervals, and mean error."""
    produced, requested = intervals(task, network)
    constant = np.ptp(produced) == 0  # whatever was asked for: nothing correlates with that
    error = float(np.abs(produced - requested).mean())
    return {
        "correlation": 0.0 if constant else float(np.corrcoef(produced, requested)[0, 1]),
        "error_tau": error / TAU,
        "error_seconds": error,
    }


def intervals(task: nr.AbstractTask, network: nr.Network) -> tuple[np.ndarray, np.ndarray]:
    """Produced and requested, (B,) each, in seconds."""
    trials = task.trials(TEST_TRIALS, seed=TEST_SEED)
    return task.produced(nr.simulate(network, trials).outputs, trials), trials.conditions["delay"]


def medians(found: list[dict[str, dict[str, float]]], when: str) -> dict[str, float]:
    return {measure: float(np.median([each[when][measure] for each in found])) for measure in found[0][when]}


def summary(found: dict[str, list[dict[str, dict[str, float]]]]) -> dict[str, float]:
    """Medians over seeds, by measure, rule and time."""
    return {
        f"{measure}_{rule}_{when}": value
        for rule, each in found.items()
        for when in each[0]
        for measure, value in medians(each, when).items()
    }


def about(settings: argparse.Namespace, runs: dict[str, list[nr.Run]]) -> dict[str, Any]:
    return {
        "longest": settings.longest,
        "seeds": list(range(settings.seed, settings.seed + settings.seeds)),
        "trials": {rule: each[0].total for rule, each in runs.items()},
        "recipe": {rule: recipe(rule, settings) for rule in runs},
    }


def draw(settings: argparse.Namespace, task: nr.AbstractTask, runs: dict[str, list[nr.Run]]) -> Path:
    """A panel for each rule, and what the first network answers."""
    figure, axes = nr.plots.panels(1, len(runs) + 1, height=2.8)
    for ax, (rule, each) in zip(axes, runs.items(), strict=False):
        scatter(ax, *map(np.concatenate, zip(*(intervals(task, run.network) for run in each), strict=True)), COLOURS[rule])
        ax.set_title(f"{rule.upper()}: {len(each)} networks, {each[0].total} trials", loc="left", fontsize=SMALL + 1)
    first = next(iter(runs))
    examples(axes[-1], task, runs[first][0].network, COLOURS[first])
    axes[-1].set_title(f"{first.upper()}: answers of the first network", loc="left", fontsize=SMALL + 1)
    path = settings.out / f"{name('_'.join(runs), settings)}.png"
    figure.savefig(path)
    return path


def scatter(ax: Axes, produced: np.ndarray, requested: np.ndarray, colour: str) -> None:
    """All test trials of all networks; medians and quartiles of equally wide bins of requested intervals."""
    low, high = requested.min(), requested.max()
    ax.plot([low, high], [low, high], color="0.45", linewidth=0.8, linestyle=(0, (2, 2)), label="identity")
    ax.scatter(requested, produced, s=2, color=colour, alpha=0.15, linewidth=0)
    bins = np.minimum(((requested - low) / max(high - low, 1e-9) * BINS).astype(int), BINS - 1)
    filled = np.unique(bins)
    middle = [np.median(requested[bins == k]) for k in filled]
    below, median, above = np.transpose([np.quantile(produced[bins == k], (0.25, 0.5, 0.75)) for k in filled])
    ax.errorbar(middle, median, (median - below, above - median), fmt="o", ms=3.5, color="black", lw=1, label="median, quartiles")
    ax.set_ylim(0, 1.5 * high)
    ax.set_xlabel("requested interval (s)")
    ax.set_ylabel("produced interval (s)")
    ax.legend(loc="upper left", fontsize=SMALL, frameon=False)


def examples(ax: Axes, task: nr.AbstractTask, network: nr.Network, colour: str) -> None:
    """Output (thin) on target (thick), from the shortest interval on top to the longest."""
    trials = task.trials(TEST_TRIALS, seed=TEST_SEED)
    order = np.argsort(trials.conditions["delay"], kind="stable")
    shown = trials.take(order[np.linspace(0, TEST_TRIALS - 1, EXAMPLES).astype(int)])
    outputs = nr.simulate(network, shown).outputs[..., 0]
    for k, delay in enumerate(shown.conditions["delay"]):
        ax.plot(shown.time, shown.inputs[:, k, 0] - 1.5 * k, color="0.8", lw=0.8, label=None if k else "input")
        ax.plot(shown.time, shown.targets[:, k, 0] - 1.5 * k, color="#BBBBBB", lw=3, label=None if k else "target")
        ax.plot(shown.time, outputs[:, k] - 1.5 * k, color=colour, label=None if k else "output")
        ax.text(1.01, -1.5 * k, f"{delay:.2f} s", transform=ax.get_yaxis_transform(), fontsize=SMALL)
    ax.set_yticks([])
    ax.set_xlabel("time (s)")
    ax.set_ylim(top=2)  # room for the legend
    ax.legend(loc="upper left", ncols=3, fontsize=SMALL, frameon=False)


def print_table(settings: argparse.Namespace, found: dict[str, list[dict[str, dict[str, float]]]]) -> None:
    print(f"\ndelays {SHORTEST} to {settings.longest:g} s ({settings.longest / TAU:.3g} tau), {UNITS} units; {TEST_TRIALS} test trials")
    print(f"{'rule':6}{'when':7}{'seed':>7}{'trials':>8}{'correlation':>13}{'error (tau)':>13}{'error (s)':>11}{'seconds':>9}")
    for rule, each in found.items():
        for when in each[0]:
            rows = {settings.seed + k: one[when] for k, one in enumerate(each)} | {"median": medians(each, when)}
            for seed, row in rows.items():
                print(
                    f"{rule:6}{when:7}{seed:>7}{row['trial']:8.0f}{row['correlation']:13.3f}{row['error_tau']:13.2f}{row['error_seconds']:11.3f}{row['seconds']:9.1f}"
                )
    print(f"of produced with requested intervals; error: mean distance of the two, tau = {TAU:g} s; best: snapshot with the smallest loss")


if __name__ == "__main__":
    main()
