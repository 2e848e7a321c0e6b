"""Networks with a parametrisation: settings, rates, what follows what, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import xarray
from breadth import examples
from cases import ENGINES, on_engines
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ortho_group

import neurorec as nr
from neurorec.discovery import load
from neurorec.errors import NotOffered, ShapeError, UnknownName, ValueRefused
from neurorec.learning.optimisers.rmsprop import RMSProp
from neurorec.networks.parametrisations.cayley import Cayley
from neurorec.networks.parametrisations.dale import Dale
from neurorec.networks.parametrisations.eigenvalue_normalised import EigenvalueNormalised, radius_slope


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return nr.Trials(rng.normal(size=(6, 3, 2)), rng.normal(size=(6, 3, 2)))


def orthogonal(units: int = 6, **settings) -> nr.Network:
    return nr.Network.random(2, units, 2, cell="modrelu", **{"parametrisation": "cayley", **settings})


def trained(net: nr.Network, data: nr.Trials, **settings) -> nr.Network:
    return nr.train(net, data, **{"rule": "bptt", "trials": 30, "batch": 3, "rate": 0.01, "progress": False, **settings}).network


@pytest.mark.parametrize("negative", [0, 2, 6])
def test_the_sign_of_the_determinant_is_that_of_d(negative):
    net = orthogonal(parametrisation=Cayley(negative=negative))
    assert (net.free["signs"] < 0).sum() == negative
    assert np.linalg.det(net.recurrent) == pytest.approx((-1) ** negative)
    assert net.parametrisation == "cayley"


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("law", ["cayley", "orthogonal"])
def test_any_orthogonal_matrix_can_be_trained(law, seed, data):
    """Those with an eigenvalue of -1 and either determinant, too: a D is found that keeps A small."""
    matrix = ortho_group.rvs(7, random_state=seed)
    matrix = matrix if seed else np.diag([-1.0] * 7)
    others = orthogonal(7, parametrisation=None)
    net = others.replace(recurrent=matrix, parametrisation=law)
    assert np.abs(net.recurrent - matrix).max() < 1e-12
    assert np.abs(net.free["skew"]).max(initial=0) < 10
    after = trained(net, data)
    assert np.abs(after.recurrent - matrix).max() > 1e-3
    assert np.abs(after.recurrent.T @ after.recurrent - np.eye(7)).max() < 1e-6


@pytest.mark.parametrize("preset", ["scornn", "scurnn", "enrnn"])
def test_after_600_updates_weights_in_float32_still_are_what_their_map_promises(preset):
    task, rates = nr.task("copying_memory", delay=5), nr.presets.training(preset)
    start = nr.preset(preset, task.n_inputs, 8, task.n_outputs, seed=0, dt=task.dt)
    net = nr.train(start, task, trials=1200, batch=2, progress=False, **{**rates, "rate": 0.01}).network
    long = net.free["signs"].shape[1] if preset == "enrnn" else len(net.recurrent)
    rounded = net.recurrent.astype(np.float32)  # as the engine has it
    kept, short = rounded[:long, :long], rounded[long:, long:]
    assert np.abs(kept - start.recurrent[:long, :long]).max() > 0.3
    assert np.abs(kept.T @ kept - np.eye(long)).max() < 1e-5  # the real form of a unitary matrix is orthogonal
    assert np.abs(np.linalg.eigvals(short)).max(initial=0) < 1 + 1e-5


def test_free_parameters_have_rates_of_their_own(data):
    net = nr.Network.random(2, 4, 2, cell="complex_modrelu", parametrisation="unitary_cayley", plastic=("recurrent", "readout"))
    after = trained(net, data, rate={"skew": 0.0, "theta": 0.1, "readout": 0.0})
    assert np.array_equal(after.free["skew"], net.free["skew"])
    assert np.array_equal(after.readout, net.readout)
    assert not np.allclose(after.free["theta"], net.free["theta"])
    with pytest.raises(ValueRefused, match="no rate for theta; give one each"):
        trained(net, data, rate={"skew": 0.1, "readout": 0.1})
    with pytest.raises(ValueRefused, match=r"no plastic weight \(in rate\) named 'recurrent'; there are skew, theta, readout"):
        trained(net, data, rate={"recurrent": 0.1, "readout": 0.1})


def test_recurrent_weights_that_are_not_plastic_stay(data):
    net = orthogonal(plastic=("input", "readout"))
    assert np.abs(trained(net, data).recurrent - net.recurrent).max() < 1e-6
    after = trained(net, data, update="step", rule="rflo")
    assert np.abs(after.recurrent - net.recurrent).max() < 1e-6
    assert not np.allclose(after.readout, net.readout)


def test_weight_decay_shrinks_the_free_parameters(data):
    """An orthogonal matrix has no size to lose: it turns towards D."""
    after = trained(orthogonal(), data, weight_decay=1.0, rate={"skew": 0.5, "input": 0.0, "readout": 0.0, "b": 0.0})
    still = data.targets * 0
    quiet = trained(orthogonal(), nr.Trials(data.inputs * 0, still), weight_decay=1.0, rate=0.5)
    assert np.abs(quiet.free["skew"]).max() < 0.01
    assert np.allclose(quiet.recurrent, np.diag(np.sign(np.diag(quiet.recurrent))), atol=0.05)
    assert np.abs(after.recurrent.T @ after.recurrent - np.eye(6)).max() < 1e-5


def test_the_angle_is_measured_over_what_moves(data):
    log = nr.train(orthogonal(), data, rule="bptt", trials=6, batch=3, rate=0.01, gradient_angle=1, progress=False).log
    assert np.allclose(log["angle"], 0, atol=0.1)
    log = nr.train(orthogonal(), data, rule="rflo", trials=6, batch=3, rate=0.01, gradient_angle=1, progress=False).log
    assert (log["angle"] > 1).all()


def test_an_engine_that_breaks_off_leaves_the_weights_in_their_range(data):
    net = orthogonal()
    with pytest.raises(nr.errors.DivergenceError):
        trained(net, data, rate=1e30, trials=300)


def test_recurrent_and_free_follow_each_other():
    net = orthogonal()
    turned = net.replace(free={**net.free, "skew": net.free["skew"] * 2})
    assert np.abs(turned.recurrent.T @ turned.recurrent - np.eye(6)).max() < 1e-12
    assert np.abs(net.replace(recurrent=turned.recurrent).recurrent - turned.recurrent).max() < 1e-12
    loose = net.replace(parametrisation=None)
    assert (loose.parametrisation, loose.free, loose.learnt) == (None, {}, ())
    assert np.array_equal(loose.recurrent, net.recurrent)
    assert loose.replace(parametrisation="orthogonal").learnt == ("skew",)
    with pytest.raises(ValueError, match="read-only"):
        net.free["skew"][0, 0] = 1


@pytest.mark.parametrize("units", [5, 10, 40])
def test_dales_start_is_balanced_and_of_the_usual_strength(units):
    nets = [nr.Network.random(1, units, 1, gain=1.0, parametrisation=Dale(excitatory=0.6), seed=seed) for seed in range(200)]
    weights = np.array([net.recurrent for net in nets])
    assert ((weights > 0).all(axis=(0, 1)) == (np.arange(units) < round(0.6 * units))).all()
    assert weights.sum(axis=2).mean() == pytest.approx(0, abs=0.05)
    assert (weights**2).sum(axis=2).mean() == pytest.approx(1, rel=0.1)


def test_a_short_term_block_within_the_unit_disc_is_left_alone():
    net = orthogonal(parametrisation=EigenvalueNormalised(short=2, negative=1))
    free = dict(net.free)
    assert free["signs"].sum() == 2  # three ones, one minus one
    small, large = free["short"] * 0 + 0.4 * np.eye(2), free["short"] * 0 + 4 * np.eye(2)
    assert np.array_equal(net.replace(free={**free, "short": small}).recurrent[4:, 4:], small[0])
    assert np.allclose(net.replace(free={**free, "short": large}).recurrent[4:, 4:], np.eye(2))


def test_the_slope_of_the_spectral_radius_is_its_derivative():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        matrix, direction = rng.normal(size=(2, 6, 6))
        sides = [np.abs(np.linalg.eigvals(matrix + sign * 1e-6 * direction)).max() for sign in (1, -1)]
        assert (sides[0] - sides[1]) / 2e-6 == pytest.approx((radius_slope(matrix) * direction).sum(), rel=1e-6)


def test_a_sparse_lem_has_the_papers_connections(data):
    """Its last drive hears z, the others hear y."""
    units, pattern = 3, np.kron([[1, 0], [1, 0], [1, 0], [0, 1]], np.ones((3, 3)))
    net = nr.Network.random(2, units, 2, cell="lem")
    net = net.replace(recurrent=net.recurrent * pattern, parametrisation="sparse")
    after = trained(net, data, rate=0.1)
    assert np.array_equal(after.recurrent != 0, pattern != 0)
    assert not np.allclose(after.recurrent, net.recurrent)


def test_a_run_file_shows_the_free_parameters(tmp_path, data):
    trained(orthogonal(), data, path=tmp_path / "run.h5", optimiser=RMSProp(), rate=0.001)
    with xarray.open_datatree(tmp_path / "run.h5", engine="h5netcdf") as tree:
        assert tree["network/free/skew"].shape == (1, 15)
        assert "recurrent weights" in tree["network/free/skew"].attrs["long_name"]
    run = nr.open_run(tmp_path / "run.h5")
    assert run.network.parametrisation == "cayley"


@pytest.mark.parametrize(
    ("settings", "error", "text"),
    [
        ({"parametrisation": "cayly"}, UnknownName, "did you mean 'cayley'"),
        ({"parametrisation": Cayley(negative=7)}, ValueRefused, "negative must lie between 0 and 6"),
        ({"parametrisation": Cayley(negative=0.5)}, ValueRefused, "negative must be a whole number"),
        ({"parametrisation": EigenvalueNormalised(short=6)}, ValueRefused, "short must lie between 0 and 5"),
        ({"parametrisation": "unitary_cayley", "units": 5}, ShapeError, "use cell='complex_modrelu'"),
        ({"cell": "cornn"}, ShapeError, r"recurrent has shape \(6, 12\), which is no stack of square matrices"),
    ],
)
def test_what_cannot_be_started_is_said(settings, error, text):
    with pytest.raises(error, match=text) as caught:
        nr.Network.random(**{"inputs": 2, "units": 6, "outputs": 2, "cell": "modrelu", "parametrisation": "cayley", **settings})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"recurrent": np.ones((6, 6))}, ValueRefused, "recurrent is not what Cayley makes, an orthogonal matrix"),
        ({"recurrent": -np.eye(6), "parametrisation": Cayley(negative=0)}, ValueRefused, "singular, .* another number of negative signs"),
        ({"recurrent": np.eye(6), "free": "own"}, ValueRefused, "the free parameters give one that differs by"),
        ({"free": {"skew": np.zeros((1, 15))}}, ValueRefused, "free lacks signs; Cayley takes skew, signs"),
        ({"free": {"skew": np.zeros((1, 15)), "sign": np.ones((1, 6))}}, ValueRefused, r"no array of Cayley \(in free\) named 'sign'"),
        ({"free": {"skew": np.zeros((1, 14)), "signs": np.ones((1, 6))}}, ShapeError, r"skew must have shape \(1, 15\), got \(1, 14\)"),
        ({"free": {"skew": np.full((1, 15), np.nan), "signs": np.ones((1, 6))}}, ValueRefused, "skew holds nan"),
        ({"parametrisation": None, "free": {"skew": np.zeros((1, 15))}}, ValueRefused, "there is no parametrisation to make recurrent"),
        ({"parametrisation": "dale"}, ValueRefused, "each column of which has one sign"),
    ],
)
def test_weights_that_do_not_fit_their_map_are_refused(change, error, text):
    net = orthogonal()
    change = {**change, "free": net.free} if change.get("free") == "own" else change
    with pytest.raises(error, match=text) as caught:
        net.replace(**change)
    assert "\n" not in str(caught.value)


def test_weights_made_by_a_map_do_not_change_at_every_step(data):
    with pytest.raises(NotOffered, match="those of 'cayley' are computed once per update: use update='trial'"):
        trained(orthogonal(), data, rule="rflo", update="step")


def test_a_free_parameter_does_not_share_a_name_with_the_cells():
    with pytest.raises(ValueRefused, match="'theta' is a free parameter of UnitaryCayley and a name of the network's own"):
        nr.Network.random(1, 4, 1, cell="lru", parametrisation="unitary_cayley")


MOVING = [name for name in nr.names("rules") if load("rules", name)().may_change("recurrent")]


@pytest.mark.parametrize(("engine", "law", "rule"), on_engines([pytest.param("reference"), *ENGINES], ["dale", "dale_clipped"], MOVING))
@given(seed=st.integers(0, 10_000), units=st.integers(5, 8))
@examples(1)
def test_no_update_breaks_dales_law(law, rule, engine, seed, units):
    """Not even one that would turn weights round."""
    rng, updates = np.random.default_rng(seed), 4
    data = nr.Trials(rng.normal(size=(6, 3, 2)), rng.normal(size=(6, 3, 2)))
    net = nr.Network.random(2, units, 2, cell="leaky_softplus", gain=0.3, parametrisation=law, plastic=("recurrent",), seed=seed)
    run = nr.train(
        net, data, rule=rule, engine=engine, trials=3 * updates, batch=3, rate=1e3, clip=1e-3, progress=False,
        record=nr.Record((), checkpoints=updates + 1),
    )  # fmt: skip
    after = [run.checkpoint(trial) for trial in run.checkpoints]
    assert len(after) == updates + 1
    assert all((each.recurrent * net.free["signs"] >= 0).all() for each in after)
    assert not np.array_equal(after[1].free["strength"], after[0].free["strength"])


def test_a_clipped_weight_is_the_papers(data):
    """Murray 2019, Figure 2, supplement 1: the update of an ordinary weight, or zero if it would have changed sign."""
    net = nr.Network.random(2, 8, 2, cell="leaky_softplus", gain=0.3, parametrisation="dale_clipped")
    assert np.array_equal(net.free["signs"], [1.0] * 4 + [-1.0] * 4)
    plain = nr.Network.random(2, 8, 2, cell="leaky_softplus", gain=0.3)
    assert np.allclose(np.abs(plain.recurrent), np.abs(net.recurrent))
    plain = plain.replace(recurrent=net.recurrent)
    free, clipped = (trained(each, data, rule="rflo", trials=3, rate=3.0).recurrent for each in (plain, net))
    turned = free * net.free["signs"] < 0
    assert 5 < turned.sum() < 60
    assert np.allclose(clipped, np.where(turned, 0.0, free), atol=1e-6)
    assert not clipped[turned].any()
    opposite = nr.Trials(data.inputs, -data.targets)  # which asks for what was given up
    back = trained(net.replace(recurrent=clipped), opposite, rule="rflo", trials=30, rate=0.3)
    assert back.recurrent[turned].any()


def test_dale_wants_a_fraction():
    with pytest.raises(ValueRefused, match="excitatory must lie between 0 and 1, got 80"):
        Dale(excitatory=80)


def closed(**settings) -> nr.Network:
    return nr.Network.random(2, 5, 2, gain=1.0, parametrisation="output_fed_back", **settings)


def test_the_output_fed_back_is_a_current_of_the_step_before(data):
    """Murray 2019, Figure 2, supplement 2: u += B y."""
    net = closed()
    h, y = np.tile(net.initial, (3, 1)), np.tile(net.initial, (3, 1)) @ net.readout.T
    outputs = []
    for x in data.inputs:
        u = h @ net.free["inner"].T + x @ net.input.T + y @ net.feedback.T
        h = 0.9 * h + 0.1 * np.tanh(u)
        y = h @ net.readout.T
        outputs.append(y)
    assert np.abs(nr.simulate(net, data, engine="reference").outputs - outputs).max() < 1e-12


@pytest.mark.parametrize("engine", ["reference", *ENGINES])
def test_a_readout_that_is_fed_back_learns_by_the_delta_rule(data, engine):
    net = closed()
    found = nr.simulate(net, data, engine="reference")
    error, h = data.targets - found.outputs, found.states["h"]
    after = trained(net, data, rule="readout_only", engine=engine, trials=3, rate=0.5)
    assert np.abs(after.readout - net.readout - 0.5 * np.einsum("tbo,tbn->on", error, h) / 18).max() < 1e-5
    assert np.abs(after.free["inner"] - net.free["inner"]).max() < 1e-6
    assert np.abs(after.recurrent - net.free["inner"] - net.feedback @ after.readout).max() < 1e-5


def test_the_gradient_of_a_readout_goes_round_the_loop(data):
    net = closed()
    direction = np.random.default_rng(0).normal(size=net.readout.shape)
    sides = [nr.simulate(net.replace(readout=net.readout + s * 1e-6 * direction), data, engine="reference").loss.mean() for s in (1, -1)]
    slope = -(sides[0] - sides[1]) / 2e-6
    found = {rule: nr.weight_change(net, data, rule=rule, engine="reference")["readout"] for rule in ("bptt", "rtrl", "local_only")}
    assert (found["bptt"] * direction).sum() == pytest.approx(slope, rel=1e-6)
    assert (found["rtrl"] * direction).sum() == pytest.approx(slope, rel=1e-6)
    assert not np.allclose(found["local_only"], found["bptt"])


def test_what_cannot_be_fed_back_is_said(data):
    with pytest.raises(NotOffered, match="those of 'output_fed_back' are computed once per update"):
        trained(closed(plastic=("readout",)), data, rule="readout_only", update="step")
    with pytest.raises(ShapeError, match="use e.g. cell='leaky_tanh'"):
        nr.Network.random(2, 5, 2, cell="gru", parametrisation="output_fed_back")
