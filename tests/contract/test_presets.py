"""Laws of every preset: the sizes asked for, one seed one network, and its own rates lower a loss."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import neurorec as nr
from neurorec.discovery import load
from neurorec.networks.presets import training

PRESETS = nr.names("presets")


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize(("inputs", "units", "outputs"), [(3, 6, 2), (1, 1, 1), (0, 4, 1)])
def test_a_preset_has_the_sizes_asked_for(name, inputs, units, outputs):
    net = nr.preset(name, inputs=inputs, units=units, outputs=outputs, seed=0, dt=0.02)
    assert (net.inputs, net.units, net.outputs, net.dt) == (inputs, units, outputs, 0.02)


@pytest.mark.parametrize("name", PRESETS)
def test_a_seed_fixes_a_preset(name):
    one, again, other = (nr.preset(name, 3, 6, 2, seed=seed) for seed in (1, 1, 2))
    assert all(np.array_equal(part, again.parts()[name]) for name, part in one.parts().items())
    assert not np.array_equal(one.readout, other.readout)
    assert any(not np.array_equal(part, other.parts()[name]) for name, part in one.parts().items() if name.endswith(("input", "V")))


@pytest.mark.parametrize("name", PRESETS)
def test_a_presets_own_training_lowers_a_loss(name):
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(8, 4, 2))
    data = nr.Trials(inputs, inputs.cumsum(axis=0)[:, :, :1] / 2)
    net = nr.preset(name, 2, 8, 1)
    how = {"engine": "reference", **training(name)}
    loss = nr.train(net, data, trials=1200, batch=4, progress=False, **how).log["loss"].values
    assert loss[-40:].mean() < 0.9 * loss[:40].mean()


@pytest.mark.parametrize("name", PRESETS)
def test_a_presets_settings_have_defaults_and_are_numbers(name):
    for field in dataclasses.fields(load("presets", name)):
        assert isinstance(field.default, int | float | None)


@pytest.mark.parametrize("name", PRESETS)
def test_rates_are_for_what_a_preset_learns(name):
    rate, net = training(name)["rate"], nr.preset(name, 2, 4, 1)
    moving = {each for part in net.plastic for each in (net.learnt if part == "recurrent" and net.learnt else (part,))}
    assert not isinstance(rate, dict) or set(rate) == moving
