"""The time loop of a local rule whose weights change at every step, without a trace per synapse; copied as kernels.py is.

With weights W0 at the start of a stretch, presynaptic activity o(r-1) of its steps r, and the postsynaptic part Z_r of
the trace that step r began (Z_r(r) = F(r), then Z_r(t) = D(t) Z_r(t-1)), the weights are at every moment

    W(t) = W0 + rate sum_r G_r(t) o(r-1)^T,    G_r(t) = sum over s <= t of signal(s) Z_r(s)

exactly (for several trials: summed over them as well), so that W(t) o costs one product with W0 and an inner product for
each r, and a step N numbers for each r that is still alive instead of N x N. Every so often the sum is folded into W0 and
what is no longer alive is forgotten: memory does not grow with a trial's length. Without weight decay.

Arrays over past steps: heard (C, B, M) and outside (C, B, I + 1) are presynaptic, post (C, k, P, B, N) is Z and past (P, C, B,
N) is G. The first of their C rows is the oldest step that is remembered; there is room for more than are in use.
"""

from __future__ import annotations

import numpy as np

from neurorec.formula.calls import OUTPUT, error, jacobian, output, pull_output, step
from neurorec.formula.entry import entry, part

from .answer import learn_readout, spread  # pyright: ignore[reportMissingImports]
from .fused import add_external, present  # pyright: ignore[reportMissingImports]
from .precision import real  # pyright: ignore[reportMissingImports]
from .readout import read  # pyright: ignore[reportMissingImports]

ROOM = 64  # past steps for which there is room at first
FEW = 4  # up to as many trials a product row by row beats BLAS, which waits for the weights
OFTEN = 8  # steps between two looks at which traces have become faint
FAINT = real(3e-8)  # of its beginning: what a float32 sum of traces can no longer show


@part
def present_outside(x, out):
    """[x(t) | 1] of each trial, (B, I + 1)."""
    for b in range(x.shape[0]):
        for i in range(x.shape[1]):
            out[b, i] = x[b, i]
        out[b, x.shape[1]] = real(1)


@part
def listen_now(recurrent, recurrent_ports, now, drives):
    """W0 o(t-1) to the ports of one step, (ports, B, N); now (B, M)."""
    trials, units = drives.shape[1:]
    product = np.empty((trials, units), drives.dtype)
    drives[:] = real(0)
    for d in range(recurrent_ports.shape[0]):
        p, first = recurrent_ports[d], d * units
        if p < 0:
            continue
        if trials > FEW:
            np.dot(now, recurrent[first : first + units].T, product)
            drives[p] += product
            continue
        for n in range(units):
            for b in range(trials):
                total = real(0)
                for m in range(now.shape[1]):
                    total += recurrent[first + n, m] * now[b, m]
                drives[p, b, n] += total


@part
def likeness(heard, now, out):
    """out (B, R B) = o(t-1) . o_r for all past steps of all trials; heard (R, B, M), now (B, M)."""
    steps, trials, width = heard.shape
    if trials > 1:
        np.dot(now, heard.reshape(steps * trials, width).T, out)
        return
    for r in range(steps):
        total = real(0)
        for m in range(width):
            total += heard[r, 0, m] * now[0, m]
        out[0, r] = total


@part
def add_past(weight, past, p, drives):
    """drives[p] (B, N) += weight (B, R B) times G of that port; past (P, C, B, N)."""
    trials, units = drives.shape[1:]
    steps = weight.shape[1] // trials
    if trials > 1:
        drives[p] += np.dot(weight, past[p, :steps].reshape(steps * trials, units))
        return
    fours = steps // 4 * 4  # so many at a time, as each sweep reads and writes the drives
    for r in range(0, fours, 4):
        a, b, c, d = weight[0, r], weight[0, r + 1], weight[0, r + 2], weight[0, r + 3]
        for n in range(units):
            both = a * past[p, r, 0, n] + b * past[p, r + 1, 0, n]
            drives[p, 0, n] += both + (c * past[p, r + 2, 0, n] + d * past[p, r + 3, 0, n])
    for r in range(fours, steps):
        a = weight[0, r]
        for n in range(units):
            drives[p, 0, n] += a * past[p, r, 0, n]


@part
def listen_past(recurrent_ports, external_ports, rates, heard, outside, now, now_outside, past, drives):
    """rate sum_r G_r (o_r . o(t-1)), and the same of the inputs, added to the ports of one step.

    heard (R, B, M), outside (R, B, I + 1); now (B, M) and now_outside (B, I + 1) are this step's; past (P, C, B, N).
    """
    steps, trials, inputs = outside.shape[0], outside.shape[1], outside.shape[2] - 1
    from_units = np.empty((trials, steps * trials), drives.dtype)
    from_outside = np.empty_like(from_units)
    likeness(heard, now * rates[0], from_units)
    scaled = now_outside * rates[1]
    scaled[:, inputs] = rates[2]
    likeness(outside, scaled, from_outside)
    together = from_units + from_outside
    for d in range(recurrent_ports.shape[0]):
        p, q = recurrent_ports[d], external_ports[d]
        if p >= 0:
            add_past(together if p == q else from_units, past, p, drives)
        if q >= 0 and q != p:
            add_past(from_outside, past, q, drives)


@part
def age(post, past, first, last, decay, adjoint, fresh):
    """Z_r <- D Z_r and G_r += signal Z_r of the steps from `first` to before `last`; decay (k k, B, N), adjoint (k, B, N), fresh (k, N)."""
    _, k, ports, trials, units = post.shape
    for r in range(first, last):
        for p in range(ports):
            for b in range(trials):
                if k == 1:
                    for n in range(units):
                        z = decay[0, b, n] * post[r, 0, p, b, n]
                        post[r, 0, p, b, n] = z
                        past[p, r, b, n] += adjoint[0, b, n] * z
                    continue
                for j in range(k):
                    for n in range(units):
                        fresh[j, n] = decay[j * k + j, b, n] * post[r, j, p, b, n]
                    for i in range(k):
                        if i != j:
                            for n in range(units):
                                fresh[j, n] += decay[j * k + i, b, n] * post[r, i, p, b, n]
                for j in range(k):
                    for n in range(units):
                        post[r, j, p, b, n] = fresh[j, n]
                        past[p, r, b, n] += adjoint[j, b, n] * fresh[j, n]


@part
def begin(post, past, r, slope, adjoint):
    """The trace that this step begins: Z_r = F, G_r = signal F; slope (k ports, B, N)."""
    _, k, ports, trials, units = post.shape
    past[:, r] = real(0)
    for j in range(k):
        for p in range(ports):
            for b in range(trials):
                for n in range(units):
                    z = slope[j * ports + p, b, n]
                    post[r, j, p, b, n] = z
                    past[p, r, b, n] += adjoint[j, b, n] * z


@part
def size(post, r):
    """The largest entry of Z_r, NaN if there is one."""
    largest = real(0)
    for j in range(post.shape[1]):
        for p in range(post.shape[2]):
            for b in range(post.shape[3]):
                for n in range(post.shape[4]):
                    value = abs(post[r, j, p, b, n])
                    if not value <= largest:
                        largest = value
    return largest


@part
def fold(recurrent, external, recurrent_ports, external_ports, rates, heard, outside, past, product):
    """W0 += rate sum_r G_r o_r^T; heard (R, B, M), outside (R, B, I + 1), product (N, M) is scratch."""
    steps, trials, width = heard.shape
    units = past.shape[3]
    presynaptic = heard.reshape(steps * trials, width)
    for d in range(recurrent_ports.shape[0]):
        p, q, first = recurrent_ports[d], external_ports[d], d * units
        if p >= 0:
            np.dot(past[p, :steps].reshape(steps * trials, units).T, presynaptic, product)
            for n in range(units):
                for m in range(width):
                    recurrent[first + n, m] += rates[0] * product[n, m]
        if q >= 0:
            for r in range(steps):
                for b in range(trials):
                    for i in range(external.shape[0]):
                        scale = outside[r, b, i] * (rates[1] if i + 1 < external.shape[0] else rates[2])
                        for n in range(units):
                            external[i, first + n] += scale * past[q, r, b, n]


@part
def longer(array, rows):
    """A copy with room for more rows."""
    out = np.zeros((rows, *array.shape[1:]), array.dtype)
    out[: array.shape[0]] = array
    return out


@entry
def low_rank(unit, learning, recurrent, external, readout, back, constants, recurrent_ports, external_ports, rates,
             inputs, noise, targets, loss_weight, states, drives, emitted, readouts):  # fmt: skip
    """As `fused`, without weight decay."""
    steps, trials = loss_weight.shape
    k, ports, units, n_out, width = states.shape[1], drives.shape[1], states.shape[3], emitted.shape[1], recurrent.shape[1]
    room = min(ROOM, steps)
    heard, outside = np.zeros((room, trials, width), states.dtype), np.empty((room, trials, external.shape[0]), states.dtype)
    post, past = np.empty((room, k, ports, trials, units), states.dtype), np.empty((ports, room, trials, units), states.dtype)
    top, product = np.empty(room, states.dtype), np.empty((units, width), states.dtype)
    decay, slope = np.empty((k * k, trials, units), states.dtype), np.empty((k * ports, trials, units), states.dtype)
    partial, signal = np.empty((0, trials, units), states.dtype), np.empty((n_out, trials, units), states.dtype)
    adjoint, fresh = np.empty((k, trials, units), states.dtype), np.empty((k, units), states.dtype)
    alive = now = 0  # rows of the oldest trace that is not yet faint, and of this step's
    epsilon, matrix = np.empty((trials, readout.shape[0]), states.dtype), np.empty_like(readout)
    if unit[OUTPUT] != 0:
        output(unit, states[0], constants, emitted[0], 0, trials)
    for t in range(steps):
        present(emitted[t], heard[now])
        present_outside(inputs[t], outside[now])
        listen_now(recurrent, recurrent_ports, heard[now], drives[t])
        if now > 0:
            listen_past(recurrent_ports, external_ports, rates, heard[:now], outside[:now], heard[now], outside[now], past, drives[t])
        add_external(external, external_ports, inputs[t], noise[t % noise.shape[0]], drives[t])
        step(unit, states[t], drives[t], constants, states[t + 1], 0, trials)
        if unit[OUTPUT] != 0:
            output(unit, states[t + 1], constants, emitted[t + 1], 0, trials)
        read(emitted[t + 1], readout, readouts[t], 0, trials)
        jacobian(unit, states[t], drives[t], constants, decay, slope, partial, 0, trials)
        error(learning, readouts[t], targets[t], epsilon)
        for b in range(trials):
            for o in range(epsilon.shape[1]):
                epsilon[b, o] *= loss_weight[t, b]
        spread(learning, readout, back, epsilon, matrix, signal)
        pull_output(unit, states[t + 1], signal, constants, adjoint, 0, trials)
        age(post, past, alive, now, decay, adjoint, fresh)
        begin(post, past, now, slope, adjoint)
        learn_readout(readout, back, epsilon, emitted[t + 1], rates, real(0))
        top[now] = size(post, now)
        if t % OFTEN == 0:
            while alive < now and size(post, alive) <= FAINT * top[alive]:
                alive += 1
        now += 1
        # A folding costs units x products for each past step, a step that is remembered when its trace is dead two products.
        if t + 1 == steps or (alive >= ROOM and 4 * alive * alive >= (now - alive) * units):
            fold(recurrent, external, recurrent_ports, external_ports, rates, heard[:now], outside[:now], past, product)
            for r in range(alive, now):
                heard[r - alive], outside[r - alive], post[r - alive], top[r - alive] = heard[r], outside[r], post[r], top[r]
            past[:, :now] = real(0)
            now, alive = now - alive, 0
        if now == room and t + 1 < steps:
            room *= 2
            heard, outside, post, top = longer(heard, room), longer(outside, room), longer(post, room), longer(top, room)
            spare = np.empty((ports, room, trials, units), states.dtype)
            spare[:, :now] = past
            past = spare
