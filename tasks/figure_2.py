"""Figure 2 of Murray (2019) and its supplements: how far RFLO and BPTT get, in which networks, and what either needs.

    python tasks/figure_2.py                            # nine networks of each condition: two hours on one core
    python tasks/figure_2.py --parts length --seeds 3   # only 2a to 2c, three networks
    python tasks/figure_2.py --quick                    # a look at every part, in seconds

Parts: ``length`` (2a-c, periods of 20 to 160 time constants), ``factorial`` (2d, local influence x random feedback, at 80), ``elsewhere`` (the
same at 40 and 160), ``dale`` (S1, units that excite or inhibit), ``ablation`` (S2, which weights learn), ``size`` and ``gain`` (S3, of the
network). Each condition in two forms: ``literal``, plain gradient steps at the paper's rates, and ``clipped``, steps whose changes have a norm
of at most one, at the best rate of a grid (``size`` and ``gain``: at the literal's). Every run is named in ``--out`` as its condition: ``figure_2_<condition>_<form>_<seed>.h5``; one that
is already complete there is read, not made again. Prints a table of final losses, draws a panel for each part;
``analysis/figure_2.ipynb`` tells the story.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

import neurorec as nr

TAU = 0.1  # seconds; the time step is a tenth of it
INITIAL = 0.1  # h(0) is not given in the paper; this is the author's notebook's
TRIALS, SEEDS = 10_000, 9  # the paper's
SNAPSHOTS = 21  # of the weights, in a training
LAST = 100  # trials, whose mean loss is the final loss
PLATEAU = 0.1  # a final loss above it is that of a network which did not learn; zero output has 0.328
RATES = {20: (0.03, 0.03), 40: (0.01, 0.03), 80: (0.001, 0.01), 160: (0.0003, 0.03)}  # the paper's: by period, of RFLO and of BPTT
BETWEEN = ("random_feedback_bptt", "local_only")  # one approximation each; the paper does not give their rates
CLIPS = {"literal": None, "clipped": 1.0}  # in a network with a gain of 1.5 exact gradients explode, which the paper leaves as it is
GRID = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)  # the middle of the paper's
SEARCH_SEEDS = (1000, 1001)  # on which rates are compared, by the geometric mean of their losses after so many trials; not used again
SEARCH_TRIALS = 5_000
SIZES, GAINS = (10, 20, 30, 50, 100), (0.5, 1.0, 1.5, 2.0)  # all else has 30 units and a gain of 1.5


@dataclass(frozen=True)
class Condition:
    """What is trained.

    Parameters
    ----------
    rule : str
    rate : float, optional
        For all weights; None: the best of the grid.
    period : float
        In time constants.
    units : int
    gain, readout : float
        Of the recurrent weights, and of the readout, U(-1, 1) / sqrt(N) times it.
    network : dict
        More of the network's settings.
    clip : float, optional
        Largest norm of a change.
    """

    rule: str = "rflo"
    rate: float | None = 0.03
    period: float = 20
    units: int = 30
    gain: float = 1.5
    readout: float = 1.0
    network: dict[str, Any] = field(default_factory=dict)
    clip: float | None = None


LITERAL = {
    **{f"{rule}_{period}": Condition(rule, rate, period) for period, rates in RATES.items() for rule, rate in zip(("rflo", "bptt"), rates, strict=True)},
    **{f"{rule}_{period}": Condition(rule, None, period) for period in (40, 80, 160) for rule in BETWEEN},
    # the paper gives no others than those without Dale's law
    **{f"dale_{period}": Condition("rflo", rate, period, network={"parametrisation": "dale_clipped"}) for period, (rate, _) in RATES.items()},
    "readout_fed_back": Condition("readout_only", network={"parametrisation": "output_fed_back"}),
    "readout": Condition("readout_only"),
    "recurrent": Condition("recurrent_only"),
    # at the rate of 30 units 100 diverge: theirs is smaller in proportion
    **{f"units_{units}": Condition(rate=0.03 * min(1, 30 / units), units=units) for units in SIZES},
    **{f"gain_{gain:g}": Condition(gain=gain, readout=gain) for gain in GAINS},
}  # fmt: skip
PARTS = {
    "length": [f"{rule}_{period}" for rule in ("rflo", "bptt") for period in RATES],
    "factorial": [f"{rule}_80" for rule in ("bptt", *BETWEEN, "rflo")],
    "elsewhere": [f"{rule}_{period}" for period in (40, 160) for rule in ("bptt", *BETWEEN, "rflo")],
    "dale": [f"{kind}_{period}" for kind in ("rflo", "dale") for period in RATES],
    "ablation": ["rflo_20", "readout_fed_back", "readout", "recurrent"],
    "size": [f"units_{units}" for units in SIZES],
    "gain": [f"gain_{gain:g}" for gain in GAINS],
}
AT_ITS_RATE = (*PARTS["size"], *PARTS["gain"])  # clipped, too, at the literal's rate: how a loss depends on these is asked at one
EACH = {f"{name}_literal": condition for name, condition in LITERAL.items()}
EACH |= {
    f"{name}_clipped": replace(condition, rate=condition.rate if name in AT_ITS_RATE else None, clip=CLIPS["clipped"])
    for name, condition in LITERAL.items()
}


def main() -> None:
    settings = arguments()
    seeds = [settings.seed + k for k in range(settings.seeds)]
    bases = dict.fromkeys(name for part in settings.parts for name in bases_of(part, settings))
    found = {name: measured(name, seeds, settings) for base in bases for name in forms(base, settings)}
    print_table(found, settings)
    print(f"picture: {draw(found, settings)}")
    if settings.json:
        facts = {"trials": settings.trials, "seeds": seeds, "search_trials": settings.search_trials, "search_seeds": settings.search_seeds}
        print(json.dumps(facts | {"grid": settings.grid, "parts": {part: PARTS[part] for part in settings.parts}, "conditions": found}))


def bases_of(part: str, settings: argparse.Namespace) -> list[str]:
    names = [name for name in PARTS[part] if LITERAL[name].period in settings.periods]
    return [name for name in names if name.startswith(tuple(settings.only))]


def forms(base: str, settings: argparse.Namespace) -> list[str]:
    return [f"{base}_{form}" for form in settings.forms]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--parts", nargs="+", default=list(PARTS), choices=PARTS, metavar="PART", help=f"of {', '.join(PARTS)} (default: all)"
    )
    parser.add_argument("--periods", nargs="+", type=int, default=list(RATES), choices=RATES, help="in time constants (default: all)")
    parser.add_argument(
        "--only", nargs="+", default=[""], metavar="START", help="conditions of these parts whose names begin so (default: all)"
    )
    parser.add_argument("--forms", nargs="+", default=list(CLIPS), choices=CLIPS, help="default: both")
    parser.add_argument(
        "--rates", type=Path, metavar="FILE", help="rates that were found before, of data/figure_2.json, in place of a search"
    )
    parser.add_argument("--quick", action="store_true", help="one seed, 40 trials of a tenth of the period, one rate")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"how many (default {SEEDS})")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for runs and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    settings = parser.parse_args()
    settings.out.mkdir(parents=True, exist_ok=True)
    settings.trials, settings.search_trials, settings.tau, settings.grid = (
        (40, 40, TAU / 10, GRID[:1]) if settings.quick else (TRIALS, SEARCH_TRIALS, TAU, GRID)
    )
    settings.seeds, settings.search_seeds = (1, SEARCH_SEEDS[:1]) if settings.quick else (settings.seeds, SEARCH_SEEDS)
    settings.snapshots = 3 if settings.quick else SNAPSHOTS
    return settings


def measured(name: str, seeds: list[int], settings: argparse.Namespace) -> dict[str, Any]:
    """What became of all networks of a condition, at its own rate or, where it has none, the best."""
    condition = replace(EACH[name], rate=EACH[name].rate or known_rate(name, settings.rates))
    searched = {} if condition.rate else search(name, settings)
    rate = condition.rate or min(searched, key=lambda rate: searched[rate])
    found = summary([one(name, replace(condition, rate=rate), seed, settings, settings.trials) for seed in seeds])
    print(f"{name:34}{rate:8g}  {found['loss']}", flush=True)
    return found | ({"searched": {f"{rate:g}": rounded(loss) for rate, loss in searched.items()}} if searched else {})


def known_rate(name: str, file: Path | None) -> float | None:
    results = [] if file is None else json.loads(file.read_text())["results"].values()
    return next((each["result"]["conditions"][name]["rate"] for each in results if name in each["result"]["conditions"]), None)


def search(name: str, settings: argparse.Namespace) -> dict[float, float]:
    """Geometric mean of the losses over the search seeds, by rate."""
    trials, at = settings.search_trials, lambda rate: replace(EACH[name], rate=rate)
    runs = {rate: [one(f"{name}_{rate:g}", at(rate), seed, settings, trials) for seed in settings.search_seeds] for rate in settings.grid}
    each = {rate: [final(run, trials) for run in both] for rate, both in runs.items()}
    return {rate: float(np.exp(np.mean(np.log(losses)))) for rate, losses in each.items()}


def one(name: str, condition: Condition, seed: int, settings: argparse.Namespace, trials: int) -> nr.Run:
    """A complete run of before, or a new one; of one that diverges, as far as it came."""
    path = settings.out / f"figure_2_{name}_{seed}.h5"
    if path.exists() and is_of(before := nr.open_run(path), condition, trials):
        return before
    task = nr.task("periodic_output", period=condition.period * settings.tau)
    record = nr.Record(("output", "target"), every=trials - 1, checkpoints=settings.snapshots)  # the first trial and the last
    try:
        return nr.train(
            start(task, condition, seed), task, rule=condition.rule, trials=trials, rate=condition.rate, clip=condition.clip, seed=seed,
            record=record, path=path, overwrite=True, progress=False,
        )  # fmt: skip
    except nr.errors.DivergenceError:
        return nr.open_run(path)


def is_of(run: nr.Run, condition: Condition, trials: int) -> bool:
    """A longer one begins with it."""
    same = run.config["rate"] == condition.rate and run.config["clip"] == condition.clip
    return same and run.done == run.total >= trials


def start(task: nr.AbstractTask, condition: Condition, seed: int) -> nr.Network:
    network = nr.Network.random(
        task.n_inputs, condition.units, task.n_outputs, dt=task.dt, parameters={"tau": TAU}, gain=condition.gain, initial=INITIAL, seed=seed,
        **condition.network,
    )  # fmt: skip
    return network.replace(readout=network.readout * condition.readout)


def final(run: nr.Run, trials: int) -> float:
    """Mean loss of the last of so many trials."""
    return float(run.log["loss"].values[:trials][-LAST:].mean()) if run.done >= trials else np.inf


def summary(runs: list[nr.Run]) -> dict[str, Any]:
    """Quartiles over the seeds, and how many did not learn."""
    losses = [final(run, run.total) for run in runs]
    return {
        "rate": runs[0].config["rate"],
        "clip": runs[0].config["clip"],
        "loss": quartiles(losses),
        "loss_each": [rounded(loss) for loss in losses],
        "untrained": quartiles([float(run.log["loss"][0]) for run in runs]),
        "alignment": quartiles([float(run.log["alignment"][-1]) for run in runs]),
        "not_learnt": sum(loss > PLATEAU for loss in losses),
    }


def quartiles(values: list[float]) -> list[float | None]:
    with np.errstate(invalid="ignore"):  # between infinite losses
        return [rounded(value) for value in np.quantile(values, (0.25, 0.5, 0.75))]


def rounded(value: float) -> float | None:
    """Four digits, as JSON can say it: None for what is infinite."""
    return float(f"{value:.4g}") if np.isfinite(value) else None


def draw(found: dict[str, dict[str, Any]], settings: argparse.Namespace) -> Path:
    """A panel for each part: median and quartiles of the final loss of each condition."""
    figure, axes = nr.plots.panels(1, len(settings.parts), width=2.4, height=3.2)
    for ax, part in zip(np.ravel(axes), settings.parts, strict=True):
        bases = bases_of(part, settings)
        for k, form in enumerate(settings.forms):
            spread(ax, [found[f"{name}_{form}"]["loss"] for name in bases], 0.2 * k, form)
        ax.axhline(0.328, color="0.55", linewidth=0.7, linestyle="--")  # zero output
        ax.set_yscale("log")
        ax.set_xticks(range(len(bases)), bases, rotation=60, ha="right", rotation_mode="anchor", fontsize=7)
        ax.set_title(part, loc="left", fontsize=9)
    np.ravel(axes)[0].set_ylabel("final loss (half squared error)", fontsize=8)
    np.ravel(axes)[0].legend(fontsize=7)
    path = settings.out / "figure_2.png"
    figure.savefig(path, dpi=200)
    return path


def spread(ax: Any, losses: list[list[float | None]], shift: float, label: str) -> None:
    low, median, high = np.array(losses, float).T
    ax.errorbar(np.arange(len(losses)) + shift, median, [median - low, high - median], fmt="o", markersize=4, linewidth=1, label=label)


def print_table(found: dict[str, dict[str, Any]], settings: argparse.Namespace) -> None:
    print(f"\nfinal loss after {settings.trials} trials: quartiles of {settings.seeds} seeds; zero output has 0.328")
    print(f"{'condition':34}{'rate':>8}{'25 %':>10}{'median':>10}{'75 %':>10}{'> ' + format(PLATEAU, 'g'):>8}{'alignment':>11}")
    for name, each in found.items():
        losses = "".join(f"{'diverged' if value is None else format(value, '.5f'):>10}" for value in each["loss"])
        print(f"{name:34}{each['rate']:8g}{losses}{each['not_learnt']:8}{each['alignment'][1]:11.2f}")


if __name__ == "__main__":
    main()
