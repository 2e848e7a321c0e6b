"""The time loops of a trial whose weights stand still: forward, and the reverse scan of every rule.

This file is copied, as it stands, into a package of each model's own (`neurorec.formula.cache`), where ``.unit`` holds
that model's printed functions (`neurorec.formula.unit`): Numba compiles and caches plain modules, without templates.
"""

from __future__ import annotations

import numpy as np

from .unit import compiled, output, pull, pull_output, real, step  # pyright: ignore[reportMissingImports]

FEW = 4  # below as many trials, a product by hand beats a call of BLAS


@compiled
def add_product(x, w, product, out):
    """out (B, n) += x (B, m) @ w.T, with w (n, m)."""
    if x.shape[0] >= FEW:
        np.dot(x, w.T, product)
        out += product
        return
    for b in range(x.shape[0]):
        for n in range(w.shape[0]):
            total = real(0)
            for m in range(w.shape[1]):
                total += w[n, m] * x[b, m]
            out[b, n] += total


@compiled
def add_transposed_product(x, w, product, out):
    """out (B, m) += x (B, n) @ w, with w (n, m)."""
    if x.shape[0] >= FEW:
        np.dot(x, w, product)
        out += product
        return
    for b in range(x.shape[0]):
        for n in range(w.shape[0]):
            scale = x[b, n]
            for m in range(w.shape[1]):
                out[b, m] += w[n, m] * scale


@compiled
def forward(recurrent, external, constants, recurrent_ports, external_ports, states, drives, emitted):
    """u(t) = W o(t-1) + external(t);  s(t) = step(s(t-1), u(t)).

    recurrent (D, K, N, N), external (T, B, D N); fills drives (T, ports, B, N), states (T+1, k, B, N) from
    states[0], and emitted (T+1, K, B, N). Port -1: the drive has no such part.
    """
    units = states.shape[3]
    product = np.empty(states.shape[2:], states.dtype)
    output(states[0], constants, emitted[0])
    for t in range(drives.shape[0]):
        drives[t] = real(0)
        for d in range(recurrent.shape[0]):
            if external_ports[d] >= 0:
                drives[t, external_ports[d]] = external[t, :, d * units : (d + 1) * units]
            if recurrent_ports[d] >= 0:
                for c in range(recurrent.shape[1]):
                    add_product(emitted[t, c], recurrent[d, c], product, drives[t, recurrent_ports[d]])
        step(states[t], drives[t], constants, states[t + 1])
        output(states[t + 1], constants, emitted[t + 1])


@compiled
def reverse_scan(recurrent, signal, constants, recurrent_ports, full, states, drives, back_drives, back_parameters):
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
                        add_transposed_product(back_drives[t + 1, recurrent_ports[d]], recurrent[d, c], product, signal[t, c])
        pull_output(states[t + 1], signal[t], constants, adjoint)
        adjoint += carried
        pull(states[t], drives[t], adjoint, constants, carried, back_drives[t], partial)
        back_parameters += partial
