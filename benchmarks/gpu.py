"""An engine on a GPU: against the products by cuBLAS, and against torch on the same device.

    python benchmarks/gpu.py [--out runs] [--machine "what it is"] [--quick] [--json]

Forward pass, RFLO, BPTT for 64 to 4096 units and 1 to 1024 trials, RFLO with weights that change at every step; trainings of
200 batches, with the weights on the device and on the host; torch's
`nn.RNN` (cuDNN) and its eager loop with autograd. Writes ``benchmarks_gpu.json`` to ``--out``. A call is timed until the
device has finished, and with all that it does: an engine whose activity comes back to the host pays for the way. Before
a size is timed, its forward pass and both updates, for all its trials over a few steps, are held to those of ``numba`` in
float32, and those of every step to the weights' movement; where they differ, nothing is written and the exit status is 1. Where
there is no GPU it says so, with exit status 2; ``--engine numba --device cpu`` tries the script out there.
"""

from __future__ import annotations

import json
import shlex
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numpy as np
import peer_torch_autograd
import peer_torch_rnn
from numbers_file import one_row_a_line, rounded
from peer import Peer, compare
from report import parser, print_machine, print_rows

import neurorec as nr
from neurorec.discovery import resolve
from neurorec.engines.base.residence import HostResidence
from neurorec.timing.platforms import Device, machine
from neurorec.timing.updates import against_the_floor, every_step
from neurorec.timing.workload import Workload, weight_movement

UNITS = (64, 256, 1024, 4096)
TRIALS = (1, 16, 128, 1024)
BATCHES = 200  # of a training, beginning and last checkpoint included
LONGEST = 1000  # steps: launching and waiting is then little
NUMBERS = 2**27  # trials x units x steps of one array of activity: half a gigabyte
NOTHING_MEASURED = 2  # exit status
CHECKED = 2**33  # multiply-adds of a comparison with numba: a second
WRONG = 1e-3  # of the largest entry: more than the rounding of float32, in another order, makes of a few steps
PEER_SIZES = ((64, 1), (256, 64), (1024, 64))


def main() -> int:
    settings = arguments().parse_args()
    platform = Device(settings.engine, settings.device)
    if reason := platform.missing():
        print(f"not measured: {reason}", file=sys.stderr)
        return NOTHING_MEASURED
    about = {"command": shlex.join(["python", *sys.argv]), **machine(), **platform.facts(), "machine": settings.machine}
    print_machine(about)
    facts = {**about, "result": rounded(measure(platform, settings.quick))}
    settings.out.mkdir(parents=True, exist_ok=True)
    (settings.out / "benchmarks_gpu.json").write_text(one_row_a_line(facts))
    if settings.json:
        print(json.dumps(facts))
    return 0


def arguments() -> Any:
    made = parser(__doc__)
    made.add_argument("--engine", default="cuda", help="the engine that is measured")
    made.add_argument("--device", default="cuda", help="torch's name of the device")
    made.add_argument("--out", type=Path, default=Path("runs"), help="folder for benchmarks_gpu.json")
    made.add_argument("--machine", default="", help="the machine in words")
    return made


def measure(platform: Device, quick: bool) -> dict[str, list[dict[str, Any]]]:
    sizes = [(16, 1), (16, 8)] if quick else [(n, b) for n in UNITS for b in TRIALS]
    units, repeats, window = (UNITS[:1], 3, 0.001) if quick else (UNITS, 9, 0.02)
    longest = 20 if quick else LONGEST
    found = {
        "updates": [row for n, b in sizes for row in updates(n, b, steps(n, b, longest), repeats, window, platform)],
        "step_updates": [step_updates(n, longest, repeats, window, platform) for n in units],
        "trainings": [training(n, 20 if quick else BATCHES, platform) for n in units],
        "peers": compare(peers(platform.device), quick, platform),
    }
    for rows in found.values():
        print_rows(rows)
    return found


def updates(units: int, trials: int, steps: int, repeats: int, window: float, platform: Device) -> list[dict[str, Any]]:
    few = max(2, min(steps, CHECKED // (units**2 * trials)))
    ours, theirs = (Workload(units, trials, few, each) for each in (platform.engine, "numba"))
    expect_equal({"forward": ours.forward().readout[:]}, {"forward": theirs.forward().readout[:]}, units, trials)
    for rule in ("rflo", "bptt"):
        expect_equal({rule: ours.update(rule).vector}, {rule: theirs.update(rule).vector}, units, trials)
    return against_the_floor(units, trials, steps, repeats, window, platform)


def step_updates(units: int, steps: int, repeats: int, window: float, platform: Device) -> dict[str, Any]:
    few = max(2, min(20, CHECKED // (8 * units**2)))
    ours, theirs = (
        {"rflo, every step": weight_movement(Workload(units, 1, few, each), "rflo").vector} for each in (platform.engine, "numba")
    )
    expect_equal(ours, theirs, units, 1)
    return every_step(units, steps, repeats, window, platform)


def training(units: int, batches: int, platform: Device) -> dict[str, Any]:
    """Milliseconds a batch of a whole training by Adam, where the engine keeps the weights and where the host does."""
    net, rng = nr.Network.random(2, units, 2, dt=0.01, seed=0), np.random.default_rng(0)
    data = nr.Trials(rng.standard_normal((100, 16, 2)), rng.standard_normal((100, 16, 2)), dt=0.01)
    runner = resolve("engines", platform.engine)
    found: dict[str, Any] = {"units": units, "trials": 16, "steps": 100, "batches": batches}
    for name, place in (("engine's", runner.residence), ("host's", partial(HostResidence, runner))):
        with mock.patch.object(runner, "residence", place):
            nr.train(net, data, engine=runner, trials=2 * 16, batch=16, optimiser="adam", rate=1e-4, progress=False)  # which compiles
            began = time.perf_counter()
            nr.train(net, data, engine=runner, trials=batches * 16, batch=16, optimiser="adam", rate=1e-4, progress=False)
            found[f"{name} weights, ms a batch"] = 1e3 * (time.perf_counter() - began) / batches
    return found


def expect_equal(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray], units: int, trials: int) -> None:
    """Stop where an engine does not compute what `numba` does."""
    for work, expected in theirs.items():
        off = np.abs(ours[work] - expected).max() / np.abs(expected).max()
        if not off < WRONG:  # NaN, too
            raise ArithmeticError(f"{work} of {units} units and {trials} trials differs from numba's by {off:.1e} of the largest entry")


def steps(units: int, trials: int, longest: int) -> int:
    return min(longest, NUMBERS // (units * trials))


def peers(device: str) -> tuple[Peer, ...]:
    both = {"needs": ("torch",), "rule": "bptt", "sizes": PEER_SIZES, "beside": ("bptt", "rflo")}
    rnn = Peer("torch nn.RNN, plain tanh", make=partial(peer_torch_rnn.make, device=device), network=peer_torch_rnn.network, **both)
    loop = partial(peer_torch_autograd.make, loss=peer_torch_autograd.tuned, device=device)
    return rnn, Peer("torch autograd, eager, tuned", make=loop, **both)


if __name__ == "__main__":
    sys.exit(main())
