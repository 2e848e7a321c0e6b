"""A trial's forward pass and its updates against the products alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurorec.timing.clock import Spread, ratio, side_by_side
from neurorec.timing.platforms import AbstractPlatform, Processor
from neurorec.timing.workload import Workload, deviation, online_deviation

STEPS = 200  # a period of 20 time constants at the usual dt and tau (Murray 2019, Fig 2)
CHECKED = 2**22  # synapses x trials (x steps, beyond two of them) of the comparison with the reference
NEEDS = {  # products that no way of doing the work avoids
    "forward": ("recurrent",),
    "rflo": ("recurrent", "gathering"),
    "bptt": ("recurrent", "recurrent", "gathering"),  # there, and back
}


def against_the_floor(
    units: int, n_trials: int, steps: int = STEPS, repeats: int = 9, window: float = 0.005, platform: AbstractPlatform | None = None
) -> list[dict[str, Any]]:
    """Forward pass, RFLO update and BPTT update of one size, each relative to its floor, on the CPU or another platform.

    Returns
    -------
    list of dict
        A row for each: ``engine, units, trials, steps, work``, ``us_per_step`` and ``floor_us_per_step`` (medians, for all trials
        together) with quartiles ``us_low`` and ``us_high``, ``fraction`` of the ceiling with its quartiles ``low`` and
        ``high``, and ``deviation`` from the float64 reference, which is too slow for more than a few trials of large networks.
    """
    platform, (some, few) = platform or Processor(), _checked(units, n_trials)
    wrong = {"forward": 0.0} | {rule: deviation(units, some, rule, few, platform.engine) for rule in ("rflo", "bptt")}
    wrong["forward"] = max(wrong.values())  # an update starts from the forward pass
    work = Workload(units, n_trials, steps, platform.engine)
    products = {"recurrent": platform.recurrent(units, n_trials, steps), "gathering": platform.gathering(units, n_trials, steps)}
    jobs = {"forward": work.forward, "rflo": lambda: work.update("rflo"), "bptt": lambda: work.update("bptt")}
    taken = side_by_side({**products, **{name: platform.finished(job) for name, job in jobs.items()}}, repeats, window)
    floors = {name: np.sum([taken[each] for each in needed], axis=0) for name, needed in NEEDS.items()}
    size = {"engine": platform.engine, "units": units, "trials": n_trials, "steps": steps}
    return [row(size | {"work": name}, floors[name], taken[name], steps) | {"deviation": wrong[name]} for name in jobs]


def every_step(
    units: int, steps: int = STEPS, repeats: int = 9, window: float = 0.005, platform: AbstractPlatform | None = None
) -> dict[str, Any]:
    """RFLO with weights that change at every step of one trial, relative to its recurrent products: a row as of `against_the_floor`."""
    platform = platform or Processor()
    wrong = online_deviation(units, "rflo", _checked(units, 1)[1], platform.engine)
    work = Workload(units, 1, steps, platform.engine)
    jobs = {"products": platform.recurrent(units, 1, steps), "rflo": platform.finished(lambda: work.online("rflo"))}
    taken = side_by_side(jobs, repeats, window)
    what = {"engine": platform.engine, "units": units, "trials": 1, "steps": steps, "work": "rflo, every step"}
    return {**row(what, taken["products"], taken["rflo"], steps), "deviation": wrong}


def _checked(units: int, n_trials: int) -> tuple[int, int]:
    """Trials and steps of the comparison with the reference, which carries a trace for every synapse and trial."""
    some = max(1, min(n_trials, CHECKED // units**2))
    return some, max(2, min(5, CHECKED // (some * units**2)))


def row(what: dict[str, Any], floor: np.ndarray, taken: np.ndarray, steps: int) -> dict[str, Any]:
    """One line of a table of fractions: microseconds a time step with their quartiles, and the floor's share of them."""
    share = ratio(floor, taken)
    spread = Spread.of(taken / steps * 1e6)
    return {
        **what, "us_per_step": spread.median, "us_low": spread.low, "us_high": spread.high,
        "floor_us_per_step": Spread.of(floor).median / steps * 1e6, "fraction": share.median, "low": share.low, "high": share.high,
    }  # fmt: skip
