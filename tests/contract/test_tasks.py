"""Beside the laws of every task (`test_laws`): its recommended settings, and the numbers that were measured with them."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

import neurorec as nr
from neurorec.discovery import load
from neurorec.errors import UnknownName, ValueRefused
from neurorec.tasks.base.collection import Dataset
from neurorec.tasks.base.recommended import Recommended


def test_an_unknown_task_is_refused_with_the_nearest():
    """A typing error names what was meant."""
    with pytest.raises(UnknownName, match="no task named 'periodic_outptu'; did you mean 'periodic_output'"):
        nr.task("periodic_outptu")


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
