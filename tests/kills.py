"""A sweep whose workers are killed at random until it is done, against the same sweep in peace, bit for bit.

python tests/kills.py --points 200 --workers 4                 # processes of this machine
python tests/kills.py --points 200 --workers 4 --dask          # a dask cluster on this machine
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import neurorec as nr


def sweep_in(folder: Path, points: int, trials: int, engine: str = "numba") -> nr.Sweep:
    """Of tiny trainings, with all that a run has to remember: a batch, an optimiser, noise."""
    return nr.Sweep(
        folder,
        task={"name": "periodic_output", "period": 0.1},
        network={"units": 6, "noise": 0.01},
        training={"engine": engine, "trials": trials, "batch": 3, "optimiser": "adam"},
        over={"training.rate": [0.001, 0.003], "seed": range(points // 2)},
        record={"every": 9, "checkpoints": 1},
    )


def different(one: nr.Sweep, other: nr.Sweep) -> list[str]:
    """Points whose run files differ in a bit of anything but the time they took."""
    return [a for a, b in zip(one.paths.values.flat, other.paths.values.flat, strict=True) if not same(nr.open_run(a), nr.open_run(b))]


def same(one: nr.Run, other: nr.Run) -> bool:
    """Whether two runs are equal to the last bit, but for the clock."""
    weights = all(np.array_equal(getattr(one.network, name), getattr(other.network, name)) for name in ("recurrent", "readout", "bias"))
    logs = one.log.drop_vars("seconds").equals(other.log.drop_vars("seconds"))
    return weights and logs and one.done == other.done and one.trajectories().drop_attrs().equals(other.trajectories().drop_attrs())


def children_of(process: int) -> list[int]:
    found = []
    with contextlib.suppress(OSError):
        for path in Path(f"/proc/{process}/task").glob("*/children"):
            found += map(int, path.read_text().split())
    return found


def workers_of(process: int) -> list[int]:
    """Children of its children: workers, not the process that they come from or that watches them."""
    return [worker for child in children_of(process) for worker in children_of(child)]


def victims(client: Any = None, workers: int = 0) -> list[int]:
    """Workers of a dask cluster on this machine, or of a sweep of this process."""
    if client is None:
        return workers_of(os.getpid())
    return [nanny.pid for nanny in client.cluster.workers.values() if nanny.pid]


def at_work(folder: Path) -> list[int]:
    """Processes that have claimed a point."""
    found = []
    for path in (folder / "claims").glob("*.*"):
        with contextlib.suppress(OSError, ValueError):
            found.append(json.loads(path.read_text())["pid"])
    return [each for each in found if each != os.getpid()]


@contextlib.contextmanager
def killing(victims: Callable[[], list[int]], seconds: float, most: float = np.inf) -> Iterator[list[int]]:
    """Kill one of them every so many seconds while the block lasts; who was."""
    killed, over = [], threading.Event()

    def kill() -> None:
        while len(killed) < most and not over.wait(seconds):
            if found := victims():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(random.choice(found), signal.SIGKILL)
                    killed.append(1)

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def until_done(sweep: nr.Sweep, **how: object) -> int:
    """Run it, and again those points whose workers were killed too often; how often that was."""
    rounds = 1
    while sweep.run(again=rounds > 1, progress=False, **how).done < sweep.status().total and rounds < 100:
        rounds += 1
    return rounds


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--points", type=int, default=200)
    words.add_argument("--workers", type=int, default=4)
    words.add_argument("--trials", type=int, default=600)
    words.add_argument("--seconds", type=float, default=1.0, help="between two kills")
    words.add_argument("--dask", action="store_true")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        peace, war = (sweep_in(Path(folder) / name, asked.points, asked.trials) for name in ("peace", "war"))
        began = time.monotonic()
        peace.run(progress=False)
        middle = time.monotonic()
        with contextlib.ExitStack() as stack:
            how = {"client": stack.enter_context(_cluster(asked.workers))} if asked.dask else {"workers": asked.workers}
            killed = stack.enter_context(killing(lambda: victims(**how), asked.seconds))
            rounds = until_done(war, **how)
            ended = time.monotonic()
        print(
            json.dumps(
                {
                    "points": asked.points,
                    "trials": asked.trials,
                    "workers": asked.workers,
                    "with": "dask" if asked.dask else "processes",
                    "kills": len(killed),
                    "runs": rounds,
                    "different": len(different(peace, war)),
                    "done": war.status().done,
                    "seconds_serial": round(middle - began, 1),
                    "seconds_under_kills": round(ended - middle, 1),
                }
            )  # fmt: skip
        )


@contextlib.contextmanager
def _cluster(workers: int) -> Iterator[object]:
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        yield client


if __name__ == "__main__":
    main()
