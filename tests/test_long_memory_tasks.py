"""Facts about the copying memory task and the adding problem, and what an answer without memory can reach."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurorec as nr
from neurorec.discovery import load
from neurorec.errors import NeurorecError

few = settings(max_examples=25, deadline=None)
seeds = st.integers(0, 2**32)


def loss(trials, outputs):
    """As the engines weigh it."""
    rows = load("losses", trials.loss).value(
        np.ascontiguousarray(outputs).reshape(-1, outputs.shape[2]), trials.targets.reshape(outputs[:, :, 0].size, -1)
    )
    return (trials.weight * rows.reshape(trials.weight.shape)).sum()


# copying memory


@few
@given(seed=seeds, delay=st.integers(1, 40), length=st.integers(1, 12), symbols=st.integers(2, 9))
def test_the_word_comes_in_waits_for_its_cue_and_goes_out(seed, delay, length, symbols):
    """Written as one would say it, step by step."""
    task = nr.task("copying_memory", delay=delay, length=length, symbols=symbols)
    trials = task.trials(2, seed=seed)
    assert trials.inputs.shape == (delay + 2 * length, 2, symbols + 2)
    for k in range(2):
        word = [int(symbol) for symbol in trials.conditions["word"][k].split()]
        shown = [*word, *[0] * (delay - 1), symbols + 1, *[0] * length]
        assert trials.inputs[:, k].argmax(axis=1).tolist() == shown
        assert trials.targets[:, k].argmax(axis=1).tolist() == [0] * (delay + length) + word
        assert {*word} <= {*range(1, symbols + 1)}
    assert (trials.inputs.sum(axis=2) == 1).all()
    assert (trials.targets.sum(axis=2) == 1).all()
    assert (trials.mask == 1).all()


def test_symbols_are_all_equally_frequent():
    """Eight of them, 5000 draws, within four standard deviations."""
    counts = nr.task("copying_memory", delay=1).trials(500).inputs[:10, :, 1:9].sum(axis=(0, 1))
    assert np.abs(counts - 625).max() < 4 * np.sqrt(5000 / 8 * 7 / 8)


@pytest.mark.parametrize(("delay", "published"), [(100, 0.1733), (200, 0.0945), (1000, 0.02039), (2000, 0.01029)])
def test_the_baseline_is_the_papers(delay, published):
    """10 log 8 / (T + 20)."""
    assert nr.task("copying_memory", delay=delay).baseline == pytest.approx(published, rel=5e-3)


def test_the_baseline_is_the_loss_of_the_best_answer_without_memory():
    """Of all answers that depend on the time step alone the best has the frequencies of the targets there; it tends to the baseline."""
    task = nr.task("copying_memory", delay=7, length=3, symbols=4)
    trials = task.trials(4000)
    frequency = trials.targets.mean(axis=1, keepdims=True)
    logits = np.broadcast_to(np.log(frequency + 1e-300), trials.targets.shape)
    best = loss(trials, logits)
    assert best == pytest.approx(task.baseline, rel=2e-3)
    alike = np.full(trials.targets.shape, -1e3)
    alike[:10, :, 0] = alike[10:, :, 1:] = 0
    assert loss(trials, alike) == pytest.approx(task.baseline, rel=1e-12)
    worse = np.random.default_rng(0).normal(0, 0.1, (20, *frequency.shape))
    assert min(loss(trials, logits + each) for each in worse) > best


def test_what_sees_only_the_present_input_does_worse():
    """A blank is asked for a blank and for any symbol: it does not even know when to answer."""
    task = nr.task("copying_memory", delay=7, length=3, symbols=4)
    trials = task.trials(1000)
    shown = trials.inputs.argmax(axis=2)
    frequency = np.stack([trials.targets[shown == code].mean(axis=0) for code in range(task.n_inputs)])
    assert loss(trials, np.log(frequency + 1e-300)[shown]) > 1.5 * task.baseline


def test_copying_scores_symbols_recalled_and_nothing_else():
    """Seven of ten; what is said before does not count, and to say nothing recalls nothing."""
    task = nr.task("copying_memory")
    trials = task.trials(3)
    outputs = trials.targets.copy()
    outputs[:110] = np.random.default_rng(0).normal(size=(110, 3, 9))
    assert task.score(outputs, trials).tolist() == [1, 1, 1]
    outputs[-3:] = outputs[-3:, :, [0, 2, 3, 4, 5, 6, 7, 8, 1]]
    assert task.score(outputs, trials) == pytest.approx([0.7, 0.7, 0.7])
    assert (task.score(np.full_like(outputs, np.nan), trials) == 0).all()


# adding problem


@few
@given(seed=seeds, length=st.integers(2, 60))
def test_the_answer_is_the_sum_of_the_two_marked_numbers(seed, length):
    """One in each half; only the last step counts."""
    trials = nr.task("adding_problem", length=length).trials(3, seed=seed)
    for k in range(3):
        numbers, marks = trials.inputs[:, k].T
        first, second = np.flatnonzero(marks)
        assert first < length // 2 <= second
        assert (first, second) == (trials.conditions["first"][k], trials.conditions["second"][k])
        assert trials.targets[-1, k, 0] == numbers[first] + numbers[second] == trials.conditions["sum"][k]
    assert ((trials.inputs >= 0) & (trials.inputs <= 1)).all()
    assert (trials.mask[:-1] == 0).all()
    assert (trials.mask[-1] == 1).all()


def test_the_best_constant_answer_has_the_baseline_for_its_loss():
    """It is 1, its MSE 1/6 = 0.167, and the loss half of that."""
    task = nr.task("adding_problem", length=10)
    trials = task.trials(20_000)
    losses = {answer: loss(trials, np.full(trials.targets.shape, answer)) for answer in (0.9, 1.0, 1.1)}
    assert losses[1.0] == pytest.approx(task.baseline, rel=0.03)
    assert min(losses, key=losses.__getitem__) == 1.0
    assert task.mse(task.baseline) == pytest.approx(1 / 6)
    assert task.mse(losses[1.0]) == pytest.approx(np.mean((trials.targets[-1] - 1) ** 2), rel=1e-12)


def test_marks_reach_every_step():
    """Of both halves, the first and the last step included."""
    trials = nr.task("adding_problem", length=7).trials(300)
    assert sorted(set(trials.conditions["first"])) == [0, 1, 2]
    assert sorted(set(trials.conditions["second"])) == [3, 4, 5, 6]


def test_an_answer_is_right_within_the_tolerance():
    """Just inside, just outside; a network that diverged is wrong."""
    task = nr.task("adding_problem", tolerance=0.1)
    trials = task.trials(4)
    off = np.array([0.099, -0.099, 0.101, np.nan])
    assert task.score(trials.targets + off[:, None], trials).tolist() == [1, 1, 0, 0]


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("copying_memory", {"delay": 0}),
        ("copying_memory", {"delay": 1.5}),
        ("copying_memory", {"length": 0}),
        ("copying_memory", {"symbols": 1}),
        ("adding_problem", {"length": 1}),
        ("adding_problem", {"tolerance": 0}),
    ],
)
def test_settings_that_make_no_trial_are_refused(name, setting):
    with pytest.raises(NeurorecError, match=f"^{next(iter(setting))} must be"):
        nr.task(name, **setting)


def test_a_network_learns_to_copy(tmp_path):
    """Two symbols over three steps; the run file keeps the settings."""
    task = nr.task("copying_memory", delay=3, length=2, symbols=2)
    net = nr.Network.random(task.n_inputs, 20, task.n_outputs, dt=task.dt, parameters={"tau": task.dt}, gain=1.0, seed=0)
    run = nr.train(net, task, rule="bptt", trials=3000, batch=10, optimiser="adam", rate=0.01, path=tmp_path / "run.h5", progress=False)
    assert run.log["loss"].values[-200:].mean() < 0.5 * task.baseline
    test = task.trials(50, seed=1)
    assert task.score(nr.simulate(run.network, test).outputs, test).mean() > 0.9
    assert nr.open_run(tmp_path / "run.h5").config["task_settings"] == {"dt": 0.01, "delay": 3, "length": 2, "symbols": 2}
