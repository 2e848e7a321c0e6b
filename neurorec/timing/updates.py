"""A trial's forward pass and its updates against the products alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurorec.timing.clock import Spread, ratio, side_by_side
from neurorec.timing.products import gathering_product, recurrent_products
from neurorec.timing.workload import Workload, deviation

STEPS = 200  # a period of 20 time constants at the usual dt and tau (Murray 2019, Fig 2)
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
        together), ``fraction`` of the ceiling with its quartiles ``low`` and ``high``, and ``deviation`` from the
        float64 reference.
    """
    wrong = {"forward": 0.0} | {rule: deviation(units, trials, rule) for rule in ("rflo", "bptt")}
    wrong["forward"] = max(wrong.values())  # an update starts from the forward pass
    work = Workload(units, trials, steps)
    products = {
        "recurrent": recurrent_products(units, trials, steps),
        "gathering": gathering_product(units, trials, steps),
    }
    jobs = {"forward": work.forward, "rflo": lambda: work.update("rflo"), "bptt": lambda: work.update("bptt")}
    taken = side_by_side({**products, **jobs}, repeats, window)
    floors = {name: np.sum([taken[each] for each in needed], axis=0) for name, needed in NEEDS.items()}
    size = {"units": units, "trials": trials}
    return [row(size | {"work": name}, floors[name], taken[name], steps) | {"deviation": wrong[name]} for name in jobs]


def row(what: dict[str, Any], floor: np.ndarray, taken: np.ndarray, steps: int) -> dict[str, Any]:
    """One line of a table of fractions: microseconds a time step, and the floor's share of them."""
    share = ratio(floor, taken)
    per_step = {"us_per_step": Spread.of(taken).median / steps * 1e6, "floor_us_per_step": Spread.of(floor).median / steps * 1e6}
    return {**what, **per_step, "fraction": share.median, "low": share.low, "high": share.high}
