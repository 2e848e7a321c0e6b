"""Scores that tasks share: in [0, 1], 1 for a perfect answer."""

from __future__ import annotations

import numpy as np

from neurorec.tasks.base.trials import Trials


def share_right(outputs: np.ndarray, trials: Trials) -> np.ndarray:
    """Share of the counted steps at which the output of the target class is larger than all others, (B,); a tie is wrong."""
    target = trials.targets.argmax(axis=2)[..., None]
    at_target = np.take_along_axis(outputs, target, axis=2)[..., 0]
    others = np.array(outputs, float)
    np.put_along_axis(others, target, -np.inf, axis=2)
    right = at_target > others.max(axis=2)  # false for a network that diverged
    return (trials.mask * right).sum(axis=0) / trials.mask.sum(axis=0)


def variance_explained(outputs: np.ndarray, trials: Trials) -> np.ndarray:
    """Share of the targets' masked variance that the outputs reproduce, clipped to [0, 1], (B,)."""
    weight = (trials.mask / trials.mask.sum(axis=0))[..., None]
    mean = (weight * trials.targets).sum(axis=0)
    total = (weight * (trials.targets - mean) ** 2).sum(axis=(0, 2))
    residual = (weight * (trials.targets - outputs) ** 2).sum(axis=(0, 2))
    share = np.where(total > 0, 1 - residual / np.where(total > 0, total, 1), residual == 0)
    return np.clip(np.nan_to_num(share, nan=0.0, posinf=0.0, neginf=0.0), 0, 1)  # a network that diverged explains nothing
