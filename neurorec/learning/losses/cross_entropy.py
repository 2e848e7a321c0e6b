"""Softmax cross-entropy."""

from __future__ import annotations

import numpy as np

from neurorec.errors import ValueRefused
from neurorec.learning.losses.base import AbstractLoss

ROUNDING = 1e-4  # what probabilities in single precision may sum up to beside 1


class CrossEntropy(AbstractLoss):
    """Softmax cross-entropy in nats; outputs are logits, targets one-hot rows or probabilities."""

    link, classes, unit = "softmax", True, "cross-entropy, nats"

    @classmethod
    def expect(cls, targets: np.ndarray, mask: np.ndarray) -> None:
        """A probability for each of at least two classes, at every step that counts."""
        if targets.shape[2] < 2:
            raise ValueRefused(
                'cross_entropy needs a channel for each class, targets have one, whose softmax is always 1; give two, or choose loss="mse"'
            )
        wrong = np.abs(targets @ np.ones(targets.shape[2]) - 1) > ROUNDING  # a product: NumPy sums a short last axis slowly
        if targets.min() < 0:
            wrong |= targets.min(axis=2) < 0
        wrong &= mask > 0
        if wrong.any():
            step, trial = (int(k) for k in np.argwhere(wrong)[0])
            raise ValueRefused(
                f"cross_entropy needs targets that are probabilities, which sum to 1 at every step that counts; at index ({step}, {trial}) they are "
                f'{np.array2string(targets[step, trial], precision=3, threshold=6)}; mask steps without a class, or choose loss="mse"'
            )

    @staticmethod
    def value(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """-sum_k target_k log softmax(y)_k."""
        rows, columns = outputs.shape
        losses, top = np.zeros(rows, outputs.dtype), outputs[:, 0].copy()
        for k in range(1, columns):  # not .max(axis=1), which Numba does not have; rows are many, columns few
            top = np.maximum(top, outputs[:, k])
        shifted = outputs - top.reshape((rows, 1))
        total = np.log(np.exp(shifted).sum(axis=1))
        for k in range(columns):
            losses += targets[:, k] * (total - shifted[:, k])
        return losses

    @staticmethod
    def error(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """One-hot minus softmax(y); a row without a target has no error."""
        rows, columns = outputs.shape
        top = outputs[:, 0].copy()
        for k in range(1, columns):
            top = np.maximum(top, outputs[:, k])
        share = np.exp(outputs - top.reshape((rows, 1)))
        return targets - share * (targets.sum(axis=1) / share.sum(axis=1)).reshape((rows, 1))
