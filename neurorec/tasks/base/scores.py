"""Scores that tasks share: in [0, 1], a perfect answer scores 1."""

from __future__ import annotations

import numpy as np

from neurorec.tasks.base.trials import Trials


def share_right(outputs: np.ndarray, trials: Trials) -> np.ndarray:
    """Share of the counted steps at which the asked class has the largest output, alone, (B,); saying all alike is wrong."""
    asked = trials.targets.argmax(axis=2)[..., None]
    said = np.take_along_axis(outputs, asked, axis=2)[..., 0]
    others = np.array(outputs, float)
    np.put_along_axis(others, asked, -np.inf, axis=2)
    right = said > others.max(axis=2)  # false for a network that diverged
    return (trials.mask * right).sum(axis=0) / trials.mask.sum(axis=0)


def variance_explained(outputs: np.ndarray, trials: Trials) -> np.ndarray:
    """Share of the targets' masked variance that the outputs reproduce, clipped to [0, 1], (B,)."""
    weight = (trials.mask / trials.mask.sum(axis=0))[..., None]
    mean = (weight * trials.targets).sum(axis=0)
    total = (weight * (trials.targets - mean) ** 2).sum(axis=(0, 2))
    left = (weight * (trials.targets - outputs) ** 2).sum(axis=(0, 2))
    share = np.where(total > 0, 1 - left / np.where(total > 0, total, 1), left == 0)
    return np.clip(np.nan_to_num(share, nan=0.0, posinf=0.0, neginf=0.0), 0, 1)  # a network that diverged explains nothing
