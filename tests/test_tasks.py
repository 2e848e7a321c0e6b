"""Facts about each task, from its paper or its definition."""

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurorec as nr
from neurorec.errors import NeurorecError, ShapeError, UnknownName, ValueRefused
from neurorec.random_numbers.seeds import TASK, generator

few = settings(max_examples=25, deadline=None)
seeds = st.integers(0, 2**32)


# periodic output


@pytest.mark.parametrize(("step", "value"), [(0, 0), (50, 1), (25, 0.5**0.5 + 0.5), (12.5, 0.25 + 0.5**1.5 + np.sin(np.pi / 8))])
def test_the_periodic_output_at_known_times(step, value):
    """Murray's waveform at T/4, T/8 and T/16, by hand."""
    trials = nr.task("periodic_output", dt=0.005).trials(1)
    assert len(trials.targets) == 400
    assert trials.targets[int(2 * step), 0, 0] == pytest.approx(value)


def test_the_periodic_output_is_one_whole_period():
    """Mean 0, and the variance of its three sines."""
    wave = nr.task("periodic_output", period=16.0).trials(1).targets
    assert len(wave) == 1600
    assert wave.mean() == pytest.approx(0, abs=1e-12)
    assert wave.var() == pytest.approx((1 + 0.5**2 + 0.25**2) / 2)


def test_half_the_waveform_explains_three_quarters_of_its_variance():
    """1 - (1/2)^2."""
    task = nr.task("periodic_output")
    trials = task.trials(2)
    assert task.score(trials.targets / 2, trials) == pytest.approx([0.75, 0.75])


# interval matching


@few
@given(seed=seeds, dt=st.sampled_from([0.005, 0.01, 0.02]))
def test_pulses_peak_when_the_conditions_say(seed, dt):
    """Ready at 0.45 s, set a delay after, go a delay after that."""
    task = nr.task("interval_matching", dt=dt, delay=(0.8, 1.5))
    trials = task.trials(3, seed=seed)
    delay, go = trials.conditions["delay"], trials.conditions["go"]
    assert ((delay > 0.8 - 1e-9) & (delay < 1.5 + 1e-9)).all()
    first, second = trials.time < 0.45 + 0.4, trials.time >= 0.45 + 0.4
    assert trials.time[first][trials.inputs[first, :, 0].argmax(axis=0)] == pytest.approx(np.full(3, 0.45), abs=dt)
    assert trials.time[second][trials.inputs[second, :, 0].argmax(axis=0)] == pytest.approx(go - delay)
    assert trials.time[trials.targets[..., 0].argmax(axis=0)] == pytest.approx(go)
    assert trials.targets.max(axis=(0, 2)) == pytest.approx(np.ones(3))
    assert trials.time[-1] == pytest.approx(0.45 + 3 + 0.45, abs=2 * dt)


def test_a_pulse_has_the_papers_width():
    """exp(-1/2) of its height 15 steps away."""
    trials = nr.task("interval_matching").trials(1)
    pulse = trials.targets[:, 0, 0]
    assert pulse[pulse.argmax() + np.array([-15, 15])] == pytest.approx(np.exp([-0.5, -0.5]))


def test_delays_are_uniform_and_reach_both_ends():
    """41 delays, each about as often."""
    delay = nr.task("interval_matching", delay=(0.3, 0.7)).trials(2000, seed=1).conditions["delay"]
    steps, counts = np.unique(np.round(delay / 0.01).astype(int), return_counts=True)
    assert steps.tolist() == list(range(30, 71))
    assert counts.min() > 2000 / 41 / 2


@pytest.mark.parametrize("late", [-7, 0, 4])
def test_a_shifted_answer_is_measured_and_marked_down(late):
    """Linearly, to 0 at 20 % of the delay and 25 ms."""
    task = nr.task("interval_matching", delay=(1.0, 1.0))
    trials = task.trials(2)
    outputs = np.roll(trials.targets, late, axis=0)
    assert task.produced(outputs, trials) == pytest.approx(1 + late * np.array([0.01, 0.01]))
    assert task.score(outputs, trials) == pytest.approx(np.full(2, 1 - abs(late) * 0.01 / 0.225))


def test_an_answer_before_set_does_not_count():
    """Neither against a right one after it, nor for the network: copying the input is no answer."""
    task = nr.task("interval_matching")
    trials = task.trials(5)
    before = trials.time[:, None] < trials.conditions["go"] - trials.conditions["delay"] - 1e-9
    assert (task.score(np.where(before[..., None], 100, trials.targets), trials) == 1).all()
    assert (task.score(trials.inputs, trials) == 0).all()


# flip-flop


def state_machine(pulses):
    """Each bit holds the last pulse it got: written as one would say it."""
    held, state = np.zeros_like(pulses), np.zeros(pulses.shape[1])
    for step, now in enumerate(pulses):
        for bit, pulse in enumerate(now):
            if pulse != 0:
                state[bit] = pulse
        held[step] = state
    return held


def settled(held, blind):
    """Where the last switch of any bit is at least `blind` steps ago."""
    counts, since = np.zeros(len(held)), 0
    for step in range(len(held)):
        switched = step == 0 or (held[step] != held[step - 1]).any()
        since = 0 if switched else since + 1
        counts[step] = since >= blind
    return counts


@few
@given(seed=seeds, bits=st.integers(1, 4), rate=st.floats(0.1, 5), settle=st.integers(0, 299))
def test_the_flip_flop_is_a_state_machine(seed, bits, rate, settle):
    """Targets and mask, whatever the settings; some step always counts."""
    trials = nr.task("n_bit_flip_flop", n_bits=bits, rate=rate, settle=settle * 0.01).trials(2, seed=seed)
    for k in range(2):
        held = state_machine(trials.inputs[:, k])
        assert set(np.unique(trials.inputs)) <= {-1, 0, 1}
        assert np.array_equal(trials.targets[:, k], held)
        assert np.array_equal(trials.mask[:, k], settled(held, settle))
        assert trials.mask[-1, k] == 1
        assert trials.conditions["switches"][k] == (np.diff(held, axis=0) != 0).sum()


def test_pulses_are_as_long_and_as_frequent_as_asked_for():
    """Runs of `width`, apart, at `rate` per second; half of them switch."""
    trials = nr.task("n_bit_flip_flop", rate=2.0, duration=50.0, width=0.05, settle=0.0).trials(10)
    on = np.pad(np.abs(trials.inputs), ((1, 1), (0, 0), (0, 0)))
    for bit in on.reshape(len(on), -1).T:
        begins, ends = (np.flatnonzero(np.diff(bit) == sign) for sign in (1, -1))
        assert (ends - begins)[:-1].tolist() == [5] * (len(begins) - 1)
    pulses = (np.diff(on, axis=0) == 1).sum() - 30
    assert pulses / 30 / 50 == pytest.approx(2, rel=0.05)
    assert trials.conditions["switches"].sum() / pulses == pytest.approx(0.5, abs=0.05)
    assert trials.mask.all()


def test_the_flip_flop_scores_bits_and_steps():
    """One wrong bit of three costs a third; steps that do not count cost nothing."""
    task = nr.task("n_bit_flip_flop")
    trials = task.trials(4)
    outputs = trials.targets * np.array([0.6, 1.4, -1])
    outputs[trials.mask == 0] = 100
    assert task.score(outputs, trials) == pytest.approx(np.full(4, 2 / 3))


# delayed match to sample


def test_half_of_the_trials_match_and_the_rest_is_spread_evenly():
    """Fair coin; every other stimulus as the test."""
    conditions = nr.task("delayed_match_to_sample", n_stimuli=4, sigma=0.0).trials(1200, seed=2).conditions
    assert conditions["match"].dtype == bool
    assert conditions["match"].mean() == pytest.approx(0.5, abs=0.05)
    assert np.array_equal(conditions["sample"] == conditions["test"], conditions["match"])
    table = np.histogram2d(conditions["sample"], conditions["test"], bins=4)[0]
    assert np.diag(table) == pytest.approx(np.full(4, 150), rel=0.25)
    assert table[~np.eye(4, dtype=bool)] == pytest.approx(np.full(12, 50), rel=0.5)


@few
@given(seed=seeds)
def test_the_periods_follow_one_another(seed):
    """Fixation, sample, delay, test, decision, and nothing after."""
    task = nr.task("delayed_match_to_sample", delay=(0.2, 1.6), sigma=0.0)
    trials = task.trials(2, seed=seed)
    for k in range(2):
        sample, test, match, delay = (trials.conditions[name][k] for name in ("sample", "test", "match", "delay"))
        edges = np.round(np.cumsum([0.3, 0.5, delay, 0.5, 0.9]) / 0.01).astype(int)
        fixation, seen, waiting, again, decision, rest = np.split(np.arange(len(trials.time)), edges)
        ring, signal = trials.inputs[:, k, 1:], trials.inputs[:, k, 0]
        assert (ring[seen].argmax(axis=1) == sample).all()
        assert (ring[again].argmax(axis=1) == test).all()
        assert ring[[*seen, *again]].max(axis=1) == pytest.approx(np.ones(100))
        assert not ring[[*fixation, *waiting, *decision, *rest]].any()
        assert (signal == (np.arange(len(signal)) < edges[3])).all()
        assert (trials.targets[decision, k].argmax(axis=1) == (1 if match else 2)).all()
        assert (trials.targets[[*fixation, *seen, *waiting, *again], k] == [1, 0, 0]).all()
        assert np.array_equal(trials.mask[:, k], np.arange(len(signal)) < edges[4])
        assert (trials.targets.sum(axis=2) == 1).all()


def test_tuning_is_von_mises():
    """At 22.5 degrees, about one standard deviation, exp(-1/2) of the peak; symmetric around it."""
    trials = nr.task("delayed_match_to_sample", n_stimuli=16, sigma=0.0).trials(1)
    bump = np.roll(trials.inputs[40, 0, 1:], -trials.conditions["sample"][0])
    assert bump[1] == pytest.approx(np.exp(-0.5), abs=0.02)
    assert bump[1:] == pytest.approx(bump[:0:-1])


@pytest.mark.parametrize("dt", [0.01, 0.02])
def test_input_noise_is_white(dt):
    """sigma / sqrt(dt), so that the noise in a second does not depend on the time step."""
    trials = nr.task("delayed_match_to_sample", dt=dt, sigma=0.02).trials(20)
    waiting = trials.inputs[round(1.0 / dt) : round(1.7 / dt), :, 1:]
    assert waiting.std() == pytest.approx(0.02 / np.sqrt(dt), rel=0.03)


def test_the_decision_is_what_is_scored():
    """The mean over the decision: neither fixating on, nor the other class, nor a word before the decision."""
    task = nr.task("delayed_match_to_sample")
    trials = task.trials(8)
    decision = trials.targets[..., :1] == 0
    assert (task.score(np.broadcast_to([1.0, 0, 0], trials.targets.shape), trials) == 0).all()
    assert (task.score(trials.targets[..., [0, 2, 1]], trials) == 0).all()
    assert (task.score(trials.targets * decision - 5 * ~decision, trials) == 1).all()
    hesitant = trials.targets.copy()
    hesitant[-40:] = 0.5  # of 90 steps
    assert (task.score(hesitant, trials) == 1).all()


# recorded pattern

RECORDING = np.random.default_rng(7).normal(3, 2, (120, 2)).cumsum(axis=0)


@pytest.fixture
def files(tmp_path):
    """The same recording as CSV, NPY and HDF5."""
    np.savetxt(tmp_path / "r.csv", RECORDING, delimiter=",", header="left,right", comments="", fmt="%.17g")
    np.savetxt(tmp_path / "bare.CSV", RECORDING, delimiter=",", fmt="%.17g")
    np.save(tmp_path / "r.npy", RECORDING)
    with h5py.File(tmp_path / "one.h5", "w") as file:
        file["session/emg"] = RECORDING
    with h5py.File(tmp_path / "two.hdf5", "w") as file:
        file["session/emg"], file["other"] = RECORDING, RECORDING[:, :1] ** 2
    return tmp_path


def test_a_recording_is_the_same_from_every_kind_of_file(files):
    """To the bit, and as an array."""
    made = [nr.task("recorded_pattern", recording=files / name) for name in ("r.csv", "bare.CSV", "r.npy", "one.h5")]
    made += [nr.task("recorded_pattern", recording=files / "two.hdf5", dataset="/session/emg")]
    expected = nr.task("recorded_pattern", recording=RECORDING).trials(1).targets
    assert expected.shape == (120, 1, 2)
    for task in made:
        assert np.array_equal(task.trials(1).targets, expected), task.recording


def test_a_recording_keeps_its_shape_and_gets_a_scale():
    """Without smoothing at the recording's own step nothing but mean and size changes."""
    pattern = nr.task("recorded_pattern", recording=RECORDING, smooth=0, amplitude=0.7).pattern
    assert pattern.mean(axis=0) == pytest.approx([0, 0], abs=1e-12)
    assert pattern.std(axis=0) == pytest.approx([0.7, 0.7])
    for channel, recorded in zip(pattern.T, RECORDING.T, strict=True):
        assert np.corrcoef(channel, recorded)[0, 1] == pytest.approx(1)


def test_a_fast_recording_is_resampled_without_aliases():
    """1 ms samples at dt = 10 ms: 2 Hz stays, 99 Hz, which would fold to 1 Hz, goes."""
    time = np.arange(3000) * 0.001
    recording = np.sin(2 * np.pi * 2 * time) + np.sin(2 * np.pi * 99 * time)
    wave = nr.task("recorded_pattern", recording=recording, sampling=0.001, smooth=0.01, amplitude=0.5**0.5).pattern[:, 0]
    assert len(wave) == 300
    assert wave[5:-5] == pytest.approx(np.sin(2 * np.pi * 2 * np.arange(5, 295) * 0.01), abs=0.02)


def test_the_window_is_in_seconds():
    """Samples 50 to 99 of a recording at 20 ms."""
    windowed = nr.task("recorded_pattern", dt=0.02, recording=RECORDING, sampling=0.02, start=1.0, stop=2.0, smooth=0)
    cut = nr.task("recorded_pattern", dt=0.02, recording=RECORDING[50:100], sampling=0.02, smooth=0)
    assert np.array_equal(windowed.pattern, cut.pattern)


def test_the_example_is_two_seconds_of_eeg():
    """Four channels, smoothed, of the standard deviation that the settings say."""
    task = nr.task("recorded_pattern")
    trials = task.trials(2)
    assert trials.targets.shape == (200, 2, 4)
    assert trials.targets.std(axis=0) == pytest.approx(np.full((2, 4), task.amplitude))
    assert np.array_equal(trials.targets[:, 0], trials.targets[:, 1])


def test_a_numeric_first_line_is_data_and_a_mixed_one_is_refused(tmp_path):
    """A header has no number in it."""
    path = tmp_path / "r.csv"
    path.write_text("1,2\n2,1\n3,3\n")
    assert nr.task("recorded_pattern", recording=path).pattern.shape == (3, 2)
    path.write_text("1,b\n2,1\n3,3\n")
    with pytest.raises(ValueRefused, match="column 1 of the recording holds 'b' in row 1"):
        nr.task("recorded_pattern", recording=path)


def broken(folder, name):
    """A file with something wrong in it."""
    contents = {
        "nan.csv": "1,2\nnan,3\n4,5\n",
        "text.csv": "1,2\n2,rest\n4,5\n",
        "complex.csv": "1,2\n2,1+2j\n4,5\n",
        "ragged.csv": "1,2\n2\n4,5\n",
        "empty.csv": "",
        "header.csv": "left,right\n",
        "not.npy": "1,2\n",
        "not.h5": "1,2\n",
        "what.xlsx": "",
    }
    arrays = {
        "complex.npy": np.ones((9, 2)) * 1j,
        "inf.npy": np.array([[1.0, np.inf], [2, 3]]),
        "text.npy": np.array([["a", "b"]] * 5),
        "cube.npy": np.ones((5, 2, 2)),
        "short.npy": np.ones((1, 2)),
        "flat.npy": np.array([[1.0, 5.0], [2, 5], [3, 5]]),
    }
    if name in contents:
        (folder / name).write_text(contents[name])
    if name in arrays:
        np.save(folder / name, arrays[name])
    if name == "pickle.npy":
        np.save(folder / name, np.array([{"a": 1}, None]), allow_pickle=True)
    return folder / name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.csv", "there is no file .*missing.csv"),
        ("what.xlsx", r"must end in \.csv, \.tsv, \.txt, \.npy, \.h5, \.hdf5"),
        ("nan.csv", "column 0 of the recording holds no number in row 2; fill it in, or leave the column out"),
        ("text.csv", "column 1 of the recording holds 'rest' in row 2, expected numbers"),
        ("complex.csv", r"column 1 of the recording holds '1\+2j' in row 2"),
        ("ragged.csv", "column 1 of the recording holds no number in row 2"),
        ("empty.csv", "there are no numbers in it"),
        ("header.csv", "there are no numbers in it"),
        ("not.npy", "cannot read .*not.npy"),
        ("not.h5", "cannot read .*not.h5"),
        ("pickle.npy", "cannot read .*Python objects"),
        ("complex.npy", "is complex; expected real numbers"),
        ("inf.npy", r"holds inf at index \(0, 1\)"),
        ("text.npy", "must hold numbers"),
        ("cube.npy", r"must have shape \(samples, channels\)"),
        ("short.npy", r"\(1 samples\) and hold at least two samples"),
        ("flat.npy", "channel 1 of the recording is constant"),
    ],
)
def test_a_broken_recording_is_refused_in_words(tmp_path, name, words):
    """One line that says what, where, and what would do."""
    with pytest.raises(NeurorecError, match=words) as refused:
        nr.task("recorded_pattern", recording=broken(tmp_path, name))
    assert "\n" not in str(refused.value)


def test_datasets_are_chosen_by_name(files):
    """Where there are several, or not the one asked for, the names are listed."""
    with pytest.raises(ValueRefused, match="holds 2 datasets; choose with dataset=: other, session/emg"):
        nr.task("recorded_pattern", recording=files / "two.hdf5")
    with pytest.raises(UnknownName, match="no dataset named 'session/emgs'; did you mean 'session/emg'"):
        nr.task("recorded_pattern", recording=files / "two.hdf5", dataset="session/emgs")
    with pytest.raises(ValueRefused, match="dataset = 'emg' is a name within an HDF5 file; recording is none"):
        nr.task("recorded_pattern", recording=files / "r.npy", dataset="emg")


# settings


@pytest.mark.parametrize(
    ("name", "given_settings", "words"),
    [
        ("periodic_output", {"period": -2.0}, "period must be a positive number of seconds, got -2.0"),
        ("periodic_output", {"period": 0.001}, "shorter than a time step"),
        ("periodic_output", {"period": 0.08}, "has 8 time steps .* needs more than 8"),
        ("interval_matching", {"delay": (1.5, 0.3)}, "0 < shortest <= longest"),
        ("interval_matching", {"delay": (0.0, 0.3)}, "0 < shortest <= longest"),
        ("interval_matching", {"width": 0.15, "dt": 0.5}, "width = 0.15 s is shorter than a time step of 0.5 s"),
        ("interval_matching", {"delay": (0.001, 1.0)}, "delay = 0.001 s is shorter than a time step"),
        ("n_bit_flip_flop", {"n_bits": 0}, "n_bits must be a whole number from 1, got 0"),
        ("n_bit_flip_flop", {"n_bits": 2.0}, "n_bits must be a whole number"),
        ("n_bit_flip_flop", {"rate": 10.0}, "do not fit; lower rate or width"),
        ("n_bit_flip_flop", {"settle": 3.0}, "must be shorter than duration = 3 s"),
        ("n_bit_flip_flop", {"width": 0.1, "dt": 0.3}, "width = 0.1 s is shorter than a time step"),
        ("delayed_match_to_sample", {"n_stimuli": 1}, "n_stimuli must be a whole number from 2"),
        ("delayed_match_to_sample", {"delay": (2.0, 1.0)}, "0 < shortest <= longest"),
        ("delayed_match_to_sample", {"test": 0.001}, "test = 0.001 s is shorter than a time step"),
        ("delayed_match_to_sample", {"sigma": -0.1}, "sigma must be a positive number of square roots of a second, or 0"),
        ("recorded_pattern", {"dt": 0.05}, "would alias; smooth by at least dt"),
        ("recorded_pattern", {"start": 1.0, "stop": 0.5}, "start = 1 s and stop = 0.5 s must lie within the recording's 2 s"),
        ("recorded_pattern", {"stop": 2.5}, "must lie within the recording's 2 s"),
    ],
)
def test_settings_that_make_no_trial_are_refused(name, given_settings, words):
    """When the task is made, in one line."""
    with pytest.raises(ValueRefused, match=words) as refused:
        nr.task(name, **given_settings)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["interval_matching", "delayed_match_to_sample"])
def test_a_delay_is_a_pair(name):
    """A single number is refused with what would do."""
    with pytest.raises(ShapeError, match="shortest, longest"):
        nr.task(name, delay=1.0)


# Context-dependent integration, sine generator --------------------------------------------------------------------------


def test_the_signal_that_counts_is_answered_and_the_mean_of_the_evidence_is_its_coherence():
    task = nr.task("context_integration", sigma=0.0)
    trials = task.trials(40, seed=2)
    told, relevant = trials.conditions, np.where(trials.conditions["context"] == "motion", 0, 1)
    signal = np.where(relevant == 0, told["motion"], told["colour"])
    assert np.array_equal(told["choice"], np.sign(signal))
    on = (trials.time > task.before + 1e-9) & (trials.time <= task.before + task.stimulus + 1e-9)
    assert np.allclose(trials.inputs[on][:, :, 0], told["motion"]) and not trials.inputs[~on][:, :, :2].any()
    assert np.array_equal(trials.inputs[0, :, 2:], np.eye(2)[relevant])
    assert np.array_equal(trials.targets[-1, :, 0], told["choice"]) and trials.mask.sum() == 40 * 20
    assert task.score(-trials.targets, trials).sum() == 0


def test_an_ideal_observer_of_the_evidence_is_as_good_as_theory_says():
    """Phi(c sqrt(stimulus) / sigma), by the sign of the summed evidence."""
    task = nr.task("context_integration", coherences=(0.1,))
    trials = task.trials(2000, seed=0)
    summed = trials.inputs[:, :, :2].sum(axis=0)[np.arange(2000), (trials.conditions["context"] == "colour").astype(int)]
    assert abs((np.sign(summed) == trials.conditions["choice"]).mean() - 0.8145) < 0.025


def test_a_sine_has_the_frequency_that_the_input_asks_for():
    task = nr.task("sine_generator", n_frequencies=4, frequencies=(1.0, 4.0))
    trials = task.trials(12, seed=0)
    number = np.round(trials.conditions["frequency"] - 1).astype(int)
    assert np.allclose(trials.inputs[0, :, 0], [task.level(n) for n in number])
    assert np.allclose(trials.targets[:, :, 0], np.sin(2 * np.pi * trials.time[:, None] * trials.conditions["frequency"]))
    assert trials.mask[:20].sum() == 0 and trials.mask[20:].all()


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("context_integration", {"coherences": (0.1, -0.2)}, "positive sizes"),
        ("context_integration", {"stimulus": 0.001}, "shorter than a time step"),
        ("sine_generator", {"frequencies": (1.0, 30.0)}, "four steps"),
        ("sine_generator", {"settle": 3.0}, "must be shorter"),
    ],
)
def test_settings_of_rhythms_and_contexts_are_refused(name, settings, words):
    with pytest.raises(ValueRefused, match=words):
        nr.task(name, **settings)


@pytest.mark.parametrize(
    "name",
    [
        "adding_problem",
        "copying_memory",
        "delayed_match_to_sample",
        "evidence_accumulation",
        "interval_matching",
        "n_bit_flip_flop",
        "periodic_output",
    ],
)
def test_trials_made_together_are_those_made_one_by_one(name):
    task = nr.task("delayed_match_to_sample", delay=(0.2, 0.9)) if name == "delayed_match_to_sample" else nr.task(name)
    together = task.trials(5, seed=2, first=3)
    for k in range(5):
        one = task.trial(generator(2, TASK, 3 + k))
        arrays = [
            (each, getattr(together, part)[:, k]) for part in ("inputs", "targets", "mask") if (each := getattr(one, part)) is not None
        ]
        assert all(np.array_equal(ours, theirs) for ours, theirs in arrays)
        assert all(one.conditions[each] == value[k] for each, value in together.conditions.items())
