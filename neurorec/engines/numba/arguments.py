"""What the compiled loops take, by name. Entries take the tuples' arrays in that order and make the tuples; only `causal` takes them whole.

T steps, B trials, N units, I inputs, O readouts; k states, D drives, K outputs and P ports of a unit, Q plastic parameters. Sources that
name a class here are compiled again when this file changes (`neurorec.formula.sources`): machine code finds fields by their order.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Ports(NamedTuple):
    """Port of the recurrent and of the external part of each drive, (D,) each; -1 where the drive has no such part."""

    recurrent: np.ndarray
    external: np.ndarray


class Trial(NamedTuple):
    """What a trial fills.

    Attributes
    ----------
    states : (T + 1, k, B, N) array
    drives : (T, P, B, N) array
    emitted : (T + 1, K, B, N) array
        Which may be the states themselves, where a unit shows its only state.
    readout : (T, B, O) array
    """

    states: np.ndarray
    drives: np.ndarray
    emitted: np.ndarray
    readout: np.ndarray


class Input(NamedTuple):
    """What comes in from outside: inputs (T, B, I), and noise (T or 0, B, D N)."""

    inputs: np.ndarray
    noise: np.ndarray


class ForwardWeights(NamedTuple):
    """Weights as `forward` multiplies by them.

    Attributes
    ----------
    recurrent, input, readout : arrays
        Packed W^T (D K, ...), Win^T (D, ...) and Wout^T (K, ...).
    bias : (D N,) array
    readout_rows : (O, K N) array
        Wout as it is.
    """

    recurrent: np.ndarray
    input: np.ndarray
    readout: np.ndarray
    bias: np.ndarray
    readout_rows: np.ndarray


class BackwardWeights(NamedTuple):
    """Weights as `reverse_scan` multiplies by them: packed W (K D, ...) and B^T (K, ...)."""

    recurrent: np.ndarray
    feedback: np.ndarray


class Adjoint(NamedTuple):
    """What the reverse scan fills: F^T R of each step, (P, T or fewer, B, N), and G^T R summed over time, (Q, B, N)."""

    drives: np.ndarray
    parameters: np.ndarray


class Presynaptic(NamedTuple):
    """Presynaptic activity of a trial: o ((T + 1) B, K N) from the initial state on, and x (T B, I)."""

    emitted: np.ndarray
    inputs: np.ndarray


class Factors(NamedTuple):
    """Both sides of the products over R trials and steps that are a weight change.

    Attributes
    ----------
    recurrent, external : (R, N) arrays
        Postsynaptic: F^T R by the recurrent and the external part of a drive, which most cells have in one.
    error : (R, O) array
    before, after : (R or more, M) arrays
        o(t-1) and o(t), M = K N.
    inputs : (R, I) array
    """

    recurrent: np.ndarray
    external: np.ndarray
    error: np.ndarray
    before: np.ndarray
    after: np.ndarray
    inputs: np.ndarray


class Change(NamedTuple):
    """Changes of one drive's weights (D N for N, of all drives): dW (N, M), dWin^T (I, N), db (N,), dWout (O, M)."""

    recurrent: np.ndarray
    input: np.ndarray
    bias: np.ndarray
    readout: np.ndarray


class Lesson(NamedTuple):
    """A trial from which weights learn at every step.

    Attributes
    ----------
    inputs : (T, B, I) array
    noise : (T or 1, B, D N) array
        One step stands for all where there is none.
    targets : (T, B, O) array
    share : (T, B) array
        Each step's share of the loss.
    """

    inputs: np.ndarray
    noise: np.ndarray
    targets: np.ndarray
    share: np.ndarray


class OnlineWeights(NamedTuple):
    """Weights as `fused` and `low_rank` change them.

    Attributes
    ----------
    recurrent : (D N, M) array
        Rows that begin on a cache line; columns from K N on are zero.
    external : (I + 1, D N) array
        Input weights transposed, and biases.
    readout, feedback : (O, K N) arrays
        The feedback transposed.
    """

    recurrent: np.ndarray
    external: np.ndarray
    readout: np.ndarray
    feedback: np.ndarray


class Rates(NamedTuple):
    """Learning rate of each kind of weight, numbers of the loop's float type."""

    recurrent: np.floating
    input: np.floating
    bias: np.floating
    readout: np.floating
    feedback: np.floating


class Scratch(NamedTuple):
    """What a step computes on its way, of each trial and unit.

    Attributes
    ----------
    decay : (k k, B, N) array
        D = ds(t)/ds(t-1), a unit's own.
    slope : (k P, B, N) array
        F = ds(t)/du(t).
    partial : (k Q, B, N) array
        G = ds(t)/dtheta.
    signal : (K, B, N) array
        B eps(t), the learning signal of each output.
    adjoint : (k, B, N) array
        O^T B eps(t), that of each state.
    error : (B, O) array
        eps(t), minus dL/dy(t).
    matrix : (O, K N) array
        B transposed.
    """

    decay: np.ndarray
    slope: np.ndarray
    partial: np.ndarray
    signal: np.ndarray
    adjoint: np.ndarray
    error: np.ndarray
    matrix: np.ndarray


class Past(NamedTuple):
    """What `low_rank` remembers of past steps; of C rows, which are more than are in use, the first is the oldest step.

    Attributes
    ----------
    presynaptic : (C, B, M) array
        o(r-1).
    outside : (C, B, I + 1) array
        [x(r) | 1].
    traces : (C, k, P, B, N) array
        Z_r, the postsynaptic part of a trace.
    sums : (P, C, B, N) array
        G_r, the sum of the signal times Z_r.
    beginning : (C,) array
        The largest entry of Z_r when it began.
    """

    presynaptic: np.ndarray
    outside: np.ndarray
    traces: np.ndarray
    sums: np.ndarray
    beginning: np.ndarray


class Blocks(NamedTuple):
    """Views of a flat vector of weights (or of their changes), a kind each.

    Attributes
    ----------
    recurrent, input, bias : (D N, K N), (D N, I), (D N,) arrays
    readout, feedback : (O, K N), (K N, O) arrays
    parameters : (Q', N) array
        All parameters of the units, plastic or not.
    """

    recurrent: np.ndarray
    input: np.ndarray
    bias: np.ndarray
    readout: np.ndarray
    feedback: np.ndarray
    parameters: np.ndarray


class PlasticWeights(NamedTuple):
    """Weights as `causal` changes them, by any optimiser.

    Attributes
    ----------
    vector, rates : (W,) arrays
        All weights, and their learning rates.
    least : (Q', N) array
        Smallest value of each parameter of the units.
    slots : (S, W) array
        What the optimiser remembers.
    blocks, changes : Blocks
        Of `vector`, and of a vector of their changes, zeros.
    change : (W,) array
        That vector.
    plastic : (Q,) array
        Rows of the plastic parameters.
    """

    vector: np.ndarray
    rates: np.ndarray
    least: np.ndarray
    slots: np.ndarray
    blocks: Blocks
    change: np.ndarray
    changes: Blocks
    plastic: np.ndarray


class Descent(NamedTuple):
    """How `causal` makes an update of a change.

    Attributes
    ----------
    clip : float
        Largest norm of a change.
    decay : float
        Weights shrink by rate times it.
    settings : (n,) float64 array
        The optimiser's.
    count : int
        Updates before the first.
    """

    clip: float
    decay: float
    settings: np.ndarray
    count: int


class Units(NamedTuple):
    """Parameters of the units and dt, (Q' + 1, 1, N), and what follows from them, constants (C, N): both filled by the loop."""

    parameters: np.ndarray
    constants: np.ndarray


class Influence(NamedTuple):
    """What `causal` carries along and works with.

    Attributes
    ----------
    memory : (B, k, weights) or (B, k N, weights) array
        Traces of a local rule, or the influence of every weight on every unit's states.
    spare : (k or k N, weights) array
    mixing : (k or k N, the same) array
        D + F W O.
    gain : (K k, B, N) array
        O = do/ds.
    presynaptic : (B, M) array
        [o(t-1) | x(t) | 1], M = K N + I + 1.
    total : (weights,) array
    feedback : (O, K N) array
        The feedback transposed.
    """

    memory: np.ndarray
    spare: np.ndarray
    mixing: np.ndarray
    gain: np.ndarray
    presynaptic: np.ndarray
    total: np.ndarray
    feedback: np.ndarray
