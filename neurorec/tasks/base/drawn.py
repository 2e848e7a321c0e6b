"""Tasks whose trials are drawn each from its own generator, and made all at once."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from neurorec.arrays import whole
from neurorec.random_numbers.seeds import TASK, entropy
from neurorec.random_numbers.streams import AbstractStreams, OneByOne
from neurorec.random_numbers.together import streams
from neurorec.tasks.base.task import AbstractTask
from neurorec.tasks.base.trials import Trial, Trials


class AbstractDrawn(AbstractTask):
    """A task that makes many trials together.

    Trial k is drawn from a generator of its own, so that it is the same whatever else is drawn. One `draw` asks the generators of all trials
    as it would ask one, and gets arrays over trials; many trials are drawn in compiled code, to the bits of NumPy.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> import neurorec as nr
    >>> from neurorec.tasks.base import AbstractDrawn
    >>> @dataclass(frozen=True)
    ... class Detection(AbstractDrawn):
    ...     dt: float = 0.01
    ...     n_inputs = n_outputs = 1
    ...
    ...     def draw(self, rng):
    ...         present = rng.integers(0, 2)  # (B,)
    ...         inputs = present[:, None] + rng.standard_normal((50, 1))  # (T, B, 1)
    ...         targets = np.broadcast_to(1.0 * present[:, None], inputs.shape)
    ...         return nr.Trials(inputs, targets, conditions={"present": present}, dt=self.dt)
    ...
    ...     def score(self, outputs, trials):
    ...         return ((outputs[-1] > 0.5) == trials.targets[-1])[:, 0].astype(float)
    >>> Detection().trials(1000).inputs.shape
    (50, 1000, 1)
    """

    @abstractmethod
    def draw(self, rng: AbstractStreams) -> Trials:
        """Trials that are drawn from `rng` and nothing else, one from each of its generators."""

    def trial(self, rng: np.random.Generator) -> Trial:
        """One trial drawn from `rng`."""
        one = self.draw(OneByOne([rng]))
        return Trial(one.inputs[:, 0], one.targets[:, 0], one.mask[:, 0], {name: value[0] for name, value in one.conditions.items()})

    def trials(self, n: int, seed: int | None = 0, first: int = 0) -> Trials:
        """Trials number `first` to `first + n - 1` of a seed."""
        return self.draw(streams(entropy(seed), TASK, first, whole("n", n)))

    def _trials(self, inputs: np.ndarray, targets: np.ndarray, mask: np.ndarray | None = None, **conditions: Any) -> Trials:
        """Of float64 arrays that are known to be right; without a mask, every step counts."""
        mask = np.ones(targets.shape[:2]) if mask is None else mask
        return Trials.unchecked(inputs, targets, mask, conditions, self.dt, self.loss, self.output_channels)
