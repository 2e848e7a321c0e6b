"""Training: what a run is, that it is reproducible, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from cases import ORDINARY, network, trials

import neurorec as nr
from neurorec.errors import DivergenceError, NotOffered, ShapeError, ValueRefused
from neurorec.learning.optimisers.adam import Adam
from neurorec.training.journal import Journal

TASK = nr.task("periodic_output", period=0.4)


def net(seed: int = 0, **settings) -> nr.Network:
    return nr.Network.random(0, 12, 1, seed=seed, **settings)


def same(a: nr.Network, b: nr.Network) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in ("recurrent", "input", "readout", "bias", "feedback"))


def test_a_run_holds_the_network_a_row_a_trial_and_trajectories():
    run = nr.train(net(), TASK, trials=60, batch=7, record=nr.Record(variables=("h", "output", "target"), every=10), progress=False)
    assert run.done == run.total == 60
    assert run.log.sizes["trial"] == 60
    assert run.log["loss"].attrs["long_name"]
    kept = run.trajectories()
    assert dict(kept.sizes) == {"time": 40, "trial": 6, "unit": 12, "output_channel": 1}
    assert float(kept["time"][0]) == pytest.approx(0.01)
    assert run.checkpoints[0] == 0
    assert same(run.checkpoint(0), net())
    assert same(run.checkpoint(60), run.network)
    assert not same(run.network, net())


def test_the_recorded_loss_is_that_of_the_recorded_output():
    run = nr.train(net(), TASK, trials=5, record=nr.Record(variables=("output", "target")), progress=False)
    kept = run.trajectories()
    loss = 0.5 * ((kept["output"] - kept["target"]) ** 2).mean("time").sum("output_channel")
    assert np.allclose(loss.values, run.log["loss"].values, rtol=1e-5)


def test_a_seed_gives_the_same_numbers_twice_and_another_seed_others():
    task = nr.task("n_bit_flip_flop", n_bits=2)
    start = nr.Network.random(task.n_inputs, 10, task.n_outputs, noise=0.01)
    first, again, other = (nr.train(start, task, trials=12, batch=4, seed=seed, progress=False) for seed in (3, 3, 4))
    assert same(first.network, again.network)
    assert not same(first.network, other.network)


def test_numbers_do_not_depend_on_the_number_of_threads():
    script = textwrap.dedent("""
        import hashlib, neurorec as nr
        task = nr.task("n_bit_flip_flop", n_bits=2)
        run = nr.train(nr.Network.random(task.n_inputs, 96, task.n_outputs, noise=0.01), task, trials=64, batch=32, progress=False)
        print(hashlib.sha256(run.network.recurrent.tobytes()).hexdigest())
    """)
    printed = []
    for threads in ("1", "2"):
        capped = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"), threads)
        done = subprocess.run([sys.executable, "-c", script], env=os.environ | capped, capture_output=True, text=True, check=True)
        printed.append(done.stdout)
    assert printed[0] == printed[1]


def test_trials_and_noise_do_not_depend_on_the_batch():
    task = nr.task("n_bit_flip_flop", n_bits=2)
    start = nr.Network.random(task.n_inputs, 10, task.n_outputs, noise=0.1)
    record = nr.Record(variables=("input", "target"))
    one, four = (nr.train(start, task, trials=8, batch=batch, record=record, progress=False).trajectories() for batch in (1, 4))
    assert one.identical(four)
    still = {"recurrent": 0.0, "input": 0.0, "readout": 0.0}  # with the weights still, what the noise does is the same too
    losses = [nr.train(start, task, trials=8, batch=batch, rate=still, progress=False).log["loss"].values for batch in (1, 4)]
    assert np.allclose(*losses, rtol=1e-5)


def test_own_arrays_are_trained_on_without_a_task():
    rng = np.random.default_rng(0)
    data = nr.Trials(rng.normal(size=(15, 6, 2)), rng.normal(size=(15, 6, 1)))
    run = nr.train(nr.Network.random(2, 8, 1), data, trials=12, batch=3, record=nr.Record(variables="input"), progress=False)
    seen = run.trajectories()["input"].values
    for epoch in (seen[:, :6], seen[:, 6:]):  # every pass shows every trial once
        matches = (np.abs(epoch[:, :, None] - data.inputs[:, None].astype("f4")) < 1e-6).all(axis=(0, 3))
        assert (matches.sum(axis=0) == 1).all()


def test_only_plastic_weights_change_each_at_its_rate():
    start, data = network(ORDINARY).replace(plastic=("recurrent", "readout")), trials(ORDINARY)
    run = nr.train(start, data, trials=1, rate={"recurrent": 0.1, "readout": 0.0}, progress=False)
    assert not np.array_equal(run.network.recurrent, start.recurrent)
    for name in ("input", "bias", "readout", "feedback"):
        assert np.array_equal(getattr(run.network, name), getattr(start, name)), name


def test_one_update_is_rate_times_change():
    start, data = network(ORDINARY), trials(ORDINARY)
    start = start.replace(plastic=("recurrent", "input", "readout"))
    run = nr.train(start, data, trials=2, batch=2, rate=0.1, progress=False)
    change = nr.weight_change(start, data, rule="rflo")
    assert np.allclose(run.network.recurrent, start.recurrent + 0.1 * change["recurrent"], atol=1e-6)


@pytest.mark.parametrize("update", ["trial", "step"])
def test_clipping_bounds_the_change(update):
    start, data = network(ORDINARY).replace(plastic=("recurrent",)), trials(ORDINARY)
    run = nr.train(start, data, trials=1, rate=1.0, clip=1e-3, update=update, progress=False)
    moved = np.linalg.norm(run.network.recurrent - start.recurrent)
    steps = ORDINARY.steps if update == "step" else 1
    assert 1e-5 < moved <= 1.001e-3 * steps


@pytest.mark.parametrize("update", ["trial", "step"])
def test_an_annealed_rate_falls_from_trial_to_trial_and_stays_where_a_run_is_made_longer(update, tmp_path):
    """Of 1/8 three quarters are left after one of two trials, a half after both: what three trainings of one trial make."""
    now, ways = net(), {"update": update, "progress": False}
    for rate in (0.125, 0.09375, 0.0625):
        now = nr.train(now, TASK, trials=1, rate=rate, **ways).network
    path = tmp_path / "run.h5"
    nr.train(net(), TASK, trials=2, rate=0.125, anneal=0.5, path=path, **ways)
    assert same(nr.resume(path, trials=3, progress=False).network, now)


def test_adam_takes_steps_of_the_rate():
    start, data = network(ORDINARY).replace(plastic=("recurrent",)), trials(ORDINARY)
    run = nr.train(start, data, trials=1, rate=0.01, optimiser=Adam(epsilon=1e-12), progress=False)
    steps = np.abs(run.network.recurrent - start.recurrent)
    assert np.allclose(steps, 0.01, rtol=1e-2)  # the first step of Adam is the rate times the sign


def test_a_learnt_time_constant_moves_and_stays_above_dt():
    rng = np.random.default_rng(0)
    data = nr.Trials(rng.normal(size=(30, 4, 1)), rng.normal(size=(30, 4, 1)))
    start = nr.Network.random(1, 6, 1, plastic=("recurrent", "readout", "tau"))
    rates = {"recurrent": 0.01, "readout": 0.01, "tau": 5.0}
    for update in ("trial", "step"):
        run = nr.train(start, data, rule="rflo", trials=40, update=update, rate=rates, progress=False)
        tau = run.network.per_unit("tau")
        assert (tau >= start.dt).all()
        assert np.ptp(tau) > 0


def test_stops_early_on_a_criterion():
    run = nr.train(net(), TASK, trials=5000, stop_below=0.2, progress=False)
    assert 100 <= run.done < 5000
    assert run.log["loss"].values[-100:].mean() < 0.2
    assert run.log.sizes["trial"] == run.done


def test_an_unstable_run_says_so_and_keeps_the_last_good_weights(tmp_path):
    path = tmp_path / "run.h5"
    task = nr.task("periodic_output")
    with pytest.raises(DivergenceError, match=r"unstable at trial \d+ .* try .*, or clip=1.0, or rate=0.1 .*run.h5"):
        nr.train(nr.Network.random(0, 30, 1), task, trials=10_000, rate=0.3, path=path, progress=False)
    kept = nr.open_run(path)
    assert 0 < kept.done < 10_000
    assert np.isfinite(kept.network.recurrent).all()
    assert np.isfinite(kept.log["loss"].values).all()


@pytest.mark.parametrize("update", ["trial", "step"])
def test_not_a_number_is_caught_in_every_schedule(update):
    data = nr.Trials(np.ones((20, 1, 1)), np.full((20, 1, 1), 1e30))
    with pytest.raises(DivergenceError):
        nr.train(nr.Network.random(1, 5, 1), data, trials=50, rate=1.0, update=update, progress=False)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_leaves_a_run_that_goes_on_to_the_same_bits(tmp_path, number):
    def interrupt(done, total, loss):
        if done > 50:
            os.kill(os.getpid(), number)

    path = tmp_path / "run.h5"
    with pytest.raises(KeyboardInterrupt if number == signal.SIGINT else SystemExit, match=r"nr.resume\('.*run.h5'\)"):
        nr.train(net(), TASK, trials=2000, path=path, progress=interrupt)
    assert nr.open_run(path).done < 2000
    assert same(nr.resume(path, progress=False).network, nr.train(net(), TASK, trials=2000, progress=False).network)


def test_a_finished_run_can_be_made_longer(tmp_path):
    path = tmp_path / "run.h5"
    short = nr.train(net(), TASK, trials=30, path=path, optimiser="adam", rate=0.003, progress=False)
    longer = nr.resume(path, trials=70, progress=False)
    straight = nr.train(net(), TASK, trials=70, optimiser="adam", rate=0.003, progress=False)
    assert same(longer.network, straight.network)
    assert not same(longer.network, short.network)
    assert np.array_equal(longer.log["loss"].values, straight.log["loss"].values)


@pytest.fixture
def stopped(tmp_path):
    """A training of 300 trials, two at a time, that was stopped soon after the 20th."""

    def stop(done, total, loss):
        if done >= 20:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        nr.train(net(), TASK, path=tmp_path / "run.h5", **{**LONG, "progress": stop})
    return tmp_path / "run.h5"


LONG = {"trials": 300, "batch": 2, "anneal": 0.25, "record": nr.Record(("output",), checkpoints=6), "progress": False}


def test_a_shorter_resume_stops_there_and_the_rest_can_be_done_later(stopped):
    straight = nr.train(net(), TASK, **LONG)
    said = []
    short = nr.resume(stopped, trials=120, progress=lambda done, total, loss: said.append((done, total)))
    assert (short.done, short.total, said[-1]) == (120, 300, (120, 120))
    assert same(short.network, straight.checkpoint(120))  # rates fall by the plan, not by where it stops
    assert short.log.sizes["trial"] == 120
    assert nr.resume(stopped, trials=120, progress=False).done == 120  # nothing to do
    assert same(nr.resume(stopped, progress=False).network, straight.network)


def test_a_resume_may_stop_within_a_batch_but_not_before_what_is_done(stopped):
    done = nr.open_run(stopped).done
    with pytest.raises(ValueRefused, match=f"trials=10 is in all, and the run has done {done}"):
        nr.resume(stopped, trials=10, progress=False)
    assert nr.open_run(stopped).done == done
    assert nr.resume(stopped, trials=101, progress=False).done == 101
    finished = nr.resume(stopped, progress=False)
    assert (finished.done, finished.total) == (300, 300)
    assert finished.checkpoints[-1] == 300  # batches end where they would have, so that no checkpoint is passed over
    assert len(finished.checkpoints) == len(nr.train(net(), TASK, **LONG).checkpoints)
    assert nr.resume(stopped, trials=301, progress=False).done == 301


@pytest.mark.parametrize("update", ["trial", "step"])
def test_a_carried_state_is_the_one_in_which_the_last_trial_in_its_place_ended(update):
    settings = {"trials": 7, "batch": 3, "update": update, "start": "carried", "record": nr.Record(variables=("h",))}
    still = nr.train(net(), TASK, rate=0.0, progress=False, **settings).trajectories()["h"].values.transpose(1, 0, 2)
    longer = nr.simulate(net(), nr.Trials(np.zeros((120, 1, 0)), np.zeros((120, 1, 1)))).states["h"][:, 0]
    for trial in range(7):
        place = trial // 3 * 40
        assert np.allclose(still[trial], longer[place : place + 40], atol=1e-5)
    assert nr.train(net(), TASK, engine="reference", trials=2, start="carried", progress=False).done == 2
    moved = nr.train(net(), TASK, rate=0.01, progress=False, **settings).trajectories()["h"].values.transpose(1, 0, 2)
    assert not np.allclose(moved[3], still[3], atol=1e-3)


def test_a_training_with_carried_states_goes_on_to_the_same_bits(tmp_path):
    settings = {"batch": 3, "start": "carried", "rate": 0.01, "progress": False}
    straight = nr.train(net(), TASK, trials=60, **settings)
    nr.train(net(), TASK, trials=30, path=tmp_path / "run.h5", **settings)
    resumed = nr.resume(tmp_path / "run.h5", trials=60, progress=False)
    assert same(resumed.network, straight.network)
    assert np.array_equal(resumed.log["loss"].values, straight.log["loss"].values)
    assert not same(resumed.network, nr.train(net(), TASK, trials=60, **{**settings, "start": "initial"}).network)


def test_a_run_on_arrays_needs_them_again(tmp_path):
    data = trials(ORDINARY)
    path = tmp_path / "run.h5"
    nr.train(network(ORDINARY), data, trials=4, path=path, progress=False)
    with pytest.raises(ValueRefused, match="pass the same nr.Trials"):
        nr.resume(path, trials=8, progress=False)
    with pytest.raises(ValueRefused, match="another one"):
        nr.resume(path, trials=8, task=trials(ORDINARY, seed=1), progress=False)
    assert nr.resume(path, trials=8, task=data, progress=False).done == 8


@pytest.mark.parametrize("rule", ["bptt", "random_feedback_bptt"])
def test_rules_against_time_refuse_per_step_updates(rule):
    with pytest.raises(NotOffered, match="rtrl"):
        nr.train(net(), TASK, rule=rule, update="step", progress=False)


def test_what_does_not_fit_is_refused_before_the_first_step():
    with pytest.raises(ValueRefused, match="start must be 'initial' or 'carried', got 'kept'"):
        nr.train(net(), TASK, start="kept")
    with pytest.raises(ShapeError, match="outputs=1"):
        nr.train(nr.Network.random(0, 5, 2), TASK, progress=False)
    with pytest.raises(ValueRefused, match="same dt"):
        nr.train(nr.Network.random(0, 5, 1, dt=0.02), TASK, progress=False)
    with pytest.raises(ValueRefused, match="nothing would change"):
        nr.train(net().replace(plastic=("recurrent",)), TASK, rule="readout_only", progress=False)
    for wrong in (
        {"trials": 0},
        {"batch": 0},
        {"rate": -1.0},
        {"rate": np.nan},
        {"rate": "fast"},
        {"update": "sometimes"},
        {"clip": 0.0},
        {"anneal": 0.0},
        {"anneal": 1.5},
        {"rate": {"recurrent": 0.1}},
        {"seed": -1},
    ):
        with pytest.raises(ValueRefused):
            nr.train(net(), TASK, progress=False, **wrong)


def test_progress_is_plain_lines_without_a_terminal(capsys):
    nr.train(net(), TASK, trials=40)
    lines = capsys.readouterr().err.splitlines()
    assert lines
    assert lines[-1].startswith("trial 40/40  loss ")


def test_an_error_in_the_middle_of_a_batch_leaves_the_last_whole_state(tmp_path, monkeypatch):
    """Weights that have moved must not be stored under the number of a trial that is not over."""
    path, record = tmp_path / "run.h5", Journal._record

    def fails_once(self, activity, trials, held):
        if 50 in held:
            raise OSError("something outside went wrong")
        record(self, activity, trials, held)

    monkeypatch.setattr("neurorec.runs.trial_log.FLUSH_SECONDS", 0.0)
    monkeypatch.setattr(Journal, "_record", fails_once)
    with pytest.raises(OSError, match="outside"):
        nr.train(net(), TASK, trials=100, path=path, progress=False)
    monkeypatch.undo()
    assert 0 < nr.open_run(path).done <= 50
    straight = nr.train(net(), TASK, trials=100, progress=False)
    resumed = nr.resume(path, progress=False)
    assert same(resumed.network, straight.network)
    assert np.array_equal(resumed.log["loss"].values, straight.log["loss"].values)


@pytest.mark.parametrize("update", ["trial", "step"])
def test_measuring_the_angle_changes_nothing_else(update):
    """It runs the trials of the batch once more, in the arrays that hold what they did."""
    net, data = network(ORDINARY), trials(ORDINARY)
    settings = {"trials": 6, "batch": 2, "update": update, "rate": 0.5, "progress": False}
    plain, measured = (nr.train(net, data, gradient_angle=each, **settings) for each in (0, 1))
    assert np.array_equal(plain.log["loss"], measured.log["loss"]) and np.isfinite(measured.log["angle"]).all()
    assert np.array_equal(plain.network.recurrent, measured.network.recurrent)
