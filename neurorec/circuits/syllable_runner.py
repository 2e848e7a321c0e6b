"""One syllable of a trained network: its input on, then off."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from neurorec.engines.base import AbstractEngine, Activity, Stimulus, expect_taken
from neurorec.errors import NotOffered, ValueRefused
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights
from neurorec.random_numbers.noise import private_noise
from neurorec.simulation.stimulus import start


class SyllableRunner:
    """Runs a network through a movement and the hold after it.

    Parameters
    ----------
    network : Network
    engine : AbstractEngine
    duration, hold : float
        In seconds.
    seed : int
        Of the network's noise.

    Attributes
    ----------
    inputs : (I, T, 1, I) array
        Input to the network in each syllable.
    """

    def __init__(self, network: Network, engine: AbstractEngine, duration: float, hold: float, seed: int):
        expect_taken(engine, network)
        if network.readout_tau:
            raise NotOffered("a sequence loop reads a network's outputs without a filter; give it network.replace(readout_tau=0)")
        self.network, self.engine, self.seed = network, engine, seed
        self.duration, self.hold = duration, hold
        self.moving, holding = _steps("duration", duration, network.dt, 1), _steps("hold", hold, network.dt, 0)
        self.weights = Weights.of(network, engine.dtype)
        self.inputs = np.zeros((network.inputs, self.moving + holding, 1, network.inputs), engine.dtype)
        for syllable in range(network.inputs):
            self.inputs[syllable, : self.moving, 0, syllable] = 1
        self._targets = np.zeros((self.steps, 1, network.outputs), engine.dtype)
        self._no_loss = np.zeros((self.steps, 1), engine.dtype)

    @property
    def steps(self) -> int:
        """Of a movement and its hold."""
        return self.inputs.shape[1]

    @cached_property
    def rest(self) -> np.ndarray:
        """The state in which a sequence begins, (k, 1, N): that after the network's own initial state and a hold."""
        state = start(self.network, 1, None, self.engine.dtype)
        holding = self.steps - self.moving
        if not holding:
            return state
        no_input = Stimulus(np.zeros_like(self.inputs[0, :holding]), None, state, self._targets[:holding], self._no_loss[:holding])
        return self.engine.forward(self.network, self.weights, no_input).states[-1].copy()

    def run(self, syllable: int, state: np.ndarray, number: int) -> tuple[Activity, np.ndarray]:
        """Run one syllable.

        Parameters
        ----------
        syllable : int
        state : (k, 1, N) array
            States of the units at its beginning.
        number : int
            Number of the syllable in all that the loop does, for the noise.

        Returns
        -------
        Activity
            Valid until the engine's next call.
        (K N,) array
            What the units send when the movement ends and the gate opens.
        """
        noise = private_noise(self.network, self.steps, 1, self.seed, number)
        given = Stimulus(self.inputs[syllable], noise, state, self._targets, self._no_loss)
        activity = self.engine.forward(self.network, self.weights, given)
        return activity, activity.emitted[self.moving, :, 0].astype(float).ravel()


def _steps(name: str, seconds: float, dt: float, least: int) -> int:
    """Whole time steps of a duration."""
    if not (isinstance(seconds, int | float | np.number) and np.isfinite(seconds) and round(float(seconds) / dt) >= least):
        raise ValueRefused(f"{name} must be a number of seconds with at least {least} time step of {dt:g} s, got {seconds!r}")
    return round(float(seconds) / dt)
