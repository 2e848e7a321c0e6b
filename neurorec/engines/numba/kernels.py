"""The time loops of a trial whose weights stand still: forward, and the reverse scan of every rule.

This file is copied, as it stands, into a package of each model's own (`neurorec.formula.cache`), where ``.unit`` holds
that model's printed functions (`neurorec.formula.unit`): Numba compiles and caches plain modules, without templates.
"""

from __future__ import annotations

import numpy as np

from .unit import SHOWS_STATE, compiled, output, pull, pull_output, real, step  # pyright: ignore[reportMissingImports]

FEW = 2  # below as many trials, a product by hand beats a call of BLAS
SMALL = 1_000_000  # multiplications up to which OpenBLAS has a direct kernel, which is twice as fast where nothing is transposed


@compiled
def multiply(x, w, turned, out):
    """out (B, n) = x (B, m) @ w.T, with w (n, m) and its transpose, contiguous, as turned (m, n)."""
    if x.shape[0] >= FEW:
        if x.shape[0] * w.shape[0] * w.shape[1] <= SMALL:
            np.dot(x, turned, out)
        else:
            np.dot(x, w.T, out)
        return
    for b in range(x.shape[0]):
        for n in range(w.shape[0]):
            total = real(0)
            for m in range(w.shape[1]):
                total += w[n, m] * x[b, m]
            out[b, n] = total


@compiled
def hear(emitted, recurrent, turned, product, out):
    """W o(t-1) of one drive, (B, N), from emitted (K, B, N), recurrent and its transposes, both (K, N, N)."""
    multiply(emitted[0], recurrent[0], turned[0], out)
    for c in range(1, emitted.shape[0]):
        multiply(emitted[c], recurrent[c], turned[c], product)
        out += product


@compiled
def add_external(x, inputs, bias, noise, first, out):
    """out (B, N) += Win x(t) + b + noise of one drive, whose rows start at `first`; inputs (I, D N), noise (B, D N)."""
    units = out.shape[1]
    for b in range(out.shape[0]):
        for n in range(units):
            out[b, n] += bias[first + n] + noise[b, first + n]
        for i in range(x.shape[1]):
            scale = x[b, i]
            for n in range(units):
                out[b, n] += inputs[i, first + n] * scale


@compiled
def forward(recurrent, turned, inputs, bias, constants, recurrent_ports, external_ports, x, noise, states, drives, emitted):
    """u(t) = W o(t-1) + Win x(t) + b + noise(t);  s(t) = step(s(t-1), u(t)).

    recurrent (D, K, N, N) and turned, its blocks transposed; inputs (I, D N), bias (D N,), x (T, B, I), noise (T or 1, B,
    D N). Fills drives (T, ports, B, N), states (T+1, k, B, N) from states[0], and emitted (T+1, K, B, N), which may be the
    states themselves where a unit shows its only state. Port -1: the drive has no such part.
    """
    units = states.shape[3]
    product = np.empty(states.shape[2:], states.dtype)
    if not SHOWS_STATE:
        output(states[0], constants, emitted[0])
    for t in range(drives.shape[0]):
        for d in range(recurrent.shape[0]):
            if recurrent_ports[d] >= 0:
                hear(emitted[t], recurrent[d], turned[d], product, drives[t, recurrent_ports[d]])
            if external_ports[d] >= 0:
                if external_ports[d] != recurrent_ports[d]:
                    drives[t, external_ports[d]] = real(0)
                add_external(x[t], inputs, bias, noise[t % noise.shape[0]], d * units, drives[t, external_ports[d]])
        step(states[t], drives[t], constants, states[t + 1])
        if not SHOWS_STATE:
            output(states[t + 1], constants, emitted[t + 1])


@compiled
def reverse_scan(recurrent, turned, signal, constants, recurrent_ports, full, states, drives, back_drives, back_parameters):
    """R(t) = O^T [signal(t) + W^T F^T R(t+1) if full] + D^T R(t+1): against time, no N x N trace is ever formed.

    signal (T, K, B, N) is overwritten; fills back_drives (T, ports, B, N) = F^T R and adds G^T R, summed over time,
    to back_parameters (Q, B, N). The weight change is then one product of back_drives and presynaptic activity.
    """
    product = np.empty(states.shape[2:], states.dtype)
    carried = np.zeros(states.shape[1:], states.dtype)
    adjoint, partial = np.empty_like(carried), np.empty_like(back_parameters)
    for t in range(drives.shape[0] - 1, -1, -1):
        if full and t + 1 < drives.shape[0]:
            for d in range(recurrent.shape[0]):
                if recurrent_ports[d] >= 0:
                    for c in range(recurrent.shape[1]):
                        multiply(back_drives[t + 1, recurrent_ports[d]], turned[d, c], recurrent[d, c], product)
                        signal[t, c] += product
        pull_output(states[t + 1], signal[t], constants, adjoint)
        adjoint += carried
        pull(states[t], drives[t], adjoint, constants, carried, back_drives[t], partial)
        back_parameters += partial
