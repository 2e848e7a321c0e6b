"""Benchmarks run, and what they print are numbers. How fast anything is, no test says: machines differ, and are shared."""

from __future__ import annotations

import json
import math
import os
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from neurorec import cli
from neurorec.timing import Spread, ratio, side_by_side
from neurorec.timing.products import gathering_product, recurrent_products

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SCRIPTS = sorted(p for p in BENCHMARKS.glob("*.py") if "__main__" in p.read_text())


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


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_benchmark_runs(script, own_process, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [str(script), "--quick", "--json"])
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(script), run_name="__main__")
    found = last_line(capsys)
    numbers = measured(found)
    assert all(math.isfinite(each) and each > 0 for each in numbers)
    assert numbers or "missing" in found["rows"][0]
    assert {"threads", "load", "commit", "versions"} <= set(found.get("machine") if "rows" in found else found)


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
    assert {path.stem for path in SCRIPTS} - {"all"} == set(found["result"])


def test_the_manual_has_the_committed_numbers():
    made = runpy.run_path(str(BENCHMARKS.parent / "docs" / "benchmarks.py"))
    assert made["TABLES"].read_text() == made["tables"](json.loads(made["DATA"].read_text())), "run python docs/benchmarks.py"


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
