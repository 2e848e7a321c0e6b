"""Presets: the initialisations of their papers."""

from __future__ import annotations

import numpy as np
import pytest

import neurorec as nr
from neurorec.errors import UnknownName, ValueRefused


def angles(matrix: np.ndarray) -> np.ndarray:
    return np.abs(np.angle(np.linalg.eigvals(matrix)))


def test_scornn_turns_pairs_of_units_by_less_than_a_right_angle():
    net = nr.preset("scornn", 10, 64, 9, negative=0)
    assert (angles(net.recurrent) <= np.pi / 2 + 1e-9).all()
    assert angles(net.recurrent).mean() == pytest.approx(np.pi / 4, rel=0.2)
    assert np.count_nonzero(np.abs(net.recurrent) > 1e-12) <= 2 * 64  # pairs
    assert np.abs(net.input).max() == pytest.approx(0.01, rel=0.05)
    assert np.abs(net.readout).max() == pytest.approx(np.sqrt(6 / 73), rel=0.05)
    assert (net.initial == 0).all()
    assert net.per_unit("b").tolist() == [0.0] * 64
    assert (nr.preset("scornn", 10, 64, 9).free["signs"] < 0).sum() == 32


def test_the_exponential_control_starts_where_scornn_does():
    one, other = nr.preset("scornn", 2, 12, 3, seed=4), nr.preset("orthogonal", 2, 12, 3, seed=4)
    assert np.abs(one.recurrent - other.recurrent).max() < 1e-12
    assert np.array_equal(one.input, other.input)
    assert np.array_equal(one.readout, other.readout)


def test_scurnn_has_phases_all_around():
    net = nr.preset("scurnn", 10, 200, 9)
    assert np.abs(net.recurrent.T @ net.recurrent - np.eye(400)).max() < 1e-12
    assert np.histogram(net.free["theta"], 4, (0, 2 * np.pi))[0].min() > 30
    begin = np.linalg.solve(net.recurrent, np.concatenate([net.per_unit("onset_u_re"), net.per_unit("onset_u_im")]))
    assert 0.009 < np.abs(begin).max() <= 0.01
    assert 0 < np.abs(net.per_unit("b")).max() <= 0.01


def test_enrnn_forgets_in_its_short_term_block_only():
    net = nr.preset("enrnn", 10, 64, 9, short=8)
    assert np.abs(np.linalg.eigvals(net.recurrent[:56, :56])).min() == pytest.approx(1)
    assert np.abs(np.linalg.eigvals(net.recurrent[56:, 56:])).max() < 1
    assert not net.recurrent[56:, :56].any()


def test_lstms_start_as_the_papers():
    net = nr.preset("momentum_lstm", 3, 5, 2, mu=0.3)
    assert np.array_equal(net.recurrent, np.eye(20, 5))
    assert np.allclose(net.input.T @ net.input, np.eye(3))
    assert net.bias.reshape(4, 5).mean(axis=1).tolist() == [0, 1, 0, 0]
    assert net.parameters == {"mu": 0.3, "s": 0.6, "forget_bias": 1.0}
    assert nr.preset("lstm", 3, 5, 2).bias.reshape(4, 5).mean(axis=1).tolist() == [0, 2, 0, 0]


def test_lem_hears_as_in_its_paper():
    net = nr.preset("lem", 2, 3, 1)
    blocks = net.recurrent.reshape(4, 3, 2, 3).any(axis=(1, 3))
    assert blocks.tolist() == [[True, False], [True, False], [True, False], [False, True]]


def test_lru_lies_on_its_ring():
    net = nr.preset("lru", 2, 300, 1, slowest=0.99, fastest=0.5)
    size = np.exp(-np.exp(net.per_unit("nu")))
    assert size.min() >= 0.5
    assert size.max() <= 0.99
    assert (size**2).mean() == pytest.approx((0.25 + 0.99**2) / 2, rel=0.1)


def test_orthogonal_tanh_is_orthogonal_at_the_start():
    net = nr.preset("orthogonal_tanh", 2, 20, 1)
    assert np.allclose(net.recurrent.T @ net.recurrent, np.eye(20))
    assert net.parametrisation is None


@pytest.mark.parametrize(
    ("name", "units", "theirs", "not_ours"),
    [
        ("scornn", 170, 16415, 10),
        ("scornn", 512, 136970, 10),
        ("scurnn", 116, 16482, 10),
        ("lstm", 128, 4 * 128 * (1 + 128 + 1) + 1280, 0),
    ],
)
def test_as_many_numbers_are_learnt_as_the_papers_count(name, units, theirs, not_ours):
    """Not ours: biases of the readout."""
    assert nr.preset(name, 1, units, 10).learnable == theirs - not_ours


def test_absent_and_fixed_connections_are_not_counted_as_learnt():
    assert nr.preset("lem", 2, 5, 3).learnable == 4 * 5 * 5 + 4 * 5 * 2 + 4 * 5 + 3 * nr.preset("lem", 2, 5, 3).readout.shape[1]
    assert nr.Network.random(2, 5, 3, plastic=("readout",)).learnable == 15
    assert nr.Network.random(2, 5, 3, plastic=("recurrent", "tau")).learnable == 30


@pytest.mark.parametrize(
    ("arguments", "settings", "error", "text"),
    [
        (("scorn", 1, 4, 1), {}, UnknownName, "did you mean 'scornn'"),
        (("scornn", 1, 4, 1), {"negatives": 2}, ValueRefused, "no setting of scornn named 'negatives'; there are negative"),
        (("scornn", 1, 0, 1), {}, ValueRefused, "units must be a whole number from 1"),
        (("lru", 1, 4, 1), {"fastest": 1.5}, ValueRefused, "0 < fastest < slowest < 1 must hold"),
    ],
)
def test_what_cannot_be_made_is_said(arguments, settings, error, text):
    with pytest.raises(error, match=text):
        nr.preset(*arguments, **settings)
