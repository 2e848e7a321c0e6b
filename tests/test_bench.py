"""Benchmarks run, and what they print are numbers. How fast anything is, no test says: machines differ, and are shared."""

from __future__ import annotations

import importlib
import importlib.util
import json
import math
import os
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from breadth import THOROUGH

from neurorec import cli
from neurorec.timing import Spread, platforms, ratio, side_by_side
from neurorec.timing.products import gathering_product, recurrent_products

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
GPU = BENCHMARKS / "gpu.py"
COMPILES = BENCHMARKS / "cuda_kernels.py"  # which tests/test_cuda_compiles.py calls
SCRIPTS = sorted(p for p in BENCHMARKS.glob("*.py") if "__main__" in p.read_text() and p not in (GPU, COMPILES))
# Not in the committed numbers: the collection itself, a table for whoever tunes the cost model, and what has a file of its own.
APART = {"all", "step_ways"} | {path.stem for path in SCRIPTS if (BENCHMARKS.parent / "data" / f"{path.stem}.json").exists()}
PEERS = [path for path in SCRIPTS if path.stem.startswith("peer_")]
FRACTIONS = {"us_per_step", "us_low", "us_high", "floor_us_per_step", "fraction", "low", "high", "deviation"}
RATIOS = {"peer", "peer_rule", "rule", "us_per_step", "ours_us_per_step", "times_ours", "low", "high", "deviation"}


@pytest.fixture
def own_process(monkeypatch):
    """What a script sets for its own process, environment and modules, is gone afterwards."""
    before = dict(os.environ)
    monkeypatch.syspath_prepend(BENCHMARKS)
    yield
    os.environ.clear()
    os.environ.update(before)
    for name, module in list(sys.modules.items()):
        if Path(getattr(module, "__file__", None) or "/").parent == BENCHMARKS:
            del sys.modules[name]


def last_line(capsys):
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def measured(value):
    """All floating-point numbers in what was printed, without the machine's load."""
    if isinstance(value, dict):
        return [each for name, inner in value.items() if name not in ("load", "load_after") for each in measured(inner)]
    if isinstance(value, list):
        return [each for inner in value for each in measured(inner)]
    return [value] if isinstance(value, float) else []


@pytest.mark.parametrize(
    "script", SCRIPTS if THOROUGH else [BENCHMARKS / f"{name}.py" for name in sorted(APART)], ids=lambda path: path.stem
)
def test_a_benchmark_runs(script, own_process, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [str(script), "--quick", "--json"])
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(script), run_name="__main__")
    found = last_line(capsys)
    assert all(math.isfinite(each) and each > 0 for each in measured(found))
    assert {"threads", "load", "commit", "versions"} <= set(found.get("machine") if "rows" in found else found)
    for rows in found["result"].values() if "result" in found else [found["rows"]]:
        assert measured(rows) or "missing" in rows[0]
        for row in rows:
            assert set(row) >= {"fraction": FRACTIONS, "times_ours": RATIOS}.get(kind(row), set())


def kind(row):
    """What a row is about: a part of the ceiling, a comparison with a peer, or something else."""
    return next((name for name in ("fraction", "times_ours") if name in row), "")


@pytest.mark.parametrize("script", PEERS, ids=lambda path: path.stem)
def test_a_peer_that_computes_something_else_is_not_timed(script, own_process, monkeypatch):
    """Half our change is what a rule without its factor of 1/2 would give."""
    peer = importlib.import_module("peer")
    monkeypatch.setattr(peer, "side_by_side", lambda *_: pytest.fail("timed"))
    monkeypatch.setattr(peer, "_result", lambda work, rule, of=peer._result: of(work, rule) / 2)
    module = importlib.import_module(script.stem)
    ways = getattr(module, "PEERS", None) or module.peers("numpy")
    if missing := {name for way in ways for name in way.needs if importlib.util.find_spec(name) is None}:
        pytest.skip(f"needs {', '.join(sorted(missing))}")
    for way in ways:
        with pytest.raises(ArithmeticError, match="not the same work"):
            peer.compare([way], quick=True)


def test_a_missing_peer_is_said(own_process):
    peer = importlib.import_module("peer")
    (row,) = peer.compare([peer.Peer("other", ("no_such_module",), "rflo", ((2, 1),), make=None)], quick=True)
    assert "no_such_module" in row["missing"]


def test_without_a_gpu_its_benchmark_says_so(own_process, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(platforms, "DRIVER", (tmp_path / "no_driver",))
    monkeypatch.setattr(sys, "argv", [str(GPU), "--quick"])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(GPU), run_name="__main__")
    assert end.value.code == 2
    assert capsys.readouterr().err == "not measured: no CUDA device that torch can use\n"


def test_the_gpu_benchmark_runs_on_a_cpu(own_process, tmp_path, monkeypatch, capsys):
    """All of it but the device: products by torch, the engine by its contract."""
    monkeypatch.setattr(sys, "argv", [str(GPU), "--quick", "--json", "--engine", "numba", "--device", "cpu", "--out", str(tmp_path)])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(GPU), run_name="__main__")
    assert end.value.code == 0
    found = last_line(capsys)
    assert found == json.loads((tmp_path / "benchmarks_gpu.json").read_text())
    assert {"device", "driver", "commit", "command", "machine"} <= set(found)
    assert {work for rows in found["result"].values() for row in rows if (work := row.get("work"))} == {
        "forward", "rflo", "bptt", "rflo, every step",
    }  # fmt: skip
    assert all(math.isfinite(each) and each > 0 for each in measured(found["result"]))


@pytest.mark.parametrize("wrong", [1.01, math.nan])
def test_the_gpu_benchmark_times_nothing_that_is_wrong(wrong, own_process, monkeypatch):
    gpu = importlib.import_module("gpu")
    monkeypatch.setattr(gpu, "against_the_floor", lambda *_: pytest.fail("was timed"))
    monkeypatch.setattr(gpu, "every_step", lambda *_: pytest.fail("was timed"))
    device = platforms.Device("reference", "cpu")
    with pytest.raises(pytest.fail.Exception, match="was timed"):  # what is right
        gpu.updates(3, 2, 4, 1, 0.0, device)
    right = gpu.Workload.update
    monkeypatch.setattr(
        gpu.Workload, "update", lambda work, rule: scaled(right(work, rule), wrong if work.engine.dtype is np.float64 else 1)
    )
    with pytest.raises(ArithmeticError, match="rflo of 3 units and 2 trials differs from numba's"):
        gpu.updates(3, 2, 4, 1, 0.0, device)
    monkeypatch.setattr(gpu, "weight_movement", lambda work, rule: scaled(work.weights, wrong if work.engine.dtype is np.float64 else 1))
    with pytest.raises(ArithmeticError, match="every step of 3 units"):
        gpu.step_updates(3, 4, 1, 0.0, device)


def scaled(weights, factor):
    return weights.like(weights.vector * factor)


@pytest.mark.parametrize("trials", [1, 3])
def test_the_floor_by_torch_is_the_products_that_it_says(trials, monkeypatch):
    """x W^T for every step, and a^T b."""
    asked = []
    monkeypatch.setattr(platforms.Device, "_random", lambda *shape: asked.append(torch.randn(shape[1:])) or asked[-1])
    device = platforms.Device("numba", "cpu")
    device.recurrent(3, trials, 2)()
    x, out, columns = asked
    torch.testing.assert_close(out, x @ columns)
    asked.clear()
    device.gathering(4, trials, 5)()
    torch.testing.assert_close(asked[2], asked[0].T @ asked[1])


def test_the_sizes_of_the_grid_are_bounded(own_process):
    """It reaches what it promises, and no size needs gigabytes of activity or minutes."""
    sizes = importlib.import_module("scaling").sizes()
    assert {n for n, _, _ in sizes} == {64, 128, 256, 512, 1024, 2048, 4096}
    assert {b for _, b, _ in sizes} == {1, 8, 64, 256, 1024}
    assert all(2 <= t <= 3000 and 4 * t * b * n < 1e8 and b * n**2 * t <= 2**31 for n, b, t in sizes)


def test_the_roofline_counts_as_it_says(own_process):
    roofline = importlib.import_module("picture_roofline")
    row = {"work": "rflo", "units": 100, "trials": 10, "steps": 50, "us_per_step": 8.0}
    assert roofline.rate(row) == pytest.approx(4 * 10 * 100**2 / 8e-6 / 1e9)
    assert roofline.intensity(row) == pytest.approx(4 * 10 * 100**2 / (4 * (100**2 * 1.02 + 7 * 10 * 100)))


def test_the_command_prints_numbers(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["neurorec", "bench", "--quick", "--json"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 0
    rows = last_line(capsys)["rows"]
    assert [(row["units"], row["trials"], row["work"]) for row in rows[:3]] == [(64, 1, "forward"), (64, 1, "rflo"), (64, 1, "bptt")]
    assert all(math.isfinite(each) and each > 0 for each in measured(rows))
    assert all(row["low"] <= row["fraction"] <= row["high"] for row in rows)
    assert max(row["deviation"] for row in rows) < 1e-4  # of the numbers that were timed


def test_the_committed_numbers_say_where_they_are_from():
    found = json.loads((BENCHMARKS.parent / "data" / "benchmarks_cpu.json").read_text())
    assert found["threads"] == 1
    assert len(found["commit"]) == 40
    assert found["command"].startswith("python benchmarks/all.py")
    assert {path.stem for path in SCRIPTS} - set(APART) == set(found["result"])


def test_the_manual_has_the_committed_numbers():
    made = runpy.run_path(str(BENCHMARKS.parent / "docs" / "benchmarks.py"))
    assert made["TABLES"].read_text() == made["tables"](json.loads(made["DATA"].read_text())), "run python docs/benchmarks.py"


@pytest.mark.parametrize("stem", ["engine_products", "sparse"])
def test_the_manual_has_the_committed_times_of(stem, monkeypatch):
    docs = BENCHMARKS.parent / "docs"
    monkeypatch.syspath_prepend(docs)
    made = runpy.run_path(str(docs / f"{stem}.py"))
    assert made["TABLE"].read_text() == made["text"](json.loads(made["FOUND"].read_text())), f"run python docs/{stem}.py"


def test_jobs_take_turns():
    turns = []
    taken = side_by_side({"a": lambda: turns.append("a"), "b": lambda: turns.append("b")}, repeats=4, window=0.0)
    assert {name: each.shape for name, each in taken.items()} == {"a": (4,), "b": (4,)}
    assert "".join(turns[-8:]) == "abababab"


def test_a_ratio_is_taken_round_by_round():
    """The median of the ratios, not the ratio of the medians."""
    assert ratio(np.array([1.0, 4.0, 6.0]), np.array([1.0, 8.0, 8.0])) == Spread(0.75, 0.625, 0.875)


@pytest.mark.parametrize("trials", [1, 3, 9])
def test_the_floor_is_the_products_that_it_says(trials):
    """Whichever way was the fastest here; the numbers are drawn as it draws them."""
    job = recurrent_products(3, trials, 2)
    job()
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((2, trials, 3), dtype=np.float32), rng.standard_normal((3, 3), dtype=np.float32)
    np.testing.assert_allclose(job.args[1], np.einsum("tbm,nm->tbn", x, w), rtol=1e-5, atol=1e-6)


def test_the_gathering_floor_is_no_symmetric_product():
    job = gathering_product(4, 3, 5)
    job()
    assert not np.allclose(job.args[1], job.args[1].T)
