"""Figure 4 of Murray (2019): a sequence of movements, chained from learnt syllables by a loop, or learnt directly.

    python tasks/movement_sequence.py                # five networks of each: an hour and a half, nearly all of it for the direct way
    python tasks/movement_sequence.py --ways loop    # the loop only: two minutes
    python tasks/movement_sequence.py --quick        # seconds

``loop``: a network learns four movements and the hold by RFLO, 10,000 trials of one syllable each, an input a movement; then it stays as
it is, and a winner-take-all readout learns by reward, in 10,000 transitions, which movement comes next. A second loop learns a sequence
of eight in which every movement has two successors, by cells that know the movements before.
``direct``: a network without input learns all 1600 steps in one piece, 20,000 trials, by RFLO and by BPTT; each ``literal``, plain gradient
steps, and ``clipped``, steps whose changes have a norm of at most one. The rate is the best of a grid on another network.
``orders``: the same syllables in sequences drawn at random, in which the network never was: called one after another, and chained by a loop.
``chain``: the sequence of eight by the paper's own loop, which reads nothing but the state in which a movement ends, at the best rate of a grid.
``longer``: sequences of eight and of sixteen movements, through the loop and directly by clipped BPTT.

Prints how many transitions were right and how far the cursor is from where it should be at the end of each movement and hold, in lengths
of a movement. Runs and picture go to ``--out``; a training that is already complete there is read, not made again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import xarray

import neurorec as nr
from neurorec.circuits import RewardedHebbian, RewardPrediction, SequenceLoop

NAMES = ("right", "up", "left", "down")
SEQUENCE = (0, 1, 2, 3)  # a square
REPEATED = (0, 1, 2, 3, 3, 2, 1, 0)  # every movement has two successors
UNITS = 100
DURATION = 2.0  # seconds: 20 time constants, of a movement and of a hold
RATE, LEFT = 0.007, 0.1  # of the syllables: at the start, and the share left at the end; the paper gives none
SYLLABLES = 10_000  # trials of one syllable each
TRANSITIONS = 10_000
ROUNDS = 10  # of the sequence, when the loop is tested
DIRECT_TRIALS = 20_000
CLIPS = {"literal": None, "clipped": 1.0}
GRID = (3e-3, 1e-2, 3e-2)  # the paper gives no rates for this figure
SEARCH_SEED = 1000  # of the network on which rates are compared; not used again
ORDERS, LENGTH = 5, 8  # sequences drawn for each network, and their movements
LENGTHS = (8, 16)
CELLS = {"context": "conjunctive_cells", "plasticity": "reward_prediction"}  # ours, not the paper's
CHAINS = {"rewarded_hebbian": RewardedHebbian, "reward_prediction": RewardPrediction}  # of the paper; and of ours
CHAIN_RATES = (0.001, 0.01, 0.1, 1.0)
RECENT = 1000  # transitions, of which the share that was rewarded is given
WAYS = ("loop", "direct", "orders", "chain", "longer")

Found = dict[str, dict[str, Any]]  # by condition


def main() -> None:
    settings = arguments()
    settings.out.mkdir(parents=True, exist_ok=True)
    seeds = list(range(settings.seed, settings.seed + settings.seeds))
    found = {way: MEASURES[way](settings, seeds) for way in settings.ways}
    print_table(found, seeds)
    print(f"picture: {draw(found, settings)}")
    if settings.json:
        facts = {"syllables": settings.syllables, "transitions": settings.transitions, "direct_trials": settings.direct_trials}
        print(json.dumps(facts | {"profile": settings.profile, "seeds": seeds, "search_seed": SEARCH_SEED, "ways": found}))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=WAYS, metavar="WAY", help=f"of {', '.join(WAYS)} (default: all)")
    parser.add_argument("--rules", nargs="+", default=["rflo", "bptt"], choices=["rflo", "bptt"], help="of the direct way (default: both)")
    parser.add_argument("--forms", nargs="+", default=list(CLIPS), choices=CLIPS, help="of the direct way (default: both)")
    parser.add_argument("--lengths", nargs="+", type=int, default=list(LENGTHS), help="of the longer way, in movements (default: 8 16)")
    parser.add_argument(
        "--grid", nargs="+", type=float, default=list(GRID), help="rates in one piece, of which the best is taken (default: 3e-3 1e-2 3e-2)"
    )
    parser.add_argument("--profile", default="constant", help="of the speed: constant (default), minimum_jerk or sine_squared")
    parser.add_argument("--engine", default="numba", help="from nr.names('engines') (default numba)")
    parser.add_argument("--quick", action="store_true", help="one seed, a few trials, one rate")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=5, help="how many (default 5)")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for runs and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    settings = parser.parse_args()
    settings.syllables, settings.transitions, settings.direct_trials = SYLLABLES, TRANSITIONS, DIRECT_TRIALS
    settings.chain_rates, settings.orders = CHAIN_RATES, ORDERS
    if settings.quick:
        settings.seeds, settings.syllables, settings.transitions, settings.direct_trials = 1, 600, 200, 20
        settings.grid, settings.lengths = settings.grid[:1], settings.lengths[:1]
        settings.chain_rates, settings.orders = CHAIN_RATES[2:3], 1
    return settings


# The ways: of each, what came out by condition, and of every network.


def loop(settings: argparse.Namespace, seeds: list[int]) -> Found:
    """The square by the paper's loop, the eight by ours."""
    return {
        "square": performed([chained(settings, "loop", seed, SEQUENCE) for seed in seeds], settings),
        "eight": performed([chained(settings, "repeated", seed, REPEATED, **CELLS) for seed in seeds], settings),
    }


def direct(settings: argparse.Namespace, seeds: list[int]) -> Found:
    """The square in one piece, by two rules in two forms."""
    return {
        f"{rule}_{form}": in_one_piece(settings, f"direct_{rule}_{form}", SEQUENCE, seeds)
        for rule in settings.rules
        for form in settings.forms
    }


def orders(settings: argparse.Namespace, seeds: list[int]) -> Found:
    """Sequences that are new to a network which knows the syllables: called, and chained."""
    drawn = {seed: [walk(LENGTH, 100 * seed + k) for k in range(settings.orders)] for seed in seeds}
    called = [np.mean([error(settings, call(settings, seed, each), each) for each in drawn[seed]]) for seed in seeds]
    loops = [chained(settings, f"order_{k}", seed, each, **CELLS) for seed in seeds for k, each in enumerate(drawn[seed])]
    return {"called": {"endpoint_error": said(called)}, "chained": performed(loops, settings)}


def chain(settings: argparse.Namespace, seeds: list[int]) -> Found:
    """The sequence of eight by a loop that reads the end state alone."""
    return {name: with_end_state(settings, name, seeds) for name in CHAINS}


def longer(settings: argparse.Namespace, seeds: list[int]) -> Found:
    """Sequences of other lengths."""
    found: Found = {}
    for length in settings.lengths:
        sequence = walk(length, length)
        found[f"loop_{length}"] = performed(
            [chained(settings, f"longer_loop_{length}", seed, sequence, **CELLS) for seed in seeds], settings
        )
        found[f"bptt_clipped_{length}"] = in_one_piece(settings, f"longer_bptt_clipped_{length}", sequence, seeds)
    return found


# How a sequence is learnt.


def syllables(settings: argparse.Namespace, seed: int) -> nr.Network:
    """A network that moves as its inputs say."""
    task = nr.task("centre_out_velocity", duration=DURATION, profile=settings.profile)
    network = nr.Network.random(task.n_inputs, UNITS, task.n_outputs, dt=task.dt, seed=seed)
    options = {"trials": settings.syllables, "rate": RATE, "anneal": LEFT, "start": "carried", "seed": seed}
    return trained(settings, f"syllables_{seed}", network, task, "rflo", options).network


def chained(settings: argparse.Namespace, name: str, seed: int, sequence: tuple[int, ...], **parts: Any) -> SequenceLoop:
    """A loop that has learnt the sequence; one of before where it has."""
    path = settings.out / f"movement_sequence_{name}_{seed}.loop"
    made = SequenceLoop(syllables(settings, seed), DURATION, DURATION, NAMES, engine=settings.engine, seed=seed, **parts)
    if path.exists() and is_same(before := SequenceLoop.load(path), made, sequence, settings):
        return before
    made.learn(sequence, settings.transitions, path=path, progress=False, overwrite=True)
    return made


def is_same(before: SequenceLoop, made: SequenceLoop, sequence: tuple[int, ...], settings: argparse.Namespace) -> bool:
    parts = before.context == made.context and before.plasticity == made.plasticity and before.sequence == sequence
    return parts and before.done == settings.transitions and np.array_equal(before.network.recurrent, made.network.recurrent)


def with_end_state(settings: argparse.Namespace, name: str, seeds: list[int]) -> dict[str, Any]:
    """At the rate with which most is right on another network."""
    at = lambda rate, seed: chained(settings, f"chain_{name}_{rate:g}", seed, REPEATED, plasticity=CHAINS[name](rate=rate))  # noqa: E731
    searched = {rate: share_rewarded(settings, f"chain_{name}_{rate:g}", at(rate, SEARCH_SEED)) for rate in settings.chain_rates}
    rate = max(searched, key=lambda rate: searched[rate])
    return {"rate": rate, "searched": searched} | performed([at(rate, seed) for seed in seeds], settings, f"chain_{name}_{rate:g}")


def in_one_piece(settings: argparse.Namespace, name: str, sequence: tuple[int, ...], seeds: list[int]) -> dict[str, Any]:
    """At the rate with the smallest end-point error on another network."""
    off = lambda run: error(settings, positions(settings, run, sequence), sequence) if run.done == run.total else np.inf  # noqa: E731
    searched = {rate: off(directly(settings, f"{name}_{rate:g}", sequence, rate, SEARCH_SEED)) for rate in settings.grid}
    rate = min(searched, key=lambda rate: searched[rate])
    each = [off(directly(settings, name, sequence, rate, seed)) for seed in seeds]
    print(f"{name:32}{rate:8g}  {np.round(each, 4)}", flush=True)
    return {
        "rate": rate,
        "clip": clip(name),
        "endpoint_error": said(each),
        "searched": {f"{r:g}": rounded(off) for r, off in searched.items()},
    }


def directly(settings: argparse.Namespace, name: str, sequence: tuple[int, ...], rate: float, seed: int) -> nr.Run:
    """A network without input that learns all of the sequence."""
    task = one_piece(settings, sequence)
    network = nr.Network.random(0, UNITS, 2, dt=task.dt, seed=seed)
    options = {"trials": settings.direct_trials, "rate": rate, "clip": clip(name), "seed": seed}
    return trained(settings, f"{name}_{seed}", network, task, name.split("_")[1], options)


def clip(name: str) -> float | None:
    """As the name of a direct training says."""
    return next(value for form, value in CLIPS.items() if form in name)


def trained(
    settings: argparse.Namespace, name: str, network: nr.Network, task: nr.AbstractTask, rule: str, options: dict[str, Any]
) -> nr.Run:
    """A complete training of before, or a new one; of one that diverges, as far as it came."""
    path = settings.out / f"movement_sequence_{name}.h5"
    asked = {**options, "task_settings": {"profile": settings.profile}}
    if path.exists() and is_of(before := nr.open_run(path), asked):
        return before
    try:
        return nr.train(network, task, rule=rule, engine=settings.engine, path=path, overwrite=True, progress=False, **options)
    except nr.errors.DivergenceError:
        return nr.open_run(path)


def is_of(run: nr.Run, asked: dict[str, Any]) -> bool:
    same = all(run.config[name] == value for name, value in asked.items() if name != "task_settings")
    return same and run.done == run.total and run.config["task_settings"]["profile"] == asked["task_settings"]["profile"]


# Where the cursor goes, and what is said of it.


def one_piece(settings: argparse.Namespace, sequence: tuple[int, ...]) -> nr.AbstractTask:
    return nr.task("movement_sequence", sequence=sequence, duration=DURATION, profile=settings.profile)


def walk(length: int, seed: int) -> tuple[int, ...]:
    """Movements drawn at random that stay in the box, (length,)."""
    drawn = nr.task("centre_out_velocity", duration=DURATION, holds=False).trials(length, seed=seed).conditions["direction"]
    return tuple(int(direction) for direction in drawn)


def call(settings: argparse.Namespace, seed: int, sequence: tuple[int, ...]) -> np.ndarray:
    """Positions, (T, 2), of a network whose inputs are switched in this order, from rest as a loop begins."""
    task = nr.task("centre_out_velocity", duration=DURATION, profile=settings.profile)
    each = [task.syllable(direction).inputs for place in sequence for direction in (place, -1)]
    rest = task.syllable(-1).inputs
    inputs = np.concatenate([rest, *each])[:, None]
    return task.path(nr.simulate(syllables(settings, seed), inputs, engine=settings.engine).outputs[len(rest) :, 0])


def positions(settings: argparse.Namespace, run: nr.Run, sequence: tuple[int, ...]) -> np.ndarray:
    """Of a network that does all of it, (T, 2)."""
    task = one_piece(settings, sequence)
    return task.path(nr.simulate(run.network, task.trials(1), engine=settings.engine).outputs[:, 0])


def error(settings: argparse.Namespace, found: np.ndarray, sequence: tuple[int, ...]) -> float:
    """Mean distance at the ends of movements and holds, in lengths of a movement."""
    should, ends = asked(settings, sequence)
    return float(np.linalg.norm(found[ends] - should[ends], axis=1).mean())


def asked(settings: argparse.Namespace, sequence: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Where the cursor should be: positions (T, 2), and the steps at which a movement or a hold ends."""
    task = one_piece(settings, sequence)
    should = task.path(task.trials(1).targets[:, 0])
    length = len(should) // (2 * len(sequence))
    return should, np.arange(length - 1, len(should), length)


def performed(loops: list[SequenceLoop], settings: argparse.Namespace, name: str | None = None) -> dict[str, Any]:
    """Of loops from rest, without exploration: right transitions, and the error of the first round."""
    done = [each.perform(ROUNDS * len(each.sequence) + 1) for each in loops]
    off = [first_round_error(settings, each) for each in loops]
    found = {"transitions_correct": said([each.transitions_correct for each in done]), "endpoint_error": said(off)}
    return found if name is None else found | {"rewarded": said([share_rewarded(settings, name, each) for each in loops])}


def first_round_error(settings: argparse.Namespace, each: SequenceLoop) -> float:
    """Where its first syllable occurs twice, nothing says at which of the two places a loop begins: the nearer counts."""
    sequence = each.sequence
    found = one_piece(settings, sequence).path(each.perform(len(sequence)).outputs[:, 0])
    starts = [k for k, syllable in enumerate(sequence) if syllable == sequence[0]]
    return min(error(settings, found, sequence[k:] + sequence[:k]) for k in starts)


def share_rewarded(settings: argparse.Namespace, name: str, each: SequenceLoop) -> float:
    """Of the last transitions of its learning, of which one in ten was made at random."""
    path = settings.out / f"movement_sequence_{name}_{each.seed}.loop"
    with xarray.open_dataset(path, group="log", engine="h5netcdf") as log:
        return float(log["rewarded"][-RECENT:].mean())


def said(values: Iterable[float]) -> dict[str, Any]:
    """For JSON: quartiles, and each."""
    each = [float(value) for value in values]
    with np.errstate(invalid="ignore"):
        return {"quartiles": [rounded(value) for value in np.quantile(each, (0.25, 0.5, 0.75))], "each": [rounded(value) for value in each]}


def rounded(value: float) -> float | None:
    """Four digits, as JSON can say it: None for what is infinite."""
    return float(f"{value:.4g}") if np.isfinite(value) else None


def draw(found: dict[str, Found], settings: argparse.Namespace) -> Path:
    """End-point errors of all conditions, a dot a network."""
    each = {f"{way}: {name}": facts["endpoint_error"]["each"] for way, names in found.items() for name, facts in names.items()}
    figure, axes = nr.plots.panels(1, 1, width=4.5, height=0.6 + 0.25 * len(each))
    ax = np.ravel(axes)[0]
    for row, values in enumerate(each.values()):
        ax.plot([value for value in values if value], [row] * sum(map(bool, values)), "o", markersize=4, alpha=0.6)
    ax.set(xscale="log", xlabel="distance of end-points (lengths of a movement)")
    ax.set_yticks(range(len(each)), [name.replace("_", " ") for name in each], fontsize=7)
    ax.invert_yaxis()
    path = settings.out / "movement_sequence.png"
    figure.savefig(path)
    return path


def print_table(found: dict[str, Found], seeds: list[int]) -> None:
    print(
        f"\n{'way':8}{'condition':22}{'rate':>8}{'right (median)':>16}{'end-point error, quartiles':>30}   seeds {seeds[0]} to {seeds[-1]}"
    )
    for way, names in found.items():
        for name, facts in names.items():
            right = facts.get("transitions_correct", {"quartiles": ["", "", ""]})["quartiles"][1]
            print(f"{way:8}{name:22}{facts.get('rate', ''):>8}{right:>16}{facts['endpoint_error']['quartiles']!s:>30}")
    print(f"{UNITS} units; end-points in lengths of a movement; in the square a cursor that stays is 0.85 off")


MEASURES: dict[str, Callable[[argparse.Namespace, list[int]], Found]] = {
    "loop": loop, "direct": direct, "orders": orders, "chain": chain, "longer": longer,
}  # fmt: skip

if __name__ == "__main__":
    main()
