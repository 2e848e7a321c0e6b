"""The concatenated-pattern circuit: what the loop is, what it learns, what it refuses."""

from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest
import xarray
from hypothesis import given, settings
from hypothesis import strategies as st

import neurorec as nr
from neurorec.circuits import Box, ConjunctiveCells, EndState, RewardedHebbian, RewardPrediction, SequenceLoop
from neurorec.circuits.contexts.base import AbstractContext
from neurorec.circuits.transitions import Transitions
from neurorec.errors import NotOffered, RunFileError, ShapeError, UnknownName, ValueRefused
from neurorec.runs.check import check
from neurorec.runs.loop_file import LoopFile
from neurorec.runs.run_reader import RunReader

NAMES = ("right", "up", "left", "down")
SHORT = 0.3  # seconds of a movement and of a hold: three time constants


def net(seed: int = 0, inputs: int = 4, **settings) -> nr.Network:
    """One that tells its inputs apart, as every network with random input weights does."""
    return nr.Network.random(inputs, 30, 2, gain=0.8, seed=seed, **settings)


def loop(network: nr.Network | None = None, **settings) -> SequenceLoop:
    return SequenceLoop(network or net(), **({"duration": SHORT, "hold": SHORT, "syllables": NAMES} | settings))


def test_a_syllable_is_its_input_on_then_off_and_the_state_runs_on():
    made = loop()
    made.learn(("right", "up"), 50, progress=False)
    done = made.perform(5)
    chosen = [NAMES.index(name) for name in done.syllables]
    on = np.zeros((5, 60, 4))
    for k, syllable in enumerate(chosen):
        on[k, :30, syllable] = 1
    assert np.array_equal(done.inputs[:, 0], on.reshape(300, 4))
    silent = nr.simulate(net(), nr.Trials(np.zeros((30, 1, 4)), np.zeros((30, 1, 2)))).states["h"][-1]
    straight = nr.simulate(net(), nr.Trials(done.inputs, np.zeros((300, 1, 2))), initial=silent)
    assert np.allclose(straight.states["h"], done.states["h"], atol=1e-5)
    assert np.allclose(straight.outputs, done.outputs, atol=1e-5)
    assert done.to_xarray()["h"].sel(time=done.to_xarray()["syllable"] == done.syllables[0]).sizes["unit"] == 30


def test_the_winner_is_the_unit_most_driven_by_the_state_in_which_the_movement_ends():
    made = loop(exploration=0.0)
    made.learn((0, 1), 20, progress=False)
    done = made.perform(6)
    gate = done.states["h"].reshape(6, 60, 30)[:, 29]
    assert [NAMES[k] for k in (gate @ made.weights.T).argmax(axis=1)[:-1]] == list(done.syllables[1:])


def test_reward_moves_the_winners_weights_towards_the_state_and_bounds_them():
    weights, state = np.zeros((3, 4)), np.array([1.0, -1.0, 0.0, 2.0])
    law = RewardedHebbian(rate=0.1, bound=0.4)
    law.change(weights, 1, state, right=False)
    assert not weights.any()
    law.change(weights, 1, state, right=True)
    assert np.allclose(weights, [np.zeros(4), 0.1 * state, np.zeros(4)])
    for _ in range(10):
        law.change(weights, 1, state, right=True)
    assert np.linalg.norm(weights[1]) == pytest.approx(0.4)
    assert np.allclose(weights[1], 0.4 * state / np.linalg.norm(state))


@given(st.floats(0.05, 1.9), st.integers(1, 6), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_a_prediction_comes_to_the_reward_it_foretells(rate, cells, seed):
    rng = np.random.default_rng(seed)
    weights, state = rng.normal(size=(2, cells)), rng.normal(size=cells) + 0.1
    before = weights.copy()
    RewardPrediction(rate).change(weights, 0, state, right=True)
    assert 1 - weights[0] @ state == pytest.approx((1 - rate) * (1 - before[0] @ state), abs=1e-9)
    assert np.array_equal(weights[1], before[1])


@pytest.mark.parametrize("seed", range(3))
def test_a_sequence_of_single_successors_is_learnt_as_in_the_paper(seed):
    made = loop(net(seed), seed=seed)
    log = made.learn((2, 0, 3, 1), 800, progress=False)
    assert made.perform(21).transitions_correct == 1
    greedy = log["rewarded"].values[-200:][~log["explored"].values[-200:]]
    assert greedy.mean() > 0.95
    assert 0.05 < log["explored"].values.mean() < 0.15


@pytest.mark.parametrize("sequence", ["01233210", "00112233", "010230213"])
def test_a_syllable_with_several_successors_needs_cells_that_know_the_context(sequence):
    numbers = [int(c) for c in sequence]
    papers, ours = loop(), loop(context=ConjunctiveCells(), plasticity=RewardPrediction())
    papers.learn(numbers, 1500, progress=False)
    ours.learn(numbers, 1500, progress=False)
    assert ours.perform(3 * len(numbers) + 1).transitions_correct >= 0.95
    assert papers.perform(3 * len(numbers) + 1).transitions_correct < 0.85


@given(st.lists(st.integers(0, 3), min_size=1, max_size=9))
def test_right_transitions_lead_round_the_sequence(sequence):
    targets = Transitions(sequence)
    history = [sequence[k % len(sequence)] for k in range(2 * len(sequence) + targets.order)]
    for k in range(targets.order, len(history)):
        assert targets.right(history[:k]) == {history[k]}
    assert targets.order == 1 or len(set(sequence)) < len(sequence)


def test_after_a_mistake_the_longest_end_that_occurs_says_what_may_follow():
    targets = Transitions([0, 1, 0, 2])
    assert targets.order == 2
    assert targets.right([3, 0]) == {1, 2}  # 3, 0 does not occur; after 0 may come either
    assert targets.right([1, 0]) == {2}
    assert targets.right([3]) == {0}  # a syllable of no place: back to the start


def test_the_same_seed_gives_the_same_learning_and_two_halves_make_a_whole():
    whole, halves = loop(seed=3), loop(seed=3)
    straight = whole.learn((0, 1, 2), 60, progress=False)
    parts = [halves.learn((0, 1, 2), n, progress=False) for n in (25, 35)]
    for name in straight:
        assert np.array_equal(straight[name], np.concatenate([part[name] for part in parts]))
    assert np.array_equal(whole.weights, halves.weights)
    assert not np.array_equal(whole.weights, loop(seed=4).weights)


@pytest.mark.parametrize("engine", ["reference", "torch", pytest.param("cuda", marks=pytest.mark.gpu)])
def test_other_engines_take_the_same_way(engine):
    ours, theirs = loop(), loop(engine=engine)
    logs = [made.learn((0, 1, 2, 3), 25, progress=False) for made in (ours, theirs)]
    assert logs[0].identical(logs[1])
    assert np.allclose(ours.perform(3).outputs, theirs.perform(3).outputs, atol=1e-4)


@pytest.mark.parametrize("context", [EndState(), ConjunctiveCells(cells=50, active=5)])
def test_a_stored_loop_goes_on_to_the_same_bits(tmp_path, context):
    settings = {"context": context, "plasticity": RewardPrediction(0.2), "box": Box([[1, 0], [0, 1], [-1, 0], [0, -1]], 2.0), "seed": 5}
    straight, first = loop(**settings), loop(**settings)
    straight.learn((0, 2), 50, progress=False)
    first.learn((0, 2), 20, progress=False, path=tmp_path / "a.loop")
    first.save(tmp_path / "b.loop")
    for name in ("a", "b"):
        again = SequenceLoop.load(tmp_path / f"{name}.loop")
        again.learn((0, 2), 30, progress=False)
        assert np.array_equal(again.weights, straight.weights)
        assert again.done == 50
        assert again.syllables == NAMES


def straight(transitions=60):
    made = loop(seed=3)
    return made, made.learn((0, 1, 2), transitions, progress=False)


def stopped(how, path, at=20, transitions=60):
    """A loop whose learning was broken off in this way after so many transitions."""
    made = loop(seed=3)
    hook = lambda done, total, wrong: how() if done == at else None  # noqa: E731
    try:
        made.learn((0, 1, 2), transitions, path=path, progress=hook)
    except (KeyboardInterrupt, SystemExit, ZeroDivisionError) as end:
        return made, str(end)
    return made, None


ENDS = {
    "Ctrl-C": lambda: signal.raise_signal(signal.SIGINT),
    "SIGTERM": lambda: signal.raise_signal(signal.SIGTERM),
    "a hook that raises": lambda: 1 / 0,
    "a hook that returns False": lambda: False,
}


@pytest.mark.parametrize("end", ENDS)
def test_whatever_ends_a_learning_its_file_goes_on_to_the_same_bits(tmp_path, end):
    path, (made, log) = tmp_path / "a.loop", straight()
    broken, told = stopped(ENDS[end], path)
    if end in ("Ctrl-C", "SIGTERM"):
        assert told == f"stopped after transition 20 of 60; go on with SequenceLoop.resume({str(path)!r})"
    assert "damaged" not in {part.status for part in check(path)}
    for again in (broken, SequenceLoop.load(path)):
        assert again.done == 20
        again.learn((0, 1, 2), 40, progress=False)
        assert np.array_equal(again.weights, made.weights)
    finished = SequenceLoop.resume(path, progress=False)
    assert np.array_equal(finished.weights, made.weights)
    assert np.array_equal(SequenceLoop.resume(path, progress=False).weights, made.weights)  # nothing is left: nothing happens
    with xarray.open_datatree(path, engine="h5netcdf") as tree:
        assert all(np.array_equal(tree["log"][name], log[name]) for name in log)
        assert np.array_equal(tree["loop/weights"], made.weights)
        assert tree["loop/transitions"] == 60
    assert {part.status for part in check(path)} == {"whole"}


def test_without_a_file_the_loop_itself_keeps_what_it_has_learnt():
    broken, told = stopped(ENDS["Ctrl-C"], None)
    assert told == "stopped after transition 20 of 60; the loop keeps what it has learnt, learn the other 40 by another call of learn"
    broken.learn((0, 1, 2), 40, progress=False)
    assert np.array_equal(broken.weights, straight()[0].weights)


def test_a_second_learning_has_a_file_of_its_own(tmp_path):
    made, _ = straight(20)
    made.learn((2, 1), 15, path=tmp_path / "b.loop", progress=False)
    again = SequenceLoop.resume(tmp_path / "b.loop", progress=False)
    assert (again.done, again.sequence) == (35, (2, 1))
    assert np.array_equal(again.weights, made.weights)


def test_of_a_file_the_older_state_serves_where_the_newer_is_damaged(tmp_path, monkeypatch):
    monkeypatch.setattr("neurorec.runs.trial_log.FLUSH_SECONDS", 0.0)
    path, (made, _) = tmp_path / "a.loop", straight()
    stopped(ENDS["SIGTERM"], path)
    damaged = []
    with h5py.File(path, "r+") as file:
        newest = max("01", key=lambda slot: file[f"state/{slot}/numbers"][0])
        file[f"state/{newest}/vector"][0] += 1
        damaged += [newest, "10"[int(newest)]]
    with pytest.raises(RunFileError, match="SequenceLoop.resume goes on from the other state, after transition (19|20), and mends it"):
        SequenceLoop.load(path)
    assert np.array_equal(SequenceLoop.resume(path, progress=False).weights, made.weights)
    with h5py.File(path, "r+") as file:
        for slot in damaged:
            file[f"state/{slot}/carried"][0] += 1
    for read in (SequenceLoop.load, SequenceLoop.resume):
        with pytest.raises(RunFileError, match="holds no whole state and cannot be resumed"):
            read(path)


def test_a_learning_overwrites_numbers_only(tmp_path):
    """After creation nothing outside the datasets' own blocks changes, the length neither: no structure can be half written."""
    path = tmp_path / "a.loop"
    stopped(ENDS["SIGTERM"], path, at=1)
    raw, before = [], np.frombuffer(path.read_bytes(), np.uint8).copy()
    SequenceLoop.resume(path, progress=False)
    after = np.frombuffer(path.read_bytes(), np.uint8).copy()
    with h5py.File(path) as file:
        file.visititems(lambda name, item: raw.append(item.id) if isinstance(item, h5py.Dataset) else None)
        for each in raw:
            if each.get_offset() is not None:
                before[each.get_offset() :][: each.get_storage_size()] = after[each.get_offset() :][: each.get_storage_size()] = 0
    assert np.array_equal(before, after)


def test_one_process_learns_in_a_file(tmp_path):
    path = tmp_path / "a.loop"
    stopped(ENDS["SIGTERM"], path)
    code = "import sys; from neurorec.circuits import SequenceLoop; SequenceLoop.resume(sys.argv[1])"
    held = LoopFile.open(path)
    second = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=60)
    assert "is being written by another process" in second.stderr
    with pytest.raises(RunFileError, match="is being written"):
        loop().learn((0, 1), 5, path=path, overwrite=True, progress=False)
    held.close()


@dataclasses.dataclass(frozen=True)
class Blind(AbstractContext):
    """A context of the user's own, which sees nothing."""

    size: int = 3

    def count(self, outputs):
        return self.size

    def code(self, outputs, syllables, rng):
        return lambda sent, history: np.ones(self.size)


def test_a_context_of_ones_own_is_found_again(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, Blind.__module__, sys.modules[__name__])
    made = loop(context=Blind(2))
    made.learn((0,), 5, path=tmp_path / "blind.loop", progress=False)
    with pytest.raises(RunFileError, match=r"trust=\[Blind\]"):
        SequenceLoop.load(tmp_path / "blind.loop")
    assert SequenceLoop.load(tmp_path / "blind.loop", trust=Blind).context == Blind(2)
    assert SequenceLoop.load(tmp_path / "blind.loop", trust=True).context == Blind(2)
    assert set(made.perform(4).syllables[1:]) == {NAMES[made.weights.sum(axis=1).argmax()]}


def test_a_file_holds_the_log_and_the_trajectories_that_were_asked_for(tmp_path):
    made, path = loop(), tmp_path / "loop.h5"
    log = made.learn((0, 1), 1030, path=path, record=nr.Record(("h", "output", "input"), every=400, steps=10), progress=False)
    with xarray.open_datatree(path, engine="h5netcdf") as tree:
        for name in log:
            assert np.array_equal(tree["log"][name], log[name])
        kept = tree["trajectories"].to_dataset()
        assert dict(kept.sizes) == {"time": 6, "trial": 3, "unit": 30, "output_channel": 2, "input_channel": 4}
        assert np.isfinite(kept["h"].values).all()
        assert kept["input"].values[0, 1].argmax() == log["previous"].values[400]
        assert float(kept["time"][-1]) == pytest.approx(2 * SHORT)
    with pytest.raises(RunFileError, match="exists already"):
        made.learn((0, 1), 10, path=path, progress=False)
    with pytest.raises(RunFileError, match="it holds a sequence loop, use neurorec.circuits"):
        RunReader.open(path)
    nr.train(net(), nr.Trials(np.zeros((5, 1, 4)), np.zeros((5, 1, 2))), trials=1, path=tmp_path / "run.h5", progress=False)
    for read in (SequenceLoop.load, SequenceLoop.resume):
        with pytest.raises(RunFileError, match="holds no sequence loop"):
            read(tmp_path / "run.h5")


def test_a_box_and_a_pause_leave_units_out():
    ways = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]])
    log = loop(box=Box(ways, 1.0), exploration=1.0).learn((0, 1, 2, 3), 200, progress=False)
    at = np.cumsum(ways[np.append(log["previous"].values[0], log["next"].values)], axis=0)
    assert np.abs(at).max() == 1
    rested = loop(refractory=2, exploration=0.5).learn((0, 1, 2), 200, progress=False)
    chosen = np.append(rested["previous"].values[0], rested["next"].values)
    assert (chosen[1:] != chosen[:-1]).all()
    assert (chosen[2:] != chosen[:-2]).all()


def test_noise_differs_from_syllable_to_syllable_and_not_from_run_to_run():
    noisy = net(noise=0.05)
    first, again = (loop(noisy).perform(2).outputs for _ in range(2))
    assert np.array_equal(first, again)
    one, two = loop(noisy, syllables=("a", "b", "c", "d")).perform(2).states["h"].reshape(2, 60, 30)
    assert not np.allclose(one[-1], two[-1])


def test_a_loop_without_holds_opens_the_gate_at_the_end():
    made = loop(hold=0)
    made.learn((0, 1, 2, 3), 300, progress=False)
    assert made.perform(4).steps == 30


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: loop().learn(("right", "north"), 5), UnknownName, "no syllable named 'north'"),
        (lambda: loop().learn((0, 4), 5), UnknownName, "no syllable named '4'"),
        (lambda: loop().learn((), 5), ValueRefused, "the sequence is empty; give at least one of right, up"),
        (lambda: loop().learn("", 5), ValueRefused, "the sequence is empty"),
        (lambda: loop().learn((0, 1), 0), ValueRefused, "transitions must be a whole number from 1"),
        (lambda: loop(net(inputs=3)), ShapeError, "the network has 3 inputs and there are 4 syllables"),
        (lambda: loop(net(inputs=0)), ShapeError, "this one has none"),
        (lambda: loop(syllables=("a", "b", "a", "c")), ValueRefused, "different names"),
        (lambda: loop().perform(10**9), ValueRefused, "perform at most"),
        (lambda: loop().perform(3, first="north"), UnknownName, "north"),
        (lambda: loop(exploration=1.5), ValueRefused, "between 0 and 1"),
        (lambda: loop(duration=0.001), ValueRefused, "at least 1 time step"),
        (lambda: loop(hold=-1), ValueRefused, "hold must be"),
        (lambda: loop(refractory=4), ValueRefused, "leaves none to choose"),
        (lambda: loop(context="memory"), UnknownName, "no context named 'memory'"),
        (lambda: loop(plasticity="hebb"), UnknownName, "no plasticity named 'hebb'"),
        (lambda: loop(box=Box([[1, 0]], 1.0)), ShapeError, "one row a syllable"),
        (lambda: ConjunctiveCells(cells=5, active=6), ValueRefused, "cannot fire"),
        (lambda: RewardPrediction(2.0), ValueRefused, "below 2"),
        (lambda: SequenceLoop.load("nowhere.loop"), RunFileError, "there is no file"),
        (lambda: SequenceLoop.resume("nowhere.loop"), RunFileError, "there is no file"),
    ],
)
def test_what_cannot_be_is_refused_in_words(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_an_architecture_needs_an_engine_that_steps_it():
    wrapped = nr.ModuleNetwork.random("torch_rnn", 4, 6, 2)
    with pytest.raises(NotOffered, match="torch"):
        loop(wrapped)
    assert loop(wrapped, engine="torch").perform(2).outputs.shape == (120, 1, 2)
