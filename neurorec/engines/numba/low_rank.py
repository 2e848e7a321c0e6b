"""The time loop of a local rule whose weights change at every step, without a trace per synapse; copied as kernels.py is.

With weights W0 at the start of a stretch, presynaptic activity o(r-1) of its steps r, and the postsynaptic part Z_r of
the trace that step r began (Z_r(r) = F(r), then Z_r(t) = D(t) Z_r(t-1)), the weights are at every moment

    W(t) = W0 + rate sum_r G_r(t) o(r-1)^T,    G_r(t) = sum over s <= t of signal(s) Z_r(s)

exactly, so that W(t) o costs one product with W0 and an inner product for each r, and a step N numbers for each r that
is still alive instead of N x N. Every so often the sum is folded into W0. One trial at a time, without weight decay.
"""

from __future__ import annotations

import numpy as np

from .causal import read, teach  # pyright: ignore[reportMissingImports]
from .fused import shift  # pyright: ignore[reportMissingImports]
from .teaching import error  # pyright: ignore[reportMissingImports]
from .unit import compiled, jacobian, output, pull_output, real, step  # pyright: ignore[reportMissingImports]

FOLD = 128  # steps between two foldings: a folding costs one large product, not folding costs two small ones a step
FAINT = real(3e-8)  # of its beginning: what a float32 sum of traces can no longer show


@compiled
def drive_past(recurrent, input_, bias, recurrent_ports, external_ports, rates, heard, external, noise, past, first, drives):
    """u(t) of one trial, ports (P, N), from W0, Win0, b0 and what they have learnt since.

    heard (R+1, K N) and external (R+1, I): presynaptic activity of the steps r since the last folding, now last;
    past (P, T, N) is G, from `first` on; noise (D N,).
    """
    units, now = drives.shape[1], heard.shape[0] - 1
    last = first + now
    product = np.dot(recurrent, heard[now])
    from_units = np.dot(heard[:now], heard[now]) * rates[0]
    from_input = np.empty_like(from_units)
    for r in range(now):
        total = rates[2]
        for i in range(external.shape[1]):
            total += rates[1] * external[r, i] * external[now, i]
        from_input[r] = total
    drives[:] = real(0)
    for d in range(recurrent_ports.shape[0]):
        p, e = recurrent_ports[d], external_ports[d]
        if p >= 0:
            drives[p] += product[d * units : (d + 1) * units]
            drives[p] += np.dot(from_units, past[p, first:last])
        if e >= 0:
            for n in range(units):
                row = d * units + n
                total = bias[row] + noise[row]
                for i in range(external.shape[1]):
                    total += input_[row, i] * external[now, i]
                drives[e, n] += total
            drives[e] += np.dot(from_input, past[e, first:last])


@compiled
def age(post, past, decay, adjoint, fresh):
    """Z_r <- D Z_r and G_r += signal Z_r of one r: post (k, P, N), past (P, N), decay (k k, N), adjoint (k, N), fresh (k, N)."""
    states, ports, units = post.shape
    for p in range(ports):
        for j in range(states):
            row = fresh[j]
            for n in range(units):
                row[n] = decay[j * states, n] * post[0, p, n]
            for i in range(1, states):
                keep, before = decay[j * states + i], post[i, p]
                for n in range(units):
                    row[n] += keep[n] * before[n]
        for j in range(states):
            row, kept, learnt, scale = fresh[j], post[j, p], past[p], adjoint[j]
            for n in range(units):
                kept[n] = row[n]
                learnt[n] += scale[n] * row[n]


@compiled
def fold(recurrent, input_, bias, recurrent_ports, external_ports, rates, heard, external, past, first):
    """W0 += rate sum_r G_r o(r-1)^T, from `first` on; past (P, T, N) is zero there afterwards."""
    units, last = past.shape[2], first + heard.shape[0]
    for d in range(recurrent_ports.shape[0]):
        p, e, own = recurrent_ports[d], external_ports[d], slice(d * units, (d + 1) * units)
        if p >= 0:
            recurrent[own] += np.dot(past[p, first:last].T, heard) * rates[0]
        if e >= 0:
            for r in range(heard.shape[0]):
                for n in range(units):
                    learnt = past[e, first + r, n]
                    bias[d * units + n] += rates[2] * learnt
                    for i in range(external.shape[1]):
                        input_[d * units + n, i] += rates[1] * learnt * external[r, i]
    past[:, first:last] = real(0)


@compiled
def low_rank(recurrent, input_, bias, readout, feedback, constants, recurrent_ports, external_ports, rates,
             inputs, noise, targets, share, states, drives, emitted, readouts):  # fmt: skip
    """As `fused`, for one trial and without weight decay."""
    steps, k, ports, units = share.shape[0], states.shape[1], drives.shape[1], states.shape[3]
    heard, external = emitted.reshape(steps + 1, emitted.shape[1] * units), inputs.reshape(steps, inputs.shape[2])
    post, past = np.empty((steps, k, ports, units), states.dtype), np.zeros((ports, steps, units), states.dtype)
    top, fresh = np.empty(steps, states.dtype), np.empty((k, units), states.dtype)
    decay, slope = np.empty((k * k, 1, units), states.dtype), np.empty((k * ports, 1, units), states.dtype)
    partial, signal = np.empty((0, 1, units), states.dtype), np.empty((emitted.shape[1], 1, units), states.dtype)
    adjoint = np.empty((k, 1, units), states.dtype)
    readout_change, feedback_change = np.empty_like(readout), np.empty_like(feedback)
    alive = folded = 0  # the oldest r whose trace is not yet faint, and the oldest whose G is not yet in W0
    output(states[0], constants, emitted[0])
    for t in range(steps):
        drive_past(recurrent, input_, bias, recurrent_ports, external_ports, rates, heard[folded : t + 1], external[folded : t + 1],
                   noise[t % noise.shape[0], 0], past, folded, drives[t, :, 0])  # fmt: skip
        step(states[t], drives[t], constants, states[t + 1])
        output(states[t + 1], constants, emitted[t + 1])
        read(readout, emitted[t + 1], readouts[t])
        jacobian(states[t], drives[t], constants, decay, slope, partial)
        epsilon = error(readouts[t], targets[t])
        epsilon *= share[t, 0]
        teach(readout, feedback, epsilon, emitted[t + 1], signal, readout_change, feedback_change)
        pull_output(states[t + 1], signal, constants, adjoint)
        for r in range(alive, t):
            age(post[r], past[:, r], decay[:, 0], adjoint[:, 0], fresh)
        for j in range(k):
            for p in range(ports):
                post[t, j, p] = slope[j * ports + p, 0]
                past[p, t] += adjoint[j, 0] * slope[j * ports + p, 0]
        top[t] = np.abs(post[t]).max()
        while alive < t and np.abs(post[alive]).max() < FAINT * top[alive]:
            alive += 1
        if t + 1 - folded >= FOLD + t - alive or t + 1 == steps:
            window = slice(folded, t + 1)
            fold(recurrent, input_, bias, recurrent_ports, external_ports, rates, heard[window], external[window], past, folded)
            folded = alive
        shift(readout.reshape(-1), readout_change.reshape(-1), rates[3], real(0))
        shift(feedback.reshape(-1), feedback_change.reshape(-1), rates[4], real(0))
