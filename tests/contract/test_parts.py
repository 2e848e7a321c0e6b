"""Laws of every loss, feedback and optimiser: each is plain code that means the same compiled."""

from __future__ import annotations

import dataclasses

import numba
import numpy as np
import pytest

import neurorec as nr
from neurorec.discovery import load, resolve
from neurorec.learning.updates import settings_of


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("name", nr.names("losses"))
def test_the_error_is_minus_the_derivative_of_the_loss(name, rng):
    loss, outputs = load("losses", name), rng.normal(size=(6, 4))
    targets = np.eye(4)[rng.integers(4, size=6)]
    error = loss.error(outputs, targets)
    for column in range(4):
        moved = np.zeros_like(outputs)
        moved[:, column] = 1e-6
        slope = (loss.value(outputs + moved, targets) - loss.value(outputs - moved, targets)) / 2e-6
        assert np.allclose(error[:, column], -slope, atol=1e-8)


@pytest.mark.parametrize("name", nr.names("losses"))
def test_a_loss_means_the_same_compiled_and_is_least_at_its_target(name, rng):
    loss, outputs = load("losses", name), rng.normal(size=(6, 4)).astype(np.float32)
    targets = np.eye(4, dtype=np.float32)[rng.integers(4, size=6)]
    assert np.allclose(numba.njit(loss.error)(outputs, targets), loss.error(outputs, targets), atol=1e-6)
    assert (loss.value(20 * targets - 10 if name == "cross_entropy" else targets, targets) < loss.value(outputs, targets)).all()


@pytest.mark.parametrize("name", nr.names("feedbacks"))
def test_a_feedback_means_the_same_compiled(name, rng):
    element, readout, feedback = load("feedbacks", name).element, rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
    compiled = numba.njit(element)
    expected = [[compiled(a, b) for a, b in zip(row, other, strict=True)] for row, other in zip(readout, feedback, strict=True)]
    assert np.allclose(element(readout, feedback), expected)


@pytest.mark.parametrize("name", nr.names("optimisers"))
def test_an_optimiser_means_the_same_compiled(name, rng):
    optimiser = resolve("optimisers", name)
    states = []
    for step in (optimiser.step, numba.njit(optimiser.step)):
        weights, slots = np.zeros(5), np.zeros((len(optimiser.slots), 5))
        for count, change in enumerate(np.random.default_rng(1).normal(size=(4, 5)), start=1):
            step(weights, change, slots, np.full(5, 0.1), count, settings_of(optimiser))
        states.append((weights, slots))
    assert np.allclose(states[0][0], states[1][0])
    assert np.allclose(states[0][1], states[1][1])


@pytest.mark.parametrize("name", nr.names("optimisers"))
def test_an_optimiser_goes_downhill_and_leaves_what_has_no_rate(name):
    optimiser = resolve("optimisers", name)
    weights, slots, rates = np.array([3.0, 3.0]), np.zeros((len(optimiser.slots), 2)), np.array([0.1, 0.0])
    for count in range(1, 301):
        optimiser.step(weights, -weights, slots, rates, count, settings_of(optimiser))
    assert abs(weights[0]) < 0.1
    assert weights[1] == 3.0


@pytest.mark.parametrize("name", nr.names("optimisers"))
def test_an_optimisers_settings_are_numbers(name):
    assert all(isinstance(value, float) for value in dataclasses.asdict(resolve("optimisers", name)).values())
