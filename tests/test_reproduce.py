"""What is committed in data/ on Figures 2 and 4 holds together, and `make reproduce-quick` sees where a fresh run does not agree with it."""

from __future__ import annotations

import json
import runpy
import shlex
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
REPRODUCE = runpy.run_path(str(ROOT / "data" / "reproduce.py"))
FIGURES = {name: json.loads((ROOT / "data" / f"{name}.json").read_text()) for name in REPRODUCE["FIGURES"]}


def conditions(value, name=""):
    """Of Figure 2 and Figure 4: name, quartiles, each network's value."""
    if "loss_each" in value:
        yield name, value["loss"], value["loss_each"]
    elif {"quartiles", "each"} <= value.keys():
        yield name, value["quartiles"], value["each"]
    else:
        for key, each in value.items():
            if isinstance(each, dict):
                yield from conditions(each, f"{name} {key}")


def finite(values):
    return [np.inf if value is None else value for value in values]


@pytest.mark.parametrize("file", FIGURES)
def test_quartiles_are_those_of_the_networks_beside_them(file):
    found = list(conditions(FIGURES[file]["results"]))
    assert len(found) > 10
    for name, quartiles, each in found:
        with np.errstate(invalid="ignore"):  # between infinite losses
            expected = np.nan_to_num(np.quantile(finite(each), (0.25, 0.5, 0.75)), nan=np.inf)
        assert finite(quartiles) == pytest.approx(expected, rel=2e-3), name


@pytest.mark.parametrize("file", FIGURES)
def test_a_committed_result_says_how_it_is_made_again(file):
    entries = list(REPRODUCE["entries"](FIGURES[file]["results"]))
    assert len(entries) == len(FIGURES[file]["results"])
    for entry in entries:
        assert (ROOT / shlex.split(entry["command"])[1]).is_file()
        assert len(entry["commit"]) == 40
    assert all(np.isfinite(found).sum() for found in REPRODUCE["committed"](file).values())


@pytest.mark.parametrize("file", REPRODUCE["experiments"]())
def test_every_experiment_says_how_it_is_made_again(file):
    for entry in REPRODUCE["made_by_tasks"](json.loads((ROOT / "data" / f"{file}.json").read_text())):
        assert (ROOT / shlex.split(entry["command"])[1]).is_file() and "--json" in entry["command"] and len(entry["commit"]) == 40


def test_results_of_other_code_are_made_anew_and_a_benchmarks_are_not(tmp_path):
    entry = {"command": "python tasks/random_networks.py --quick --json", "commit": "0" * 40, "result": {"stale": [1, 2]}}
    timed = {"command": "python benchmarks/lyapunov.py", "commit": "0" * 40, "result": 1}
    file = tmp_path / "found.json"
    file.write_text(json.dumps({"versions": {"python": "2.7", "numpy": "1.0"}, "results": [entry, timed], "before": entry}))
    REPRODUCE["renew"](file, False)
    found = json.loads(file.read_text())
    assert found["results"][0]["commit"] == REPRODUCE["commit"]() and found["results"][0]["result"].keys() == {
        "units",
        "steps",
        "seeds",
        "gains",
    }
    assert (found["results"][1], found["before"], found["versions"]["numpy"]) == (timed, entry, np.__version__)
    found["results"][0]["result"] = "left as it is"
    file.write_text(REPRODUCE["written"](found))
    REPRODUCE["renew"](file, False)
    assert json.loads(file.read_text())["results"][0]["result"] == "left as it is"


def test_all_networks_of_figure_2_are_nine_and_none_chose_a_rate():
    for entry in FIGURES["figure_2"]["results"].values():
        found = entry["result"]
        assert {len(each["loss_each"]) for each in found["conditions"].values()} == {9}
        assert not set(found["seeds"]) & set(found["search_seeds"])


def test_a_fresh_median_outside_the_committed_quartiles_is_named():
    outside = REPRODUCE["outside"]
    committed = {"rflo": [0.001, 0.002, 0.004], "bptt": [0.01, 0.02, 0.03]}
    assert outside(committed, {"rflo": [0.0, 0.0006, 1.0], "bptt": [0.0, 0.05, 1.0]}) == []
    (line,) = outside(committed, {"rflo": [0.0, 0.0004, 1.0], "bptt": [0.0, 0.02, 1.0]})
    assert line.startswith("rflo: 0.0004")
    (line,) = outside(committed, {"bptt": [0.0, 0.07, 1.0]})
    assert line.startswith("bptt: 0.07")
