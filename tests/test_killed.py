"""SIGKILL at a random moment: the file opens, the run goes on, and the end is that of a run nobody killed, bit for bit."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

import neurorec as nr

TRIALS, KILLS = 30_000, 20  # more than twenty runs get through before they are killed
SCRIPT = (
    textwrap.dedent("""
    import sys
    from pathlib import Path
    import neurorec as nr
    from neurorec import training

    training.FLUSH_SECONDS = 0.01  # a hundred times as often as usual: most kills hit a write
    path, go = Path(sys.argv[1]), lambda *state: print("training", flush=True)
    if path.exists():
        nr.resume(path, progress=go)
    else:
        task = nr.task("periodic_output", period=0.4)
        net = nr.Network.random(0, 12, 1, noise=0.01)
        nr.train(net, task, trials=%d, batch=3, optimiser="adam", rate=0.003, record=nr.Record(every=9), path=path, progress=go)
""")
    % TRIALS
)


@pytest.mark.slow
def test_twenty_kills_change_nothing(tmp_path):
    rng, path, reached = np.random.default_rng(), tmp_path / "run.h5", []
    for _ in range(KILLS):
        process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "training\n"
        time.sleep(rng.uniform(0, 0.25))
        process.kill()
        process.communicate()
        run = nr.open_run(path)
        reached.append(run.done)
        assert np.isfinite(run.log["loss"].values[: run.done]).all()
        assert np.isfinite(run.network.recurrent).all()
    assert reached == sorted(reached)
    assert len(set(reached)) > KILLS / 2, f"most kills came too early to mean anything: {reached}"

    finished = nr.resume(path, progress=False)
    task = nr.task("periodic_output", period=0.4)
    net = nr.Network.random(0, 12, 1, noise=0.01)
    straight = nr.train(net, task, trials=TRIALS, batch=3, optimiser="adam", rate=0.003, record=nr.Record(every=9), progress=False)
    for name in ("recurrent", "input", "readout"):
        assert np.array_equal(getattr(finished.network, name), getattr(straight.network, name)), name
    assert np.array_equal(finished.log["loss"].values, straight.log["loss"].values)
    assert finished.trajectories().drop_attrs().equals(straight.trajectories().drop_attrs())
