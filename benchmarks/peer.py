"""One other library or program beside this engine: the same network, the same trials, A B A B.

A script ``peer_*.py`` lists in ``PEERS`` the ways in which that program is used. What a way computes is held equal to ours
before anything is timed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from neurorec.networks.network import Network
from neurorec.timing import Spread, side_by_side
from neurorec.timing.platforms import AbstractPlatform, Processor
from neurorec.timing.updates import STEPS
from neurorec.timing.workload import Workload, weight_movement

WRONG = 1e-2  # float32 through 200 steps of an almost chaotic network; another rule is off by its own size
QUICK_STEPS = 10
EVERY_STEP = "rflo at every step"  # as the rule of a peer: weights move while the trial runs
STEP_RATE = 0.1  # in the comparison of results: small steps are lost in float32's rounding of the weights

Job = Callable[[], np.ndarray]


@dataclass(frozen=True)
class Peer:
    """A program, and what it is asked to do.

    Attributes
    ----------
    name : str
    needs : sequence of str
        Modules that must be installed.
    rule : str
        What it computes: one of our rules, ``"forward"``, or `EVERY_STEP`.
    sizes : sequence of (units, trials)
    make : callable
        ``make(work, dtype)`` gives a job that returns the change of the recurrent weights, (N, N); for ``"forward"``
        the last state, (B, N); for `EVERY_STEP` the movement of the recurrent weights at `STEP_RATE`.
    beside : sequence of str
        Our rules that are timed beside it; () for the same one.
    steps : int
    network : callable
        Of the number of units: the network, None for the usual one.
    dtypes : sequence of type
        In which its result is compared with ours; timed is the last, float32 unless the peer has only another.
    """

    name: str
    needs: Sequence[str]
    rule: str
    sizes: Sequence[tuple[int, int]]
    make: Callable[[Workload, type], Job]
    beside: Sequence[str] = ()
    steps: int = STEPS
    network: Callable[[int], Network | None] = lambda _: None
    dtypes: Sequence[type] = (np.float64, np.float32)


def compare(peers: Iterable[Peer], quick: bool, platform: AbstractPlatform | None = None) -> list[dict[str, Any]]:
    """Rows of a comparison, on the CPU or another platform; one that says what is missing where something is."""
    return [row for peer in peers for row in _rows(peer, quick, platform or Processor())]


def _rows(peer: Peer, quick: bool, platform: AbstractPlatform) -> list[dict[str, Any]]:
    if missing := [name for name in peer.needs if find_spec(name) is None]:
        return [{"peer": peer.name, "missing": f"not measured: needs {', '.join(missing)}; pip install -e '.[bench]'"}]
    if quick:
        return _one(peer, *peer.sizes[0], QUICK_STEPS, platform, repeats=3, window=0.001)
    return [row for size in peer.sizes for row in _one(peer, *size, peer.steps, platform, repeats=9, window=0.01)]


def _one(peer: Peer, units: int, trials: int, steps: int, platform: AbstractPlatform, repeats: int, window: float) -> list[dict[str, Any]]:
    work = Workload(units, trials, steps, platform.engine, network=peer.network(units))
    theirs, wrong = checked(peer, work)
    ours = {rule: _job(work, rule) for rule in peer.beside or (peer.rule,)}
    taken = side_by_side({name: platform.finished(job) for name, job in {"theirs": theirs, **ours}.items()}, repeats, window)
    size = {"peer": peer.name, "peer_rule": peer.rule, "units": units, "trials": trials, "steps": steps}
    return [{**size, **_compared(taken["theirs"], taken[rule], steps), "rule": rule, "deviation": wrong} for rule in ours]


def checked(peer: Peer, work: Workload) -> tuple[Job, float]:
    """The peer's job, and how far its result is from ours, in float64 where it can.

    Raises
    ------
    ArithmeticError
        If the two do not compute the same.
    """
    ours = _result(work, peer.rule)
    jobs = [peer.make(work, dtype) for dtype in peer.dtypes]
    wrong = [_deviation(job, ours) for job in jobs]
    if not max(wrong) < WRONG:
        raise ArithmeticError(f"{peer.name} and this engine differ by {max(wrong):.1e} of the largest entry: not the same work")
    return jobs[-1], wrong[0]


def _deviation(job: Job, ours: np.ndarray) -> float:
    job()
    theirs = np.asarray(job(), float)  # of the second call: nothing may be left over from the first
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def _job(work: Workload, rule: str) -> Callable[[], Any]:
    other = {"forward": work.forward, EVERY_STEP: lambda: work.online("rflo")}
    return other.get(rule, lambda: work.update(rule))


def _result(work: Workload, rule: str) -> np.ndarray:
    """A copy: the engine uses its memory again."""
    if rule == EVERY_STEP:
        fresh = Workload(work.network.units, work.trials.count, work.trials.steps, work.engine, network=work.network)
        return np.array(weight_movement(fresh, "rflo", STEP_RATE).recurrent, float)
    found = work.forward().states[-1, 0] if rule == "forward" else work.update(rule).recurrent
    return np.array(found, float)


def _compared(theirs: np.ndarray, ours: np.ndarray, steps: int) -> dict[str, float]:
    times, per_step = Spread.of(theirs / ours), [Spread.of(each).median / steps * 1e6 for each in (theirs, ours)]
    return {
        "us_per_step": per_step[0], "ours_us_per_step": per_step[1], "times_ours": times.median, "low": times.low, "high": times.high,
    }  # fmt: skip
