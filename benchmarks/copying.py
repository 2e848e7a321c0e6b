"""Training scoRNN on copying memory: this engine's BPTT, and torch's autograd.

    taskset -c 1 python benchmarks/copying.py [--quick] [--json] [--out runs --machine "what it is"]

Preset `scornn`, 64 units, delay 100 (120 steps), 20 trials an update, RMSProp. Timed is an update: forward pass, way back, the map
(a 64 x 64 inverse) and the optimiser's step; making the trials and writing files is left out of all. Beside numba stand

- this project's engine on torch, whose gradients are autograd's, and which runs the trials a second time for them;
- a loop in torch as one writes it, W by ``torch.linalg.solve``, ``torch.optim.RMSprop`` with two rates;
- the same tuned: input weights for all steps at once, product and input added in one call.

All begin with the same weights and are held to the same losses over a few updates before they are timed.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numpy as np
from numbers_file import one_row_a_line, rounded
from report import parser, print_machine, print_rows

import neurorec as nr
from neurorec.timing import Spread, side_by_side
from neurorec.timing.platforms import Processor, machine
from neurorec.timing.updates import row
from neurorec.training.parts import Parts
from neurorec.training.settings import TrainingSettings
from neurorec.training.trainer import Trainer

UNITS, BATCH, DELAY = 64, 20, 100
CHECKED = 10  # updates over which losses are compared
WRONG = 1e-2  # of a loss: float32, and RMSProp, which makes the smallest gradient as large as any
OURS, THROUGH_TORCH = "numba", "torch"  # engines
PEER = "torch autograd, eager, {}"

Update = Callable[[], float]  # trains once; the loss before


def measure(quick: bool) -> list[dict[str, Any]]:
    """Ours against the products alone, and each peer against ours."""
    units, delay, repeats, window = (16, 5, 3, 0.001) if quick else (UNITS, DELAY, 15, 0.05)
    task = nr.task("copying_memory", delay=delay)
    start, trials = nr.preset("scornn", task.n_inputs, units, task.n_outputs, seed=0, dt=task.dt), task.trials(BATCH, seed=0)
    made = {OURS: partial(ours, task, start, trials, OURS)}
    if find_spec("torch") is not None:
        made |= {f"torch engine of {nr.__name__}": partial(ours, task, start, trials, THROUGH_TORCH)}
        made |= {PEER.format(how.__name__): partial(theirs, start, trials, how) for how in (plain, tuned)}
    wrong = {name: deviation(make, made[OURS]) for name, make in made.items() if name != OURS}
    floor, steps = Processor(), trials.steps
    products = {"recurrent": floor.recurrent(units, BATCH, steps), "gathering": floor.gathering(units, BATCH, steps)}
    taken = side_by_side({**products, **{name: make() for name, make in made.items()}}, repeats, window)
    size = {"units": units, "trials": BATCH, "steps": steps}
    least = 2 * taken["recurrent"] + taken["gathering"]
    own = {
        **row({"engine": OURS, **size, "work": "update of scornn"}, least, taken[OURS], steps),
        "deviation": deviation_of_the_gradient(start, trials),
    }
    missing = [] if wrong else [{"peer": "torch autograd", "missing": "not measured: needs torch; pip install -e '.[torch]'"}]
    return [
        {**own, "ms_per_update": own["us_per_step"] * steps / 1e3},
        *(against(taken, name, size, wrong[name]) for name in wrong),
        *missing,
    ]


def against(taken: dict[str, np.ndarray], name: str, size: dict[str, int], wrong: float) -> dict[str, Any]:
    times, medians = Spread.of(taken[name] / taken[OURS]), [Spread.of(taken[each]).median for each in (name, OURS)]
    per_step = [each / size["steps"] * 1e6 for each in medians]
    return {
        "peer": name, "peer_rule": "bptt", **size, "us_per_step": per_step[0], "ours_us_per_step": per_step[1], "times_ours": times.median,
        "low": times.low, "high": times.high, "rule": "bptt", "deviation": wrong, "ms_per_update": medians[0] * 1e3,
    }  # fmt: skip


def deviation(make: Callable[[], Update], reference: Callable[[], Update]) -> float:
    """Largest relative difference of the losses of `CHECKED` updates.

    Raises
    ------
    ArithmeticError
        If the two do not train alike.
    """
    first, second = (np.array([update() for _ in range(CHECKED)]) for update in (make(), reference()))
    wrong = float(np.abs(first / second - 1).max())
    if not wrong < WRONG:
        raise ArithmeticError(f"the losses of a peer and of this engine differ by {wrong:.1e}: not the same work")
    return wrong


def deviation_of_the_gradient(start: nr.Network, trials: nr.Trials) -> float:
    """Of ours from the float64 reference, relative to the largest entry."""
    found, wanted = (nr.weight_change(start, trials, rule="bptt", engine=engine)["recurrent"] for engine in (OURS, "reference"))
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


def ours(task: nr.AbstractTask, start: nr.Network, trials: nr.Trials, engine: str) -> Update:
    """By a training's own steps, on one of the engines."""
    papers = nr.presets.training("scornn")
    parts = Parts.of(task, "bptt", engine, None, papers["optimiser"], None)
    trainer = Trainer(start, parts, TrainingSettings(trials=1, batch=BATCH, rate=dict(papers["rate"])))

    def update() -> float:
        return float(trainer.learn(trials, 0)[1]["loss"].mean())

    return update


def theirs(start: nr.Network, trials: nr.Trials, forward: Callable[..., Any]) -> Update:
    """By a loop and an optimiser of torch's."""
    import torch

    torch.set_num_threads(1)
    free, rates = start.free, nr.presets.training("scornn")["rate"]
    arrays = {"input": start.input, "readout": start.readout, "b": start.per_unit("b"), "skew": matrix(free["skew"][0], start.units)}
    plastic = {name: torch.tensor(value, dtype=torch.float32, requires_grad=True) for name, value in arrays.items()}
    optimiser = torch.optim.RMSprop([{"params": [each], "lr": rates[name]} for name, each in plastic.items()], alpha=0.9, eps=1e-8)
    signs, x = torch.tensor(free["signs"][0], dtype=torch.float32), torch.tensor(trials.inputs, dtype=torch.float32)
    labels, eye = torch.tensor(trials.targets.argmax(axis=2)).flatten(), torch.eye(start.units)

    def update() -> float:
        upper = plastic["skew"].triu(1)
        skew = upper - upper.T
        recurrent = torch.linalg.solve(eye + skew, eye - skew) * signs
        logits = forward(x, recurrent, plastic["input"], plastic["readout"], plastic["b"])
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return float(loss.detach())

    return update


def matrix(upper: np.ndarray, units: int) -> np.ndarray:
    """What is above the diagonal, (n (n - 1) / 2), at its place."""
    made = np.zeros((units, units))
    made[np.triu_indices(units, 1)] = upper
    return made


def plain(x: Any, recurrent: Any, weights: Any, readout: Any, b: Any) -> Any:
    """Logits, (T, B, O)."""
    import torch

    h, logits = torch.zeros(x.shape[1], len(recurrent)), []
    for seen in x.unbind(0):
        z = h @ recurrent.T + seen @ weights.T
        h = torch.sign(z) * torch.relu(torch.abs(z) + b)
        logits.append(h @ readout.T)
    return torch.stack(logits)


def tuned(x: Any, recurrent: Any, weights: Any, readout: Any, b: Any) -> Any:
    """The same."""
    import torch

    h, states, columns = torch.zeros(x.shape[1], len(recurrent)), [], recurrent.T
    for heard in (x @ weights.T).unbind(0):
        z = torch.addmm(heard, h, columns)
        h = torch.sign(z) * torch.relu(torch.abs(z) + b)
        states.append(h)
    return torch.stack(states) @ readout.T


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--out", type=Path, help="folder for benchmark_copying.json")
    made.add_argument("--machine", default="", help="the machine in words")
    settings = made.parse_args()
    about = {"command": shlex.join(["python", *sys.argv]), **machine(), "machine": settings.machine}
    print_machine(about)
    rows = measure(settings.quick)
    print_rows(rows)
    about["versions"] |= {"torch": version("torch")} if find_spec("torch") else {}
    about["load_after"] = machine()["load"]
    print(f"load {about['load'][0]} before, {about['load_after'][0]} after")
    if settings.out:
        settings.out.mkdir(parents=True, exist_ok=True)
        (settings.out / "benchmark_copying.json").write_text(one_row_a_line({**about, "result": {"copying": rounded(rows)}}))
    if settings.json:
        print(json.dumps({"machine": about, "rows": rows}))


if __name__ == "__main__":
    main()
