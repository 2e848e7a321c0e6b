"""Networks with sparse recurrent weights: a time step beside scipy's product of the same matrix, rules beside the forward pass, and memory.

    python benchmarks/sparse.py [--quick] [--json] [--out data/sparse.json]

One thread, float32, times in turn. ``times_csr`` is a step of `nr.simulate`'s loop (recurrent drive, input, units, readout) over the product of
the recurrent matrix alone with as many vectors as there are trials; ``rflo_times_forward`` and ``bptt_times_forward`` are forward pass and
change of a trial over its forward pass, ``online_times_forward`` a trial whose weights change at every step by RFLO: medians and
quartiles of rounds; ``spiking_...`` the same of `lif` units, of whose synapses those of spikes are gone through. ``dense_mb`` is what the same weights would take as a matrix. The last
table is a process of its own that draws a network, trains it by RFLO and writes its run file: what it held at most.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numpy as np
from report import main_of_file

import neurorec as nr
from neurorec.timing import Spread, side_by_side
from neurorec.timing.workload import Workload

SIZES = ((2_000, 0.05, 1), (20_000, 0.01, 1), (20_000, 0.01, 16), (100_000, 0.001, 1))  # units, density, trials
QUICK = ((200, 0.1, 1), (200, 0.1, 3))
STEPS, SPIKING_STEPS = 20, 100
CURRENT = 0.102  # the largest of units that spike, where the threshold is 1
LARGE = ((20_000, 200), (100_000, 100))  # units, synapses a unit
QUICK_LARGE = ((300, 10),)
MB = 1e6


def products(units: int, density: float, trials: int, repeats: int) -> dict[str, Any]:
    net = nr.Network.random(1, units, 1, density=density, seed=0)
    work, matrix = Workload(units, trials, STEPS, network=net), net.recurrent.astype(np.float32)
    x = np.random.default_rng(0).standard_normal((units, trials) if trials > 1 else units).astype(np.float32)
    jobs = {
        "csr": lambda: [matrix @ x for _ in range(STEPS)],
        "forward": work.forward,
        "rflo": lambda: work.update("rflo"),
        "bptt": lambda: work.update("bptt"),
    }
    taken = side_by_side(jobs, repeats)
    times, rflo, bptt = (Spread.of(taken[a] / taken[b]) for a, b in (("forward", "csr"), ("rflo", "forward"), ("bptt", "forward")))
    return {
        "units": units, "synapses": net.recurrent.nnz, "trials": trials, "ms_per_step": 1e3 * float(np.median(taken["forward"])) / STEPS,
        "times_csr": times.median, "low": times.low, "high": times.high,
        "rflo_times_forward": rflo.median, "bptt_times_forward": bptt.median, "dense_mb": 4 * units**2 / MB,
    }  # fmt: skip


def spiking(units: int, density: float, trials: int, repeats: int) -> dict[str, Any]:
    """Units that spike at some 20 Hz in steps of a millisecond, beside scipy's product of all synapses, which they do not go through."""
    net = nr.Network.random(1, units, 1, density=density, seed=0, dt=0.001, cell="lif", gain=0.3)
    net = net.replace(bias=np.random.default_rng(0).uniform(0, CURRENT, units), input=np.zeros((units, 1)))
    work, matrix = Workload(units, trials, SPIKING_STEPS, network=net), net.recurrent.astype(np.float32)
    x = np.random.default_rng(0).standard_normal((units, trials) if trials > 1 else units).astype(np.float32)
    jobs = {"csr": lambda: [matrix @ x for _ in range(STEPS)], "forward": work.forward, "rflo": lambda: work.update("rflo")}
    taken, share = side_by_side(jobs, repeats), SPIKING_STEPS / STEPS
    times, rflo = Spread.of(taken["forward"] / taken["csr"] / share), Spread.of(taken["rflo"] / taken["forward"])
    return {
        "units": units, "synapses": net.recurrent.nnz, "trials": trials, "hz": float(work.forward().emitted[1:].mean() / net.dt),
        "spiking_ms_per_step": 1e3 * float(np.median(taken["forward"])) / SPIKING_STEPS, "spiking_times_csr": times.median,
        "low": times.low, "high": times.high, "spiking_rflo_times_forward": rflo.median,
    }  # fmt: skip


def online(units: int, density: float, repeats: int) -> dict[str, Any]:
    """Weights that change at every step of one trial."""
    net = nr.Network.random(1, units, 1, density=density, seed=0)
    work = Workload(units, 1, STEPS, network=net)
    taken = side_by_side({"forward": work.forward, "online": lambda: work.online("rflo")}, repeats)
    times = Spread.of(taken["online"] / taken["forward"])
    return {
        "units": units, "synapses": net.recurrent.nnz, "trials": 1, "online_ms_per_step": 1e3 * float(np.median(taken["online"])) / STEPS,
        "online_times_forward": times.median, "low": times.low, "high": times.high,
    }  # fmt: skip


def memory(units: int, degree: int) -> dict[str, Any]:
    code = [sys.executable, __file__, "--one", str(units), str(degree)]
    found = json.loads(subprocess.run(code, check=True, capture_output=True, text=True).stdout)
    return {"units": units, "synapses": units * degree, **found, "dense_mb": 4 * units**2 / MB}


def one(units: int, degree: int) -> None:
    """In a process of its own: print what it held at most, its start and compiling included."""
    task = nr.task("periodic_output", period=0.2)
    net = nr.Network.random(task.n_inputs, units, task.n_outputs, dt=task.dt, degree=degree, seed=0)
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        nr.train(net, task, trials=10, rate=1e-3, path=Path(folder) / "run.h5", record=nr.Record.nothing(), progress=False)
        seconds = time.perf_counter() - begun
        file = (Path(folder) / "run.h5").stat().st_size
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(json.dumps({"trials": 10, "seconds": seconds, "peak_mb": 1024 * int(peak.split()[1]) / MB, "file_mb": file / MB}))


def measure(quick: bool) -> list[dict[str, Any]]:
    rows = [products(*size, repeats=3 if quick else 15) for size in (QUICK if quick else SIZES)]
    rows += [spiking(*size, repeats=3 if quick else 9) for size in (QUICK if quick else SIZES[1:3])]
    rows += [online(*size[:2], repeats=3 if quick else 9) for size in (QUICK[:1] if quick else SIZES[1:2])]
    return rows + [memory(*size) for size in (QUICK_LARGE if quick else LARGE)]


if __name__ == "__main__":
    if "--one" in sys.argv:
        one(*map(int, sys.argv[-2:]))
    else:
        main_of_file(measure, __doc__, "sparse")
