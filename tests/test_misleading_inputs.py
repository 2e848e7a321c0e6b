"""What would be computed with, and mean something else than its user thinks, is refused in a sentence."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import xarray

import neurorec as nr
from neurorec.errors import NeurorecError, ShapeError, ValueRefused
from neurorec.learning.optimisers.adam import Adam
from neurorec.learning.optimisers.rmsprop import RMSProp
from neurorec.training.task_of_run import task_of_run

RNG = np.random.default_rng(0)
INPUTS, TARGETS = RNG.normal(size=(6, 4, 1)), RNG.normal(size=(6, 4, 2))
CLASSES = np.eye(2)[RNG.integers(0, 2, (6, 4))]


def trials(**changes):
    return nr.Trials(**{"inputs": INPUTS, "targets": TARGETS, **changes})


def at(where, value):
    """The classes, but for one step."""
    changed = CLASSES.copy()
    changed[where] = value
    return changed


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (np.ones((6, 4, 1)), r"needs a channel for each class, targets have one, .* give two, or choose loss=\"mse\""),
        (at((2, 1), (-1, 2)), r"probabilities, .* at index \(2, 1\) they are \[-1.  2.\]; mask steps without a class"),
        (at((5, 3), (2.5, 2.5)), r"sum to 1 at every step that counts; at index \(5, 3\) they are \[2.5 2.5\]"),
        (at((0, 0), (0, 0)), r"at index \(0, 0\) they are \[0. 0.\]; mask steps without a class"),
    ],
)
def test_cross_entropy_takes_nothing_but_probabilities(targets, words):
    """Said when the trials are made, or when a training asks for that loss."""
    with pytest.raises(ValueRefused, match=words):
        trials(targets=targets, loss="cross_entropy")
    net = nr.Network.random(1, 8, targets.shape[2])
    with pytest.raises(ValueRefused, match="cross_entropy needs"):
        nr.train(net, trials(targets=targets), trials=4, batch=4, loss="cross_entropy", progress=False)


def test_steps_that_do_not_count_need_no_class_and_rounding_is_no_error():
    mask = np.ones((6, 4))
    mask[0, 0] = 0
    assert trials(targets=at((0, 0), (0, 0)), mask=mask, loss="cross_entropy").loss == "cross_entropy"
    soft = RNG.dirichlet(np.ones(300), (6, 4)).astype(np.float32)
    assert trials(targets=soft, loss="cross_entropy").targets.shape == (6, 4, 300)


def test_masked_arrays_that_hide_something_are_refused():
    """What lies beneath was taken for data, in every argument."""
    hidden = np.ma.masked_array(TARGETS, TARGETS > 1)
    for name, value in (("targets", hidden), ("inputs", hidden), ("mask", hidden[..., 0]), ("targets", [hidden[0], hidden[1]])):
        with pytest.raises(ValueRefused, match=rf"{name} is a masked array, \d+ of its \d+ entries hidden; pass {name}.filled\(0\)"):
            trials(**{name: value})
    with pytest.raises(ValueRefused, match="condition 'side' is a masked array"):
        trials(conditions={"side": np.ma.masked_array([1, 2, 3, 4], [0, 0, 1, 0])})
    assert np.array_equal(trials(targets=np.ma.masked_array(TARGETS, False)).targets, TARGETS)


@pytest.mark.parametrize("trial", ["trial", "epoch"])
def test_dimensions_with_names_are_put_in_order(trial):
    order = (trial, "output_channel", "time")
    given = xarray.DataArray(TARGETS.transpose(1, 2, 0), dims=order)
    mask = xarray.DataArray(np.arange(1.0, 25).reshape(6, 4).T, dims=(trial, "time"))
    made = trials(targets=given, mask=mask)
    assert np.array_equal(made.targets, TARGETS)
    assert np.array_equal(made.mask, mask.values.T)
    one_channel = trials(targets=xarray.DataArray(TARGETS[..., 0].T, dims=(trial, "time")))
    assert np.array_equal(one_channel.targets, TARGETS[..., :1])
    one_trial = nr.Trials(INPUTS[:, 0], xarray.DataArray(TARGETS[:, 0].T, dims=("output", "time")))
    assert np.array_equal(one_trial.targets, TARGETS[:, :1])


@pytest.mark.parametrize("dims", [("session", "time", "channel"), ("trial", "step", "channel"), ("trial", "epoch", "time")])
def test_dimensions_whose_names_leave_it_open_are_refused(dims):
    with pytest.raises(ShapeError, match="rename them to time, trial and one for its channels, or pass targets.values"):
        trials(targets=xarray.DataArray(TARGETS, dims=dims))
    assert np.array_equal(trials(targets=xarray.DataArray(TARGETS)).targets, TARGETS)  # without names: as it stands


@pytest.mark.parametrize("values", [TARGETS.astype(complex), TARGETS.astype(object), TARGETS.astype(str), np.full((6, 4, 2), np.nan)])
def test_what_is_no_number_is_refused(values):
    with pytest.raises(ValueRefused, match="targets (is complex|must hold numbers|holds nan at index)"):
        trials(targets=values)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Adam(beta1=2), "beta1 must be a finite number from 0 to below 1, got 2"),
        (lambda: Adam(beta2=1.0), "beta2 must be a finite number from 0 to below 1"),
        (lambda: Adam(epsilon=-1e-8), "epsilon must be a positive number"),
        (lambda: RMSProp(memory=-0.1), "memory must be a finite number from 0 to below 1"),
        (lambda: RMSProp(epsilon=0), "epsilon must be a positive number"),
        (lambda: RMSProp(memory="0.9"), "memory must be a finite number"),
    ],
)
def test_optimisers_have_settings_that_make_one(make, words):
    with pytest.raises(ValueRefused, match=words):
        make()


@pytest.mark.parametrize(
    ("filter", "parameters", "words"),
    [
        ("momentum", {"mu": 2.0}, "mu of the filter momentum must lie from -1 to 1, got 2"),
        ("adam", {"beta": 1.5}, "beta of the filter adam must lie from 0 to 1"),
        ("rmsprop", {"floor": -1.0}, "floor of the filter rmsprop must lie from 1e-37"),
        ("restart", {"period": [2.0, 0.0]}, "period of the filter restart must lie from 1"),
    ],
)
def test_filters_have_parameters_that_make_one(filter, parameters, words):
    with pytest.raises(ValueRefused, match=words):
        nr.Network.random(1, 2, 1, filter=filter, parameters=parameters)


@pytest.mark.parametrize(
    "settings",
    [
        *({name: value} for name in ("clip", "stop_below", "weight_decay", "anneal") for value in (True, "1", -1.0, float("nan"))),
        *({"rate": value} for value in (True, "1", -1.0, float("nan"), {"recurrent": True, "input": 0.1, "readout": 0.1})),
        *({name: value} for name in ("trials", "batch") for value in (True, 2.0, 0)),
    ],
    ids=str,
)
def test_settings_of_a_training_are_numbers_that_make_sense(settings):
    with pytest.raises(NeurorecError, match=f"{next(iter(settings))}.* (must|holds)") as refused:
        nr.train(nr.Network.random(1, 8, 2), trials(), progress=False, **settings)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("noise", [True, "loud", -0.1, float("nan")])
def test_noise_is_a_number_from_zero(noise):
    with pytest.raises(ValueRefused, match="noise must be a finite number from 0"):
        nr.Network.random(1, 8, 2, noise=noise)


def test_arrays_of_another_shape_are_not_those_of_the_run(tmp_path):
    """The same numbers in the same order, as other trials."""
    path = tmp_path / "run.h5"
    nr.train(nr.Network.random(1, 8, 2), trials(), trials=4, path=path, record=nr.Record.nothing(), progress=False)
    shapes = {"inputs": (4, 6, 1), "targets": (4, 6, 2)}
    for other in (trials(**{name: trials().__dict__[name].reshape(shape) for name, shape in shapes.items()}), trials(dt=0.02)):
        with pytest.raises(ValueRefused, match="the task given is another one"):
            nr.resume(path, trials=8, task=other, progress=False)
    assert nr.resume(path, trials=8, task=trials(), progress=False).done == 8


def test_arrays_of_a_run_from_before_shapes_were_told_apart_are_known_again():
    """Its digest is of the numbers alone, and shorter."""
    numbers = b"".join(each.tobytes() for each in (trials().inputs, trials().targets, trials().mask))
    config = nr.train(nr.Network.random(1, 8, 2), trials(), trials=1, progress=False).config
    old = {**config, "task_settings": {"digest": hashlib.sha256(numbers).hexdigest()[:16]}}
    assert np.array_equal(task_of_run(old, trials()).data.targets, TARGETS)
    with pytest.raises(ValueRefused, match="the task given is another one"):
        task_of_run(old, trials(targets=-TARGETS))
