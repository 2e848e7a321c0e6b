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
        losses = np.empty(outputs.shape[0], outputs.dtype)
        for row in range(outputs.shape[0]):
            shifted = outputs[row] - outputs[row].max()
            losses[row] = (targets[row] * (np.log(np.exp(shifted).sum()) - shifted)).sum()
        return losses

    @staticmethod
    def error(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """One-hot minus softmax(y); a row without a target has no error."""
        errors = np.empty_like(outputs)
        for row in range(outputs.shape[0]):
            share = np.exp(outputs[row] - outputs[row].max())
            errors[row] = targets[row] - share * (targets[row].sum() / share.sum())
        return errors
