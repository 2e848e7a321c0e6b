"""Which of the three ways to change weights at every step an engine takes; all give the same numbers.

The choice is the least of `costs`; ``NumbaEngine(per_step=...)`` overrides it, and ``benchmarks/step_ways.py`` prints what
each way takes on a machine beside what was chosen.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from neurorec.engines.base import UpdateSettings
from neurorec.errors import NotOffered
from neurorec.formula.unit import constants_of, for_numpy
from neurorec.learning.optimisers.sgd import SGD
from neurorec.networks.network import Network

WAYS = ("causal", "fused", "low_rank")
LIMITS = (
    "'fused' and 'low_rank' apply a step's change at once: a local rule, sgd, no clip, no plastic parameters, one rate a matrix; "
    "'low_rank' takes no weight decay besides"
)
# Nanoseconds for a number in the second-level cache, on one core of an AVX-512 server at 2.6 GHz (the loops of `fused` and
# `low_rank` timed one by one, N = 256 and 1024). Only their ratios matter, and those hardly change with the machine.
SWEPT = 0.08  # read and written
READ = 0.04  # a weight, read for a product with one vector
PAST = 0.067  # read from past steps: shorter sweeps
PAIR = 0.025  # multiplied with one of another trial, in a product of matrices
FOLDED = 0.02  # a weight, for one past step of a folding
FAINT = 3e-8  # as `low_rank` has it
LEAST = 64  # dead steps before a folding, as `low_rank` has it


def chosen(requested: str | None, network: Network, update_settings: UpdateSettings, steps: int, trials: int) -> str:
    """The way that was requested, or the cheapest there is.

    Raises
    ------
    NotOffered
        If what was requested cannot do this.
    """
    ways = possible(network, update_settings)
    if not ways:
        raise NotOffered(
            "sparse recurrent weights change at every step by a local rule, sgd, no clip, no plastic parameters and one rate a matrix; "
            "use these, update='trial', or for a small network engine='reference'"
        )
    if requested is None:
        return ways[0] if len(ways) == 1 else min(ways, key=costs(network, steps, trials).__getitem__)
    if requested not in ways:
        raise NotOffered(f"per_step={requested!r} cannot do this: {LIMITS}; use {' or '.join(map(repr, ways))}, or None")
    return requested


def possible(network: Network, update_settings: UpdateSettings) -> list[str]:
    """The ways there are: see `LIMITS`."""
    local, simple = not update_settings.rule.through_units, isinstance(update_settings.optimiser, SGD) and update_settings.clip == np.inf
    whole = (
        not (local and simple) or bool(network.formula.plastic) or bool(update_settings.uneven)
    )  # a change must be known before it is applied
    if network.pattern is not None:
        return [] if whole else ["fused"]
    if whole:
        return ["causal"]
    return ["causal", "fused"] if update_settings.decay else list(WAYS)


def costs(network: Network, steps: int, trials: int) -> dict[str, float]:
    """Nanoseconds a time step takes, about, where everything lies in the second-level cache.

    ``"fused"`` reads and writes every weight once and its k traces once a trial; ``"causal"`` does so several times.
    ``"low_rank"`` reads every weight; for each past step that is still alive it ages a trace and a sum for each port of every
    unit, and for each that is remembered it reads that sum and the presynaptic activity; and it folds past steps into the weights.
    Beyond that cache all of them are slower, by similar factors.
    """
    formula, units = network.formula, network.units
    states, ports, outputs = len(formula.states), len(formula.ports), len(formula.emitted)
    synapses = network.recurrent.size + network.input.size + network.bias.size
    alive, dead, folded = remembered(horizon(network), steps, units)
    swept = SWEPT * synapses * (1 + states * trials)
    aged = SWEPT * trials * alive * units * ports * (1 + states)
    by_past = (PAST * trials + PAIR * trials * (trials - 1)) * (alive + dead) * units * (ports + outputs)
    return {"causal": 3 * swept, "fused": swept, "low_rank": READ * synapses + aged + by_past + FOLDED * synapses * trials * folded}


def remembered(horizon: float, steps: int, units: int) -> tuple[float, float, float]:
    """Past steps that are alive, and dead but remembered, on average over a trial; and how many are folded in for each step."""
    if steps <= horizon:
        return steps / 2, 0.0, 1.0
    alive, kept = horizon - horizon**2 / (2 * steps), max(LEAST, np.sqrt(horizon * units) / 2)
    foldings = (steps - horizon) / kept
    return alive, min(kept, steps - horizon) / 2, 1 + foldings * horizon / steps


@lru_cache(maxsize=8)
def horizon(network: Network) -> float:
    """Steps until the slowest trace is too faint for float32, from each state's own decay in a unit at rest; gates may change it."""
    formula, units = network.formula, network.units
    k, ports = len(formula.states), len(formula.ports)
    parameters = np.array([network.per_unit(name) for name in formula.parameters]).reshape(-1, units)
    decay, slope, partial = (np.zeros((rows, 1, units)) for rows in (k * k, k * ports, k * len(formula.plastic)))
    rest = np.zeros((k, 1, units)), np.zeros((ports, 1, units))
    for_numpy(formula).jacobian(*rest, constants_of(formula, parameters, network.dt), decay, slope, partial)
    slowest = float(np.abs(decay[:: k + 1]).max())
    return np.inf if slowest >= 1 else 1 + np.log(FAINT) / np.log(max(slowest, 1e-12))
