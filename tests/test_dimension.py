"""Dimension, memory and speed of activity whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

import neurorec as nr
from neurorec.errors import NotOffered, ValueRefused


def test_noise_fills_all_dimensions_though_few_samples_hide_it():
    noise = np.random.default_rng(0).normal(size=(800, 200))
    found = nr.dynamics.dimension(noise)
    assert abs(found["share"] - 1) < 0.03
    assert abs(found["naive"] / 200 - 0.8) < 0.01
    assert np.isnan(found["autocorrelation_time"]) or found["autocorrelation_time"] < 1
    halves = nr.dynamics.dimension(noise.reshape(400, 2, 200))
    assert abs(halves["share"] - 1) < 0.03


def test_equal_variances_in_a_few_directions_are_as_many_dimensions():
    rng = np.random.default_rng(1)
    basis = np.linalg.qr(rng.normal(size=(50, 4)))[0]
    found = nr.dynamics.dimension(rng.normal(size=(4000, 4)) @ basis.T)
    assert abs(found["participation_ratio"] - 4) < 0.1


def test_chaotic_networks_have_the_dimension_of_theory():
    """Clark (2026): at g = 3, d = 1, the participation ratio of phi(x) is .349 N for large N."""
    weights = 3 * np.random.default_rng(0).normal(size=(400, 400)) / 20
    states = [np.random.default_rng(1).normal(size=400)]
    for _ in range(3000):
        states.append(np.tanh(weights @ states[-1]))
    assert abs(nr.dynamics.dimension(np.array(states[200:]))["share"] - 0.349) < 0.025


def test_memory_and_speed():
    rng, x = np.random.default_rng(0), np.zeros((20_000, 1))
    for t in range(1, len(x)):
        x[t] = 0.9 * x[t - 1] + rng.normal()
    found = nr.dynamics.dimension(x, dt=0.01, lags=60)
    assert abs(found["autocorrelation_time"] / (-0.01 / np.log(0.9)) - 1) < 0.15
    turning = 2 * np.stack([np.cos(np.arange(1000) / 100), np.sin(np.arange(1000) / 100)], axis=1)
    assert np.allclose(nr.dynamics.dimension(turning, dt=0.01)["speed"], 2, rtol=1e-4)


def test_of_trajectories_and_what_does_not_fit():
    net = nr.Network.random(0, 6, 1, gain=1.5, seed=0)
    shown = nr.simulate(net, np.zeros((50, 3, 0)), engine="reference")
    assert nr.dynamics.dimension(shown)["speed"].shape == (49, 3)
    assert nr.dynamics.dimension(shown).attrs["dt"] == pytest.approx(net.dt)
    with pytest.raises(ValueRefused, match="too few for 8 blocks"):
        nr.dynamics.dimension(np.zeros((10, 3)), blocks=8)
    with pytest.raises(NotOffered, match=r"a \(time, trial, unit\) array"):
        nr.dynamics.dimension(np.zeros(10))
