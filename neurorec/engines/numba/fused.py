"""The time loop of a local rule whose weights change at every step, in one pass over traces and weights; copied as kernels.py is.

For gradient descent without clipping nothing about a step's change must be known as a whole, so that each row of the
weights is traced, changed and multiplied by the next step's activity while it lies in the nearest cache: weights and
traces are read and written once a step. `causal` does every other case.

Recurrent weights and their traces are what ``.learning`` takes (dense_learning.py, sparse_learning.py). Input weights and biases are the few columns
``external (I + 1, D N)``, so that loops run along units.
"""

from __future__ import annotations

import numpy as np

from neurorec.engines.numba.arguments import Rates
from neurorec.formula.entry import entry, part

from .learning import first_drive, learn_recurrent, learn_recurrent_alone, width_of  # pyright: ignore[reportMissingImports]
from .precision import real  # pyright: ignore[reportMissingImports]
from .time_step import arrange, emit_initial, external_drive, learn_readout, scratch, step_and_teach  # pyright: ignore[reportMissingImports]


@part
def learn_external(external, external_ports, rates: Rates, weight_decay, trace, decay, slope, adjoint, x, fresh):
    """The same of input weights and biases, external (I + 1, D N); trace (I + 1, k, B, D N), fresh (k, D N) is scratch."""
    k, trials, units = adjoint.shape
    n_ports, inputs = slope.shape[0] // k, x.shape[1]
    for i in range(inputs + 1):
        rate = rates.input if i < inputs else rates.bias
        shrink = real(1) - rate * weight_decay
        for d in range(external_ports.shape[0]):
            q, first = external_ports[d], d * units
            for n in range(first, first + units):
                external[i, n] *= shrink
            if q < 0:
                continue
            for b in range(trials):
                pre = x[b, i] if i < inputs else real(1)
                for j in range(k):
                    for n in range(units):
                        fresh[j, n] = slope[j * n_ports + q, b, n] * pre
                    for c in range(k):
                        for n in range(units):
                            fresh[j, n] += decay[j * k + c, b, n] * trace[i, c, b, first + n]
                for j in range(k):
                    for n in range(units):
                        trace[i, j, b, first + n] = fresh[j, n]
                        external[i, first + n] += rate * adjoint[j, b, n] * fresh[j, n]


@entry
def fused(unit, learning, constants, recurrent, external, readout, feedback, recurrent_ports, external_ports, rates, weight_decay, trace,
          inputs, noise, targets, loss_weight, states, drives, emitted, readouts):  # fmt: skip
    """Step, compare, trace and change, for every step of some trials; weights change in place.

    recurrent and trace, of zeros, as ``.learning`` takes them; external (I + 1, D N), readout and feedback (O, K N); rates (5,) as `Rates` has
    them; the rest as in `time_step`.
    """
    rate = Rates(rates[0], rates[1], rates[2], rates[3], rates[4])
    steps, trials = loss_weight.shape
    (k, _, units), kind = states.shape[1:], states.dtype
    own, after = scratch(states, drives, emitted, readouts, 0), np.empty(drives.shape[1:], kind)
    shrink = real(1) - rate.recurrent * weight_decay
    decay, slope, _, _, adjoint, error, _ = own
    external_trace = np.zeros((external.shape[0], k, trials, external.shape[1]), kind)
    width = width_of(recurrent, emitted)
    fresh, fresh_external = np.empty((k, width), kind), np.empty((k, units), kind)
    presynaptic, coming = np.zeros((trials, width), kind), np.zeros((trials, width), kind)
    emit_initial(unit, constants, states, emitted)
    arrange(emitted[0], coming)
    first_drive(recurrent, recurrent_ports, coming, drives[0])
    for t in range(steps):
        presynaptic, coming = coming, presynaptic
        external_drive(external, external_ports, inputs[t], noise[t % noise.shape[0]], drives[t])
        step_and_teach(unit, learning, constants, readout, feedback, states, drives, emitted, readouts, targets, loss_weight, t, own)
        arrange(emitted[t + 1], coming)
        following = drives[t + 1] if t + 1 < steps else after
        if k == 1 and trials == 1:
            learn_recurrent_alone(
                recurrent, recurrent_ports, rate.recurrent, shrink, trace, decay, slope, adjoint, presynaptic, coming, following
            )
        else:
            learn_recurrent(
                recurrent, recurrent_ports, rate.recurrent, shrink, trace, decay, slope, adjoint, presynaptic, coming, fresh, following
            )
        learn_external(external, external_ports, rate, weight_decay, external_trace, decay, slope, adjoint, inputs[t], fresh_external)
        learn_readout(readout, feedback, error, emitted[t + 1], rate, weight_decay)
