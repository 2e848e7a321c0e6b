"""The torch engine in float64 against the reference, its derivatives against autograd's own check, and what it keeps and refuses."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import sympy
import torch
from breadth import THOROUGH, crossed, examples
from cases import ORDINARY, Sizes, difference, end_alike, ending, network, sizes, trials
from hypothesis import given
from hypothesis import strategies as st

import neurorec as nr
from neurorec.discovery import load
from neurorec.engines.torch import TorchEngine
from neurorec.engines.torch.autograd import Read
from neurorec.engines.torch.forward import side_by_side, unroll
from neurorec.engines.torch.place import Place, one_thread
from neurorec.errors import NotOffered, ValueRefused
from neurorec.formula import primitives_torch
from neurorec.formula.printer import SYMPYS
from neurorec.formula.words import softplus, spike, stop_gradient
from neurorec.networks.cells.base import AbstractCell
from neurorec.networks.weights import Weights
from neurorec.simulation.stimulus import stimulus

CELLS, RULES = nr.names("cells"), nr.names("rules")
UNLIKE = CELLS if THOROUGH else ["leaky_tanh", "gru", "lstm", "complex_modrelu"]  # one port; parts of a drive; two states; two outputs
WEIGHTS = ("recurrent", "input", "readout", "bias", "feedback")
PRECISE = TorchEngine(dtype="float64")
TASK = nr.task("periodic_output", period=0.4)


class Adaptive(AbstractCell):
    """Spikes, resets without a gradient, and adapts: everything that autograd could get wrong, and a function of a number."""

    states, parameters, plastic = ("v", "a"), {"tau": 0.05}, ("tau",)

    @staticmethod
    def step(v: sympy.Expr, a: sympy.Expr, u: sympy.Expr, dt: sympy.Expr, tau: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
        fired = spike(v - sympy.sqrt(2) / 2 - a)
        return sympy.exp(-dt / tau) * v + u - stop_gradient(fired) * softplus(sympy.Integer(1)), a * sympy.Rational(9, 10) + fired / 10

    @staticmethod
    def output(v: sympy.Expr, a: sympy.Expr) -> tuple[sympy.Expr, ...]:
        return spike(v - sympy.sqrt(2) / 2 - a), a


def run(start: nr.Network, **more) -> nr.Run:
    return nr.train(start, TASK, progress=False, **{"engine": "torch", "trials": 12, "batch": 4, **more})


def assert_alike(ours: dict[str, np.ndarray], definition: dict[str, np.ndarray], tolerance: float) -> None:
    largest = max(np.abs(change).max() for change in definition.values() if change.size)
    for name, change in definition.items():
        assert change.size == 0 or np.abs(ours[name] - change).max() <= tolerance * max(largest, 1e-6), name


@pytest.mark.parametrize("cell", [*CELLS, Adaptive])
@pytest.mark.parametrize("rule", RULES)
@given(size=sizes, seed=st.integers(0, 1000), loss=st.sampled_from(["mse", "cross_entropy"]), filter=st.sampled_from([None, "momentum"]))
@examples(2)
def test_float64_is_the_reference_to_the_tenth_digit(cell, rule, size, seed, loss, filter):
    net, data = network(size, cell, seed, noise=0.05, filter=filter), trials(size, seed, loss)
    assert_alike(*(nr.weight_change(net, data, rule=rule, engine=each, seed=seed) for each in (PRECISE, "reference")), 1e-10)


def go_together(cell: str, filter: str | None) -> bool:
    """Of one name there can be one parameter."""
    return filter is None or not load("cells", cell).parameters.keys() & load("filters", filter).parameters.keys()


CROSSED = crossed(UNLIKE, [None, *nr.names("filters")], RULES, ["float32", "float64"])


@pytest.mark.parametrize(("cell", "filter", "rule", "dtype"), [each for each in CROSSED if go_together(*each[:2])])
def test_every_cell_filter_and_rule_is_the_references(cell, filter, rule, dtype):
    """With a filter's own settings, which random ones could make unstable."""
    engine, data = TorchEngine(dtype=dtype), trials(ORDINARY, dt=0.002)
    net = nr.Network.random(ORDINARY.inputs, ORDINARY.units, ORDINARY.outputs, cell=cell, filter=filter, dt=data.dt, seed=3, noise=0.05)
    net = net.replace(bias=np.linspace(-0.3, 0.3, net.bias.size))
    assert_alike(*(nr.weight_change(net, data, rule=rule, engine=each) for each in (engine, "reference")), engine.tolerance)


@pytest.mark.parametrize("preset", [name for name in nr.names("presets") if "engine" not in nr.presets.training(name)])  # formulas
def test_every_preset_is_the_references(preset):
    net = nr.preset(preset, ORDINARY.inputs, 6, ORDINARY.outputs, seed=0)
    data = trials(ORDINARY, dt=net.dt)
    assert_alike(*(nr.weight_change(net, data, rule="bptt", engine=each) for each in (PRECISE, "reference")), 1e-10)


@pytest.mark.parametrize("cell", [*UNLIKE, Adaptive])  # in float32 every one, with all other engines
@pytest.mark.parametrize("rule", ["rflo", "rtrl"])
@given(size=sizes, seed=st.integers(0, 1000))
@examples(2)
def test_float64_learns_at_every_step_as_the_reference_does(cell, rule, size, seed):
    assert_learnt_alike(cell, rule, size, seed)


def test_a_training_that_runs_away_does_so_in_the_same_trial_as_the_references():
    """A single unit whose recurrent weight is above 1."""
    assert "became unstable at trial 3" in assert_learnt_alike("modrelu", "rtrl", Sizes(1, 0, 1, 7, 2), seed=224)


def assert_learnt_alike(cell, rule, size, seed) -> nr.Network | str:
    start, data = network(size, cell, seed, noise=0.05), trials(size, seed)
    more = {"optimiser": "adam", "rate": 0.003, "clip": 1.0, "weight_decay": 0.1, "feedback": "kolen_pollack", "update": "step"}
    more |= {"rule": rule, "trials": 2 * size.trials, "batch": size.trials, "progress": False}
    ours, definition = (ending(lambda engine=each: nr.train(start, data, engine=engine, **more)) for each in (PRECISE, "reference"))
    assert end_alike(ours, definition, (*WEIGHTS, *start.parameters), 1e-9)
    return ours


@pytest.mark.parametrize("cell", ["leaky_tanh", "gru", "lstm"])
def test_the_graph_that_autograd_goes_back_through_has_the_slope_of_the_outputs(cell):
    size = Sizes(3, 2, 2, 4, 2)
    net, data, place = network(size, cell), trials(size), Place("cpu", "float64")
    weights, given_ = Weights.of(net, np.float64), stimulus(net, data, np.float64, 0)

    def outputs(vector: torch.Tensor) -> torch.Tensor:
        w = weights.like(vector)
        return Read.apply(side_by_side(unroll(place, net, w, given_).emitted[1:]), w.readout, w.readout.T)

    assert torch.autograd.gradcheck(outputs, place.tensor(weights.vector).requires_grad_())


def test_read_sends_the_error_back_through_the_feedback():
    rng = np.random.default_rng(0)
    emitted, readout, feedback, error = (torch.tensor(rng.normal(size=s)) for s in ((3, 2, 5), (4, 5), (5, 4), (3, 2, 4)))
    emitted.requires_grad_()
    Read.apply(emitted, readout, feedback).backward(error)
    assert difference(emitted.grad.numpy(), (error @ feedback.T).numpy()) < 1e-14


@pytest.mark.parametrize("function", SYMPYS)
def test_sympys_functions_have_a_torch_form_with_their_derivative(function):
    x = sympy.Symbol("x")
    for value in (0.3, 0.4, 25.0):
        slope = sympy.lambdify(x, function(x).diff(x), modules="numpy")(np.float64(value))
        at = torch.tensor(value, dtype=torch.float64, requires_grad=True)
        getattr(primitives_torch, function.__name__)(at).backward()
        assert float(at.grad) == pytest.approx(float(slope), rel=1e-12, abs=1e-15), value


def test_a_long_simulation_in_windows_is_the_whole_one():
    net, data = network(ORDINARY, "lstm"), trials(ORDINARY)
    given_ = stimulus(net, data, np.float64, 0)
    weights, whole = Weights.of(net, np.float64), PRECISE.forward(net, Weights.of(net, np.float64), given_).states[-1].copy()
    windows = [dataclasses.replace(given_, inputs=given_.inputs[a:b], targets=given_.targets[a:b]) for a, b in ((0, 3), (3, 7))]
    *_, last = PRECISE.stream(net, weights, windows)
    assert np.array_equal(last.states[-1], whole)


@pytest.mark.parametrize("update", ["trial", "step"])
@pytest.mark.parametrize("rule", ["rflo", "rtrl"])
def test_a_run_keeps_its_device_and_goes_on_to_the_same_bits(tmp_path, update, rule):
    start = nr.Network.random(0, 8, 1, seed=1, noise=0.01)
    engine = TorchEngine(device="cpu", dtype="float64")
    settings_ = {"engine": engine, "rule": rule, "update": update, "optimiser": "adam", "rate": 0.001, "seed": 5}
    whole = run(start, **settings_)
    half = run(start, path=tmp_path / "run.h5", trials=8, **{k: v for k, v in settings_.items() if k != "trials"})
    assert half.config["engine"] == "torch"
    assert half.config["engine_settings"] == {"device": "cpu", "dtype": "float64"}
    done = nr.resume(tmp_path / "run.h5", trials=12, progress=False)
    assert all(np.array_equal(getattr(done.network, name), getattr(whole.network, name)) for name in WEIGHTS)
    assert np.array_equal(done.log["loss"], whole.log["loss"])


def test_a_run_records_as_on_another_engine():
    start, record = nr.Network.random(0, 8, 1, cell="lstm", seed=1), nr.Record(variables=("h", "c", "output", "target"), every=4)
    ours, definition = (run(start, engine=each, record=record).trajectories() for each in (PRECISE, "reference"))
    assert all(difference(ours[name].values, definition[name].values) < 1e-6 for name in ("h", "c", "output", "target"))


def test_the_number_type_is_the_one_asked_for():
    net, data = network(ORDINARY), trials(ORDINARY)
    assert nr.simulate(net, data, engine="torch").outputs.dtype == np.float32
    assert nr.simulate(net, data, engine=PRECISE).outputs.dtype == np.float64


@pytest.mark.parametrize(
    ("asked", "error", "text"),
    [
        ({"dtype": "float16"}, ValueRefused, "float32 or float64, got 'float16'"),
        ({"device": "gpu"}, ValueRefused, "got 'gpu'"),
        ({"device": "meta"}, NotOffered, "cannot use device 'meta'"),
        pytest.param(
            {"device": "cuda"}, NotOffered, "use device='cpu'", marks=pytest.mark.skipif(torch.cuda.is_available(), reason="there is one")
        ),
    ],
)
def test_what_this_machine_cannot_do_is_refused_in_one_line(asked, error, text):
    with pytest.raises(error, match=text) as caught:
        TorchEngine(**asked)
    assert "\n" not in str(caught.value)


def test_a_rule_against_time_is_refused_at_every_step():
    with pytest.raises(NotOffered, match="rtrl"):
        run(nr.Network.random(0, 8, 1), rule="bptt", update="step")


def test_torchs_own_number_of_threads_comes_back():
    before = torch.get_num_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


def test_numbers_do_not_depend_on_the_number_of_threads():
    script = textwrap.dedent("""
        import hashlib, neurorec as nr
        task = nr.task("n_bit_flip_flop", n_bits=2, duration=0.5)
        start = nr.Network.random(task.n_inputs, 96, task.n_outputs, noise=0.01)
        for rule in ("rflo", "bptt"):
            run = nr.train(start, task, rule=rule, engine="torch", trials=64, batch=32, progress=False)
            print(hashlib.sha256(run.network.recurrent.tobytes()).hexdigest())
    """)
    printed = []
    for threads in ("1", "2"):
        capped = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"), threads)
        printed.append(
            subprocess.run([sys.executable, "-c", script], env=os.environ | capped, capture_output=True, text=True, check=True).stdout
        )
    assert printed[0] == printed[1] != ""


@pytest.mark.gpu
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("update", ["trial", "step"])
def test_a_gpu_gives_the_reference_and_the_same_bits_twice(rule, update):
    if update == "step" and rule in ("bptt", "random_feedback_bptt"):
        pytest.skip("runs against time")
    net, data = network(ORDINARY, "lstm", noise=0.05), trials(ORDINARY)
    more = {"rule": rule, "update": update, "trials": 4, "batch": 2, "progress": False}
    ours, again, definition = (
        nr.train(net, data, engine=engine, **more).network for engine in (*[TorchEngine("cuda", "float64")] * 2, "reference")
    )
    assert all(difference(getattr(ours, name), getattr(definition, name)) < 1e-9 for name in WEIGHTS)
    assert all(np.array_equal(getattr(ours, name), getattr(again, name)) for name in WEIGHTS)
