"""What two ranks do for test_ranks.py, started by torchrun: trainings, refusals, and a training in which one of them is killed."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import numpy as np

import neurorec as nr
from neurorec.networks.block import block_of
from neurorec.process.team import team
from neurorec.runs import trial_log

TASK = nr.task("periodic_output", period=0.2)  # 20 steps


def network(units: int = 32, **settings) -> nr.Network:
    return nr.Network.random(TASK.n_inputs, units, TASK.n_outputs, dt=TASK.dt, noise=0.05, **settings)


TRAININGS = {  # everything that a trial's end, and a step's, can ask of the rows
    "trial": ({"cell": "leaky_tanh"}, {"optimiser": "adam", "rate": 0.003, "batch": 3, "clip": 0.5, "weight_decay": 0.01, "trials": 12}),
    "step": ({"cell": "leaky_tanh"}, {"update": "step", "rate": 0.03, "trials": 4, "feedback": "kolen_pollack"}),
    "any": ({"cell": "gru"}, {"update": "step", "optimiser": "adam", "rate": 0.003, "batch": 2, "start": "carried", "trials": 4}),
}
SHARED = {  # trials shared by the ranks: anything that one process does after trials
    "exact": (
        {"rule": "bptt", "gradient_angle": 2, "optimiser": "adam", "rate": 0.003, "batch": 5, "trials": 13, "clip": 0.5, "anneal": 0.5},
        nr.Record(("h", "output"), every=3, reduce="mean"),
    ),
    "local": (
        {
            "feedback": "kolen_pollack",
            "rate": 0.03,
            "batch": 4,
            "trials": 9,
            "start": "carried",
            "plastic": {"recurrent": np.eye(33), "readout": None},
        },
        nr.Record(("h", "target"), units=(31, 3)),
    ),
}
PLASTIC = {"trial": ("recurrent", "input", "readout", "bias", "tau"), "step": ("recurrent", "readout", "bias"), "any": None}
RECORDS = {"trial": nr.Record(("h", "output"), every=2), "step": nr.Record(("h", "target"), units=(40, 3, 17)), "any": None}
DRAWN = {"sparsity": 0.3, "readout_gain": 0.5, "seed": 4}
KILLED = {"trials": 200, "rate": 0.003, "seed": 5}
KILLED_SHARED = {**KILLED, "engine": "trials", "batch": 3, "trials": 300}
REFUSED = {
    "units": (lambda: network(units=40), {}),
    "pattern": (lambda: network(density=0.2), {}),
    "parametrisation": (lambda: network(parametrisation="cayley"), {}),
    "cost": (lambda: network(activity_cost=0.1), {}),
    "rule": (network, {"rule": "bptt"}),
    "every step": (network, {"rule": "rtrl", "update": "step"}),
    "clip": (network, {"update": "step", "clip": 1.0}),
    "angle": (network, {"gradient_angle": 1}),
    "engine": (network, {"engine": "torch"}),
    "copies": (network, {"copies": 2}),
    "rates": (network, {"rate": {"recurrent": np.eye(32), "input": 0.1, "readout": 0.1}}),
    "path": (network, {"path": None}),
    "drawn whole": (lambda: nr.Block.random(1, 64, 1, spectral_radius=1.0), {}),
    "drawn apart": (lambda: nr.Block.random(1, 64, 1), {"engine": "trials", "batch": 2}),
    "drawn for others": (lambda: block_of(network(64), 1 - team().rank, 2), {}),
    "drawn plastic": (lambda: nr.Block.random(1, 64, 1), {"plastic": ["readout"]}),
    "batch": (network, {"engine": "trials"}),
    "step by step": (network, {"engine": "trials", "batch": 2, "update": "step"}),
    "different masks": (network, {"engine": "trials", "batch": 2, "plastic": {"recurrent": np.roll(np.eye(32), team().rank)}}),
    "different": (network, {"seed": team().rank}),
}


def train(name: str, folder: Path) -> nr.Run:
    model, how = TRAININGS[name]
    net = network(64, **model).replace(plastic=PLASTIC[name]) if PLASTIC[name] else network(64, **model)
    return nr.train(net, TASK, engine="ranks", path=folder / f"{name}.h5", seed=3, record=RECORDS[name], progress=False, **how)


def drawn_apart() -> nr.Network | nr.Block:
    return nr.Block.random(TASK.n_inputs, 64, TASK.n_outputs, dt=TASK.dt, noise=0.05, **DRAWN)


def share(name: str, folder: Path, **how) -> nr.Run:
    chosen, record = SHARED[name]
    path = folder / f"{name}.h5"
    return nr.train(network(33), TASK, engine="trials", path=path, **{"seed": 3, "record": record, "progress": False, **chosen, **how})


def main(folder: Path) -> None:
    if os.environ["TORCHELASTIC_RESTART_COUNT"] == "0":
        before_the_kill(folder)
    trial_log.FLUSH_SECONDS = 0.05
    nr.train(network(), TASK, path=folder / "killed.h5", progress=kill_one(1, after=100, start="0"), **KILLED)
    nr.train(network(), TASK, path=folder / "killed_shared.h5", progress=kill_one(0, after=150, start="1"), **KILLED_SHARED)
    if team().rank == 0:
        (folder / "restarts").write_text(os.environ["TORCHELASTIC_RESTART_COUNT"])


def before_the_kill(folder: Path) -> None:
    gathered = []
    own = team().gather
    team().gather = lambda mine, everyone: (gathered.append(everyone.size), own(mine, everyone))
    done = {name: train(name, folder).done for name in TRAININGS}
    done |= {name: share(name, folder).done for name in SHARED}
    nr.resume(share("exact", folder / "in_parts", progress=lambda done, total, loss: done < 5).path, progress=False)
    nr.train(drawn_apart(), TASK, path=folder / "apart.h5", trials=3, rate=0.003, progress=False)
    stopped = team().each(stop_one(folder))
    said = {name: refused(folder, net, how) for name, (net, how) in REFUSED.items()}
    if team().rank == 0:
        (folder / "said.json").write_text(json.dumps({"done": done, "refused": said, "gathered": gathered, "stopped": stopped}))


def stop_one(folder: Path) -> str:
    """The first rank is told to end after three trials."""

    def hook(done: int, total: int, loss: float) -> None:
        if team().rank == 0 and done == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    try:
        return f"ended after {nr.train(network(), TASK, path=folder / 'stopped.h5', trials=9, progress=hook).done}"
    except SystemExit as stop:
        return str(stop)


def refused(folder: Path, net, how: dict) -> str:
    try:
        nr.train(net(), TASK, **{"path": folder / "refused.h5", "progress": False, "trials": 2, **how})
    except nr.errors.NeurorecError as error:
        return str(error)
    return "trained"


def kill_one(rank: int, after: int, start: str):
    """What ends a rank after some trials, when torchrun has started it so many times before."""

    def hook(done: int, total: int, loss: float) -> None:
        if os.environ["TORCHELASTIC_RESTART_COUNT"] == start and team().rank == rank and done >= after:
            os.kill(os.getpid(), signal.SIGKILL)

    return hook


if __name__ == "__main__":
    main(Path(sys.argv[1]))
