"""What it takes to step and change one network over ranks: measured, and by a model of compute and gather."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from neurorec.discovery import resolve
from neurorec.engines.base import OptimiserState, Stimulus, UpdateSettings
from neurorec.engines.ranks import RanksEngine
from neurorec.engines.trials import TrialsEngine
from neurorec.learning.error import error_sent_back
from neurorec.networks.block import Block, block_of
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights
from neurorec.process.team import AbstractTeam, Alone, Ranks, some_of_the_team, team

# Trials; RFLO's change after them, or at every step; or after a batch whose trials ranks share.
WORKS = ("forward", "trial", "step", "shared")
PAUSES = 200  # gathers that are timed by themselves


class Case(NamedTuple):
    """A network of so many units over so many ranks, so many trials side by side, and what is done."""

    units: int
    ranks: int
    trials: int
    work: str


def measured(cases: Sequence[Case], steps: int, rounds: int, patience: float = 1800.0) -> list[dict[str, Any]]:
    """Milliseconds a time step, by torchrun in processes of one thread each; cases in turn, round after round.

    Returns
    -------
    list of dict
        Of each case: its fields, ``ms`` a step with quartiles ``low`` and ``high`` of rounds, of them ``compute``, ``gather`` and ``wait``
        for the slowest, means over ranks; ``alone``, a gather of as many numbers by itself (of ``shared``, what all
        tell each other of their trials and the sum of their changes, divided by the steps).
    """
    most = max(case.ranks for case in cases)
    said = json.dumps({"cases": cases, "steps": steps, "rounds": rounds})
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        str(most),
        "-m",
        "neurorec.timing.ranks",
        said,
    ]
    found = subprocess.run(command, capture_output=True, text=True, timeout=patience, check=True)
    return json.loads(found.stdout.splitlines()[-1])


def predicted(row: dict[str, Any], one: float) -> float:
    """Milliseconds a step by the model: what one rank takes, divided, and one gather.

    Of ``shared``, `one` is what one rank takes for as many trials as each has, and there is a part of one sum: a pass through weights that do not fit into
    the cache takes about as long for few trials as for some more, so that half of the trials take more than half of the time.
    """
    return (one if row["work"] == "shared" else one / row["ranks"]) + row["alone"]


def main(words: dict[str, Any]) -> None:
    """In one of the ranks: all cases, round after round; the first prints what was found."""
    cases, here = [Case(*each) for each in words["cases"]], team()
    teams = _teams(here, sorted({case.ranks for case in cases}))
    jobs = [_Job(case, teams[case.ranks], words["steps"]) if here.rank < case.ranks else None for case in cases]
    rounds: list[list[Any]] = [[] for _ in cases]
    for number in range(words["rounds"] + 1):
        for job, found in zip(jobs, rounds, strict=True):
            here.each(None)
            taken = job.run() if job else None
            if number:  # the first may compile
                found.append(taken)
    if here.rank == 0:
        print(json.dumps([_row(case, found, words["steps"]) for case, found in zip(cases, rounds, strict=True)]), flush=True)


class _Job:
    """A case, and all that it computes with."""

    def __init__(self, case: Case, team: AbstractTeam, steps: int):
        self.case, self.team, self.steps = case, team, steps
        self.engine: Any = TrialsEngine(threads=1).over(team) if case.work == "shared" else RanksEngine()
        self.block: Any = Network.random(1, case.units, 1) if case.work == "shared" else _block(case.units, team.rank, case.ranks)
        self.weights = Weights.of(self.block, np.float32)
        rng = np.random.default_rng(0)
        inputs, targets = (rng.standard_normal((steps, case.trials, 1)).astype(np.float32) for _ in range(2))
        share = np.full((steps, case.trials), 1 / steps / case.trials, np.float32)
        self.stimulus = Stimulus(inputs, None, np.zeros((1, case.trials, self.block.units), np.float32), targets, share)
        self.rates = np.full(self.weights.vector.size if case.work == "step" else 0, 1e-6, np.float32)
        self.parts = [
            resolve(kind, name) for kind, name in (("rules", "rflo"), ("feedbacks", "random"), ("optimisers", "sgd"), ("losses", "mse"))
        ]

    def run(self) -> dict[str, float]:
        """Seconds of one trial: in all, in gathers once all are there, in waiting for the slowest; and a gather by itself."""
        with some_of_the_team(self.team):
            alone = self._sums() / self.steps if self.case.work == "shared" else self._gathers()
            self.team.stamps, began = [], time.monotonic()
            getattr(self, f"_{self.case.work}")()
            took, stamps = time.monotonic() - began, np.array(self.team.stamps).reshape(-1, 2)
            self.team.stamps = None
            arrived, left = (np.array(self.team.each(stamps[:, k].tolist())) for k in range(2))
            took = float(np.mean(self.team.each(took)))
        last = arrived.max(axis=0)
        return {
            "took": took,
            "wait": float((last - arrived).sum(axis=1).mean()),
            "gather": float((left - last).sum(axis=1).mean()),
            "alone": alone,
        }

    def _forward(self) -> None:
        self.engine.forward(self.block, self.weights, self.stimulus)

    def _trial(self) -> None:
        rule, feedback, _, loss = self.parts
        activity = self.engine.forward(self.block, self.weights, self.stimulus)
        error = error_sent_back(activity.readout, self.stimulus.targets, self.stimulus.loss_weight, loss)
        self.engine.change(self.block, self.weights, self.stimulus, activity, error, rule, feedback)

    def _shared(self) -> None:
        self._trial()

    def _step(self) -> None:
        rule, feedback, optimiser, loss = self.parts
        settings = UpdateSettings(rule, feedback, optimiser, loss, self.rates, np.inf, 0.0, self.rates)
        state = OptimiserState(np.zeros((0, self.rates.size), np.float32), 0)
        self.engine.online(self.block, self.weights, self.stimulus, state, settings)

    def _sums(self) -> float:
        change, times = self.weights.zeros().vector, []
        each = self.case.trials // self.case.ranks
        told = self.stimulus.targets[:, :each], self.stimulus.initial[:, :each]
        for _ in range(5):
            began = time.monotonic()
            self.team.each(told)
            self.team.sum_by_tree(change)
            times.append(time.monotonic() - began)
        return float(np.median(times)) if self.case.ranks > 1 else 0.0

    def _gathers(self) -> float:
        own = np.zeros((1, self.case.trials, self.block.units), np.float32)
        whole, times = np.empty((1, self.case.trials, self.case.units), np.float32), []
        for _ in range(PAUSES):
            began = time.monotonic()
            self.team.gather(own, whole)
            times.append(time.monotonic() - began)
        return float(np.median(times)) if self.case.ranks > 1 else 0.0


def _teams(here: AbstractTeam, sizes: Sequence[int]) -> dict[int, AbstractTeam]:
    """Of the first ranks, so many each; every process takes part in making all groups."""
    import torch.distributed as distributed

    if here.size == 1:
        return dict.fromkeys(sizes, Alone())
    groups = {size: distributed.new_group(list(range(size))) for size in sizes}
    return {size: Ranks(group) if size > 1 else Alone() for size, group in groups.items() if here.rank < size}


def _block(units: int, rank: int, ranks: int) -> Block:
    """Rows of a random network of leaky tanh units, drawn without the others."""
    n, rng = units // ranks, np.random.default_rng(rank)
    small, channels = block_of(Network.random(1, 16, 1), 0, 1), rng.standard_normal((units, 1)).astype(np.float32)
    recurrent = rng.standard_normal((n, units), np.float32)
    recurrent *= np.float32(1 / np.sqrt(units))
    rest = {"input": np.ones((n, 1), np.float32), "bias": np.zeros(n), "initial": np.zeros(n), "parameters": {"tau": np.full(n, 0.1)}}
    return replace(small, recurrent=recurrent, readout=channels.T / units, feedback=channels, first=rank * n, of=units, **rest)


def _row(case: Case, found: Sequence[dict[str, float]], steps: int) -> dict[str, Any]:
    took, wait, gather = (np.array([each[name] for each in found]) * 1e3 / steps for name in ("took", "wait", "gather"))
    low, middle, high = np.quantile(took, (0.25, 0.5, 0.75))
    parts = {"compute": took - wait - gather, "gather": gather, "wait": wait}
    return {
        **case._asdict(), "ms": float(middle), "low": float(low), "high": float(high), **{name: float(np.median(part)) for name, part in parts.items()},
        "alone": 1e3 * float(np.median([each["alone"] for each in found])),
    }  # fmt: skip


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
