"""The error of a loss whose outputs are logits, as loops call it; copied as kernels.py is.

It takes the place of `error` of every loss with the link ``"softmax"``: its exponentials are those of the units, which vectorise, and it is
compiled in a fifth of the time of array code. Trainings batch by batch and in chunks call the same machine code.
"""

from __future__ import annotations

from neurorec.formula.entry import entry

from .precision import exp, real  # pyright: ignore[reportMissingImports]


@entry
def error(outputs, targets, epsilon):
    """target - softmax(y) times the sum of the targets, of each row; all (rows, O)."""
    for row in range(outputs.shape[0]):
        top, total, wanted = outputs[row, 0], real(0), real(0)
        for k in range(1, outputs.shape[1]):
            top = max(top, outputs[row, k])
        for k in range(outputs.shape[1]):
            epsilon[row, k] = exp(outputs[row, k] - top)
        for k in range(outputs.shape[1]):
            total += epsilon[row, k]
            wanted += targets[row, k]
        share = wanted / total
        for k in range(outputs.shape[1]):
            epsilon[row, k] = targets[row, k] - share * epsilon[row, k]
