"""Context-dependent integration (Mante et al. 2013): one network reports motion or colour, as a context says.

    python tasks/context_integration.py            # N=100, 48,000 trials by BPTT, 3 seeds: some minutes
    python tasks/context_integration.py --quick    # N=20, 6,400 trials: seconds

Prints, on trials that training never showed, the score beside that of an ideal observer, and the slopes of the psychometric functions for the signal
that counts and for the other. Runs and picture go to ``--out``; ``analysis/context_integration.ipynb`` looks into the networks.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.stats import norm

import neurorec as nr

UNITS, SEEDS, TRIALS = 100, 3, 48_000
TAU = 0.05  # seconds: the stimulus lasts 16 of it
QUICK = {"units": 20, "seeds": 1, "trials": 6400}
TESTED, TEST_SEED = 4000, 1_000_000
SIGNALS = ("motion", "colour")


def main() -> None:
    settings = arguments()
    settings.out.mkdir(parents=True, exist_ok=True)
    task = nr.task("context_integration")
    runs = [one(task, settings.seed + k, settings) for k in range(settings.seeds)]
    trials = task.trials(TESTED, seed=TEST_SEED)
    shown = [nr.simulate(run.network, trials) for run in runs]
    found = [summary(task, each) for each in shown]
    print(f"picture: {draw(shown[0], settings.out / 'context_integration.png')}")
    ideal = float(norm.cdf(np.array(task.coherences) * task.stimulus**0.5 / task.sigma).mean())
    print_table(found, ideal)
    if settings.json:
        print(json.dumps({"units": settings.units, "trials": settings.trials, "ideal_score": ideal, "networks": found}))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="20 units, 6,400 trials, one seed")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for runs and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    parser.set_defaults(units=UNITS, seeds=SEEDS, trials=TRIALS)
    settings = parser.parse_args()
    if settings.quick:
        vars(settings).update(QUICK)
    return settings


def one(task: nr.AbstractTask, seed: int, settings: argparse.Namespace) -> nr.Run:
    own = task.recommended.but(trials=settings.trials)
    network = nr.Network.random(
        task.n_inputs, settings.units, task.n_outputs, dt=task.dt, parameters={"tau": TAU}, gain=own.gain, readout_gain=own.readout_gain, seed=seed
    )  # fmt: skip
    path = settings.out / f"context_integration_{seed}.h5"
    return nr.train(network, task, seed=seed, path=path, overwrite=True, **own.training)


def summary(task: nr.AbstractTask, shown) -> dict[str, float]:
    """Score, and slopes of the choices by the signal that counts and by the other, means of both contexts."""
    slopes = {name: nr.dynamics.psychometric(shown, name, by="context")["slope"] for name in SIGNALS}
    counts = np.mean([float(slopes[name].sel(context=name)) for name in SIGNALS])
    other = np.mean([abs(float(slopes[name].sel(context=second))) for name, second in zip(SIGNALS, SIGNALS[::-1], strict=True)])
    return {
        "score": float(task.score(shown.outputs, shown.trials).mean()),
        "slope_relevant": float(counts),
        "slope_irrelevant": float(other),
    }


def draw(shown, path: Path) -> Path:
    figure, axes = nr.plots.panels(1, 2)
    for ax, name in zip(axes, SIGNALS, strict=True):
        nr.plots.choices(nr.dynamics.psychometric(shown, name, by="context"), ax=ax)
    figure.savefig(path)
    return path


def print_table(found: list[dict[str, float]], ideal: float) -> None:
    print(f"\n{'network':8}{'score':>8}{'slope: counts':>15}{'other':>8}   (ideal observer: {ideal:.3f})")
    for number, row in enumerate(found):
        print(f"{number:<8}{row['score']:8.3f}{row['slope_relevant']:15.1f}{row['slope_irrelevant']:8.2f}")


if __name__ == "__main__":
    main()
