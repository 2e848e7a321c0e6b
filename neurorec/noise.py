"""Noise in the network: private to every unit, the same for a seed whatever the engine or the batch."""

from __future__ import annotations

import numpy as np

from neurorec.network import Network
from neurorec.seeds import NOISE, generator


def private_noise(network: Network, steps: int, trials: int, seed: int, first: int, dtype: type) -> np.ndarray | None:
    """White noise on every drive of every unit.

    Parameters
    ----------
    network : Network
        Its ``noise`` is the strength, in drive units times sqrt(s).
    steps, trials : int
        T and B.
    seed, first : int
        Root of the seed tree, and the number of the first trial.
    dtype : type
        Of the result.

    Returns
    -------
    (D, T, B, N) array, or None for a network without noise
    """
    if network.noise == 0:
        return None
    shape = (steps, network.formula.n_drives, network.units)
    drawn = [generator(seed, NOISE, first + k).standard_normal(shape) for k in range(trials)]
    scale = network.noise / float(np.sqrt(network.dt))  # white: its variance in a step grows as dt shrinks
    return (np.stack(drawn, axis=2) * scale).transpose(1, 0, 2, 3).astype(dtype)
