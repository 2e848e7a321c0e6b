"""A task that costs its process its life, as one that needs too much memory does; workers of sweeps import it."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import neurorec as nr


@dataclass(frozen=True)
class Mortal(nr.AbstractTask):
    """Dies when a process makes its tenth trial, or a later one, where `fatal`."""

    dt: float = 0.01
    fatal: bool = False
    n_inputs = n_outputs = 1
    made: ClassVar[list[int]] = []

    def trial(self, rng: np.random.Generator) -> nr.Trial:
        self.made.append(1)
        if self.fatal and len(self.made) >= 10:
            os.kill(os.getpid(), signal.SIGKILL)
        return nr.Trial(rng.standard_normal((5, 1)), np.ones((5, 1)))

    def score(self, outputs: np.ndarray, trials: nr.Trials) -> np.ndarray:
        return np.ones(trials.count)
