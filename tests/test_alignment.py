"""The theory of alignment (Murray 2019, appendix 2): numbers that can be worked out by hand, and the figures of them."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest

import neurorec as nr
from neurorec import cli
from neurorec.arrays import cosine, degrees
from neurorec.errors import UnknownName

matplotlib.use("agg")
import matplotlib.pyplot as plt  # noqa: E402 - after the choice of what draws


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    task = nr.task("periodic_output", period=0.2)
    net = nr.Network.random(0, 8, 1, initial=0.1)
    return nr.train(
        net, task, trials=40, progress=False, record=nr.Record((), checkpoints=5), path=tmp_path_factory.mktemp("run") / "run.h5"
    )


def test_overlaps_of_known_arrays():
    assert cosine(np.array([1.0, 2.0]), np.array([3.0, 4.0])) == pytest.approx(11 / (5 * np.sqrt(5)))
    assert cosine(np.zeros(2), np.ones(2)) == 0
    assert degrees(np.array([1.0, 0.0]), np.array([1.0, 1.0])) == pytest.approx(45)
    assert degrees(np.array([1.0, 0.0]), np.array([-2.0, 0.0])) == 180
    assert degrees(np.zeros(2), np.ones(2)) == 90


@pytest.mark.parametrize("b", [0.7, -0.7])
def test_one_unit_and_one_step_by_hand(b):
    """One unit, one step: the loss falls by the change of W if and only if readout times feedback is positive."""
    w, r, h0, x, target, alpha = 0.5, 1.2, 0.3, 0.4, 2.0, 0.1
    net = nr.Network([[w]], [[1.0]], [[r]], [[b]], initial=h0)
    data = nr.Trials(np.full((1, 1, 1), x), np.full((1, 1, 1), target))
    start = nr.train(net, data, trials=1, rate=1e-3, progress=False, record=nr.Record((), checkpoints=2))
    found = nr.dynamics.alignment(start, data, trials=1).isel(trial=0)
    slope = alpha * (1 - np.tanh(w * h0 + x) ** 2) * h0  # dh / dW
    h = (1 - alpha) * h0 + alpha * np.tanh(w * h0 + x)
    error = target - r * h
    assert float(found["trace"]) == pytest.approx(r * b)
    assert float(found["cosine"]) == pytest.approx(np.sign(b))
    assert float(found["angle"].sel(weight="recurrent")) == pytest.approx(0 if b > 0 else 180, abs=1e-4)
    assert float(found["descent"].sel(weight="recurrent")) == pytest.approx(r * b * (error * slope) ** 2)
    assert float(found["alone"]) == pytest.approx(b * error * h)
    assert float(found["together"]) == pytest.approx(b * (error - r * h) * slope * (b * error * slope), rel=1e-6)


def test_along_a_training_the_table_is_the_logs(run):
    found = nr.dynamics.alignment(run, trials=1)
    assert found["trial"].values.tolist() == list(run.checkpoints) == [0, 10, 20, 30, 40]
    assert found["weight"].values.tolist() == ["recurrent", "readout"]  # there is no input
    assert np.allclose(found["cosine"].values[1:], run.log["alignment"].sel(trial=[10, 20, 30, 40]), atol=1e-6)
    assert np.allclose(found["angle"].sel(weight="readout"), 0, atol=1e-4)
    assert (found["descent"].sel(weight="readout") > 0).all()


def test_an_update_moves_the_trace_as_the_table_says(run):
    """The readout's change alone, and with the change of W before it, in small steps."""
    before, trials, eta = run.checkpoint(20), nr.task("periodic_output", period=0.2).trials(1), 1e-3
    found = nr.dynamics.alignment(run, trials=1).sel(trial=20)
    change = lambda net: nr.weight_change(net, trials, engine="reference")  # noqa: E731 - by RFLO
    traces = [
        float(
            np.trace(
                change(before.replace(recurrent=before.recurrent + k * eta * change(before)["recurrent"]))["readout"] @ before.feedback
            )
        )
        for k in (0, 1)
    ]
    assert traces[0] == pytest.approx(float(found["alone"]))
    assert (traces[1] - traces[0]) / eta == pytest.approx(float(found["together"]), rel=1e-2)


@pytest.mark.parametrize("law", ["dale_clipped", "output_fed_back"])
def test_parametrised_networks_move_their_free_parameters(law):
    net = nr.Network.random(1, 4, 1, cell="leaky_softplus", parametrisation=law)
    data = nr.Trials(np.ones((4, 1, 1)), np.ones((4, 1, 1)))
    found = nr.dynamics.alignment(nr.train(net, data, trials=2, progress=False, record=nr.Record((), checkpoints=2)), data, trials=1)
    assert found["weight"].values.tolist()[0] == net.learnt[0]
    assert np.isfinite(found["together"]).all() and (found["together"] != 0).all()


def test_figures_show_the_table(run):
    found = nr.dynamics.alignment(run, trials=1)
    ax = nr.plots.angle_by_alignment([found, found])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("feedback alignment (cosine)", "angle to the gradient (degrees)")
    assert np.array_equal(ax.lines[-1].get_ydata()[:5], found["angle"].sel(weight="recurrent"))
    ax = nr.plots.growth(found)
    alone, together = [line for line in ax.lines if line.get_gid() is None]
    assert np.array_equal(alone.get_ydata(), found["alone"]) and np.array_equal(together.get_ydata(), found["together"])
    with pytest.raises(UnknownName, match="no weight named 'input'"):
        nr.plots.angle_by_alignment(found, weight="input")


@pytest.mark.parametrize("kind", ["growth", "angle-by-alignment"])
def test_the_command_line_draws_them(kind, run, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["neurorec", "plot", str(run.path), "--kind", kind, "--out", str(tmp_path / "picture.png")])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 0
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
