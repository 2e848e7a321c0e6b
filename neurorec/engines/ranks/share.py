"""Which units of a network are here, and what of its noise is theirs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from neurorec.engines.base import Stimulus
from neurorec.networks.block import Block
from neurorec.process.team import Alone, team


class Share(NamedTuple):
    """Which units are here: from `first` to before `last` of N, and the ranks that have the others."""

    first: int
    last: int
    everyone: int
    team: Any

    @property
    def mine(self) -> slice:
        """Of an axis over units."""
        return slice(self.first, self.last)


def share_of(network: Any) -> Share:
    """A block's share; of a network that was not divided, all."""
    if isinstance(network, Block):
        return Share(network.first, network.first + network.units, network.of, team() if network.units < network.of else Alone())
    return Share(0, network.units, network.units, Alone())


def own_noise(stimulus: Stimulus, network: Any, share: Share) -> np.ndarray:
    """Noise of every drive of these units, (T, B, D n), counted as in the whole network; no steps where there is none."""
    steps, trials, _ = stimulus.inputs.shape
    width = network.formula.n_drives * share.everyone
    if stimulus.noise is None:
        return np.empty((0, trials, network.formula.n_drives * network.units), stimulus.inputs.dtype)
    drawn = replace(stimulus.noise, width=width).rows(stimulus.inputs.dtype)
    return np.ascontiguousarray(drawn.reshape(steps, trials, -1, share.everyone)[..., share.mine]).reshape(steps, trials, -1)
