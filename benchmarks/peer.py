"""One other library or program beside this engine: the same network, the same trials, A B A B.

A peer is a module with NAME, NEEDS (what must be installed), RULE (what it computes), SIZES (units, trials) and
``make(work, dtype)``, which gives a callable that returns the change of the recurrent weights, (N, N).
"""

from __future__ import annotations

from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np

from neurorec.timing import Spread, side_by_side
from neurorec.timing.updates import STEPS
from neurorec.timing.workload import Workload

WRONG = 1e-2  # float32 through 200 steps of an almost chaotic network; another rule is off by its own size


def compare(peer: ModuleType, quick: bool) -> list[dict[str, Any]]:
    """Rows of a comparison, or one that says what is missing."""
    if missing := [name for name in peer.NEEDS if find_spec(name) is None]:
        return [{"peer": peer.NAME, "missing": f"not measured: needs {', '.join(missing)}; pip install -e '.[bench]'"}]
    if quick:
        return [_one(peer, *peer.SIZES[0], steps=10, repeats=3, window=0.001)]
    return [_one(peer, *size, STEPS, repeats=9, window=0.01) for size in peer.SIZES]


def _one(peer: ModuleType, units: int, trials: int, steps: int, repeats: int, window: float) -> dict[str, Any]:
    work = Workload(units, trials, steps, network=getattr(peer, "network", lambda _: None)(units))
    wrong = _deviation(peer, work)
    taken = side_by_side({"ours": lambda: work.update(peer.RULE), "theirs": peer.make(work, np.float32)}, repeats, window)
    size = {"peer": peer.NAME, "rule": peer.RULE, "units": units, "trials": trials}
    return size | compared(taken, steps) | {"deviation": wrong}


def compared(taken: dict[str, np.ndarray], steps: int) -> dict[str, float]:
    """Microseconds a step of both, and how many times ours theirs takes, with quartiles."""
    times = Spread.of(taken["theirs"] / taken["ours"])
    per_step = {name: Spread.of(each).median / steps * 1e6 for name, each in taken.items()}
    return {
        "us_per_step": per_step["theirs"], "ours_us_per_step": per_step["ours"],
        "times_ours": times.median, "low": times.low, "high": times.high,
    }  # fmt: skip


def _deviation(peer: ModuleType, work: Workload) -> float:
    """Of our change from the peer's, in float64 where it can; refused if the two do not compute the same."""
    job, ours = peer.make(work, np.float64), work.update(peer.RULE).recurrent
    job()
    theirs = np.asarray(job(), float)  # of the second call: nothing may be left over from the first
    found = float(np.abs(ours - theirs).max() / np.abs(theirs).max())
    expect_same(peer.NAME, found)
    return found


def expect_same(name: str, found: float) -> None:
    """Refuse a comparison of two programs that do not compute the same."""
    if not found < WRONG:
        raise ArithmeticError(f"{name} and this engine differ by {found:.1e} of the largest change: not the same work")
