"""Long simulations run in windows of time: the numbers of one run in memory, in bounded memory."""

from __future__ import annotations

import numpy as np
import pytest
from cases import ORDINARY, network, sizes, trials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import neurorec as nr
from neurorec.engines.base import in_turn
from neurorec.engines.numba import NumbaEngine
from neurorec.errors import RunFileError, ShapeError, UnknownName, ValueRefused
from neurorec.networks.weights import Weights
from neurorec.simulation.stimulus import stimulus


@pytest.mark.parametrize("engine", ["numba", "reference"])
@given(size=sizes, window=st.integers(1, 9), seed=st.integers(0, 100))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_windows_are_the_whole(engine, size, window, seed, tmp_path):
    net, data = network(size, "gru", noise=0.1), trials(size)
    record = nr.Record(("h", "output", "input", "target"))
    recording = nr.stream(net, data, tmp_path / "s.h5", engine, record, seed, window=window, progress=False, overwrite=True)
    whole = nr.simulate(net, data, engine=engine, seed=seed)
    expected = {"h": whole.states["h"], "output": whole.outputs, "input": data.inputs, "target": data.targets}
    with recording.to_xarray() as found:
        for name, values in expected.items():
            assert np.allclose(found[name].values, values, atol=1e-6), name  # the file holds float32
        assert np.allclose(found["time"], data.time)


def test_every_third_step_of_some_units_of_every_second_trial(tmp_path):
    net = nr.Network.random(1, 8, 1, seed=0)
    data = nr.Trials(np.ones((31, 5, 1)), np.zeros((31, 5, 1)))
    record = nr.Record(("h",), every=2, steps=3, units=(1, 7))
    recording = nr.stream(net, data, tmp_path / "s.h5", record=record, window=7, progress=False)
    whole = record.pick("h", nr.simulate(net, data).states["h"])[:, ::2]
    with recording.to_xarray() as found:
        assert found["h"].dims == ("time", "trial", "unit") and found["h"].shape == (10, 3, 2)
        assert np.array_equal(found["h"].values, whole)
        assert found["time"].values[0] == pytest.approx(0.03) and found["unit"].values.tolist() == [1, 7]


def test_memory_is_bounded_by_the_window(tmp_path, monkeypatch):
    """The engine is never given more than a window, however long the simulation."""
    longest = []
    forward = NumbaEngine.forward

    def watched(self, network, weights, stimulus):
        longest.append(len(stimulus.inputs))
        return forward(self, network, weights, stimulus)

    monkeypatch.setattr(NumbaEngine, "forward", watched)
    net, data = nr.Network.random(1, 200, 1, seed=0), nr.Trials(np.zeros((90_000, 1, 1)), np.zeros((90_000, 1, 1)))
    nr.stream(net, data, tmp_path / "s.h5", record=nr.Record(("output",), steps=100), progress=False)
    assert max(longest) * 200 * 3 * 4 <= 2**26 and len(longest) > 1 and sum(longest) == 90_000


def test_progress_counts_steps(tmp_path, capsys):
    net, data = network(ORDINARY), trials(ORDINARY)
    told = []
    nr.stream(net, data, tmp_path / "a.h5", window=2, progress=lambda *each: told.append(each[:2]))
    assert told[-1] == (ORDINARY.steps, ORDINARY.steps)
    nr.stream(net, data, tmp_path / "b.h5", window=2)
    assert f"step {ORDINARY.steps}/{ORDINARY.steps}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"record": nr.Record(("h",), reduce="mean")}, ValueRefused, "reduce"),
        ({"record": nr.Record(("v",))}, UnknownName, "'v'"),
        ({"window": 0}, ValueRefused, "window"),
        ({"initial": np.zeros(3)}, ShapeError, "initial"),
    ],
)
def test_what_does_not_fit_is_said_before_there_is_a_file(settings, error, words, tmp_path):
    with pytest.raises(error, match=words):
        nr.stream(network(ORDINARY), trials(ORDINARY), tmp_path / "s.h5", progress=False, **settings)
    assert not (tmp_path / "s.h5").exists()


def test_a_file_is_not_overwritten_unasked_and_is_no_run(tmp_path):
    net, data = network(ORDINARY), trials(ORDINARY)
    nr.stream(net, data, tmp_path / "s.h5", progress=False)
    with pytest.raises(RunFileError, match="exists already"):
        nr.stream(net, data, tmp_path / "s.h5", progress=False)
    with pytest.raises(RunFileError, match="no neurorec run"):
        nr.open_run(tmp_path / "s.h5")


def test_windows_in_turn_go_on_where_the_last_one_ended():
    net = nr.Network.random(1, 3, 1, seed=0)
    engine = NumbaEngine()
    data = nr.Trials(np.ones((4, 1, 1)), np.zeros((4, 1, 1)))
    given_twice = [stimulus(net, data, np.float32, 0)] * 2
    first, second = (each.states.copy() for each in in_turn(engine, net, Weights.of(net, np.float32), given_twice))
    assert np.array_equal(second[0], first[-1])
