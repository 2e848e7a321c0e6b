"""The loops of `neurorec.tasks.base.signals`, step by step over all trials, in the order in which the array lies; compiled as a copy."""

from __future__ import annotations

import numpy as np

from neurorec.formula.entry import compiled


@compiled(error_model="numpy", fastmath=False)
def lasting(onset, value, longest, rest, out):
    """Of each line (column) the latest event's value, as long as it lasts."""
    events, lines = onset.shape
    event, until, held = np.full(lines, -1), np.zeros(lines, np.int64), np.empty(lines)
    for step in range(len(out)):
        for line in range(lines):
            if until[line] == step:  # something begins or ends
                k = event[line]
                while k + 1 < events and onset[k + 1, line] <= step:
                    k += 1
                event[line], end = k, onset[k, line] + longest
                held[line] = value[k, line] if step < end else rest
                following = onset[k + 1, line] if k + 1 < events else len(out)
                until[line] = min(end, following) if step < end else following
            out[step, line] = held[line]


@compiled(error_model="numpy", fastmath=False)
def windows(shape, start, beside, out):
    """Each trial's part of a longer signal, and what is beside it."""
    for step in range(len(out)):
        for trial in range(len(start)):
            out[step, trial] = shape[start[trial] + step] + beside[step]
