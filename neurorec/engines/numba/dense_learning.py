"""Recurrent weights between all units that change at every step, as fused.py takes them; copied beside it as ``.learning``.

Rows of weights (D N, M) and traces (D N, B, k, M) begin on a cache line, so that their width M is K N rounded up; the surplus is zero.
"""

from __future__ import annotations

from neurorec.formula.entry import inlined, part

from .precision import real  # pyright: ignore[reportMissingImports]
from .time_step import recurrent_drive  # pyright: ignore[reportMissingImports]

first_drive = recurrent_drive


@inlined
def width_of(recurrent, emitted):
    """Numbers in a row of presynaptic activity."""
    return recurrent.shape[1]


@part
def learn_recurrent_alone(recurrent, recurrent_ports, rate, shrink, trace, decay, slope, adjoint, presynaptic, coming, drives):
    """As `learn_recurrent`, for units of one state in one trial: one sweep a row."""
    units, width = drives.shape[2], recurrent.shape[1]
    drives[:] = real(0)
    for d in range(recurrent_ports.shape[0]):
        p, first = recurrent_ports[d], d * units
        if p < 0:
            recurrent[first : first + units] *= shrink
            continue
        for n in range(units):
            keep, gain, scale, total = decay[0, 0, n], slope[p, 0, n], rate * adjoint[0, 0, n], real(0)
            for m in range(width):
                e = keep * trace[first + n, 0, 0, m] + gain * presynaptic[0, m]
                trace[first + n, 0, 0, m] = e
                w = shrink * recurrent[first + n, m] + scale * e
                recurrent[first + n, m] = w
                total += w * coming[0, m]
            drives[p, 0, n] += total


@part
def learn_recurrent(recurrent, recurrent_ports, rate, shrink, trace, decay, slope, adjoint, presynaptic, coming, fresh, drives):
    """e <- D e + F o(t-1)^T, W <- shrink W + rate signal e, and W o(t), the recurrent part of the next drives (P, B, N).

    trace (D N, B, k, M), decay (k k, B, N), slope (k P, B, N), adjoint (k, B, N), presynaptic (B, M), o(t-1), and coming (B, M), o(t);
    fresh (k, M) is scratch.
    """
    k, trials, units = adjoint.shape
    n_ports, width = drives.shape[0], recurrent.shape[1]
    drives[:] = real(0)
    for row in range(recurrent.shape[0]):
        d = row // units
        n, p = row - d * units, recurrent_ports[d]
        for m in range(width):
            recurrent[row, m] *= shrink
        if p < 0:  # no unit acts through it: nothing is learnt
            continue
        for b in range(trials):
            if k == 1:
                keep, gain, scale = decay[0, b, n], slope[p, b, n], rate * adjoint[0, b, n]
                for m in range(width):
                    e = keep * trace[row, b, 0, m] + gain * presynaptic[b, m]
                    trace[row, b, 0, m] = e
                    recurrent[row, m] += scale * e
                continue
            for j in range(k):
                keep, gain = decay[j * k + j, b, n], slope[j * n_ports + p, b, n]
                for m in range(width):
                    fresh[j, m] = keep * trace[row, b, j, m] + gain * presynaptic[b, m]
                for i in range(k):
                    keep = decay[j * k + i, b, n]
                    if i != j and keep != real(0):
                        for m in range(width):
                            fresh[j, m] += keep * trace[row, b, i, m]
            for j in range(k):
                scale = rate * adjoint[j, b, n]
                for m in range(width):
                    trace[row, b, j, m] = fresh[j, m]
                    recurrent[row, m] += scale * fresh[j, m]
        for b in range(trials):
            total = real(0)
            for m in range(width):
                total += recurrent[row, m] * coming[b, m]
            drives[p, b, n] += total
