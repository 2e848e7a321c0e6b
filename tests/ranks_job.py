"""What two ranks do for test_ranks.py, started by torchrun: trainings, refusals, and a training in which one of them is killed."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import numpy as np

import neurorec as nr
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
PLASTIC = {"trial": ("recurrent", "input", "readout", "bias", "tau"), "step": ("recurrent", "readout", "bias"), "any": None}
RECORDS = {"trial": nr.Record(("h", "output"), every=2), "step": nr.Record(("h", "target"), units=(40, 3, 17)), "any": None}
KILLED = {"trials": 200, "rate": 0.003, "seed": 5}
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
    "different": (network, {"seed": team().rank}),
}


def train(name: str, folder: Path) -> nr.Run:
    model, how = TRAININGS[name]
    net = network(64, **model).replace(plastic=PLASTIC[name]) if PLASTIC[name] else network(64, **model)
    return nr.train(net, TASK, engine="ranks", path=folder / f"{name}.h5", seed=3, record=RECORDS[name], progress=False, **how)


def main(folder: Path) -> None:
    if os.environ["TORCHELASTIC_RESTART_COUNT"] == "0":
        before_the_kill(folder)
    trial_log.FLUSH_SECONDS = 0.05
    nr.train(network(), TASK, path=folder / "killed.h5", progress=kill_one, **KILLED)
    if team().rank == 0:
        (folder / "restarts").write_text(os.environ["TORCHELASTIC_RESTART_COUNT"])


def before_the_kill(folder: Path) -> None:
    gathered = []
    own = team().gather
    team().gather = lambda mine, everyone: (gathered.append(everyone.size), own(mine, everyone))
    done = {name: train(name, folder).done for name in TRAININGS}
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


def kill_one(done: int, total: int, loss: float) -> None:
    if os.environ["TORCHELASTIC_RESTART_COUNT"] == "0" and team().rank == 1 and done >= 100:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
