"""What is printed in a shell or shown in a notebook: a few rows of what it is, harmless whatever names it holds."""

from __future__ import annotations

import html
import re

import numpy as np
import pytest
from cases import ORDINARY, network, trials

import neurorec as nr
from neurorec.display import LINES, WIDTH, briefly

HOSTILE = "<script>alert(1)</script>\x1b[2J\u202e\n&"


@pytest.fixture(scope="module")
def things():
    """One of everything that is looked at while working."""
    task = nr.task("periodic_output", period=0.2)
    net = nr.Network.random(0, 8, 1, noise=0.1)
    loop = nr.circuits.SequenceLoop(nr.Network.random(3, 8, 2), duration=0.05, hold=0.05, syllables=["up", "down", "left"])
    return {
        "Network": net,
        "ModuleNetwork": nr.ModuleNetwork.random("torch_gru", 2, 5, 1),
        "Trials": nr.task("delayed_match_to_sample").trials(12),
        "Trajectories": nr.simulate(network(ORDINARY), trials(ORDINARY)),
        "Run": nr.train(net, task, trials=20, progress=False),
        "SequenceLoop": loop,
        "Performance": loop.perform(2),
        "Formula": nr.Network.random(1, 3, 1, cell="lstm", filter="momentum").formula,
    }


@pytest.fixture(params=["Network", "ModuleNetwork", "Trials", "Trajectories", "Run", "SequenceLoop", "Performance", "Formula"])
def thing(request, things):
    return request.param, things[request.param]


def test_it_takes_ten_lines_that_fit_a_terminal(thing):
    name, shown = thing
    lines = repr(shown).splitlines()
    assert lines[0].startswith(f"{name}: ") and 2 <= len(lines) <= LINES == 10
    assert max(map(len, lines)) <= WIDTH
    assert str(shown) == repr(shown)


def test_a_notebook_has_the_same_as_a_table(thing):
    _, shown = thing
    table = shown._repr_html_()
    assert table.startswith("<table>") and table.endswith("</table>")
    rows = re.findall(r"<tr><th[^>]*>(.*?)</th><td[^>]*>(.*?)</td></tr>", table)
    told = [" ".join(html.unescape(f"{name} {value}").split()) for name, value in rows]
    printed = [" ".join(line.split()).removesuffix("...") for line in repr(shown).splitlines()[1:]]
    assert len(told) == len(printed)
    assert all(row.startswith(line) for row, line in zip(told, printed, strict=True))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Network", ["8 units, 0 inputs, 1 output", "leaky_tanh", "0.01 s", "tau 0.1 s", "8 x 8", "72 numbers: recurrent", "noise"]),
        ("ModuleNetwork", ["5 units, 2 inputs, 1 output", "torch_gru"]),
        ("Trials", ["12 trials of 3.2 s, 320 steps of 0.01 s", "9 channels", "cross_entropy", "match", "False, True"]),
        ("Trajectories", ["2 trials", "7 x 2 x 3", "loss"]),
        ("Run", ["periodic_output", "period 0.2", "rflo", "rate 0.03", "20 of 20", "numba", "leaky_tanh", "->"]),
        ("SequenceLoop", ["up, down, left", "0.05 s of movement", "0 transitions"]),
        ("Performance", ["2 syllables in 0.2 s"]),
        ("Formula", ["states h, c", "sigmoid", "mu, s"]),
    ],
)
def test_it_says_what_one_wants_to_know(name, words, things):
    assert [word for word in words if word not in repr(things[name])] == []


def test_what_a_run_says_of_its_losses_is_in_its_log(things):
    losses = things["Run"].log["loss"].values
    assert f"mse, {losses[:2].mean():.4g} -> {losses[-2:].mean():.4g} (first and last 2 trials)" in repr(things["Run"])


def test_a_made_recurrent_matrix_and_absent_connections_are_told():
    assert "made by cayley from skew" in repr(nr.preset("scornn", 1, 6, 1))
    sparse = nr.Network.random(1, 200, 1, gain=1.5, sparsity=0.9)
    assert re.search(r"recurrent +gain 1\.[45]\d*, 90% absent", repr(sparse))


def test_names_are_harmless():
    data = nr.Trials(np.zeros((4, 2, 1)), np.zeros((4, 2, 1)), conditions={HOSTILE: [HOSTILE, "b"]})
    assert all(line.isprintable() for line in repr(data).splitlines()) and len(repr(data).splitlines()) == 5
    assert "<script>" not in data._repr_html_() and "&lt;script&gt;" in data._repr_html_()
    assert data._repr_html_().isprintable()


def test_many_conditions_are_counted():
    data = nr.Trials(np.zeros((4, 2, 1)), np.zeros((4, 2, 1)), conditions={f"c{k}": [0, k] for k in range(50)})
    assert len(repr(data).splitlines()) == LINES and "and 45 more" in repr(data)


def test_long_settings_are_told_in_a_few_words():
    assert briefly([[0.5, 1.0]] * 300) == "300 x 2 numbers, 0.5 to 1"
    assert briefly({"delay": [0.5, 1.5], "stop": None, "n": 3}) == "delay 0.5 1.5, stop -, n 3"
    assert len(briefly("x" * 5000)) == WIDTH
    assert briefly([[1], [2, 3]]) == "1, 2 3"


def test_a_run_whose_file_is_gone_says_so(tmp_path):
    path = tmp_path / "run.h5"
    run = nr.train(nr.Network.random(0, 8, 1), nr.task("periodic_output", period=0.2), trials=2, path=path, progress=False)
    path.unlink()
    assert "there is no file" in repr(run) and "there is no file" in run._repr_html_()
