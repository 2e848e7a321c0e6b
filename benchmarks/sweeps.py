"""What a sweep costs beside its trainings: overhead a point, the status of many points, many runs as one array.

    python benchmarks/sweeps.py [--quick] [--json]

The overhead is the time of a sweep of tiny trainings in this process less that of the same trainings by `nr.train` in a loop, in turns.
Times depend on the machine and on what else runs, ratios hardly.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
from report import main

import neurorec as nr

TASK, UNITS = {"name": "periodic_output", "period": 0.1}, 6
TRAINING = {"trials": 10}


def measure(quick: bool) -> list[dict[str, Any]]:
    few, points, runs, rounds = (3, 50, 5, 1) if quick else (20, 10_000, 1000, 5)
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        return [overhead(here, few, rounds) | status(here / "many", points) | array(here / "runs", runs)]


def sweep(folder: Path, points: int) -> nr.Sweep:
    return nr.Sweep(folder, TASK, {"units": UNITS}, TRAINING, {"seed": range(points)}, record={"checkpoints": 1})


def overhead(here: Path, points: int, rounds: int) -> dict[str, float]:
    """Milliseconds a point, the least of some rounds of each."""
    swept, alone = [], []
    for number in range(rounds + 1):  # the first loads and compiles
        swept.append(seconds(lambda number=number: sweep(here / f"swept{number}", points).run(progress=False)))
        alone.append(seconds(lambda number=number: one_by_one(here / f"alone{number}", points)))
    with_sweep, without = (1000 * min(each[1:]) / points for each in (swept, alone))
    return {"ms_a_point_swept": with_sweep, "ms_a_point_alone": without, "ms_overhead": with_sweep - without}


def one_by_one(folder: Path, points: int) -> None:
    folder.mkdir()
    task = nr.task(TASK["name"], period=TASK["period"])
    for seed in range(points):
        network = nr.Network.random(task.n_inputs, UNITS, task.n_outputs, dt=task.dt, seed=seed)
        nr.train(network, task, path=folder / f"{seed}.h5", seed=seed, record=nr.Record(checkpoints=1), progress=False, **TRAINING)


def status(folder: Path, points: int) -> dict[str, float]:
    """Of points with empty files in the place of runs, which are not opened for it."""
    many = sweep(folder, points)
    (folder / "results").mkdir(parents=True)
    for point in many.points:
        (folder / f"{point.name}.h5").touch()
        (folder / "results" / f"{point.name}.json").write_text(json.dumps({"state": "done", "done": 10, "loss": 0.1, "seconds": 1.0}))
    anew = sweep(folder, points)
    return {"s_status": seconds(anew.status), "s_points": seconds(lambda: sweep(folder, points).points), "points": points}


def array(folder: Path, runs: int) -> dict[str, float]:
    """Of runs that are copies of one."""
    one = sweep(folder, 1)
    one.run(progress=False)
    content, result = (Path(one.paths.item()).read_bytes(), next((folder / "results").iterdir()).read_text())
    many = sweep(folder, runs)
    for point in many.points:
        (folder / f"{point.name}.h5").write_bytes(content)
        (folder / "results" / f"{point.name}.json").write_text(result)
    opening = seconds(lambda: (many.log, many.final))
    log = many.log
    return {"s_open": opening, "s_one_run": seconds(log.loss[-1].load), "s_all_losses": seconds(log.loss.load), "runs": runs}


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main(measure, __doc__)
