"""Searches for fixed points of 1024 units from 64 starts: what becomes of the starts, and in how long.

    python benchmarks/large_fixed_points.py [--quick] [--json] [--out data/large_fixed_points.json]

Three networks of leaky tanh units: weights of rank three, as a trained memory has them, and random ones of gains of 1.3 and 1.8, beyond the onset of
chaos, where points are many and few of them attract a search. Starts are states on the way of random ones.
"""

from __future__ import annotations

import time
from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numpy as np
from fixed_points import weights_of
from report import main_of_file

import neurorec as nr
from neurorec.dynamics._map import as_map
from neurorec.dynamics._starts import as_starts

UNITS, STARTS, SEED = 1024, 64, 0
GAINS = (1.3, 1.8)


def measured(name: str, network: nr.Network, count: int) -> dict[str, Any]:
    starts = as_starts(as_map(network), None, SEED)[:count]
    nr.dynamics.fixed_points(network, starts=starts[:1] * 0, fibres=0)  # what is printed and loaded once is not timed
    begun = time.process_time()
    points = nr.dynamics.fixed_points(network, starts=starts)
    took, status = time.process_time() - begun, points["status"].values
    ended = {each: int((status == each).sum()) for each in ("converged", "slow", "unfinished")}
    residual = points["start_residual"].values[status != "converged"]
    return {
        "network": name, "units": network.units, "starts": len(starts), "cpu_seconds": took, **ended,
        "points": points.sizes["point"], "median_residual_of_others": float(np.median(residual)) if len(residual) else None,
    }  # fmt: skip


def measure(quick: bool) -> list[dict[str, Any]]:
    units, count = (300, 4) if quick else (UNITS, STARTS)
    made = nr.Network.random(0, units, 1, seed=SEED)
    networks = {"rank three": made.replace(recurrent=weights_of(units))}
    networks |= {f"random, gain {gain}": nr.Network.random(0, units, 1, gain=gain, seed=SEED) for gain in GAINS}
    return [measured(name, network, count) for name, network in networks.items()]


if __name__ == "__main__":
    main_of_file(measure, __doc__, "large_fixed_points")
