"""Laws of every cell and filter: derived slopes are the derivatives, and both printings are the formula."""

from __future__ import annotations

import numpy as np
import pytest

import neurorec as nr
from neurorec.discovery import load
from neurorec.formula.unit import constants_of, for_numpy
from neurorec.networks.cell_with_filter import formula_of

MODELS = [(cell, None) for cell in nr.names("cells")] + [("lstm", name) for name in nr.names("filters")]


@pytest.fixture(params=MODELS, ids=lambda pair: "-".join(filter(None, pair)))
def model(request):
    cell, filter = request.param
    parameters = {**load("cells", cell).parameters, **(load("filters", filter).parameters if filter else {})}
    formula = formula_of(load("cells", cell), load("filters", filter) if filter else None, tuple(parameters))
    rng = np.random.default_rng(0)
    values = np.array([np.full(6, value) + 0.05 for value in parameters.values()]).reshape(len(parameters), 6)
    return formula, values, rng.normal(size=(len(formula.states), 2, 6)), rng.normal(size=(len(formula.ports), 2, 6))


def stepped(formula, values, states, drives):
    new = np.empty_like(states)
    for_numpy(formula).step(states, drives, constants_of(formula, values, 0.02), new)
    return new


def slopes(function, array, width=1e-6):
    """Derivative of every row of the result by every row of the array, elementwise."""
    columns = []
    for row in range(len(array)):
        moved = [array.copy(), array.copy()]
        moved[0][row] += width
        moved[1][row] -= width
        columns.append((function(moved[0]) - function(moved[1])) / (2 * width))
    return np.stack(columns, axis=1) if columns else None


def test_decay_slope_and_partial_are_derivatives_of_step(model):
    formula, values, states, drives = model
    constants = constants_of(formula, values, 0.02)
    shapes = [formula.decay.shape, formula.slope.shape, formula.partial.shape]
    parts = [np.empty((rows * columns, 2, 6)) for rows, columns in shapes]
    for_numpy(formula).jacobian(states, drives, constants, *parts)
    found = [part.reshape(*shape, 2, 6) for part, shape in zip(parts, shapes, strict=True)]
    by_state = slopes(lambda s: stepped(formula, values, s, drives), states)
    by_drive = slopes(lambda u: stepped(formula, values, states, u), drives)
    by_parameter = slopes(lambda v: stepped(formula, v, states, drives), values)
    assert np.abs(found[0] - by_state).max() < 1e-8
    assert np.abs(found[1] - by_drive).max() < 1e-8
    assert by_parameter is None or np.abs(found[2] - by_parameter).max() < 1e-7


def test_pulling_an_adjoint_is_the_transposed_jacobian(model):
    formula, values, states, drives = model
    constants, adjoint = constants_of(formula, values, 0.02), np.random.default_rng(1).normal(size=states.shape)
    back = [np.empty((rows, 2, 6)) for rows in (len(states), len(drives), len(values))]
    for_numpy(formula).pull(states, drives, adjoint, constants, *back)
    by_state = slopes(lambda s: stepped(formula, values, s, drives), states)
    by_drive = slopes(lambda u: stepped(formula, values, states, u), drives)
    assert np.abs(back[0] - np.einsum("jlbn,jbn->lbn", by_state, adjoint)).max() < 1e-7
    assert np.abs(back[1] - np.einsum("jpbn,jbn->pbn", by_drive, adjoint)).max() < 1e-7


def test_states_are_named_and_defaults_are_numbers(model):
    formula, _, states, _ = model
    assert len(formula.new) == len(formula.states) == len(states)
    assert all(each.free_symbols for each in formula.new)


@pytest.mark.parametrize("cell", nr.names("cells"))
def test_a_network_of_every_cell_learns_something(cell):
    # Report a held input: enough for any cell that gets its gradient right; a wrong sign makes the loss rise.
    held = np.tile(np.random.default_rng(0).normal(size=(1, 4, 1)), (10, 1, 1))
    data = nr.Trials(held, held / 2, dt=0.05)
    net = nr.Network.random(1, 12, 1, cell=cell, dt=0.05)
    run = nr.train(net, data, rule="bptt", trials=1200, batch=4, rate=0.01, optimiser="adam", progress=False)
    loss = run.log["loss"].values
    assert loss[-40:].mean() < 0.5 * loss[:40].mean()
