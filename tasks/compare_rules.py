"""One task by local rules, by BPTT, and by the networks that were built for BPTT: same seeds, same trials, as many parameters.

    python tasks/compare_rules.py --task delayed_match_to_sample     # five seeds of ten methods: ten minutes
    python tasks/compare_rules.py --task periodic_output
    python tasks/compare_rules.py --task copying_memory
    python tasks/compare_rules.py --quick                            # a look at two of each, in seconds

RFLO, `local_only` (local influence, exact feedback) and BPTT train one and the same network of leaky tanh units; each preset
is trained by BPTT, with as many units as give it the parameters of that network. Adam for all; each method gets the best of
the same rates, found on two other seeds. Prints one table; the summary, the curves and the picture go to ``--out``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import neurorec as nr

if TYPE_CHECKING:
    from matplotlib.axes import Axes

UNITS = 64  # of leaky tanh; presets have as many as give no more parameters
GAIN = 1.5  # Murray 2019: a chaotic network to start from
RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)  # for all weights: three in the middle are tried, and more while the best is at the edge
SLOW = ("skew", "theta")  # orthogonal and unitary maps move at a tenth of it, as in their papers
SEARCH_SEEDS = (1000, 1001)  # on which the rates are compared, by the mean loss at the whole budget; then they are not used again
RULES = ("rflo", "local_only", "bptt")
PRESETS = ("orthogonal_tanh", "scornn", "scurnn", "enrnn", "lstm", "momentum_lstm", "cornn")
QUICK = ("rflo", "bptt", "scornn", "lstm")
WINDOWS = 50  # of trials, in which curves are averaged; a run's final loss is that of the last
RECENT = 100  # trials, whose mean loss is held against the criterion
WIDTH, HEIGHT, LEGEND = 7.0, 2.0, 0.9  # inches: of the figure, of a row, and of what is below the last
LOWEST = 1e4  # what is smaller than a guess by more is not shown
TEST_TRIALS, TEST_SEED = 500, 1_000_000
NAMES = {"rflo": "RFLO", "local_only": "local influence, exact feedback", "bptt": "BPTT"}
# Colour and dashes of each rule, then of each preset: told apart by the colour-blind, and in grey.
LOOKS = (
    ("#0072B2", "-"), ("#D55E00", (0, (4, 1))), ("0.45", "-"),
    ("#000000", (0, (1, 1))), ("#D55E00", "-"), ("#E69F00", (0, (4, 1))), ("#CC79A7", (0, (3, 1, 1, 1))),
    ("#0072B2", "-"), ("#56B4E9", (0, (4, 1))), ("#009E73", (0, (6, 1, 1, 1))),
)  # fmt: skip


@dataclass(frozen=True)
class Experiment:
    """What one task is trained with.

    Parameters
    ----------
    settings : dict
        Of the task.
    tau : float
        Time constant of the leaky tanh units, seconds.
    initial : float or None
        State before the first step; where no input comes, a network at rest would stay there.
    trials, batch : int
        The budget, and how many trials an update takes.
    criterion : float
        A loss that is to be reached.
    guess : float
        The loss of the best answer that takes no notice of the input; of no answer at all, where there is none.
    unit : str
        Of the loss.
    """

    settings: dict[str, Any]
    tau: float
    initial: float | None
    trials: int
    batch: int
    criterion: float
    guess: float
    unit: str


EXPERIMENTS = {
    "periodic_output": Experiment({"period": 2.0}, 0.1, 0.1, 2000, 1, 0.01, 0.328, "half squared error"),
    "delayed_match_to_sample": Experiment(
        {"dt": 0.02, "n_stimuli": 2, "fixation": 0.1, "sample": 0.2, "delay": (0.2, 0.2), "test": 0.2, "decision": 0.3},
        0.1, None, 12_000, 20, 0.1, 0.3 * float(np.log(2)), "cross-entropy, nats",
    ),
    "copying_memory": Experiment(
        {"delay": 10, "length": 3, "symbols": 4}, 0.05, None, 12_000, 20, 0.13, 3 * float(np.log(4)) / 16, "cross-entropy, nats"
    ),
}  # fmt: skip


def main() -> None:
    settings = arguments()
    experiment = EXPERIMENTS[settings.task]
    task = nr.task(settings.task, **experiment.settings)
    found = {method: compare(task, experiment, method, settings) for method in settings.methods}
    result = {"task": settings.task, **about(settings, experiment), "methods": found}
    path = settings.out / f"compare_rules_{settings.task}.json"
    path.write_text(json.dumps(result))
    print_table(result)
    print(f"picture: {draw([result], path.with_suffix('.png'))}")
    if settings.json:
        print(json.dumps(result))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", default="delayed_match_to_sample", choices=EXPERIMENTS, help="default delayed_match_to_sample")
    parser.add_argument(
        "--methods",
        nargs="+",
        choices=(*RULES, *nr.names("presets")),
        metavar="METHOD",
        help="rules and presets (default: those of the manual; with --quick four of them)",
    )
    parser.add_argument(
        "--quick", action="store_true", help="one seed, a thirtieth of the trials, one rate, four methods where none are named"
    )
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=5, help="how many (default 5)")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for runs, summary and picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    settings = parser.parse_args()
    settings.out.mkdir(parents=True, exist_ok=True)
    settings.trials, settings.rates, settings.search_seeds = EXPERIMENTS[settings.task].trials, RATES, SEARCH_SEEDS
    if settings.quick:
        settings.seeds, settings.trials, settings.rates = 1, settings.trials // 30, RATES[3:4]
        settings.search_seeds = SEARCH_SEEDS[:1]
    settings.methods = settings.methods or (QUICK if settings.quick else (*RULES, *PRESETS))
    return settings


def compare(task: nr.AbstractTask, experiment: Experiment, method: str, settings: argparse.Namespace) -> dict[str, Any]:
    """The best rate on the seed for searching, then all seeds at it."""
    at = lambda rate, seed: train(task, experiment, method, rate, seed, settings)  # noqa: E731 - all else stays the same
    searched = search(lambda rate: float(np.mean([final(losses(at(rate, seed))) for seed in settings.search_seeds])), settings.rates)
    rate = min(searched, key=lambda each: searched[each])
    runs = [at(rate, settings.seed + k) for k in range(settings.seeds)]
    curves = np.array([losses(run) for run in runs])
    return {
        "rate": rate,
        "searched": {str(each): rounded(loss) for each, loss in searched.items()},
        "units": runs[0].network.units,
        "parameters": runs[0].network.learnable,
        "loss": rounded(np.median([final(each) for each in curves])),
        "loss_each": [rounded(final(each)) for each in curves],
        "score": rounded(np.median([score(task, run) for run in runs])),
        "trials_to_criterion": rounded(np.median([reached(each, experiment.criterion) for each in curves])),
        "seconds": rounded(np.median([run.log["seconds"][-1] for run in runs])),
        "curve": quartiles(curves),
    }


def search(loss: Callable[[float], float], rates: tuple[float, ...]) -> dict[float, float]:
    """Losses of three rates in the middle, and of one more as long as the best has no neighbour on one side."""
    low, high = max(0, len(rates) // 2 - 1), min(len(rates), len(rates) // 2 + 2)  # tried are rates[low:high]
    found = {rate: loss(rate) for rate in rates[low:high]}
    while True:
        best = rates.index(min(found, key=lambda each: found[each]))
        if best == low > 0:
            low -= 1
            found[rates[low]] = loss(rates[low])
        elif best == high - 1 < len(rates) - 1:
            found[rates[high]] = loss(rates[high])
            high += 1
        else:
            return found


def train(task: nr.AbstractTask, experiment: Experiment, method: str, rate: float, seed: int, settings: argparse.Namespace) -> nr.Run:
    """A run; of one that diverges, as far as it came."""
    network = start(task, experiment, method, seed)
    moved = [name for name in (*network.plastic, *network.learnt) if name != "recurrent" or not network.learnt]
    path = settings.out / f"compare_rules_{settings.task}_{method}_{seed}.h5"
    try:
        return nr.train(
            network, task, **means(method), trials=settings.trials, batch=experiment.batch, optimiser="adam",
            rate={name: rate / 10 if name in SLOW else rate for name in moved}, seed=seed, path=path, overwrite=True, progress=False,
        )  # fmt: skip
    except nr.errors.DivergenceError:
        return nr.open_run(path)


def means(method: str) -> dict[str, str]:
    """The rule, and the engine: where a preset names one, no other will do."""
    return {"rule": method} if method in RULES else {"rule": "bptt", "engine": nr.presets.training(method).get("engine", "numba")}


def start(task: nr.AbstractTask, experiment: Experiment, method: str, seed: int) -> nr.Network:
    plain = nr.Network.random(
        task.n_inputs, UNITS, task.n_outputs, dt=task.dt, parameters={"tau": experiment.tau}, gain=GAIN, bias=np.zeros(UNITS), seed=seed
    )
    network = plain if method in RULES else fitted(method, plain, seed)
    return network if experiment.initial is None else network.replace(initial=experiment.initial)


def fitted(preset: str, plain: nr.Network, seed: int) -> nr.Network:
    """The preset with as many units as it can have without more parameters than another network."""
    make = lambda units: nr.preset(preset, plain.inputs, units, plain.outputs, seed=seed, dt=plain.dt)  # noqa: E731 - of one argument
    low, high = 8, 2 * UNITS  # units of which too few, and too many
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if make(middle).learnable <= plain.learnable else (low, middle)
    return make(low)


def losses(run: nr.Run) -> np.ndarray:
    """Loss of every trial, which the network had not seen before; infinite after a divergence."""
    log = run.log["loss"].values.astype(float)
    return np.concatenate([log, np.full(run.total - len(log), np.inf)])


def final(curve: np.ndarray) -> float:
    return float(curve[-max(1, len(curve) // WINDOWS) :].mean())


def reached(curve: np.ndarray, criterion: float) -> float:
    """The trial after which the mean loss of the last hundred is below the criterion; infinite where it never is."""
    total = np.cumsum(np.concatenate([[0.0], curve]))
    recent = (total[RECENT:] - total[:-RECENT]) / RECENT
    below = np.flatnonzero(recent < criterion)
    return float(RECENT + below[0]) if below.size else np.inf


def score(task: nr.AbstractTask, run: nr.Run) -> float:
    trials = task.trials(TEST_TRIALS, seed=TEST_SEED)
    return float(task.score(nr.simulate(run.network, trials, engine=run.config["engine"]).outputs, trials).mean())


def quartiles(curves: np.ndarray) -> dict[str, list[float]]:
    """Means over windows of trials: their last trials, and quartiles over the seeds."""
    ends = np.linspace(0, curves.shape[1], WINDOWS + 1).astype(int)
    means = np.stack([curves[:, a:b].mean(axis=1) for a, b in zip(ends[:-1], ends[1:], strict=True)])
    with np.errstate(invalid="ignore"):  # between infinite losses
        low, median, high = np.quantile(means, (0.25, 0.5, 0.75), axis=1)
    return {"trial": ends[1:].tolist(), **{k: list(map(rounded, v)) for k, v in (("low", low), ("median", median), ("high", high))}}


def rounded(value: Any) -> float | None:
    """Four digits, as JSON can say it: None for what is infinite."""
    return float(f"{float(value):.4g}") if np.isfinite(value) else None


def about(settings: argparse.Namespace, experiment: Experiment) -> dict[str, Any]:
    seeds = list(range(settings.seed, settings.seed + settings.seeds))
    facts = {name: getattr(experiment, name) for name in ("settings", "batch", "criterion", "guess", "unit")}
    return {**facts, "trials": settings.trials, "seeds": seeds, "rates": settings.rates, "search_seeds": settings.search_seeds}


def draw(results: list[dict[str, Any]], path: Path) -> Path:
    """A row for each result: left the rules on the same network, right the presets; medians over the seeds, quartiles shaded."""
    figure, axes = nr.plots.panels(len(results), 2)
    figure.set_size_inches(WIDTH, HEIGHT * len(results) + LEGEND)
    rows = np.reshape(axes, (len(results), 2))
    for (left, right), result in zip(rows, results, strict=True):
        found = result["methods"]
        rules(left, {method: each["curve"] for method, each in found.items() if method in RULES})
        presets(right, {method: each["curve"] for method, each in found.items() if method not in RULES}, found.get("bptt"))
        together(left, right, result)
    below = {
        "loc": "upper left",
        "bbox_to_anchor": (-0.18, 0),
        "borderaxespad": 4.2,
        "fontsize": 8,
        "title_fontsize": 8,
        "frameon": False,
        "alignment": "left",
    }
    rows[-1, 0].legend(title="leaky tanh network, trained by", ncols=1, **below)
    rows[-1, 1].legend(title="networks trained by BPTT", ncols=2, **below)
    figure.savefig(path, dpi=200)
    return path


def rules(ax: Axes, curves: dict[str, dict[str, list]]) -> None:
    for method, curve in curves.items():
        line(ax, curve, NAMES.get(method, method), *LOOKS[RULES.index(method)])


def presets(ax: Axes, curves: dict[str, dict[str, list]], plain: dict[str, Any] | None) -> None:
    if plain is not None:
        line(ax, plain["curve"], "leaky tanh", *LOOKS[RULES.index("bptt")])
    others = (name for name in nr.names("presets") if name not in PRESETS)
    looks = dict(zip((*PRESETS, *others), cycle(LOOKS[len(RULES) :])))  # noqa: B905 - there are more presets than looks
    for method, curve in curves.items():
        line(ax, curve, method, *looks[method])


def line(ax: Axes, curve: dict[str, list], label: str, colour: str, dashes: Any) -> None:
    low, median, high = (np.array([np.nan if v is None else v for v in curve[name]]) for name in ("low", "median", "high"))
    ax.fill_between(curve["trial"], low, high, color=colour, alpha=0.2, linewidth=0)
    ax.plot(curve["trial"], median, color=colour, linestyle=dashes, linewidth=1.3, label=label)


def together(left: Axes, right: Axes, result: dict[str, Any]) -> None:
    """Axes, and what losses are to be held against."""
    for ax in (left, right):
        for height in (result["guess"], result["criterion"]):
            ax.axhline(height, color="0.45", linewidth=0.7, linestyle=(0, (2, 2)), zorder=0)
        ax.set_yscale("log")
        ax.yaxis.set_minor_formatter("")
        ax.set_ylim(bottom=max(min(ax.get_ylim()[0], result["criterion"] / 2), result["guess"] / LOWEST))
        ax.set_xlim(0, result["trials"])
        ax.set_xlabel("trial")
    for height, text, side in ((result["guess"], "guess", "bottom"), (result["criterion"], "criterion", "top")):
        place = {"xycoords": right.get_yaxis_transform(), "xytext": (3, 0), "textcoords": "offset points", "va": side}
        right.annotate(text, (1, height), fontsize=7.5, color="0.35", **place)
    left.set_ylabel(f"loss ({result['unit']})", fontsize=8)
    left.set_title(result["task"].replace("_", " "), loc="left", fontsize=9.5)


def print_table(result: dict[str, Any]) -> None:
    print(f"\n{result['task']}: {result['trials']} trials, {result['batch']} an update; medians of seeds {result['seeds']}")
    print(f"{'method':18}{'units':>6}{'parameters':>12}{'rate':>8}{'final loss':>12}{'score':>8}{'to criterion':>14}{'seconds':>9}")
    for method, each in result["methods"].items():
        needed = "never" if each["trials_to_criterion"] is None else f"{each['trials_to_criterion']:.0f}"
        loss = "diverged" if each["loss"] is None else f"{each['loss']:.4f}"
        print(
            f"{method:18}{each['units']:6}{each['parameters']:12}{each['rate']:8g}{loss:>12}{each['score']:8.3f}{needed:>14}{each['seconds']:9.1f}"
        )
    print(f"criterion: mean loss of {RECENT} trials below {result['criterion']:g} {result['unit']}; a guess has {result['guess']:.3f}")


if __name__ == "__main__":
    main()
