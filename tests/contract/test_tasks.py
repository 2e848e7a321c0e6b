"""What holds for every task there is: a new file in neurorec/tasks is under test before its author writes one."""

import dataclasses
import json
import pickle
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import neurorec as nr
from neurorec.discovery import load
from neurorec.errors import NeurorecError, UnknownName, ValueRefused
from neurorec.tasks.base.collection import Dataset
from neurorec.tasks.base.recommended import Recommended

EXTRAS = {"handwriting": "HersheyFonts"}  # tasks that an optional package makes: what it is called


def lacking(name):
    """The skip of a task whose package is not installed."""
    module = EXTRAS.get(name, "numpy")
    return pytest.mark.skipif(find_spec(module) is None, reason=f"{name} needs {module}: pip install 'neurorec[{name}]'")


every_task = pytest.mark.parametrize("name", [pytest.param(name, marks=lacking(name)) for name in nr.names("tasks")])


def same(one, other):
    """Whether two sets of trials are equal to the bit."""
    arrays = all(np.array_equal(getattr(one, field), getattr(other, field)) for field in ("inputs", "targets", "mask"))
    columns = one.conditions.keys() == other.conditions.keys()
    return arrays and columns and all(np.array_equal(one.conditions[key], other.conditions[key]) for key in one.conditions)


def settings(task):
    """What a run file keeps of a task."""
    return {field.name: getattr(task, field.name) for field in dataclasses.fields(task) if field.init}


@every_task
def test_arrays_are_time_major_and_as_wide_as_the_task_says(name):
    """(T, B, channel), float64, and a mask (T, B)."""
    task = nr.task(name)
    trials = task.trials(3)
    steps = len(trials.targets)
    assert trials.inputs.shape == (steps, 3, task.n_inputs)
    assert trials.targets.shape == (steps, 3, task.n_outputs)
    assert trials.mask.shape == (steps, 3)
    assert trials.inputs.dtype == trials.targets.dtype == trials.mask.dtype == np.float64
    assert (trials.dt, trials.loss, trials.count) == (task.dt, task.loss, 3)
    assert task.n_outputs >= 1
    assert task.loss in nr.names("losses")


@every_task
def test_conditions_are_columns_that_hdf5_can_hold(name):
    """One plain value per trial."""
    for key, column in nr.task(name).trials(4).conditions.items():
        assert column.shape == (4,), key
        assert column.dtype.kind in "biufU", key


@every_task
def test_trial_k_is_the_same_whatever_the_batch(name):
    """Trials 3 and 4 of five are the two that start at 3."""
    task = nr.task(name)
    assert same(task.trials(5, seed=3).take(np.array([3, 4])), task.trials(2, seed=3, first=3))


@every_task
def test_trials_come_from_the_seed_alone(name):
    """The same seed gives the same trials; unless all trials are alike, another seed gives others."""
    task = nr.task(name)
    trials, again, other = task.trials(8, seed=1), nr.task(name).trials(8, seed=1), task.trials(8, seed=2)
    random = not same(trials.take(np.arange(4)), trials.take(np.arange(4, 8)))
    assert same(trials, again)
    assert same(trials, other) != random


@every_task
def test_targets_score_one_and_silence_less(name):
    """Exactly 1, not nearly; but where silence is what was asked for."""
    task = nr.task(name)
    trials = task.trials(6, seed=4)
    assert np.array_equal(task.score(trials.targets, trials), np.ones(6))
    asked = np.abs(trials.targets).max(axis=(0, 2)) > 0
    assert asked.any()
    assert (task.score(np.zeros_like(trials.targets), trials)[asked] < 1).all()


@every_task
@pytest.mark.parametrize("size", [0.1, 1, 100])
def test_scores_are_shares_and_belong_to_their_trial(name, size):
    """In [0, 1], and the same for a trial on its own."""
    task = nr.task(name)
    trials = task.trials(5, seed=5)
    outputs = trials.targets + np.random.default_rng(0).normal(0, size, trials.targets.shape)
    scores = task.score(outputs, trials)
    assert scores.shape == (5,)
    assert ((scores >= 0) & (scores <= 1)).all()
    alone = [task.score(outputs[:, k : k + 1], trials.take(np.array([k])))[0] for k in range(5)]
    np.testing.assert_allclose(scores, alone, rtol=0, atol=1e-12)


@every_task
def test_a_shorter_time_step_leaves_what_the_task_is_timed_in_alone(name):
    """Seconds: a trial at half the time step has twice the steps. Steps: it has the same ones."""
    coarse, fine = (nr.task(name, dt=dt).trials(1) for dt in (0.01, 0.005))
    assert fine.dt == 0.005
    if nr.task(name).clock == "steps":
        assert np.array_equal(coarse.inputs, fine.inputs)
        assert np.array_equal(coarse.targets, fine.targets)
    else:
        assert nr.task(name).clock == "seconds"
        assert coarse.time[-1] == pytest.approx(fine.time[-1], abs=5 * 0.01)


@every_task
def test_settings_survive_json_and_processes(name):
    """A run file keeps settings as JSON and workers get tasks pickled; both make the same trials."""
    task = nr.task(name)
    stored = nr.task(name, **json.loads(json.dumps(settings(task))))
    assert stored == task
    assert hash(stored) == hash(task)
    assert same(stored.trials(2), task.trials(2))
    assert same(pickle.loads(pickle.dumps(task)).trials(2), task.trials(2))


@every_task
def test_a_task_is_frozen_documented_and_begins_with_dt(name):
    """Fields are the settings, each explained in the docstring."""
    task = nr.task(name)
    first, *_ = fields = [field.name for field in dataclasses.fields(task) if field.init]
    assert first == "dt"
    assert [field for field in fields if field not in type(task).__doc__] == []
    with pytest.raises(dataclasses.FrozenInstanceError):
        task.dt = 1.0


@every_task
@pytest.mark.parametrize("dt", [0, -0.01, float("nan"), float("inf"), "0.01", None, True])
def test_a_time_step_that_is_none_is_refused(name, dt):
    """When the task is made, not when it is used."""
    with pytest.raises(ValueRefused, match="^dt must be a positive number"):
        nr.task(name, dt=dt)


@every_task
def test_misspelt_settings_are_refused(name):
    """With what there is."""
    with pytest.raises(ValueRefused, match="no setting of .* named 'dtt'; there are dt"):
        nr.task(name, dtt=0.01)


@every_task
def test_no_setting_takes_just_anything(name):
    """Every setting refuses what cannot be meant, in one line."""
    for field in settings(nr.task(name)):
        for nonsense in (-1, float("nan"), {}, (1.0, "a")):
            with pytest.raises(NeurorecError) as refused:
                nr.task(name, **{field: nonsense})
            assert "\n" not in str(refused.value), field


def test_an_unknown_task_is_refused_with_the_nearest():
    """A typing error names what was meant."""
    with pytest.raises(UnknownName, match="no task named 'periodic_outptu'; did you mean 'periodic_output'"):
        nr.task("periodic_outptu")


# Settings with which a task is learnt -------------------------------------------------------------------------------------


@every_task
def test_the_recommended_settings_train_the_task(name):
    """A small network, one batch: every name exists, every value is taken, and weights move."""
    task = nr.task(name)
    own = task.recommended.but(units=4, trials=1, batch=1)
    net = nr.Network.for_task(task, units=4)
    run = nr.train(net, task, engine="reference", record=nr.Record.nothing(), progress=False, **own.training)
    assert (net.inputs, net.outputs, net.dt, net.cell) == (task.n_inputs, task.n_outputs, task.dt, task.recommended.cell)
    assert (run.config["rule"], run.config["rate"]) == (own.rule, own.training["rate"])
    assert not np.array_equal(run.network.readout, net.readout)


MEASURED = {
    name: found
    for each in json.loads((Path(__file__).parents[2] / "data" / "defaults.json").read_text())["results"]
    for name, found in each["result"]["tasks"].items()
}


@pytest.mark.parametrize("name", MEASURED)
def test_numbers_belong_to_the_settings_as_they_stand(name):
    """Who changes a task's settings measures anew (``tasks/defaults.py``); it is learnt, in the mean of seeds."""
    own = load("tasks", name).recommended
    assert MEASURED[name]["settings"] == dataclasses.asdict(own) | {"rate": own.training["rate"]}
    assert np.mean(MEASURED[name]["score_each"]) > MEASURED[name]["silent"] + 0.1


def test_what_a_user_chooses_is_taken_and_what_was_found_for_another_choice_is_not():
    own = Recommended(units=64, cell="gru", gain=1.0, optimiser="adam", rate=0.01, batch=20, clip=0.5)
    assert own.but(units=None, rate=None) == own
    assert own.but(units=30) == dataclasses.replace(own, units=30)
    assert own.but(cell="gru", optimiser="adam") == own  # the same again is no other choice
    assert own.but(cell="tanh") == dataclasses.replace(own, cell="tanh", gain=1.5)
    assert own.but(cell="tanh", gain=0.5).gain == 0.5
    plain = own.but(optimiser="sgd")
    assert (plain.training["rate"], plain.clip, plain.batch, plain.gain) == (0.03, 0.5, 20, 1.0)
    assert own.but(optimiser="sgd", rate=0.1).training["rate"] == 0.1
    assert own.but(clip=0).training["clip"] is None


def test_a_task_of_ones_own_has_the_general_settings():
    data = nr.Trials(np.ones((5, 2, 3)), np.ones((5, 2, 1)))
    assert Dataset(data).recommended == Recommended()
    assert nr.Network.for_task(Dataset(data), units=7).recurrent.shape == (7, 7)
    with pytest.raises(ValueRefused, match="no setting of a recommended network named 'unit'; there are units"):
        nr.Network.for_task(Dataset(data), unit=7)
