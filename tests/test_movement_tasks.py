"""Centre-out movements and the sequence made of them."""

from __future__ import annotations

import numpy as np
import pytest

import neurorec as nr
from neurorec.errors import NeurorecError

FOUR = [[1, 0], [0, 1], [-1, 0], [0, -1]]


@pytest.mark.parametrize("profile", ["minimum_jerk", "constant", "sine_squared"])
@pytest.mark.parametrize("directions", [4, 8])
def test_a_movement_goes_its_length_in_its_direction(profile, directions):
    task = nr.task("centre_out_velocity", profile=profile, directions=directions)
    assert task.speed.max() == pytest.approx(1, abs=1e-3)
    for direction in range(directions):
        trial = task.syllable(direction)
        angle = 2 * np.pi * direction / directions
        assert np.allclose(task.path(trial.targets)[-1], [np.cos(angle), np.sin(angle)])
        assert np.array_equal(trial.inputs, np.tile(np.eye(directions)[direction], (200, 1)))
    hold = task.syllable(-1)
    assert not hold.inputs.any()
    assert not hold.targets.any()


def test_the_cursor_stays_in_its_box_and_goes_everywhere_in_it():
    task = nr.task("centre_out_velocity", box=1.0)
    chosen = task.trials(1000, seed=1).conditions["direction"]
    assert (chosen[1::2] == -1).all()
    at = np.cumsum(np.array(FOUR)[chosen[::2]], axis=0)
    assert np.abs(at).max() == 1
    assert len(np.unique(at, axis=0)) == 9
    assert set(nr.task("centre_out_velocity", holds=False).trials(100).conditions["direction"]) == {0, 1, 2, 3}


def test_a_stretch_of_the_way_is_the_same_whatever_else_was_asked_for():
    task = nr.task("centre_out_velocity")
    whole = task.trials(1100, seed=2)
    part = task.trials(9, seed=2, first=1020)
    assert np.array_equal(part.conditions["direction"], whole.conditions["direction"][1020:1029])
    assert np.array_equal(part.targets, whole.targets[:, 1020:1029])
    assert not np.array_equal(task.trials(50, seed=3).targets, whole.targets[:, :50])


def test_the_score_is_how_near_the_end_point_is():
    task = nr.task("centre_out_velocity", holds=False)
    trials = task.trials(5)
    assert np.allclose(task.score(0.75 * trials.targets, trials), 0.75)
    assert np.allclose(task.score(-trials.targets, trials), 0)
    assert not task.score(np.full_like(trials.targets, np.nan), trials).any()


def test_a_sequence_is_its_movements_with_holds_between():
    task, syllables = nr.task("movement_sequence", sequence=(0, 3, 2)), nr.task("centre_out_velocity")
    trials = task.trials(2)
    assert trials.targets.shape == (1200, 2, 2)
    assert trials.inputs.shape == (1200, 2, 0)
    assert np.array_equal(trials.targets[400:600, 0], syllables.syllable(3).targets)
    assert not trials.targets[600:800].any()
    assert np.allclose(task.end_points(trials.targets[:, 0]), [[1, 0], [1, 0], [1, -1], [1, -1], [0, -1], [0, -1]])
    assert np.allclose(task.score(0.5 * trials.targets, trials), 1 - (1 + np.sqrt(2) + 1) / 6)


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("centre_out_velocity", {"directions": 1}, "directions must be a whole number from 2"),
        ("centre_out_velocity", {"profile": "square"}, "no profile named 'square'"),
        ("centre_out_velocity", {"duration": 0.001}, "shorter than a time step"),
        ("centre_out_velocity", {"box": 0.0}, "box must be a positive number"),
        ("movement_sequence", {"sequence": ()}, "at least one"),
        ("movement_sequence", {"sequence": (0, 4)}, "directions from 0 to 3"),
    ],
)
def test_settings_that_make_no_movement_are_refused(name, settings, words):
    with pytest.raises(NeurorecError, match=words):
        nr.task(name, **settings)
