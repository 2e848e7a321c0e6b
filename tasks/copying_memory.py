"""Copying memory: how much of ten symbols does a network still know after a delay?

    python tasks/copying_memory.py                                      # scornn, 64 units, delay 100, 600 iterations, 3 seeds: half a minute
    python tasks/copying_memory.py --network lstm --rates 10            # another preset, of as many parameters, at ten times its paper's rates
    python tasks/copying_memory.py --delay 200 --iterations 1500 --set negative=0   # a field of the preset: D without negative ones
    python tasks/copying_memory.py --quick                              # seconds

At the sizes and rates of the papers on scoRNN, scuRNN and ENRNN: hours, or twenty minutes for each network of the last two:

    python tasks/copying_memory.py --units 190 --delay 1000 --iterations 10000
    python tasks/copying_memory.py --network scurnn --units 130 --rate theta=1e-4 --delay 2000 --iterations 2000 --seeds 1
    python tasks/copying_memory.py --network enrnn --units 192 --set short=20 --set negative=52 --rate skew=1e-5 --delay 2000 --iterations 4000 --seeds 1

Trains by BPTT as the preset's paper does, and measures on trials that training never shows. Prints the loss as a share of
the best loss without memory, and the share of symbols recalled; and, where a map makes the recurrent weights, how well the trained
ones, in float32, keep what it promises: the largest entry of W^T W - I, and the spectral radius of enrnn's short-term block.
Runs and picture go to ``--out``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.special import log_softmax

import neurorec as nr

UNITS = {"scurnn": 45, **dict.fromkeys(("lstm", "momentum_lstm", "adam_lstm", "rmsprop_lstm", "step_size_lstm"), 23)}
UNITS_ELSE = 64  # about 3300 parameters as scornn; the above have about as many
BATCH = 20  # trials an iteration, as in the papers of scornn, scurnn and enrnn
ORTHOGONAL = ("cayley", "orthogonal", "unitary_cayley")  # parametrisations
TEST_TRIALS, TEST_SEED = 500, 1_000_000  # a seed far from those of training


def main() -> None:
    settings = arguments()
    task = nr.task("copying_memory", delay=settings.delay)
    runs = [one(task, settings, settings.seed + k) for k in range(settings.seeds)]
    tested = [{**test(task, run), **kept(run.network)} for run in runs]
    print_table(settings, task, runs, tested)
    print(f"picture: {draw(settings, task, runs)}")
    if settings.json:
        medians = {name: float(np.median([each[name] for each in tested])) for name in tested[0]}
        each = {f"{name}_each": [found[name] for found in tested] for name in tested[0]}
        print(json.dumps({**medians, **each, **about(settings, runs)}))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="scornn", choices=nr.names("presets"), help="preset (default scornn)")
    parser.add_argument("--units", type=int, help="default: about as many parameters as 64 units of scornn have")
    parser.add_argument(
        "--set", action="append", type=field, default=[], metavar="NAME=VALUE", help="a field of the preset, such as negative=0"
    )
    parser.add_argument("--delay", type=int, default=100, help="steps between the last symbol and the cue (default 100)")
    parser.add_argument("--iterations", type=int, default=600, help=f"updates, each of {BATCH} trials (default 600)")
    parser.add_argument("--rates", type=float, default=1, help="multiply the learning rates of the preset's paper (default 1)")
    parser.add_argument(
        "--rate",
        action="append",
        type=field,
        default=[],
        metavar="NAME=RATE",
        help="of one weight, such as theta=1e-4, in the place of that",
    )
    parser.add_argument("--engine", default="numba", help="from nr.names('engines') (default numba)")
    parser.add_argument("--quick", action="store_true", help="one seed, 50 iterations at most")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=3, help="how many (default 3)")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for runs and the picture")
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    settings = parser.parse_args()
    settings.fields = dict(settings.set)
    if settings.rate and not isinstance(nr.presets.training(settings.network)["rate"], dict):
        parser.error(f"{settings.network} has one rate for all weights, which --rates multiplies; leave out --rate")
    settings.units = settings.units or UNITS.get(settings.network, UNITS_ELSE)
    if settings.quick:
        settings.seeds, settings.iterations = 1, min(settings.iterations, 50)
    return settings


def field(text: str) -> tuple[str, float]:
    name, value = text.split("=", 1)
    return name, json.loads(value)


def one(task: nr.AbstractTask, settings: argparse.Namespace, seed: int) -> nr.Run:
    settings.out.mkdir(parents=True, exist_ok=True)
    network = nr.preset(settings.network, task.n_inputs, settings.units, task.n_outputs, seed=seed, dt=task.dt, **settings.fields)
    path = settings.out / f"copying_memory_{name(settings)}_{seed}.h5"
    return nr.train(
        network, task, trials=BATCH * settings.iterations, batch=BATCH, seed=seed, path=path, overwrite=True, **training(settings),
    )  # fmt: skip


def training(settings: argparse.Namespace) -> dict[str, object]:
    papers = {"engine": settings.engine, **nr.presets.training(settings.network)}
    rate = papers["rate"]
    if not isinstance(rate, dict):
        return {**papers, "rate": rate * settings.rates}
    return {**papers, "rate": {name: each * settings.rates for name, each in rate.items()} | dict(settings.rate)}


def name(settings: argparse.Namespace) -> str:
    return "_".join([settings.network, *(f"{name}={value}" for name, value in settings.set), str(settings.delay)])


def test(task: nr.AbstractTask, run: nr.Run) -> dict[str, float]:
    """On fresh trials: the loss, divided by that of the best answer without memory, and the share of symbols recalled."""
    trials = task.trials(TEST_TRIALS, seed=TEST_SEED)
    outputs = nr.simulate(run.network, trials, engine=run.config["engine"]).outputs
    loss = -(trials.weight[..., None] * trials.targets * log_softmax(outputs, axis=2)).sum()
    return {"loss_over_baseline": float(loss / task.baseline), "recall": float(task.score(outputs, trials).mean())}


def kept(network: nr.Network) -> dict[str, float]:
    """What the weights keep of their map; a unitary matrix is taken as the orthogonal one of its real and imaginary parts."""
    if network.parametrisation in ORTHOGONAL:
        return {"orthogonality": orthogonality(network.recurrent)}
    if network.parametrisation == "eigenvalue_normalised":
        long = network.free["signs"].shape[1]
        radius = float(np.abs(np.linalg.eigvals(network.recurrent[long:, long:])).max(initial=0))
        return {"orthogonality": orthogonality(network.recurrent[:long, :long]), "radius": radius}
    return {}


def orthogonality(matrix: np.ndarray) -> float:
    """Largest entry of W^T W - I, W as an engine has it: a map is computed in float64 and rounded to float32."""
    rounded = matrix.astype(np.float32).astype(float)
    return float(np.abs(rounded.T @ rounded - np.eye(len(matrix))).max())


def about(settings: argparse.Namespace, runs: list[nr.Run]) -> dict[str, object]:
    facts = {key: getattr(settings, key) for key in ("network", "units", "delay", "iterations", "rates")}
    seeds = list(range(settings.seed, settings.seed + settings.seeds))
    seconds = float(np.median([run.log["seconds"][-1] for run in runs]))
    return {
        **facts,
        **settings.fields,
        "rate": training(settings)["rate"],
        "parameters": runs[0].network.learnable,
        "seeds": seeds,
        "seconds": seconds,
    }


def draw(settings: argparse.Namespace, task: nr.AbstractTask, runs: list[nr.Run]) -> Path:
    figure, (curves, answer) = nr.plots.panels(1, 2, height=3.2)
    nr.plots.learning_curve(runs, ax=curves, label=settings.network)
    curves.axhline(task.baseline, color="0.5", linestyle="--", linewidth=0.8, label="without memory")
    curves.legend(fontsize=8, frameon=False)
    nr.plots.outputs(runs[0], ax=answer)
    path = settings.out / f"copying_memory_{name(settings)}.png"
    figure.savefig(path)
    return path


def print_table(settings: argparse.Namespace, task: nr.AbstractTask, runs: list[nr.Run], tested: list[dict[str, float]]) -> None:
    facts = about(settings, runs)
    print(
        f"\n{name(settings)}: {facts['units']} units, {facts['parameters']} parameters, {facts['iterations']} iterations of {BATCH} trials"
    )
    print(f"baseline {task.baseline:.4f} nats, chance {1 / task.symbols:.3f}; {facts['seconds']:.1f} seconds of training")
    _, _, *held = tested[0]
    print(f"{'seed':>6}{'loss / baseline':>18}{'recall':>10}" + "".join(f"{column:>16}" for column in held))
    medians = {column: np.median([each[column] for each in tested]) for column in tested[0]}
    for label, row in [*zip(map(str, facts["seeds"]), tested, strict=True), ("median", medians)]:
        loss, recall, *rest = row.values()
        print(f"{label:>6}{loss:18.4f}{recall:10.3f}" + "".join(f"{value:16.7g}" for value in rest))


if __name__ == "__main__":
    main()
