"""A trial's forward pass and its updates against the products alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurorec.timing.clock import Spread, ratio, side_by_side
from neurorec.timing.products import gathering_product, recurrent_products
from neurorec.timing.workload import Workload, deviation

STEPS = 200  # a period of 20 time constants at the usual dt and tau (Murray 2019, Fig 2)
CHECKED, CHECKED_STEPS = 2**22, 3  # synapses x trials, and steps, of the comparison with the reference
NEEDS = {  # products that no way of doing the work avoids
    "forward": ("recurrent",),
    "rflo": ("recurrent", "gathering"),
    "bptt": ("recurrent", "recurrent", "gathering"),  # there, and back
}


def against_the_floor(units: int, trials: int, steps: int = STEPS, repeats: int = 9, window: float = 0.005) -> list[dict[str, Any]]:
    """Forward pass, RFLO update and BPTT update of one size, each relative to its floor.

    Returns
    -------
    list of dict
        A row for each: ``units, trials, work``, ``us_per_step`` and ``floor_us_per_step`` (medians, for all trials
        together) with quartiles ``us_low`` and ``us_high``, ``fraction`` of the ceiling with its quartiles ``low`` and
        ``high``, and ``deviation`` from the float64 reference, which is too slow for more than a few trials of large networks.
    """
    checked = max(1, min(trials, CHECKED // units**2))
    wrong = {"forward": 0.0} | {rule: deviation(units, checked, rule, CHECKED_STEPS) for rule in ("rflo", "bptt")}
    wrong["forward"] = max(wrong.values())  # an update starts from the forward pass
    work = Workload(units, trials, steps)
    products = {
        "recurrent": recurrent_products(units, trials, steps),
        "gathering": gathering_product(units, trials, steps),
    }
    jobs = {"forward": work.forward, "rflo": lambda: work.update("rflo"), "bptt": lambda: work.update("bptt")}
    taken = side_by_side({**products, **jobs}, repeats, window)
    floors = {name: np.sum([taken[each] for each in needed], axis=0) for name, needed in NEEDS.items()}
    size = {"units": units, "trials": trials, "steps": steps}
    return [row(size | {"work": name}, floors[name], taken[name], steps) | {"deviation": wrong[name]} for name in jobs]


def row(what: dict[str, Any], floor: np.ndarray, taken: np.ndarray, steps: int) -> dict[str, Any]:
    """One line of a table of fractions: microseconds a time step with their quartiles, and the floor's share of them."""
    share = ratio(floor, taken)
    spread = Spread.of(taken / steps * 1e6)
    return {
        **what, "us_per_step": spread.median, "us_low": spread.low, "us_high": spread.high,
        "floor_us_per_step": Spread.of(floor).median / steps * 1e6, "fraction": share.median, "low": share.low, "high": share.high,
    }  # fmt: skip
