"""The time loop of a local rule whose weights change at every step, in one pass over traces and weights; copied as kernels.py is.

For gradient descent without clipping nothing about a step's change must be known as a whole, so that each row of the
weights is traced, changed and multiplied by the next step's activity while it lies in the nearest cache: weights and
traces are read and written once a step. `causal` does every other case.

Rows of recurrent weights and traces begin on a cache line, so that their width is rounded up; the surplus is zero. Input
weights and biases are the few columns ``external (I + 1, D N)``, so that loops run along units.
"""

from __future__ import annotations

import numpy as np

from neurorec.engines.numba.arguments import Lesson, OnlineWeights, Ports, Rates, Scratch, Trial
from neurorec.formula.entry import entry, part

from .precision import real  # pyright: ignore[reportMissingImports]
from .time_step import arrange, emit_initial, external_drive, learn_readout, recurrent_drive, scratch, step_and_teach  # pyright: ignore[reportMissingImports]


@part
def learn_recurrent_alone(recurrent, ports: Ports, rate, shrink, trace, own: Scratch, presynaptic, coming, drives):
    """As `learn_recurrent`, for units of one state in one trial: one sweep a row."""
    units, width = drives.shape[2], recurrent.shape[1]
    drives[:] = real(0)
    for d in range(ports.recurrent.shape[0]):
        p, first = ports.recurrent[d], d * units
        if p < 0:
            recurrent[first : first + units] *= shrink
            continue
        for n in range(units):
            keep, gain, scale, total = own.decay[0, 0, n], own.slope[p, 0, n], rate * own.adjoint[0, 0, n], real(0)
            for m in range(width):
                e = keep * trace[first + n, 0, 0, m] + gain * presynaptic[0, m]
                trace[first + n, 0, 0, m] = e
                w = shrink * recurrent[first + n, m] + scale * e
                recurrent[first + n, m] = w
                total += w * coming[0, m]
            drives[p, 0, n] += total


@part
def learn_by_one_trace(recurrent, row, rate, trace, own: Scratch, p, b, n, presynaptic):
    """The trace of one unit's synapses in trial b, e <- D e + F o(t-1)^T, and W += rate signal e; for units of one state."""
    keep, gain, scale = own.decay[0, b, n], own.slope[p, b, n], rate * own.adjoint[0, b, n]
    for m in range(recurrent.shape[1]):
        e = keep * trace[row, b, 0, m] + gain * presynaptic[b, m]
        trace[row, b, 0, m] = e
        recurrent[row, m] += scale * e


@part
def learn_by_traces(recurrent, row, rate, trace, own: Scratch, p, b, n, presynaptic, fresh):
    """The same for units of several states, whose traces feed one another; fresh (k, M) is scratch."""
    k, width = own.adjoint.shape[0], recurrent.shape[1]
    ports = own.slope.shape[0] // k
    for j in range(k):
        keep, gain = own.decay[j * k + j, b, n], own.slope[j * ports + p, b, n]
        for m in range(width):
            fresh[j, m] = keep * trace[row, b, j, m] + gain * presynaptic[b, m]
        for i in range(k):
            keep = own.decay[j * k + i, b, n]
            if i != j and keep != real(0):
                for m in range(width):
                    fresh[j, m] += keep * trace[row, b, i, m]
    for j in range(k):
        scale = rate * own.adjoint[j, b, n]
        for m in range(width):
            trace[row, b, j, m] = fresh[j, m]
            recurrent[row, m] += scale * fresh[j, m]


@part
def learn_recurrent(recurrent, ports: Ports, rate, shrink, trace, own: Scratch, presynaptic, coming, fresh, drives):
    """e <- D e + F o(t-1)^T, W <- shrink W + rate signal e, and W o(t), the recurrent part of the next drives (P, B, N).

    recurrent (D N, M), trace (D N, B, k, M), presynaptic (B, M), o(t-1), and coming (B, M), o(t); fresh (k, M) is scratch.
    """
    k, trials, units = own.adjoint.shape
    drives[:] = real(0)
    for row in range(recurrent.shape[0]):
        d = row // units
        n, p = row - d * units, ports.recurrent[d]
        for m in range(recurrent.shape[1]):
            recurrent[row, m] *= shrink
        if p < 0:  # no unit acts through it: nothing is learnt
            continue
        for b in range(trials):
            if k == 1:
                learn_by_one_trace(recurrent, row, rate, trace, own, p, b, n, presynaptic)
            else:
                learn_by_traces(recurrent, row, rate, trace, own, p, b, n, presynaptic, fresh)
        for b in range(trials):
            total = real(0)
            for m in range(recurrent.shape[1]):
                total += recurrent[row, m] * coming[b, m]
            drives[p, b, n] += total


@part
def learn_channel(external, i, first, q, rate, trace, own: Scratch, b, pre, fresh):
    """Row i of the input weights (or biases) of one drive's N units from `first` on, in trial b, by their traces; pre is x_i(t), or 1."""
    k, _, units = own.adjoint.shape
    ports = own.slope.shape[0] // k
    for j in range(k):
        for n in range(units):
            fresh[j, n] = own.slope[j * ports + q, b, n] * pre
        for c in range(k):
            for n in range(units):
                fresh[j, n] += own.decay[j * k + c, b, n] * trace[i, c, b, first + n]
    for j in range(k):
        for n in range(units):
            trace[i, j, b, first + n] = fresh[j, n]
            external[i, first + n] += rate * own.adjoint[j, b, n] * fresh[j, n]


@part
def learn_external(external, ports: Ports, rates: Rates, weight_decay, trace, own: Scratch, x, fresh):
    """The same of input weights and biases, external (I + 1, D N); trace (I + 1, k, B, D N), x (B, I); fresh (k, N) is scratch."""
    trials, units = own.adjoint.shape[1:]
    inputs = x.shape[1]
    for i in range(inputs + 1):
        rate = rates.input if i < inputs else rates.bias
        shrink = real(1) - rate * weight_decay
        for d in range(ports.external.shape[0]):
            q, first = ports.external[d], d * units
            for n in range(first, first + units):
                external[i, n] *= shrink
            if q < 0:
                continue
            for b in range(trials):
                learn_channel(external, i, first, q, rate, trace, own, b, x[b, i] if i < inputs else real(1), fresh)


@part
def run_fused(
    unit, teaching, constants, weights: OnlineWeights, ports: Ports, rates: Rates, weight_decay, trace, lesson: Lesson, trial: Trial
):
    """Step, compare, trace and change, for every step of some trials; weights change in place.

    trace (D N, B, k, M) of zeros. Fills all of `trial` from states[0].
    """
    recurrent, external, readout, feedback = weights
    steps, trials = lesson.share.shape
    (k, _, units), kind = trial.states.shape[1:], trial.states.dtype
    own, after, shrink = scratch(trial, 0), np.empty(trial.drives.shape[1:], kind), real(1) - rates.recurrent * weight_decay
    external_trace = np.zeros((external.shape[0], k, trials, external.shape[1]), kind)
    fresh, fresh_external = np.empty((k, recurrent.shape[1]), kind), np.empty((k, units), kind)
    presynaptic, coming = np.zeros((trials, recurrent.shape[1]), kind), np.zeros((trials, recurrent.shape[1]), kind)
    emit_initial(unit, constants, trial)
    arrange(trial.emitted[0], coming)
    recurrent_drive(recurrent, ports, coming, trial.drives[0])
    for t in range(steps):
        presynaptic, coming = coming, presynaptic
        external_drive(external, ports, lesson.inputs[t], lesson.noise[t % lesson.noise.shape[0]], trial.drives[t])
        step_and_teach(unit, teaching, constants, readout, feedback, lesson, trial, t, own)
        arrange(trial.emitted[t + 1], coming)
        following = trial.drives[t + 1] if t + 1 < steps else after
        if k == 1 and trials == 1:
            learn_recurrent_alone(recurrent, ports, rates.recurrent, shrink, trace, own, presynaptic, coming, following)
        else:
            learn_recurrent(recurrent, ports, rates.recurrent, shrink, trace, own, presynaptic, coming, fresh, following)
        learn_external(external, ports, rates, weight_decay, external_trace, own, lesson.inputs[t], fresh_external)
        learn_readout(readout, feedback, own.error, trial.emitted[t + 1], rates, weight_decay)


@entry
def fused(unit, teaching, constants, recurrent, external, readout, feedback, recurrent_ports, external_ports, rates, weight_decay, trace, 
          inputs, noise, targets, share, states, drives, emitted, readouts):  # fmt: skip
    """`run_fused`, called with the tuples' arrays one by one: Numba takes microseconds to type a tuple that comes from Python."""
    run_fused(unit, teaching, constants, OnlineWeights(recurrent, external, readout, feedback), Ports(recurrent_ports, external_ports),
              Rates(rates[0], rates[1], rates[2], rates[3], rates[4]), weight_decay, trace, Lesson(inputs, noise, targets, share),
              Trial(states, drives, emitted, readouts))  # fmt: skip
