"""Curves that are followed by pseudo-arclength, fibres that go in a circle, and what is seen of a search while it runs."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

import neurorec as nr
from neurorec.dynamics import _fibres, _roots
from neurorec.dynamics._curves import AbstractCurve, advance, correct, front
from neurorec.dynamics._descent import descend
from neurorec.dynamics._map import as_map
from neurorec.dynamics._roots import Clock


class Circle(AbstractCurve):
    """x^2 + p^2 = r^2, of a radius for each row."""

    def __init__(self, radii):
        self.radii = np.asarray(radii)

    def linearised(self, x, p, which):
        return x**2 + p[:, None] ** 2 - self.radii[which, None] ** 2, 2 * x[:, :, None], 2 * p[:, None]


def test_a_circle_is_followed_through_its_folds():
    curve = Circle([1.0, 3.0])
    at = front(curve, np.array([[1.0], [3.0]]), np.zeros(2), np.array([1.0, -1.0]))
    before, turned = at.z.copy(), np.zeros(2)
    for _ in range(80):
        assert advance(curve, at, Clock(None)).all()
        assert np.abs(np.linalg.norm(at.z, axis=1) - curve.radii).max() < 1e-9
        turned += np.arctan2(before[:, 0] * at.z[:, 1] - before[:, 1] * at.z[:, 0], (before * at.z).sum(axis=1))
        before = at.z.copy()
    assert turned[0] > 2 * np.pi and turned[1] < -2 * np.pi


def test_no_curve_waits_for_another():
    curve, starts = Circle([1.0, 3.0]), (np.array([[1.0], [3.0]]), np.zeros(2), np.ones(2))
    together, alone = front(curve, *starts), front(curve, *starts)
    for _ in range(40):
        correct(curve, together, np.arange(2))
        correct(curve, alone, np.array([1]))
    assert np.array_equal(together.z[1], alone.z[1]) and not np.array_equal(together.z[0], alone.z[0])


def test_a_fibre_that_goes_in_a_circle_ends():
    curve = Circle([1.0, 2.0])
    at = front(curve, np.array([[1.0], [2.0]]), np.zeros(2), np.ones(2))
    marks, angle, steps = _fibres._Marks.at(at), np.zeros(2), 0
    while at.alive.any() and (steps := steps + 1) < 500:
        before = at.z.copy()
        moved = correct(curve, at, np.flatnonzero(at.alive))
        angle[moved] += np.arccos(np.clip((before * at.z).sum(axis=1) / curve.radii**2, -1, 1))[moved]
        at.alive[moved] &= ~marks.again(at, moved)
    assert (angle > 1.9 * np.pi).all() and (angle < 8 * np.pi).all()


@pytest.mark.parametrize("settings", [{"cell": "gru"}, {"cell": "leaky_tanh", "filter": "momentum"}])
def test_a_step_and_its_jacobian_together_are_those_apart(settings):
    system, x = as_map(nr.Network.random(1, 4, 1, seed=0, **settings), [0.3]), np.random.default_rng(0)
    states = x.normal(size=(3, system.size))
    new, jacobian = system.linearised(states)
    assert np.array_equal(new, system.step(states)) and np.array_equal(jacobian, system.jacobian(states))


def test_progress_counts_starts_and_then_fibres():
    seen = []
    nr.dynamics.fixed_points(lambda x: np.tanh(2 * x), starts=np.linspace(-1, 1, 7)[:, None], progress=lambda *each: seen.append(each[:2]))
    totals = [total for _, total in seen]
    ends = [done for (done, total), after in zip(seen, [*totals[1:], 0], strict=True) if after != total]
    assert totals[0] == 7 and ends[0] == 7 and len(set(totals)) > 1
    assert ends == [total for total, after in zip(totals, [*totals[1:], 0], strict=True) if after != total]


def test_a_function_that_says_no_ends_the_search():
    net = nr.Network.random(0, 20, 1, gain=1.8, seed=0)
    points = nr.dynamics.fixed_points(net, progress=lambda done, total, loss: done < 20)
    assert points.attrs["partial"] == 1
    assert "unfinished" in points["status"].values


def test_what_is_left_of_a_budget_goes_on_where_a_descent_ends(monkeypatch):
    net = nr.Network.random(0, 20, 1, gain=1.8, seed=0)
    monkeypatch.setattr(_roots, "LARGE", 0)
    monkeypatch.setattr(_roots, "descend", partial(descend, steps=1))
    ask = {"starts": np.random.default_rng(0).normal(size=(30, 20)), "fibres": 0}
    assert "unfinished" in nr.dynamics.fixed_points(net, **ask)["status"].values
    assert set(nr.dynamics.fixed_points(net, **ask, seconds=60)["status"].values) <= {"converged", "slow"}


def test_spectra_are_subtracted_by_their_order():
    nets = [nr.Network.random(0, 5, 1, gain=gain, seed=0) for gain in (0.5, 0.9)]
    low, high = (nr.dynamics.lyapunov(net, steps=50, transient=50) for net in nets)
    apart = high["exponent"] - low["exponent"]
    assert np.array_equal(apart.values, high["exponent"].values - low["exponent"].values)
