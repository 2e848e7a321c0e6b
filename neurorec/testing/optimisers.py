"""Laws of an optimiser."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from neurorec.discovery import resolve
from neurorec.learning.updates import hyperparameters
from neurorec.testing._laws import close, documented, hold


def check_optimiser(optimiser: Any) -> None:
    """Hold an optimiser to its laws: plain code that means the same compiled and for single weights, goes downhill, and leaves what has no rate.

    Parameters
    ----------
    optimiser : optimiser, class or name
        Of a class derived from `neurorec.AbstractOptimiser`.

    Raises
    ------
    AssertionError
        Saying which law does not hold.
    """
    law = resolve("optimisers", optimiser)
    documented(type(law))
    hold(dataclasses.is_dataclass(law), law, "it is a frozen dataclass, whose fields are its settings")
    settings = dataclasses.asdict(law)
    hold(all(isinstance(value, float) for value in settings.values()), law, "its settings are floats", settings)
    for size in (1, 5):
        _check_compiled(law, size)
        _check_single(law, size)
    _check_downhill(law)


def _check_compiled(law: Any, size: int) -> None:
    import numba

    ends = []
    compiled: Any = numba.njit(law.step)
    for step in (law.step, compiled):
        weights, slots = np.zeros(size), np.zeros((len(law.slots), size))
        for count, change in enumerate(np.random.default_rng(1).normal(size=(4, size)), start=1):
            weights += step(weights, change, slots, np.full(size, 0.1), count, hyperparameters(law))
        ends.append((weights, slots))
    plain, fast = ends
    for name, found, expected in zip(("weights", "slots"), fast, plain, strict=True):
        close(found, expected, 1e-8, law, f"step leaves the same {name} compiled")


def _check_single(law: Any, size: int) -> None:
    """All at once or one by one, to the last bit: a GPU gives each weight a thread."""
    rng = np.random.default_rng(2)
    change, rates, weights = (rng.normal(size=(4, size)).astype(np.float32) for _ in range(3))
    together, alone = np.zeros((2, len(law.slots), size), np.float32)
    for now, before in enumerate(weights.copy()):
        settings = now + 1, hyperparameters(law)
        moved = law.step(weights[now], change[now], together, rates[now], *settings)
        each = [law.step(weights[now, p], change[now, p], alone[:, p], rates[now, p], *settings) for p in range(size)]
        hold(moved.dtype == np.float32, law, "step returns how far float32 weights move, in float32", moved.dtype)
        hold(np.array_equal(moved, each) and np.array_equal(together, alone), law, "step means the same for one weight as for all")
        hold(np.array_equal(weights[now], before), law, "step leaves the weights alone, and returns how far they move")


def _check_downhill(law: Any) -> None:
    ends = [_descended(law, rate) for rate in (0.1, 1.0)]
    hold(min(abs(end) for end, _ in ends) < 0.1, law, "300 steps of rate 0.1, or 1, down w^2 / 2 bring 3 below 0.1", ends)
    hold(all(still == 3.0 for _, still in ends), law, "a weight of rate 0 stays as it is", ends)


def _descended(law: Any, rate: float) -> tuple[float, float]:
    weights, slots, rates = np.array([3.0, 3.0]), np.zeros((len(law.slots), 2)), np.array([rate, 0.0])
    for count in range(1, 301):
        weights += law.step(weights, -weights, slots, rates, count, hyperparameters(law))
    return float(weights[0]), float(weights[1])
