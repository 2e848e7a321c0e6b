"""SIGKILL at a random moment: the file opens, what was under way goes on, and the end is as if nobody had killed it, bit for bit."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
import pytest
import xarray
from breadth import THOROUGH
from victims import Victims

import neurorec as nr
from neurorec.circuits import Box, ConjunctiveCells, RewardPrediction, SequenceLoop

TRIALS, KILLS = (30_000, 20) if THOROUGH else (12_000, 8)  # more than so many runs get through before they are killed
SCRIPT = (
    textwrap.dedent("""
    import sys
    from pathlib import Path
    import neurorec as nr
    from neurorec.runs import trial_log

    trial_log.FLUSH_SECONDS = 0.01  # a hundred times as often as usual: most kills hit a write
    path = Path(sys.argv[1])
    task = nr.task("periodic_output", period=0.4)
    net = nr.Network.random(0, 12, 1, noise=0.01)

    def train(trials, **how):
        nr.train(net, task, trials=trials, batch=3, optimiser="adam", rate=0.003, record=nr.Record(every=9), **how)

    def live(ready):
        said = []
        go = lambda *state: said or said.append(ready())
        if path.exists():
            nr.resume(path, progress=go)
        else:
            train(%d, path=path, progress=go)

    train(6, progress=False)  # with all that it loads
""")
    % TRIALS
)


def unequal(reached, kills):
    """Whether another kill is needed: so many, and until half of so many came at different places; a busy machine may need more, but not ten times."""
    return len(reached) < kills or (len(set(reached)) <= kills / 2 and len(reached) < 10 * kills)


@pytest.mark.slow
def test_kills_change_nothing(tmp_path):
    rng, path, reached = np.random.default_rng(), tmp_path / "run.h5", []
    with Victims(SCRIPT, path) as victims:
        while unequal(reached, KILLS):
            victims.kill_one(rng.uniform(0, 0.25))
            run = nr.open_run(path)
            reached.append(run.done)
            assert np.isfinite(run.log["loss"].values[: run.done]).all()
            assert np.isfinite(run.network.recurrent).all()
    assert reached == sorted(reached)
    assert len(set(reached)) > KILLS / 2, f"most kills came too early, or too late, to mean anything: {reached}"

    finished = nr.resume(path, progress=False)
    task = nr.task("periodic_output", period=0.4)
    net = nr.Network.random(0, 12, 1, noise=0.01)
    straight = nr.train(net, task, trials=TRIALS, batch=3, optimiser="adam", rate=0.003, record=nr.Record(every=9), progress=False)
    for name in ("recurrent", "input", "readout"):
        assert np.array_equal(getattr(finished.network, name), getattr(straight.network, name)), name
    assert np.array_equal(finished.log["loss"].values, straight.log["loss"].values)
    assert finished.trajectories().drop_attrs().equals(straight.trajectories().drop_attrs())


TRANSITIONS = 4000
LOOP_SCRIPT = textwrap.dedent("""
    import sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[1])
    from neurorec.circuits import SequenceLoop
    from neurorec.runs import trial_log
    from test_killed import loop, learn

    trial_log.FLUSH_SECONDS = 0.002  # most kills hit a write
    path = Path(sys.argv[2])

    def live(ready):
        said = []
        go = lambda *state: said or said.append(ready())
        if path.exists():
            SequenceLoop.resume(path, progress=go)
        else:
            learn(loop(), path=path, progress=go)

    learn(loop(), transitions=400, progress=False)  # with all that it loads
""")


def loop():
    """One with all that a loop can have to remember: a context, predictions, a cursor, noise."""
    network = nr.Network.random(4, 12, 2, noise=0.01, seed=1)
    parts = {"context": ConjunctiveCells(cells=60, active=6), "plasticity": RewardPrediction(0.2)}
    return SequenceLoop(network, 0.1, 0.1, box=Box([[1, 0], [0, 1], [-1, 0], [0, -1]], 2.0), refractory=1, seed=3, **parts)


def learn(made, transitions=TRANSITIONS, **how):
    return made.learn((0, 1, 0, 3), transitions, record=nr.Record(("h", "output"), every=200, steps=5), **how)


@pytest.mark.slow
def test_a_loop_that_is_killed_loses_nothing_either(tmp_path):
    rng, path, reached = np.random.default_rng(), tmp_path / "a.loop", []
    with Victims(LOOP_SCRIPT, Path(__file__).parent, path) as victims:
        while unequal(reached, 6):
            victims.kill_one(rng.uniform(0, 0.05))
            reached.append(SequenceLoop.load(path).done)
    assert reached == sorted(reached)
    assert len(set(reached)) > 3, f"most kills came too early, or too late, to mean anything: {reached}"

    elsewhere = SequenceLoop.load(path)  # without the file: the same weights
    if elsewhere.done < TRANSITIONS:
        elsewhere.learn((0, 1, 0, 3), TRANSITIONS - elsewhere.done, progress=False)
    finished, straight = SequenceLoop.resume(path, progress=False), loop()
    learn(straight, path=tmp_path / "b.loop", progress=False)
    for each in (finished, elsewhere):
        assert np.array_equal(each.weights, straight.weights)
        assert each.done == straight.done == TRANSITIONS
        assert each.perform(9).syllables == straight.perform(9).syllables
    with xarray.open_datatree(path, engine="h5netcdf") as ours, xarray.open_datatree(tmp_path / "b.loop", engine="h5netcdf") as theirs:
        for name in ("log", "trajectories", "loop"):
            assert ours[name].to_dataset().drop_attrs().equals(theirs[name].to_dataset().drop_attrs()), name
