"""Which attractors are joined, of systems whose basins can be told by hand."""

from __future__ import annotations

import numpy as np
import pytest

import neurorec as nr
from neurorec.errors import ShapeError, ValueRefused


def test_a_flip_flop_along_the_axes_is_a_cube():
    step = lambda x: np.tanh(2 * x)  # noqa: E731 - one line of algebra
    points = nr.dynamics.fixed_points(step, size=3, jacobian=lambda x: (2 / np.cosh(2 * x) ** 2)[:, :, None] * np.eye(3))
    found = nr.dynamics.connections(step, points)
    corners = points["state"].values[found["of_kind"].values]
    apart = (np.sign(corners)[:, None] != np.sign(corners)).sum(axis=2)
    assert np.array_equal(found["joined"], apart == 1)
    assert found.sizes["way"] == 2 * (12 + 2 * 6 + 3)
    assert set(found["ends_in"].values.tolist()) == {"point"}


def test_a_saddle_between_two_cycles_and_what_is_not_known():
    step = lambda x: np.tanh(-2 * x)  # noqa: E731 - the origin is a source, between the phases of one cycle
    points = nr.dynamics.fixed_points(step, size=1)
    found = nr.dynamics.connections(step, points, nr.dynamics.cycles(step, size=1, longest=2))
    assert found["ends_in"].values.tolist() == ["cycle", "cycle"]
    assert found["kind"].values.tolist() == ["cycle"]
    assert not found["joined"].values.any()  # to itself
    assert nr.dynamics.connections(step, points, steps=500)["ends_in"].values.tolist() == ["none", "none"]
    leaves = nr.dynamics.fixed_points(lambda x: 2 * x, size=1)
    assert nr.dynamics.connections(lambda x: 2 * x, leaves)["ends_in"].values.tolist() == ["diverged", "diverged"]


def test_a_spiral_out_is_followed_along_both_parts_of_its_pair():
    turn = 1.5 * np.array([[0.0, -1.0], [1.0, 0.2]])
    step = lambda x: np.tanh(x @ turn.T)  # noqa: E731 - one line of algebra
    points = nr.dynamics.fixed_points(step, size=2)
    found = nr.dynamics.connections(step, points, steps=50)
    starts = found["start"].values[found["source"].values == int(np.abs(points["state"].values).sum(axis=1).argmin())]
    assert np.linalg.matrix_rank(starts, tol=1e-8) == 2


def test_points_of_something_else_are_refused():
    points = nr.dynamics.fixed_points(lambda x: np.tanh(2 * x), size=2)
    with pytest.raises(ShapeError, match="the points have 2 entries"):
        nr.dynamics.connections(nr.Network.random(0, 3, 1, seed=0), points)
    with pytest.raises(ValueRefused, match=r"what nr\.dynamics\.fixed_points returns"):
        nr.dynamics.connections(lambda x: x, np.zeros((2, 2)))
