"""The network of spikes.py in Brian2, as its users write one; and clocks that jobs may read themselves."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import neurorec as nr

Seconds = Callable[[], float]
MODEL = "v : 1\ncurrent : 1\nheard : 1\nfired : integer"
STEP = "v = a*v + heard + current\nheard = 0"
RESET = "v -= threshold/a\nfired += 1"  # it decays with v in the next step: ours comes then, undecayed


def clocked(job: Callable[[], Any]) -> Seconds:
    """How long a call takes, by our clock."""

    def seconds() -> float:
        begun = time.perf_counter()
        job()
        return time.perf_counter() - begun

    return seconds


def in_turn(jobs: Mapping[Any, Seconds], rounds: int) -> dict[Any, np.ndarray]:
    """Seconds of each job in each round, after one that does not count."""
    found = [{name: job() for name, job in jobs.items()} for _ in range(rounds + 1)][1:]
    return {name: np.array([each[name] for each in found]) for name in jobs}


class Peer:
    """A network of `lif` units in Brian2, built and ready to run for so many steps.

    Attributes
    ----------
    target : str
        ``"numpy"``, or ``"cpp_standalone"``: a program.
    build : float
        Seconds that making it took, generated code compiled.
    """

    def __init__(self, network: nr.Network, steps: int, target: str):
        import brian2

        self.target, self.steps, self.b2, self.folder = target, steps, brian2, Path(tempfile.mkdtemp())
        begun = time.perf_counter()
        if target == "cpp_standalone":
            brian2.set_device(target, build_on_run=False)
        else:
            brian2.prefs.codegen.target = target
        self.clock, tau = brian2.Clock(network.dt * brian2.second), network.per_unit("tau_m")[0]
        dt, threshold = self.clock.dt, float(network.per_unit("threshold")[0])
        names = {"a": float(np.exp(-network.dt / tau)), "threshold": threshold}
        self.units = brian2.NeuronGroup(network.units, MODEL, threshold="v >= threshold", reset=RESET, namespace=names, clock=self.clock)
        self.units.run_regularly(STEP, when="groups", clock=self.clock)
        self.synapses = brian2.Synapses(self.units, self.units, "w : 1", on_pre="heard_post += w", clock=self.clock)
        self.synapses.connect()
        self.synapses.w = network.recurrent.T.ravel()  # synapses in the order of their presynaptic unit
        self.units.current = network.bias
        self.running = brian2.Network(self.units, self.synapses)
        if target == "cpp_standalone":
            self.running.run(steps * dt)
            brian2.device.build(directory=str(self.folder), run=False, with_output=False)
        else:
            self.running.run(0 * dt)
            self.running.store()
        self.build = time.perf_counter() - begun

    def seconds(self) -> float:
        """Of a run from the first state, by the program's own clock, or by ours."""
        if self.target == "cpp_standalone":
            self.b2.device.run(str(self.folder), with_output=False, run_args=[])
            return float((self.folder / "results" / "last_run_info.txt").read_text().split()[0])
        self.running.restore()
        return clocked(lambda: self.running.run(self.steps * self.clock.dt, namespace={}))()

    def spikes(self) -> int:
        """Of all units, in the last run."""
        return int(np.asarray(self.units.fired).sum())
