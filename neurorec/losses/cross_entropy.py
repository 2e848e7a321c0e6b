"""Softmax cross-entropy."""

from __future__ import annotations

import numpy as np

from neurorec.losses.base import AbstractLoss


class CrossEntropy(AbstractLoss):
    """Softmax cross-entropy in nats; outputs are logits, targets one-hot rows or probabilities."""

    link = "softmax"

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
