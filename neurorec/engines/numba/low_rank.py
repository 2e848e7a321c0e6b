"""The time loop of a local rule whose weights change at every step, without a trace per synapse; copied as kernels.py is.

With weights W0 at the start of a stretch, presynaptic activity o(r-1) of its steps r, and the postsynaptic part Z_r of
the trace that step r began (Z_r(r) = F(r), then Z_r(t) = D(t) Z_r(t-1)), the weights are at every moment

    W(t) = W0 + rate sum_r G_r(t) o(r-1)^T,    G_r(t) = sum over s <= t of signal(s) Z_r(s)

exactly (for several trials: summed over them as well), so that W(t) o costs one product with W0 and an inner product for
each r, and a step N numbers for each r that is still alive instead of N x N. Every so often the sum is folded into W0 and
what is no longer alive is forgotten: memory does not grow with a trial's length. Without weight decay.

`Past` is what is remembered of past steps.
"""

from __future__ import annotations

import numpy as np

from neurorec.engines.numba.arguments import Past, Rates
from neurorec.formula.entry import entry, inlined, part

from .precision import real  # pyright: ignore[reportMissingImports]
from .time_step import arrange, emit_initial, external_drive, learn_readout, recurrent_drive, scratch, step_and_teach  # pyright: ignore[reportMissingImports]

ROOM = 64  # past steps for which there is room at first
FEW = 4  # up to as many trials a product row by row beats BLAS, which waits for the weights
OFTEN = 8  # steps between two looks at which traces have become faint
FAINT = real(3e-8)  # of its beginning: what a float32 sum of traces can no longer show


@inlined
def room_for_past(rows, recurrent, external, states, drives):
    """Arrays for so many past steps; recurrent (D N, M), external (I + 1, D N)."""
    (k, trials, units), ports, kind = states.shape[1:], drives.shape[1], states.dtype
    presynaptic, outside = np.zeros((rows, trials, recurrent.shape[1]), kind), np.empty((rows, trials, external.shape[0]), kind)
    traces, sums = np.empty((rows, k, ports, trials, units), kind), np.empty((ports, rows, trials, units), kind)
    return Past(presynaptic, outside, traces, sums, np.empty(rows, kind))


@part
def arrange_outside(x, outside):
    """[x(t) | 1] of each trial, (B, I + 1)."""
    for b in range(x.shape[0]):
        for i in range(x.shape[1]):
            outside[b, i] = x[b, i]
        outside[b, x.shape[1]] = real(1)


@part
def recurrent_drive_by_blas(recurrent, recurrent_ports, presynaptic, drives):
    """`recurrent_drive` of many trials: recurrent (D N, M), presynaptic (B, M), drives (P, B, N)."""
    trials, units = drives.shape[1:]
    product = np.empty((trials, units), drives.dtype)
    drives[:] = real(0)
    for d in range(recurrent_ports.shape[0]):
        p, first = recurrent_ports[d], d * units
        if p >= 0:
            np.dot(presynaptic, recurrent[first : first + units].T, product)
            drives[p] += product


@part
def gram(past, now, products):
    """products (B, R B) = o(t-1) . o_r for all past steps of all trials: a row of their Gram matrix; past (R, B, M), now (B, M)."""
    steps, trials, width = past.shape
    if trials > 1:
        np.dot(now, past.reshape(steps * trials, width).T, products)
        return
    for r in range(steps):
        total = real(0)
        for m in range(width):
            total += past[r, 0, m] * now[0, m]
        products[0, r] = total


@part
def add_past(weight, sums, p, drives):
    """drives[p] (B, N) += weight (B, R B) times G of that port; sums (P, C, B, N)."""
    trials, units = drives.shape[1:]
    steps = weight.shape[1] // trials
    if trials > 1:
        drives[p] += np.dot(weight, sums[p, :steps].reshape(steps * trials, units))
        return
    fours = steps // 4 * 4  # so many at a time, as each sweep reads and writes the drives
    for r in range(0, fours, 4):
        a, b, c, d = weight[0, r], weight[0, r + 1], weight[0, r + 2], weight[0, r + 3]
        for n in range(units):
            both = a * sums[p, r, 0, n] + b * sums[p, r + 1, 0, n]
            drives[p, 0, n] += both + (c * sums[p, r + 2, 0, n] + d * sums[p, r + 3, 0, n])
    for r in range(fours, steps):
        a = weight[0, r]
        for n in range(units):
            drives[p, 0, n] += a * sums[p, r, 0, n]


@part
def drive_by_past(recurrent_ports, external_ports, rates: Rates, presynaptic, outside, sums, now, drives):
    """rate sum_r G_r (o_r . o(t-1)), and the same of the inputs, added to the ports of one step, drives (P, B, N); row `now` is this step's."""
    trials, inputs = outside.shape[1], outside.shape[2] - 1
    from_units = np.empty((trials, now * trials), drives.dtype)
    from_outside = np.empty_like(from_units)
    gram(presynaptic[:now], presynaptic[now] * rates.recurrent, from_units)
    scaled = outside[now] * rates.input
    scaled[:, inputs] = rates.bias
    gram(outside[:now], scaled, from_outside)
    together = from_units + from_outside
    for d in range(recurrent_ports.shape[0]):
        p, q = recurrent_ports[d], external_ports[d]
        if p >= 0:
            add_past(together if p == q else from_units, sums, p, drives)
        if q >= 0 and q != p:
            add_past(from_outside, sums, q, drives)


@part
def age(traces, sums, first, last, decay, adjoint, fresh):
    """Z_r <- D Z_r and G_r += signal Z_r of the steps from `first` to before `last`; fresh (k, N) is scratch."""
    _, k, ports, trials, units = traces.shape
    for r in range(first, last):
        for p in range(ports):
            for b in range(trials):
                if k == 1:
                    for n in range(units):
                        z = decay[0, b, n] * traces[r, 0, p, b, n]
                        traces[r, 0, p, b, n] = z
                        sums[p, r, b, n] += adjoint[0, b, n] * z
                    continue
                for j in range(k):
                    for n in range(units):
                        fresh[j, n] = decay[j * k + j, b, n] * traces[r, j, p, b, n]
                    for i in range(k):
                        if i != j:
                            for n in range(units):
                                fresh[j, n] += decay[j * k + i, b, n] * traces[r, i, p, b, n]
                for j in range(k):
                    for n in range(units):
                        traces[r, j, p, b, n] = fresh[j, n]
                        sums[p, r, b, n] += adjoint[j, b, n] * fresh[j, n]


@part
def begin(traces, sums, r, slope, adjoint):
    """The trace that this step begins: Z_r = F, G_r = signal F."""
    _, k, ports, trials, units = traces.shape
    sums[:, r] = real(0)
    for j in range(k):
        for p in range(ports):
            for b in range(trials):
                for n in range(units):
                    z = slope[j * ports + p, b, n]
                    traces[r, j, p, b, n] = z
                    sums[p, r, b, n] += adjoint[j, b, n] * z


@part
def size(traces, r):
    """The largest entry of Z_r, NaN if there is one."""
    largest = real(0)
    for j in range(traces.shape[1]):
        for p in range(traces.shape[2]):
            for b in range(traces.shape[3]):
                for n in range(traces.shape[4]):
                    value = abs(traces[r, j, p, b, n])
                    if not value <= largest:
                        largest = value
    return largest


@inlined
def oldest_alive(traces, beginning, alive, now):
    """Row of the oldest trace that is not yet faint, from what it was some steps ago."""
    while alive < now and size(traces, alive) <= FAINT * beginning[alive]:
        alive += 1
    return alive


@part
def fold_recurrent(recurrent, first, rate, sums, presynaptic, product):
    """W0 += rate sum_r G_r o_r^T, of one drive's N rows from `first` on; sums and presynaptic (R B, N or M), product (N, M) is scratch."""
    np.dot(sums.T, presynaptic, product)
    for n in range(product.shape[0]):
        for m in range(product.shape[1]):
            recurrent[first + n, m] += rate * product[n, m]


@part
def fold_external(external, first, rates: Rates, sums, outside):
    """The same of input weights and biases, external (I + 1, D N); sums (R, B, N), outside (R, B, I + 1)."""
    steps, trials, units = sums.shape
    for r in range(steps):
        for b in range(trials):
            for i in range(external.shape[0]):
                scale = outside[r, b, i] * (rates.input if i + 1 < external.shape[0] else rates.bias)
                for n in range(units):
                    external[i, first + n] += scale * sums[r, b, n]


@inlined
def fold(recurrent, external, recurrent_ports, external_ports, rates: Rates, past: Past, now, product):
    """All steps before row `now` into W0; product (N, M) is scratch."""
    (trials, units), width = past.sums.shape[2:], recurrent.shape[1]
    presynaptic = past.presynaptic[:now].reshape(now * trials, width)
    for d in range(recurrent_ports.shape[0]):
        p, q, first = recurrent_ports[d], external_ports[d], d * units
        if p >= 0:
            fold_recurrent(recurrent, first, rates.recurrent, past.sums[p, :now].reshape(now * trials, units), presynaptic, product)
        if q >= 0:
            fold_external(external, first, rates, past.sums[q, :now], past.outside[:now])


@inlined
def forget(past: Past, alive, now):
    """Steps that are still alive move to the first rows, with nothing that is not in the weights."""
    for r in range(alive, now):
        past.presynaptic[r - alive], past.outside[r - alive] = past.presynaptic[r], past.outside[r]
        past.traces[r - alive], past.beginning[r - alive] = past.traces[r], past.beginning[r]
    past.sums[:, :now] = real(0)


@part
def longer(array, rows):
    """A copy with room for more rows."""
    out = np.zeros((rows, *array.shape[1:]), array.dtype)
    out[: array.shape[0]] = array
    return out


@inlined
def longer_past(past: Past, rows):
    """The same with room for more steps."""
    used = past.sums.shape[1]
    sums = np.empty((past.sums.shape[0], rows, past.sums.shape[2], past.sums.shape[3]), past.sums.dtype)
    sums[:, :used] = past.sums
    return Past(longer(past.presynaptic, rows), longer(past.outside, rows), longer(past.traces, rows), sums, longer(past.beginning, rows))


@entry
def low_rank(unit, learning, constants, recurrent, external, readout, feedback, recurrent_ports, external_ports, rates,
             inputs, noise, targets, loss_weight, states, drives, emitted, readouts):  # fmt: skip
    """As `fused`, without weight decay."""
    rate = Rates(rates[0], rates[1], rates[2], rates[3], rates[4])
    steps, (k, trials, units), kind = loss_weight.shape[0], states.shape[1:], states.dtype
    presynaptic, outside, traces, sums, beginning = room_for_past(min(ROOM, steps), recurrent, external, states, drives)
    own = scratch(states, drives, emitted, readouts, 0)
    fresh, product = np.empty((k, units), kind), np.empty((units, recurrent.shape[1]), kind)
    decay, slope, _, _, adjoint, error, _ = own
    alive = now = 0  # rows of the oldest trace that is not yet faint, and of this step's
    emit_initial(unit, constants, states, emitted)
    for t in range(steps):
        arrange(emitted[t], presynaptic[now])
        arrange_outside(inputs[t], outside[now])
        if trials > FEW:
            recurrent_drive_by_blas(recurrent, recurrent_ports, presynaptic[now], drives[t])
        else:
            recurrent_drive(recurrent, recurrent_ports, presynaptic[now], drives[t])
        if now > 0:
            drive_by_past(recurrent_ports, external_ports, rate, presynaptic, outside, sums, now, drives[t])
        external_drive(external, external_ports, inputs[t], noise[t % noise.shape[0]], drives[t])
        step_and_teach(unit, learning, constants, readout, feedback, states, drives, emitted, readouts, targets, loss_weight, t, own)
        age(traces, sums, alive, now, decay, adjoint, fresh)
        begin(traces, sums, now, slope, adjoint)
        beginning[now] = size(traces, now)
        learn_readout(readout, feedback, error, emitted[t + 1], rate, real(0))
        if t % OFTEN == 0:
            alive = oldest_alive(traces, beginning, alive, now)
        now += 1
        # A folding costs units x products for each past step, a step that is remembered when its trace is dead two products.
        if t + 1 == steps or (alive >= ROOM and 4 * alive * alive >= (now - alive) * units):
            past = Past(presynaptic, outside, traces, sums, beginning)
            fold(recurrent, external, recurrent_ports, external_ports, rate, past, now, product)
            forget(past, alive, now)
            now, alive = now - alive, 0
        if now == sums.shape[1] and t + 1 < steps:
            presynaptic, outside, traces, sums, beginning = longer_past(Past(presynaptic, outside, traces, sums, beginning), 2 * now)
