"""Every script in tasks/ runs in its quick form, leaves its picture, and ends with one line of JSON."""

from __future__ import annotations

import json
import math
import runpy
import sys
from pathlib import Path

import pytest

import neurorec as nr

SCRIPTS = sorted((Path(__file__).parents[1] / "tasks").glob("*.py"))
FEWER = {  # quicker still, and quicker to compile
    "pixel_digits": ["--network", "lstm", "adam_lstm"], "speech_frames": ["--network", "lstm", "adam_lstm", "--units", "16"],
    "character_text": ["--units", "16", "--evaluate", "sequential", "2"], "word_text": ["--units", "16"],
    "taylor_remainder": ["--arms", "none", "bound_0.3"],
}  # fmt: skip


def run(script: Path, monkeypatch, capsys, *words: str) -> dict:
    import matplotlib.pyplot as plt

    monkeypatch.setattr(sys, "argv", [str(script), *words])
    runpy.run_path(str(script), run_name="__main__")
    plt.close("all")
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def named(name: str) -> Path:
    return next(script for script in SCRIPTS if script.stem == name)


def expect_fonts(name: str) -> None:
    if name == "handwriting":
        pytest.importorskip("HersheyFonts", reason="it writes with Hershey-Fonts: pip install 'neurorec[handwriting]'")


def numbers(value) -> list[float]:
    if isinstance(value, dict | list):
        return [n for each in (value.values() if isinstance(value, dict) else value) for n in numbers(each)]
    return [value] if isinstance(value, float) else []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_script_runs_quickly_and_says_what_it_found(script, quick):
    expect_fonts(script.stem)
    folder, found = quick(script.stem, *FEWER.get(script.stem, []))
    assert all(map(math.isfinite, numbers(found)))
    assert len(numbers(found)) >= 2
    assert any(path.read_bytes().startswith(b"\x89PNG") for path in folder.glob("*.png"))
    runs = [nr.open_run(path) for path in folder.glob("*.h5")]
    assert {each.config["seed"] for each in runs} <= {1, 1000}  # the seed asked for, and that on which rates are searched
    assert all(each.done == each.total for each in runs)


def test_eprop_is_as_others_published_it(quick):
    """NEST's losses, spikes and slopes, and autograd's gradients, on the compiled engine and torch; the script has them on all."""
    for found in quick("eprop_verification")[1]["largest_relative_error"].values():
        assert all(error < 1e-12 for error in found.values()), found


def test_what_is_named_is_compared_also_quickly(tmp_path, monkeypatch, capsys):
    words = ("--task", "periodic_output", "--quick", "--methods", "bptt", "--out", str(tmp_path), "--json")
    assert list(run(named("compare_rules"), monkeypatch, capsys, *words)["methods"]) == ["bptt"]


@pytest.mark.parametrize("script", ["speech_frames", "word_text"])
def test_a_preset_that_one_engine_runs_is_run_by_it(script, tmp_path, monkeypatch, capsys):
    words = (
        "--quick",
        "--network",
        "sbo",
        "--units",
        "8",
        "--out",
        str(tmp_path),
        "--json",
        *(("--iterations", "2") * (script == "word_text")),
    )
    found = run(named(script), monkeypatch, capsys, *words)
    assert all(map(math.isfinite, numbers(found)))
    (path,) = tmp_path.glob("*.h5")
    assert nr.open_run(path).config["engine"] == "torch"


def test_a_longer_training_recalls_more(tmp_path, monkeypatch, capsys):
    words = ("--delay", "5", "--seeds", "1", "--out", str(tmp_path), "--json", "--iterations")
    short, long = (run(named("copying_memory"), monkeypatch, capsys, *words, n) for n in ("20", "200"))
    assert long["loss_over_baseline"] < 0.8 * short["loss_over_baseline"]
    assert long["recall"] > short["recall"]
    assert (long["delay"], long["parameters"]) == (5, 64 * 63 // 2 + 64 * 10 + 9 * 64 + 64)


def test_compared_networks_have_no_more_parameters_and_the_same_seeds(tmp_path, monkeypatch, capsys):
    words = ("--task", "copying_memory", "--quick", "--seed", "3", "--out", str(tmp_path), "--json")
    found = run(named("compare_rules"), monkeypatch, capsys, *words)
    size = {method: each["parameters"] for method, each in found["methods"].items()}
    assert size["rflo"] == size["bptt"]
    assert all(0.9 * size["bptt"] < each <= size["bptt"] for each in size.values())
    starts = {rule: nr.open_run(tmp_path / f"compare_rules_copying_memory_{rule}_3.h5").checkpoint(0) for rule in ("rflo", "bptt")}
    assert (starts["rflo"].recurrent == starts["bptt"].recurrent).all()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("copying_memory", ["--network", "scorn"]),
        ("copying_memory", ["--set", "negative"]),
        ("adding_problem", ["--rates", "mine"]),
        ("pixel_digits", ["--order", "upwards"]),
        ("character_text", ["--sweeps", "0", "--unroll", "jacobi"]),
        ("character_text", ["--evaluate", "newton"]),
        ("character_text", ["--sweeps", "4"]),
        ("word_text", ["--sweeps", "-1", "--unroll", "jacobi"]),
        ("word_text", ["--network", "sbo", "--engine", "numba"]),
        ("word_text", ["--network", "sbo", "--unroll", "jacobi"]),
        ("speech_frames", ["--network", "lstn"]),
        ("speech_frames", ["--network", "lstm", "sbo", "--engine", "numba"]),
        ("compare_rules", ["--task", "chess"]),
        ("taylor_remainder", ["--arms", "bound"]),
        ("compare_rules", ["--methods", "forcing"]),
        ("handwriting", ["--word", "né"]),
    ],
)
def test_a_wrong_word_is_a_usage_error(script, words, monkeypatch, capsys):
    expect_fonts(script)
    with pytest.raises(SystemExit) as end:
        run(named(script), monkeypatch, capsys, *words)
    assert end.value.code == 2
    assert words[0] in capsys.readouterr().err
