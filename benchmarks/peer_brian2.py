"""RFLO and the forward pass by Brian2: the leaky tanh network as a neuron group, its traces as variables of all synapses.

    python benchmarks/peer_brian2.py [--quick] [--json]

One trial at a time, by generated C++ (the cython target), or NumPy with ``--quick``. Timed is Brian2's loop over time alone:
the objects of the network are made ready once and run step by step, as `Network.run` does it; code generation, which takes
most of a minute the first time, and the half second that every call of `Network.run` takes to prepare are left out.
Brian2 is made for spikes and sparse connections; this is the least that it was made for.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numpy as np
from peer import Job, Peer, compare
from report import main

from neurorec.timing.workload import Workload

SIZES = ((64, 1), (256, 1))
UNITS = """
h : 1
drive : 1
activity : 1
slope : 1
signal : 1
heard : 1 (constant)
feedback : 1 (constant)
error : 1 (linked)
"""
DRIVE = "w : 1 (constant)\ndrive_post = w * h_pre : 1 (summed)"  # summed up before anything else in a step
TRACE = "p : 1\ndw : 1\n" + DRIVE
READOUT = "w : 1 (constant)\ny_post = w * h_pre : 1 (summed)"
# In this order. The readout that a step hears is that of the step before: so are its target and, until renewed, the traces.
LISTEN = "signal = feedback * error\nactivity = tanh(drive + heard * x(t))\nslope = alpha * (1 - activity**2)"
LEARN = "dw += signal_post * p\np = (1 - alpha) * p + slope_post * h_pre"
LEAK = "h = (1 - alpha) * h + alpha * activity"


class Simulation:
    """A workload of one trial as a Brian2 network, ready to run.

    Parameters
    ----------
    work : Workload
    synapses : str
        Brian2's model of the recurrent synapses, `DRIVE` or `TRACE`.
    """

    def __init__(self, work: Workload, synapses: str):
        import brian2

        self.network, trials, second = work.network, work.trials, brian2.second
        x, target = (brian2.TimedArray(each, dt=self.network.dt * second) for each in _late(trials.inputs, trials.targets))
        self.steps, self.clock = trials.steps, brian2.Clock(self.network.dt * second)
        names = {"x": x, "target": target, "alpha": float(self.network.dt / self.network.per_unit("tau")[0])}
        self.units = brian2.NeuronGroup(self.network.units, UNITS, clock=self.clock, namespace=names)
        self.out = brian2.NeuronGroup(1, "y : 1\nerror = target(t) - y : 1", clock=self.clock, namespace=names)
        self.units.error = brian2.linked_var(self.out, "error")
        self.recurrent = brian2.Synapses(self.units, self.units, synapses, clock=self.clock, namespace=names)
        self.readout = brian2.Synapses(self.units, self.out, READOUT, clock=self.clock)
        self._connect()
        self._schedule(synapses)
        self.running = brian2.Network(self.units, self.out, self.recurrent, self.readout)
        self.running.run(0 * second, namespace={})  # code is generated and compiled

    def _connect(self) -> None:
        for synapses, weights in ((self.recurrent, self.network.recurrent), (self.readout, self.network.readout)):
            synapses.connect()
            synapses.w = weights[synapses.j[:], synapses.i[:]]
        self.units.heard, self.units.feedback = self.network.input[:, 0], self.network.feedback[:, 0]

    def _schedule(self, synapses: str) -> None:
        each = {"clock": self.clock, "when": "groups"}
        self.units.run_regularly(LISTEN, order=0, **each)
        if synapses == TRACE:
            self.recurrent.run_regularly(LEARN, order=1, **each)
        self.units.run_regularly(LEAK, order=2, **each)

    def run(self, steps: int) -> None:
        """From the initial state, as the loop of Brian2's `Network.run`."""
        step, time, dt = (self.clock.variables[name].get_value() for name in ("timestep", "t", "dt"))
        self.units.variables["h"].get_value()[:] = self.network.initial
        active = [each for each in self.running.sorted_objects if each.active]
        for k in range(steps):
            step[0], time[0] = k, k * dt[0]
            self.running.t_ = time[0]
            for each in active:
                each.run()

    def learn(self) -> np.ndarray:
        """The change of the recurrent weights; its last step's part is heard one step later."""
        for name in ("p", "dw"):
            self.recurrent.variables[name].get_value()[:] = 0
        self.run(self.steps + 1)
        return self._matrix(self.recurrent.variables["dw"].get_value()) / self.steps

    def forward(self) -> np.ndarray:
        """The last state, (1, N)."""
        self.run(self.steps)
        return self.units.variables["h"].get_value()[None].copy()

    def _matrix(self, values: np.ndarray) -> np.ndarray:
        """(post, pre); Brian2 keeps synapses in the order of their presynaptic unit."""
        return values.reshape(self.network.units, self.network.units).T


def _late(inputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the one trial, with a step more: targets come a step late, as the readout does."""
    return np.append(inputs[:, 0, 0], 0.0), np.append(0.0, targets[:, 0, 0])


def rflo(work: Workload, dtype: type, target: str = "cython") -> Job:
    with settings(dtype, target):
        return Simulation(work, TRACE).learn


def forward(work: Workload, dtype: type, target: str = "cython") -> Job:
    with settings(dtype, target):
        return Simulation(work, DRIVE).forward


@contextmanager
def settings(dtype: type, target: str) -> Iterator[None]:
    """Brian2's own, which are the whole process's, while a network is made."""
    import brian2

    logging.getLogger("brian2").setLevel(logging.ERROR)  # it warns of names that are both a variable and a Python name
    wanted = {"codegen.target": target, "core.default_float_dtype": dtype}
    before = {name: brian2.prefs[name] for name in wanted}
    try:
        for name, value in wanted.items():
            brian2.prefs[name] = value
        yield
    finally:
        for name, value in before.items():
            brian2.prefs[name] = value


def peers(target: str) -> tuple[Peer, ...]:
    """In float32 alone: another type would compile once more."""
    return (
        Peer(f"Brian2 ({target}), traces as synapses", ("brian2",), "rflo", SIZES, partial(rflo, target=target), dtypes=(np.float32,)),
        Peer(f"Brian2 ({target}), forward", ("brian2",), "forward", SIZES, partial(forward, target=target), dtypes=(np.float32,)),
    )


def measure(quick: bool) -> list[dict[str, Any]]:
    return compare(peers("numpy" if quick else "cython"), quick)


if __name__ == "__main__":
    main(measure, __doc__)
