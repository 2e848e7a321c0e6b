"""Which of the three ways to change weights at every step an engine takes; all give the same numbers."""

from __future__ import annotations

import numpy as np

from neurorec.engines.base import Teaching
from neurorec.errors import NotOffered
from neurorec.network import Network
from neurorec.optimisers.sgd import SGD

WAYS = ("causal", "fused", "low_rank")
LIMITS = (
    "'fused' applies a step's change row by row: a local rule, sgd, no clip, no plastic parameters; "
    "'low_rank' needs one trial at a time and no weight decay besides"
)
HORIZON = 165  # steps until a trace of ten steps' time constant is fainter than float32 shows


def chosen(asked: str | None, network: Network, teaching: Teaching, steps: int, trials: int) -> str:
    """The way that was asked for, or the cheapest there is.

    Raises
    ------
    NotOffered
        If what was asked for cannot do this.
    """
    ways = possible(network, teaching, trials)
    if asked is None:
        return min(ways, key=costs(network, steps).__getitem__)
    if asked not in ways:
        raise NotOffered(f"per_step={asked!r} cannot do this: {LIMITS}; use {' or '.join(map(repr, ways))}, or None")
    return asked


def possible(network: Network, teaching: Teaching, trials: int) -> list[str]:
    """The ways there are: see `LIMITS`."""
    local = teaching.route.rule.influence == "local"
    if not (local and isinstance(teaching.optimiser, SGD) and teaching.clip == np.inf and not network.formula.plastic):
        return ["causal"]
    return ["causal", "fused"] if trials > 1 or teaching.decay else list(WAYS)


def costs(network: Network, steps: int) -> dict[str, float]:
    """Numbers read or written in a time step of one trial: at these sizes memory, not arithmetic, takes the time.

    ``"causal"``: about three times the second. ``"fused"``: every synapse's weight and its k traces, read and written. ``"low_rank"``: every weight once, and for
    each of the past steps that still matter (at most `HORIZON`, on average half of a shorter trial) the presynaptic
    activity and k traces and one sum of every unit, which cost half as much again as a sweep over synapses (measured).
    """
    formula, units = network.formula, network.units
    states, ports = len(formula.states), len(formula.ports)
    synapses = network.recurrent.size + network.input.size + network.bias.size
    past = min(steps / 2, HORIZON)
    return {
        "causal": 3 * synapses * (2 + 2 * states),
        "fused": synapses * (2 + 2 * states),
        "low_rank": synapses + 1.5 * past * units * (len(formula.emitted) + ports * (3 + 2 * states)),
    }
