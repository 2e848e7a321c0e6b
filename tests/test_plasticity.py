"""Masks and rates of single synapses: what is masked stays to the last bit, what is not moves as the reference says."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from breadth import examples
from cases import Sizes, difference, trials
from hypothesis import given
from hypothesis import strategies as st

import neurorec as nr
from neurorec.engines.numba import NumbaEngine
from neurorec.errors import NotOffered, RunFileError, ShapeError, ValueRefused
from neurorec.hdf5.seal import renew
from neurorec.runs.run_reader import RunReader

NAMES = ("recurrent", "input", "readout")
TASK = nr.task("periodic_output", period=0.1)
WAYS = [
    pytest.param(engine, update, marks=pytest.mark.gpu if engine == "cuda" else ())
    for engine in nr.names("engines")
    for update in ("trial", "step")
    if engine not in ("reference", "brian2")
    and (engine, update) not in (("unrolled", "step"), ("cuda", "step"), ("trials", "step"))  # which say that they cannot
]
sizes = st.builds(Sizes, st.integers(1, 6), st.integers(0, 2), st.integers(1, 2), st.integers(1, 6), st.integers(1, 3))


def start(size: Sizes, seed: int = 0, **others) -> nr.Network:
    return nr.Network.random(size.inputs, size.units, size.outputs, dt=0.02, seed=seed, **others)


def masks_of(net: nr.Network, seed: int) -> dict[str, np.ndarray]:
    """Half of everything, and one synapse for certain: else there would be nothing to train."""
    rng = np.random.default_rng(seed)
    masks = {name: rng.random(getattr(net, name).shape) < 0.5 for name in NAMES}
    masks["recurrent"][0, 0] = True
    return masks


def after(net: nr.Network, data: nr.Trials, engine, plastic, **others) -> nr.Network:
    ways = {"rate": 0.1, "clip": 0.5, "weight_decay": 0.3, "progress": False} | others
    return nr.train(net, data, engine=engine, trials=2 * data.count, batch=data.count, plastic=plastic, **ways).network


@pytest.mark.parametrize(("engine", "update"), WAYS)
@given(size=sizes, seed=st.integers(0, 1000))
@examples(3)
def test_what_is_masked_stays_and_the_rest_moves_as_in_the_reference(engine, update, size, seed):
    net, data = start(size, seed), trials(size, seed)
    masks = masks_of(net, seed)
    ours, definition = (after(net, data, each, masks, update=update) for each in (engine, "reference"))
    for name, mask in masks.items():
        own, now, wanted = (getattr(each, name) for each in (net, ours, definition))
        assert np.array_equal(now[~mask], own[~mask]), name
        assert difference(now, wanted) < 1e-4, name
    assert ours.recurrent[0, 0] != net.recurrent[0, 0] or definition.recurrent[0, 0] == net.recurrent[0, 0]


@pytest.mark.parametrize("engine", ["numba", "torch", "reference"])
@pytest.mark.parametrize("update", ["trial", "step"])
def test_an_optimisers_memory_moves_nothing_that_is_masked(engine, update):
    size = Sizes(5, 2, 3, 7, 2)
    net, data = start(size, cell="lstm"), trials(size)
    mask = np.random.default_rng(0).random(net.recurrent.shape) < 0.5
    made = after(net, data, engine, {"recurrent": mask}, update=update, optimiser="adam", rate=0.01)
    assert np.array_equal(made.recurrent[~mask], net.recurrent[~mask])
    assert (made.recurrent[mask] != net.recurrent[mask]).all()
    for name in ("input", "readout", "bias", "feedback"):
        assert np.array_equal(getattr(made, name), getattr(net, name)), name


@pytest.mark.parametrize("engine", ["reference", "numba", "torch", "unrolled"])
def test_one_update_is_rate_times_change_synapse_by_synapse(engine):
    size = Sizes(5, 2, 3, 7, 2)
    net, data, rng = start(size), trials(size), np.random.default_rng(0)
    mask, rate = rng.random((5, 5)) < 0.5, rng.random((5, 5))
    change = nr.weight_change(net, data, engine=engine)["recurrent"]
    ways = {"engine": engine, "trials": 2, "batch": 2, "progress": False}
    masked = nr.train(net, data, plastic={"recurrent": mask}, rate=0.1, **ways).network
    rated = nr.train(net, data, plastic=("recurrent",), rate={"recurrent": rate}, **ways).network
    both = nr.train(net, data, plastic={"recurrent": mask.astype(int)}, rate={"recurrent": rate}, **ways).network
    for made, each in ((masked, 0.1 * mask), (rated, rate), (both, rate * mask)):
        assert np.allclose(made.recurrent - net.recurrent, each * change, atol=1e-6)


def test_clipping_counts_what_moves():
    size = Sizes(5, 2, 3, 7, 2)
    net, data = start(size), trials(size)
    mask = np.zeros((5, 5), bool)
    mask[2, 3] = True
    made = nr.train(net, data, plastic={"recurrent": mask}, trials=2, batch=2, rate=1.0, clip=1e-3, progress=False).network
    assert abs(made.recurrent[2, 3] - net.recurrent[2, 3]) == pytest.approx(1e-3, rel=1e-3)


def test_feedback_that_learns_follows_the_readouts_mask():
    size = Sizes(5, 2, 3, 7, 2)
    net, data = start(size), trials(size)
    mask = np.random.default_rng(0).random((3, 5)) < 0.5
    for update in ("trial", "step"):
        made = after(net, data, "numba", {"readout": mask}, feedback="kolen_pollack", update=update)
        assert np.array_equal(made.feedback[~mask.T], net.feedback[~mask.T])
        assert (made.feedback[mask.T] != net.feedback[mask.T]).all()


def test_parameters_of_units_have_masks_too():
    size = Sizes(5, 2, 3, 7, 2)
    net = start(size, parameters={"tau": np.linspace(0.1, 0.2, 5)})
    which = np.array([True, False, True, False, False])
    made = after(net, trials(size), "numba", {"tau": which, "readout": None}, rate={"tau": 0.5, "readout": 0.1})
    assert ((made.per_unit("tau") == net.per_unit("tau")) == ~which).all()


def test_what_recurrent_is_made_of_has_masks_and_recurrent_itself_none():
    net = nr.Network.random(0, 6, 1, parametrisation="cayley", seed=1)
    name = net.learnt[0]
    mask = np.random.default_rng(0).random(net.free[name].shape) < 0.5
    made = nr.train(net, TASK, plastic={name: mask, "readout": True}, trials=4, rate=0.01, progress=False).network
    assert np.array_equal(made.free[name][~mask], net.free[name][~mask])
    assert (made.free[name][mask] != net.free[name][mask]).all()
    assert np.array_equal(made.input, net.input)
    with pytest.raises(ValueRefused, match=f"made by 'cayley'.*{name}.*mask"):
        nr.train(net, TASK, plastic={"recurrent": np.ones((6, 6))}, progress=False)


def test_a_torch_module_has_masks_by_its_own_names():
    net = nr.ModuleNetwork.random("torch_rnn", 0, 5, 1)
    mask = np.random.default_rng(0).random((5, 5)) < 0.5
    made = nr.train(net, TASK, "bptt", "torch", plastic={"layer.weight_hh_l0": mask}, trials=3, progress=False).network
    now, own = (each.weights["layer.weight_hh_l0"] for each in (made, net))
    assert ((now == own) == ~mask).all()


@pytest.mark.parametrize("update", ["trial", "step"])
def test_a_resumed_training_goes_on_under_its_masks_to_the_same_bits(tmp_path, update):
    net, path = nr.Network.random(0, 6, 1), tmp_path / "run.h5"
    rng = np.random.default_rng(0)
    mask, rate = rng.random((6, 6)) < 0.5, rng.random((1, 6))
    ways = {"plastic": {"recurrent": mask, "readout": None}, "rate": {"recurrent": 0.03, "readout": rate}, "update": update}
    straight = nr.train(net, TASK, trials=8, progress=False, **ways)
    nr.train(net, TASK, trials=3, path=path, progress=False, **ways)
    assert np.array_equal(nr.open_run(path).network.recurrent[~mask], net.recurrent[~mask])
    resumed = nr.resume(path, trials=8, progress=False)  # the file is written anew, rates and all
    assert np.array_equal(resumed.network.recurrent, straight.network.recurrent)
    assert np.array_equal(resumed.network.readout, straight.network.readout)
    assert resumed.config["uneven"] == ["recurrent", "readout"]
    assert np.count_nonzero(RunReader.open(path).rates()) == mask.sum() + 6
    with h5py.File(path, "r+") as file:
        file["plasticity/rates"][0] = np.nan
    with pytest.raises(RunFileError, match="damaged"):
        nr.resume(path, trials=9, progress=False)
    renew(path)  # as if whoever changed it knew of checksums
    with pytest.raises(RunFileError, match="damaged"):
        nr.resume(path, trials=9, progress=False)


def test_a_mask_of_everything_is_none():
    net = nr.Network.random(0, 6, 1)
    plain = nr.train(net, TASK, plastic=("recurrent",), trials=2, progress=False)
    full = nr.train(
        net, TASK, plastic={"recurrent": np.ones((6, 6), bool)}, rate={"recurrent": np.full((6, 6), 0.03)}, trials=2, progress=False
    )
    assert full.config == plain.config | {"rate": {"recurrent": 0.03}}
    assert np.array_equal(full.network.recurrent, plain.network.recurrent)


@pytest.mark.parametrize(
    ("wrong", "error", "said"),
    [
        ({"plastic": {"recurrent": np.ones((6, 5))}}, ShapeError, r"plastic\['recurrent'\] must have shape \(6, 6\)"),
        ({"plastic": {"recurrent": np.full((6, 6), 0.5)}}, ValueRefused, "must hold True and False"),
        ({"plastic": {"recurrent": np.zeros((6, 6))}}, ValueRefused, "nothing would change"),
        ({"plastic": {"reccurent": None}}, ValueRefused, "no plastic weight named 'reccurent'"),
        ({"rate": {"recurrent": np.ones(6), "input": 0.1, "readout": 0.1}}, ShapeError, r"rate\['recurrent'\] must have shape"),
        ({"rate": {"recurrent": -np.ones((6, 6)), "input": 0.1, "readout": 0.1}}, ValueRefused, "zero or positive"),
        ({"rate": np.ones((6, 6))}, ShapeError, "rate must have shape"),
    ],
)
def test_what_is_no_mask_and_no_rate_is_refused(wrong, error, said):
    with pytest.raises(error, match=said):
        nr.train(nr.Network.random(0, 6, 1), TASK, progress=False, **wrong)


def test_a_way_that_takes_one_rate_a_matrix_says_so_before_there_is_a_file(tmp_path):
    mask = np.eye(6)
    with pytest.raises(NotOffered, match="one rate a matrix"):
        nr.train(
            nr.Network.random(0, 6, 1),
            TASK,
            engine=NumbaEngine("fused"),
            plastic={"recurrent": mask},
            update="step",
            path=tmp_path / "r.h5",
        )
    assert not (tmp_path / "r.h5").exists()
