"""Leading Lyapunov exponents of a large random network: how long 100,000 steps take, and whether theory's largest one comes out.

    python benchmarks/lyapunov.py [--quick] [--json] [--out data/lyapunov.json]

x(t) = tanh(W x(t-1)), weights N(0, g^2/N). The measure is what no way to the exponents can do without, timed alone: the product of W with the state
and the tangent vectors at every step, and one decomposition (QR) of those at every step, as Benettin's algorithm (1980) has it. neurorec decomposes
as seldom as the vectors' condition allows. Theory for infinitely many units (trapezoid rule over a normal z): q = g^2 E tanh^2(sqrt(q) z), and the
largest exponent is log(g sqrt(E sech^4(sqrt(q) z))).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numpy as np
from report import main_of_file

import neurorec as nr

UNITS, EXPONENTS, GAIN, SEED = 500, 10, 3.0, 0
STEPS, QUICK, REPEATS, PARTS = 100_000, 400, 300, 3
WHOLE, FEW = 2000, 20  # steps of the whole spectrum


def theory(gain: float) -> float:
    """Largest exponent a step, of infinitely many units."""
    z = np.linspace(-9, 9, 2001)
    weight = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    q = 1.0
    for _ in range(500):
        q = gain**2 * (weight * np.tanh(np.sqrt(q) * z) ** 2).sum()
    return float(np.log(gain * np.sqrt((weight / np.cosh(np.sqrt(q) * z) ** 4).sum())))


def seconds_of(work: Callable[[], object], repeats: int) -> float:
    """Of the processor, each; the least of some stretches."""
    stretches = []
    for _ in range(PARTS):
        begun = time.process_time()
        for _ in range(repeats):
            work()
        stretches.append((time.process_time() - begun) / repeats)
    return min(stretches)


def measure(quick: bool) -> list[dict[str, Any]]:
    rng = np.random.default_rng(SEED)
    weights = GAIN * rng.normal(size=(UNITS, UNITS)) / UNITS**0.5
    network = nr.Network.random(0, UNITS, 1, cell="tanh", dt=1.0, seed=SEED).replace(recurrent=weights)
    return [leading(network, weights, rng, QUICK if quick else STEPS), whole(network, FEW if quick else WHOLE)]


def whole(network: nr.Network, steps: int) -> dict[str, Any]:
    """All exponents, and what follows from them."""
    begun = time.process_time()
    found = nr.dynamics.lyapunov(network, steps=steps, transient=steps // 4, seed=SEED)
    took = (time.process_time() - begun) / (steps + steps // 4)
    return {
        "units": UNITS, "exponents": UNITS, "steps": steps, "microseconds_a_step": 1e6 * took, "largest": float(found["exponent"].values[0]),
        "dimension_of_units": float(found["dimension"].values) / UNITS,
    }  # fmt: skip


def leading(network: nr.Network, weights: np.ndarray, rng: np.random.Generator, steps: int) -> dict[str, Any]:
    """The largest few, and what they cannot do without."""
    vectors, both = rng.normal(size=(UNITS, EXPONENTS)), rng.normal(size=(EXPONENTS + 1, UNITS))
    nr.dynamics.lyapunov(network, exponents=EXPONENTS, steps=50, transient=0)  # what is printed and loaded once is not timed
    begun = time.process_time()
    found = nr.dynamics.lyapunov(network, exponents=EXPONENTS, steps=steps, transient=steps // 10, seed=SEED)
    took = (time.process_time() - begun) / (steps + steps // 10)
    decomposed, multiplied = seconds_of(lambda: np.linalg.qr(vectors), REPEATS), seconds_of(lambda: both @ weights.T, REPEATS)
    exponents, errors = found["exponent"].values, found["error"].values
    return {
        "units": UNITS, "exponents": EXPONENTS, "steps": steps, "microseconds_a_step": 1e6 * took, "of_one_qr": 1e6 * decomposed,
        "of_one_product": 1e6 * multiplied, "times_qr_and_product": took / (decomposed + multiplied), "times_qr": took / decomposed,
        "largest": float(exponents[0]), "standard_error": float(errors[0]), "theory": theory(GAIN), "tenth": float(exponents[-1]),
    }  # fmt: skip


if __name__ == "__main__":
    main_of_file(measure, __doc__, "lyapunov")
