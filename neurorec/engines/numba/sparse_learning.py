"""Sparse recurrent weights that change at every step, as fused.py takes them; copied beside it as ``.learning``.

Weights are those of sparse_recurrence.py, traces (B, k, S): one a trial, state and synapse. Indices have no sign, or Numba would look whether each
counts from the end.
"""

from __future__ import annotations

import numpy as np

from neurorec.formula.entry import inlined, part

from .precision import real  # pyright: ignore[reportMissingImports]


@inlined
def width_of(recurrent, emitted):
    """Numbers in a row of presynaptic activity."""
    return emitted.shape[1] * emitted.shape[3]


@inlined
def synapses_of(firsts, row):
    """Numbers of a row's synapses."""
    return range(np.uint64(firsts[row]), np.uint64(firsts[row + 1]))


@part
def received(recurrent, row, coming):
    """W o(t) of one row and one trial, coming (M,)."""
    values, firsts, pre = recurrent
    total = real(0)
    for s in synapses_of(firsts, row):
        total += values[s] * coming[np.uint64(pre[s])]
    return total


@part
def first_drive(recurrent, recurrent_ports, presynaptic, drives):
    """As `time_step.recurrent_drive`."""
    units = drives.shape[2]
    drives[:] = real(0)
    for row in range(recurrent[1].shape[0] - 1):
        p = recurrent_ports[row // units]
        if p >= 0:
            for b in range(presynaptic.shape[0]):
                drives[p, b, row % units] += received(recurrent, row, presynaptic[b])


@part
def learn_recurrent_alone(recurrent, recurrent_ports, rate, shrink, trace, decay, slope, adjoint, presynaptic, coming, drives):
    """As dense_learning.py has it, for units of one state in one trial: one sweep a row."""
    (values, firsts, pre), units, traces = recurrent, drives.shape[2], trace[0, 0]
    before, now = presynaptic[0], coming[0]
    drives[:] = real(0)
    for row in range(firsts.shape[0] - 1):
        p, n = recurrent_ports[row // units], row % units
        keep, gain, scale, total = decay[0, 0, n], slope[max(p, 0), 0, n], rate * adjoint[0, 0, n], real(0)
        if p < 0:
            keep, gain, scale = real(0), real(0), real(0)
        for s in synapses_of(firsts, row):
            unit = np.uint64(pre[s])
            e = keep * traces[s] + gain * before[unit]
            traces[s] = e
            w = shrink * values[s] + scale * e
            values[s] = w
            total += w * now[unit]
        if p >= 0:
            drives[p, 0, n] += total


@part
def learn_recurrent(recurrent, recurrent_ports, rate, shrink, trace, decay, slope, adjoint, presynaptic, coming, fresh, drives):
    """e <- D e + F o(t-1), W <- shrink W + rate signal e where a synapse is, and W o(t), as dense_learning.py has it; fresh (k, M) is scratch."""
    (values, firsts, pre), (k, trials, units), n_ports = recurrent, adjoint.shape, drives.shape[0]
    drives[:] = real(0)
    for row in range(firsts.shape[0] - 1):
        p, n = recurrent_ports[row // units], row % units
        for s in synapses_of(firsts, row):
            values[s] *= shrink
        if p < 0:  # no unit acts through it: nothing is learnt
            continue
        for b in range(trials):
            for s in synapses_of(firsts, row):
                before = presynaptic[b, np.uint64(pre[s])]
                for j in range(k):
                    e = slope[j * n_ports + p, b, n] * before
                    for i in range(k):
                        e += decay[j * k + i, b, n] * trace[b, i, s]
                    fresh[j, 0] = e
                for j in range(k):
                    trace[b, j, s] = fresh[j, 0]
                    values[s] += rate * adjoint[j, b, n] * fresh[j, 0]
        for b in range(trials):
            drives[p, b, n] += received(recurrent, row, coming[b])
