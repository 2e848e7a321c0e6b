"""The formula layer: what it accepts, derives, prints and caches."""

from __future__ import annotations

import importlib
import sys

import numba
import numpy as np
import pytest
import sympy
from cases import difference

import neurorec as nr
from neurorec.discovery import KINDS, load
from neurorec.engines.numba.compile import unit_table
from neurorec.errors import NotOffered, RunFileError, UnknownName
from neurorec.formula import calls
from neurorec.formula.derive import derive
from neurorec.formula.hoist import hoist
from neurorec.formula.unit import for_numpy, numba_sources
from neurorec.formula.words import spike, stop_gradient
from neurorec.networks.cells.base import AbstractCell


class ALIF(AbstractCell):
    """Adaptive leaky integrate-and-fire unit (Bellec 2020): a spike, a reset through which nothing is learnt, an adaptive threshold."""

    states = ("v", "a")
    parameters = {"tau": 0.02, "tau_a": 0.2, "beta": 0.5}

    @staticmethod
    def output(v, a, beta):
        return spike(v - 1 - beta * a)

    @staticmethod
    def step(v, a, u, dt, tau, tau_a, beta):
        z = spike(v - 1 - beta * a)
        return (1 - dt / tau) * v + u - stop_gradient(z), (1 - dt / tau_a) * a + z


class Complex(AbstractCell):
    """Two states, two drives, two outputs: a complex unit with a saturating amplitude."""

    states, drives = ("x", "y"), ("p", "q")
    initial = 0.2

    @staticmethod
    def output(x, y):
        return x, y

    @staticmethod
    def step(x, y, p, q):
        size = sympy.sqrt(1 + p**2 + q**2)
        return (x + p) / size, (y + q) / size


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return nr.Trials(rng.normal(size=(12, 3, 2)), rng.normal(size=(12, 3, 2)))


@pytest.mark.parametrize("cell", [ALIF, Complex])
@pytest.mark.parametrize("rule", ["rflo", "rtrl", "bptt"])
def test_cells_of_ones_own_run_everywhere(data, cell, rule):
    net = nr.Network.random(2, 6, 2, cell=cell, gain=1.0)
    ours, definition = (nr.weight_change(net, data, rule=rule, engine=engine) for engine in ("numba", "reference"))
    assert all(difference(ours[name], definition[name]) < 1e-4 for name in definition)


def test_several_outputs_and_drives_have_exact_gradients(data):
    net = nr.Network.random(2, 4, 2, cell=Complex, gain=1.0)
    exact, backward = (nr.weight_change(net, data, rule=rule, engine="reference") for rule in ("rtrl", "bptt"))
    assert net.recurrent.shape == (8, 8)
    assert all(difference(exact[name], backward[name]) < 1e-12 for name in exact)


def test_rflo_of_an_adaptive_spiking_unit_is_eprop(data):
    """e-prop's trace, written out as Bellec (2020) has it, equals the derived one."""
    net = nr.Network.random(2, 5, 2, cell=ALIF, gain=1.0, seed=2)
    one = data.take(np.array([0]))
    beta, decay, slow = 0.5, 1 - 0.01 / 0.02, 1 - 0.01 / 0.2
    v, a, z, change = np.zeros(5), np.zeros(5), np.zeros(5), np.zeros((5, 5))
    eps_v, eps_a = np.zeros((5, 5)), np.zeros((5, 5))
    for x, target in zip(one.inputs[:, 0], one.targets[:, 0], strict=True):
        psi = 0.3 * np.maximum(0, 1 - np.abs(v - 1 - beta * a))  # of the spike that this step's adaptation hears
        eps_a = (slow - beta * psi)[:, None] * eps_a + psi[:, None] * eps_v
        eps_v = decay * eps_v + z[None, :]
        v, a = decay * v + net.recurrent @ z + net.input @ x - z, slow * a + z
        z = (v - 1 - beta * a > 0).astype(float)
        psi = 0.3 * np.maximum(0, 1 - np.abs(v - 1 - beta * a))
        signal = net.feedback @ (target - net.readout @ z)
        change += (signal * psi)[:, None] * (eps_v - beta * eps_a) / 12
    found = nr.weight_change(net, one, rule="rflo", engine="reference")["recurrent"]
    assert np.any(found)
    assert difference(found, change) < 1e-12


def test_what_stands_still_is_hoisted():
    h, u, dt, tau = sympy.symbols("h u dt tau")
    (lifted,), still = hoist([(1 - dt / tau) * h + dt / tau * sympy.tanh(u)], [dt, tau])
    assert set(still.values()) == {1 - dt / tau, dt / tau}
    assert lifted.free_symbols == {h, u, *still}
    assert lifted.subs(still).expand() == ((1 - dt / tau) * h + dt / tau * sympy.tanh(u)).expand()


def test_printed_literals_are_float32():
    source = numba_sources(nr.Network.random(1, 2, 1, cell="lstm").formula, "float32")["unit"]
    assert "real(1)" in source
    assert "0.5" not in source.replace("real(0.5)", "")


@pytest.mark.parametrize(
    ("step", "states", "text"),
    [
        (lambda h, u, rate: h + u, ("h",), "takes 'rate', which is no state, drive, parameter or dt"),
        (lambda h, u: (h, u), ("h",), "returns 2 expressions for the 1 states h"),
    ],
)
def test_a_formula_that_makes_no_sense_is_refused(step, states, text):
    with pytest.raises(NotOffered, match=text):
        derive(step, None, states, ("u",), (), (), "Mine")


def test_an_unknown_function_is_refused_in_words():
    formula = derive(lambda h, u: sympy.gamma(u), None, ("h",), ("u",), (), (), "Mine")
    with pytest.raises(NotOffered, match=r"uses gamma\(\), which no engine can print; use .*tanh"):
        numba_sources(formula, "float32")


WORDS = [load("words", name) for name in nr.names("words")]
SYMPYS = [sympy.tanh, sympy.sin, sympy.cos, sympy.exp, lambda x: sympy.log(x**2 + 1), lambda x: sympy.sqrt(x**2 + 1)]


def test_every_word_means_the_same_to_both_printers():
    """One cell that uses all of them: values and slopes in float32 Numba and float64 NumPy agree."""

    def step(h, u):
        return sum((index + 1) / 10 * word(u + h / 10) for index, word in enumerate([*WORDS, *SYMPYS]))

    formula = derive(step, None, ("h",), ("u",), (), (), "Words")
    numpy_unit = for_numpy(formula)
    unit = unit_table(formula, "float64", ("step", "jacobian"))
    rng = np.random.default_rng(0)
    states, drives, constants = rng.normal(size=(1, 3, 50)), rng.normal(size=(1, 3, 50)) * 3, np.empty((0, 50))
    ours, theirs = np.empty_like(states), np.empty_like(states)
    _step(unit, states, drives, constants, ours)
    numpy_unit.step(states, drives, constants, theirs)
    assert np.allclose(ours, theirs, rtol=1e-12)
    found = [[np.empty((rows, 3, 50)) for rows in (1, 1, 0)] for _ in range(2)]
    _jacobian(unit, states, drives, constants, *found[0])
    numpy_unit.jacobian(states, drives, constants, *found[1])
    assert all(np.allclose(a, b, rtol=1e-12) for a, b in zip(*found, strict=True))


@numba.njit
def _step(unit, states, drives, constants, new):
    calls.step(unit, states, drives, constants, new, 0, states.shape[1])


@numba.njit
def _jacobian(unit, states, drives, constants, decay, slope, partial):
    calls.jacobian(unit, states, drives, constants, decay, slope, partial, 0, states.shape[1])


WORD = """
import neurorec as nr


class curve(nr.AbstractWord):
    def fdiff(self, argindex=1):
        return {slope} * self.args[0]

    @staticmethod
    def on_arrays(x):
        return x * x * x.dtype.type({slope} / 2)

    @staticmethod
    def on_tensors(x):
        return x * x * ({slope} / 2)

    @staticmethod
    def compiled(precision):
        half = precision.real({slope} / 2)
        return lambda x: x * x * half


class Curved(nr.AbstractCell):
    states = ("h",)

    @staticmethod
    def step(h, u):
        return curve(u) + h / 10
"""


def test_a_word_of_ones_own_is_used_by_every_engine_and_machine_code_of_another_is_not(tmp_path, monkeypatch, data):
    monkeypatch.syspath_prepend(str(tmp_path))
    found = []
    for slope in (2.0, 0.5):
        (tmp_path / "curved.py").write_text(WORD.format(slope=slope))
        sys.modules.pop("curved", None)
        importlib.invalidate_caches()
        cell = importlib.reload(importlib.import_module("curved")).Curved
        net = nr.Network.random(2, 5, 2, cell=cell, gain=0.5)
        by_engine = [nr.weight_change(net, data, rule="bptt", engine=engine)["recurrent"] for engine in ("reference", "numba", "torch")]
        assert all(difference(each, by_engine[0]) < 1e-4 for each in by_engine)
        found.append(by_engine[1])
    assert difference(*found) > 0.1


def test_a_word_inside_a_function_is_refused(data):
    class within(nr.AbstractWord):
        """Nowhere to be found by its name."""

        def fdiff(self, argindex=1):
            return sympy.Integer(1)

    formula = derive(lambda h, u: within(u), None, ("h",), ("u",), (), (), "Within")
    with pytest.raises(NotOffered, match="within stands inside a function or a class; move it to the top of its module"):
        for_numpy(formula)


def test_a_class_is_found_by_its_path_and_a_wrong_path_said():
    net = nr.Network.random(2, 6, 2, cell=ALIF)
    assert net.cell.endswith(":ALIF")
    with pytest.raises(UnknownName, match="package.module:Class"):
        net.replace(cell="nowhere.at_all:Cell")


def test_a_cache_that_cannot_be_written_is_said(tmp_path, monkeypatch):
    occupied = tmp_path / "file"
    occupied.write_text("not a folder")
    monkeypatch.setenv("NEUROREC_CACHE", str(occupied / "cache"))

    class Fresh(AbstractCell):
        states = ("h",)

        @staticmethod
        def step(h, u):
            return h * 0.987 + u

    formula = derive(Fresh.step, None, ("h",), ("u",), (), (), "Fresh")
    with pytest.raises(RunFileError, match="set NEUROREC_CACHE"):
        for_numpy(formula)


def test_a_class_that_is_defined_anew_is_not_taken_for_the_old_one(monkeypatch):
    """What happens when a notebook's cell is run again after an edit."""
    import __main__

    data = nr.Trials(np.ones((3, 1, 1)), np.ones((3, 1, 1)))

    class Mine(AbstractCell):
        states = ("h",)

        @staticmethod
        def step(h, u):
            return u

    class Again(AbstractCell):
        states = ("h",)

        @staticmethod
        def step(h, u):
            return 2 * u

    outputs = []
    for cell in (Mine, Again):
        cell.__module__, cell.__qualname__ = "__main__", "Mine"
        monkeypatch.setattr(__main__, "Mine", cell, raising=False)
        net = nr.Network(recurrent=np.zeros((1, 1)), input=np.ones((1, 1)), readout=np.ones((1, 1)), cell=cell)
        outputs.append(nr.simulate(net, data, engine="reference").outputs[-1, 0, 0])
    assert outputs == [1, 2]


def test_a_kind_that_there_is_not_is_said():
    with pytest.raises(UnknownName, match="did you mean 'cells'"):
        nr.names("cell")
    assert all(nr.names(kind) for kind in KINDS)
