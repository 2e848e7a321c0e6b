"""What compiled loops pass to their parts, by name: tuples that are made before a loop over time, or once in many steps.

Not what Python passes to a loop, and not what a part takes that runs at every step: these are plain arrays. On 2 shared x86-64 cores, for 32
units and one trial, a named tuple that comes from Python took Numba 33 us to type, where a call with a trial of one step takes 35 us; tuples
handed to the parts of a step made it take 0.54 us in place of 0.29 us, as fields are counted as owners of memory when they are read; and a
tuple that a loop carries along, 0.2 us more. Parts that are `inlined` may take one, as it is taken apart where they stand.

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
