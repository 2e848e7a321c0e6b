"""Figure 4 of Murray (2019): a sequence of movements, chained from learnt syllables by a loop, or learnt directly.

    python tasks/movement_sequence.py                # 5 seeds: a quarter of an hour, most of it for the direct way
    python tasks/movement_sequence.py --ways loop    # the loop only: two minutes
    python tasks/movement_sequence.py --quick        # seconds

The loop: a network learns four movements and the hold by RFLO, 10,000 trials of one syllable each, an input a movement; then it stays as
it is, and a winner-take-all readout learns by reward, in 10,000 transitions, which movement comes next. A second loop learns a sequence
of eight in which every movement has two successors, which takes cells that know the movements before. The direct way: a network
without input learns all 1600 steps in one piece, 20,000 trials, by RFLO and by BPTT.

Prints how many transitions were right and how far the cursor is from where it should be at the end of each movement and hold, as a
fraction of a movement's length. Runs and picture go to ``--out``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

import neurorec as nr
from neurorec.circuits import Performance, SequenceLoop

NAMES = ("right", "up", "left", "down")
SEQUENCE = (0, 1, 2, 3)  # a square
REPEATED = (0, 1, 2, 3, 3, 2, 1, 0)  # every movement has two successors
UNITS = 100
DURATION = 2.0  # seconds: 20 time constants, of a movement and of a hold
RATE, LEFT = 0.007, 0.1  # at the start, and the share left at the end; the paper gives none
SYLLABLES = 10_000  # trials of one syllable each
TRANSITIONS = 10_000
DIRECT_TRIALS = 20_000
DIRECT_RATES = {"rflo": 0.003, "bptt": 0.01}  # the best of a search on another seed
ROUNDS = 10  # of the sequence, when the loop is tested


def main() -> None:
    settings = arguments()
    settings.out.mkdir(parents=True, exist_ok=True)
    seeds = range(settings.seed, settings.seed + settings.seeds)
    paths, found = {}, {}
    if "loop" in settings.ways:
        performances = [through_the_loop(settings, seed) for seed in seeds]
        paths["loop"] = [track(settings, performance.outputs[:, 0]) for performance, _ in performances]
        found["transitions_correct"] = [performance.transitions_correct for performance, _ in performances]
        found["repeated_transitions_correct"] = [repeated.transitions_correct for _, repeated in performances]
    for rule in ("rflo", "bptt") if "direct" in settings.ways else ():
        paths[rule] = [track(settings, directly(settings, rule, seed)) for seed in seeds]
    for way, tracks in paths.items():
        found["endpoint_error" if way == "loop" else f"endpoint_error_{way}"] = [error(settings, each) for each in tracks]
    print_table(settings, found)
    print(f"picture: {draw(settings, paths)}")
    if settings.json:
        medians = {name: float(np.median(each)) for name, each in found.items()}
        facts = {"syllables": settings.syllables, "transitions": settings.transitions, "direct_trials": settings.direct_trials}
        print(json.dumps(medians | {f"{name}_each": each for name, each in found.items()} | facts | {"seeds": list(seeds)}))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ways", nargs="+", default=["loop", "direct"], choices=["loop", "direct"], help="default: both")
    parser.add_argument("--profile", default="constant", help="of the speed: constant (default), minimum_jerk or sine_squared")
    parser.add_argument("--engine", default="numba", help="from nr.names('engines') (default numba)")
    parser.add_argument("--quick", action="store_true", help="one seed, a few trials")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=5, help="how many (default 5)")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for runs and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    settings = parser.parse_args()
    settings.syllables, settings.transitions, settings.direct_trials = SYLLABLES, TRANSITIONS, DIRECT_TRIALS
    if settings.quick:
        settings.seeds, settings.syllables, settings.transitions, settings.direct_trials = 1, 600, 200, 20
    return settings


def through_the_loop(settings: argparse.Namespace, seed: int) -> tuple[Performance, Performance]:
    """The square, and the sequence of eight."""
    network = syllables(settings, seed)
    loop = SequenceLoop(network, DURATION, DURATION, NAMES, engine=settings.engine, seed=seed)
    loop.learn(SEQUENCE, settings.transitions, path=settings.out / f"movement_sequence_loop_{seed}.loop", overwrite=True)
    longer = SequenceLoop(
        network, DURATION, DURATION, NAMES, engine=settings.engine, context="conjunctive_cells", plasticity="reward_prediction", seed=seed
    )
    longer.learn(REPEATED, settings.transitions, path=settings.out / f"movement_sequence_repeated_{seed}.loop", overwrite=True)
    return loop.perform(ROUNDS * len(SEQUENCE) + 1), longer.perform(ROUNDS * len(REPEATED) + 1)


def syllables(settings: argparse.Namespace, seed: int) -> nr.Network:
    """A network that moves as its inputs say."""
    task = nr.task("centre_out_velocity", duration=DURATION, profile=settings.profile)
    network = nr.Network.random(task.n_inputs, UNITS, task.n_outputs, dt=task.dt, seed=seed)
    path = settings.out / f"movement_sequence_syllables_{seed}.h5"
    run = nr.train(
        network, task, rule="rflo", engine=settings.engine, trials=settings.syllables, rate=RATE, anneal=LEFT, start="carried", seed=seed,
        path=path, overwrite=True,
    )  # fmt: skip
    return run.network


def directly(settings: argparse.Namespace, rule: str, seed: int) -> np.ndarray:
    """Velocities, (T, 2), of a network that has learnt them in one piece."""
    task = nr.task("movement_sequence", sequence=SEQUENCE, duration=DURATION, profile=settings.profile)
    network = nr.Network.random(0, UNITS, 2, dt=task.dt, seed=seed)
    path = settings.out / f"movement_sequence_direct_{rule}_{seed}.h5"
    run = nr.train(
        network, task, rule=rule, engine=settings.engine, trials=settings.direct_trials, rate=DIRECT_RATES[rule], seed=seed, path=path, overwrite=True,
    )  # fmt: skip
    return nr.simulate(run.network, task.trials(1), engine=settings.engine).outputs[:, 0]


def asked(settings: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """Where the cursor should be: positions (T, 2), and the steps at which a movement or a hold ends."""
    task = nr.task("movement_sequence", sequence=SEQUENCE, duration=DURATION, profile=settings.profile)
    steps = task.trials(1).steps
    length = steps // (2 * len(SEQUENCE))
    return task.path(task.trials(1).targets[:, 0]), np.arange(length - 1, steps, length)


def track(settings: argparse.Namespace, velocities: np.ndarray) -> np.ndarray:
    """Positions in the first round, (T, 2)."""
    task = nr.task("centre_out_velocity", duration=DURATION, profile=settings.profile)
    return task.path(velocities[: len(asked(settings)[0])])


def error(settings: argparse.Namespace, positions: np.ndarray) -> float:
    """Mean distance at the ends of movements and holds, in lengths of a movement."""
    should, ends = asked(settings)
    return float(np.linalg.norm(positions[ends] - should[ends], axis=1).mean())


def draw(settings: argparse.Namespace, paths: dict[str, list[np.ndarray]]) -> Path:
    titles = {"loop": "syllables and loop", "rflo": "directly, RFLO", "bptt": "directly, BPTT"}
    figure, panels = nr.plots.panels(1, len(paths), width=2.4, height=2.6)
    should, ends = asked(settings)
    for ax, (way, tracks) in zip(np.atleast_1d(panels), paths.items(), strict=True):
        order = np.argsort([error(settings, each) for each in tracks])
        middle = order[len(order) // 2]  # the seed in the middle on top, the others beneath
        nr.plots.cursor([tracks[middle], *(tracks[k] for k in order if k != middle)], should, ends, ax=ax)
        ax.set(xlim=(-0.6, 1.6), ylim=(-0.6, 1.6))
        ax.set_title(titles[way], fontsize=9)
    path = settings.out / "movement_sequence.png"
    figure.savefig(path)
    return path


def print_table(settings: argparse.Namespace, found: dict[str, list[float]]) -> None:
    print(f"\n{'seed':32}" + "".join(f"{settings.seed + k:8}" for k in range(settings.seeds)) + f"{'median':>10}")
    for name, each in found.items():
        print(f"{name.replace('_', ' '):32}" + "".join(f"{value:8.3f}" for value in each) + f"{np.median(each):10.3f}")
    print(
        f"{UNITS} units; end-points in lengths of a movement, of {2 * len(SEQUENCE)} syllables of {DURATION:g} s; a cursor that stays is 0.85 off"
    )


if __name__ == "__main__":
    main()
