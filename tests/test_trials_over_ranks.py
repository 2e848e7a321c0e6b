"""Trials of a batch shared by ranks: the bits of one process, whoever computes which. Ranks are threads here, processes in test_ranks.py."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
from breadth import examples
from cases import difference
from hypothesis import given
from hypothesis import strategies as st

import neurorec as nr
from neurorec.discovery import resolve
from neurorec.engines.base.around import around
from neurorec.engines.trials import TrialsEngine
from neurorec.engines.trials.division import LEAVES, Division, tree_sum
from neurorec.errors import NotOffered, ValueRefused
from neurorec.networks.weights import Weights
from neurorec.process.team import AbstractTeam, Alone
from neurorec.simulation.loss import weighted_error
from neurorec.simulation.stimulus import stimulus
from neurorec.training.over_trials import expect_shared


class Beside(AbstractTeam):
    """Ranks that are threads of this process."""

    def __init__(self, rank: int, meeting: threading.Barrier, table: list):
        self.rank, self.size, self._meeting, self._table = rank, len(table), meeting, table

    def each(self, value):
        self._table[self.rank] = value
        self._meeting.wait()
        found = list(self._table)
        self._meeting.wait()
        return found

    def sum_by_tree(self, array):
        distance = 1
        while distance < self.size:
            array += self.each(array.copy())[self.rank ^ distance]
            distance *= 2

    def gather(self, own, whole):
        raise NotImplementedError

    def sum(self, array):
        raise NotImplementedError


def on_ranks(count: int, work) -> list:
    """What `work(team)` gives on each of so many ranks."""
    meeting, table = threading.Barrier(count, timeout=60), [None] * count
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda rank: work(Beside(rank, meeting, table)), range(count)))


def lesson(engine: TrialsEngine, net: nr.Network, trials: nr.Trials, rule: str, feedback: str):
    """Readouts, last states, states of two trials, and the change."""
    runner, weights, law = around(engine, net), Weights.of(net, engine.dtype), resolve("rules", rule)
    heard = stimulus(net, trials, engine.dtype, 7, 5)
    activity = runner.forward(net, weights, heard)
    error = weighted_error(activity.readout, trials)
    change = runner.change(net, weights, heard, activity, error, law, resolve("feedbacks", feedback))
    ends, which = activity.states[-1].copy(), np.array([0, trials.count - 1])
    shown = runner.completed(activity, which).states[:, :, which]
    return activity.readout.copy(), ends, shown, change.vector


def drawn(count: int, steps: int, inputs: int, outputs: int, seed: int) -> nr.Trials:
    rng = np.random.default_rng(seed)
    return nr.Trials(
        rng.standard_normal((steps, count, inputs)), rng.standard_normal((steps, count, outputs)), rng.random((steps, count)), dt=0.01
    )


MODELS = [
    ("rflo", "random", {}),
    ("bptt", "symmetric", {}),
    ("rflo", "kolen_pollack", {"density": 0.4}),
    ("bptt", "symmetric", {"readout_tau": 0.02, "activity_cost": 0.5}),
]


@examples(12)
@given(st.sampled_from(MODELS), st.sampled_from([2, 4]), st.integers(1, 37), st.integers(1, 12), st.integers(1, 20))
def test_ranks_give_the_bits_of_one_process(model, ranks, batch, steps, units):
    rule, feedback, how = model
    net, trials = nr.Network.random(2, units, 1, dt=0.01, noise=0.1, **how), drawn(batch, steps, 2, 1, units)
    engine = TrialsEngine(threads=1)
    alone = lesson(engine, net, trials, rule, feedback)
    for found in on_ranks(ranks, lambda team: lesson(engine.over(team), net, trials, rule, feedback)):
        assert all(ours.tobytes() == theirs.tobytes() for ours, theirs in zip(found, alone, strict=True))
    usual = nr.weight_change(net, trials, rule=rule, feedback=feedback, seed=3)
    ours = nr.weight_change(net, trials, rule=rule, feedback=feedback, seed=3, engine=engine)
    for name in ("recurrent", "readout"):
        dense = [each.toarray() if hasattr(each, "toarray") else each for each in (ours[name], usual[name])]
        assert difference(*dense) < 1e-4


@given(st.integers(1, 10_000), st.sampled_from([1, 2, 4, 8, LEAVES]))
def test_every_trial_is_in_one_leaf_and_every_leaf_is_one_ranks(batch, ranks):
    each = [Division(batch, rank, ranks) for rank in range(ranks)]
    leaves = each[0].leaves
    assert leaves <= min(batch, LEAVES) < 2 * leaves or leaves == LEAVES
    parts = [each[0].trials_in(leaf, leaf + 1) for leaf in range(leaves)]
    assert parts[0].start == 0
    assert parts[-1].stop == batch
    assert all(one.stop == other.start and one.start < one.stop for one, other in zip(parts, parts[1:], strict=False))
    shares = [one.mine for one in each]
    if ranks > batch:
        assert set(map(repr, shares)) == {repr(slice(0, batch))}
    else:
        assert [share.start for share in shares[1:]] == [share.stop for share in shares[:-1]]
        assert (shares[0].start, shares[-1].stop) == (0, batch)


def test_a_sum_is_added_by_one_tree():
    parts = np.random.default_rng(0).standard_normal((LEAVES, 1000)).astype(np.float32)
    level = list(parts)
    while len(level) > 1:
        level = [level[k] + level[k + 1] for k in range(0, len(level), 2)]
    assert not np.array_equal(level[0], parts.sum(axis=0))  # in a row they come to something else
    found = tree_sum(lambda leaf: SimpleNamespace(vector=parts[leaf].copy()), 0, LEAVES)
    assert np.array_equal(found.vector, level[0])


@pytest.mark.parametrize(
    ("ranks", "batch", "words"),
    [
        (3, 8, "shared by 2, 4, 8 or 16 ranks.*these are 3; start so many"),
        (32, 64, "and these are 32"),
        (4, 3, "4 ranks cannot share a batch of 3; take batch=4 or more, or engine='ranks'"),
    ],
)
def test_ranks_that_cannot_share_a_batch_are_refused(ranks, batch, words):
    team = Alone()
    team.size = ranks
    with pytest.raises(ValueRefused, match=words):
        expect_shared(team, batch)


def test_weights_that_change_at_every_step_have_no_batch():
    task = nr.task("periodic_output", period=0.1)
    with pytest.raises(NotOffered, match="cannot change weights every step"):
        nr.train(nr.Network.random(0, 8, 1, dt=task.dt), task, engine="trials", update="step", trials=2, progress=False)
