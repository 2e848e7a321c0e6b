"""Pictures of state space and planes in it: what they draw is what was measured."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray

import neurorec as nr
from neurorec.errors import ShapeError, UnknownName, ValueRefused
from neurorec.simulation.trajectories import Trajectories


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def shown(states, **conditions):
    """Trajectories of several states, (time, trial, unit) each."""
    steps, trials, _ = next(iter(states.values())).shape
    nothing = np.zeros((steps, trials, 1))
    return Trajectories(nothing, states, nr.Trials(nothing, nothing, conditions=conditions))


def test_velocities_of_a_linear_map_are_its_matrix_less_one():
    matrix, step = np.array([[0.9, 0.2, 0.0], [-0.1, 0.8, 0.0], [0.3, 0.0, 0.5]]), 0.05
    around = np.random.default_rng(0).normal(size=(50, 3))
    field = nr.dynamics.flow_field(lambda x: x @ matrix.T, around, units=[0, 2], n=7, dt=step, size=3)
    x, y = np.meshgrid(field["horizontal"], field["vertical"])
    at = np.stack([x, np.full_like(x, around[:, 1].mean()), y], axis=-1)
    velocity = at @ (matrix - np.eye(3)).T / step
    assert np.allclose(field["velocity"], velocity[..., [0, 2]])
    assert np.allclose(field["leaving"], np.abs(velocity[..., 1]))
    assert field.attrs["plane"] == "x of unit 0 and x of unit 2"


def test_a_plane_of_components_holds_the_states_that_lie_on_it():
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.normal(size=(5, 5)))[0][:2]
    states = rng.normal(size=(40, 2)) * [3, 1] @ axes + 2
    field = nr.dynamics.flow_field(lambda x: 0.5 * x, states, n=3, size=5)
    assert "component 1 and component 2, 100% of the variance" in field.attrs["plane"]
    places = (states - field["origin"].values) @ field["axis"].values.T
    assert np.allclose(places @ field["axis"].values + field["origin"].values, states)
    assert field["horizontal"].min() < places[:, 0].min() and places[:, 0].max() < field["horizontal"].max()


def test_nullclines_cross_at_the_fixed_points():
    net = nr.Network(recurrent=2.0 * np.eye(2), input=np.zeros((2, 0)), readout=np.ones((1, 2)))
    field = nr.dynamics.flow_field(net, units=[0, 1], n=41, between=(-1.5, 1.5))
    speed = np.linalg.norm(field["velocity"].values, axis=-1)
    assert abs(speed[20, 20]) < 1e-12 and not field["leaving"].values.any()  # the origin
    ax = nr.plots.flow(field, nr.dynamics.fixed_points(net))
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["no horizontal velocity", "no vertical velocity", "stable point", "saddle point", "unstable point"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("h of unit 0", "h of unit 1")


def test_all_states_of_a_cell_are_components_together():
    rng = np.random.default_rng(0)
    both = shown({"h": rng.normal(size=(20, 3, 4)), "c": 5 * rng.normal(size=(20, 3, 4))}, side=np.array([-1, 1, 1]))
    found = nr.dynamics.principal_components(both, 2, ["h", "c"])
    assert found["variable"].values.tolist() == ["h"] * 4 + ["c"] * 4 and found["number"].values.tolist() == [0, 1, 2, 3] * 2
    ax = nr.plots.state_space(both, condition="side")
    path = next(line for line in ax.lines if line.get_label() == "side -1")
    assert np.allclose(path.get_xydata(), found["component"][:, 0])
    assert ax.get_xlabel() == f"component 1 ({float(found['explained'][0]):.0%} of variance)"
    solid = nr.plots.state_space_3d(both)
    assert solid.name == "3d" and "component 3" in solid.get_zlabel()


def test_a_single_unit_has_a_picture_too():
    alone = shown({"h": np.sin(np.arange(12.0)).reshape(12, 1, 1)})
    assert np.allclose(nr.plots.state_space(alone).lines[0].get_ydata(), 0)
    assert nr.plots.state_space_3d(alone).get_zlabel() == "component 3 (0%)"


def test_a_graph_has_an_arrow_for_each_connection_and_says_what_is_lost():
    points = nr.dynamics.fixed_points(lambda x: np.tanh(2 * x), size=2)
    found = xarray.Dataset({"source": ("way", [4, 4, 4, 1]), "target": ("way", [0, 0, 2, -1])})
    ax = nr.plots.attractor_graph(found, points)
    assert len(ax.texts) == 2  # annotations: 4 to 0, twice, and 4 to 2
    assert "1 of 4 ways" in ax.get_title()
    cycles = found.assign(ends_in=("way", ["point", "cycle", "point", "none"]))
    assert "2 of 4 ways" in nr.plots.attractor_graph(cycles, points).get_title()
    assert nr.plots.attractor_graph(found).has_data()
    nothing = xarray.Dataset({name: ("way", np.zeros(0, int)) for name in ("source", "target")})
    assert nr.plots.attractor_graph(nothing, points).has_data()


def test_a_film_has_its_frames(tmp_path):
    from PIL import Image

    moving = shown({"h": np.random.default_rng(0).normal(size=(30, 2, 3)).cumsum(axis=0)})
    with Image.open(nr.plots.animation(moving, tmp_path / "film.gif", frames=5)) as film:
        assert film.n_frames == 5
    with pytest.raises(ValueRefused, match="must end in .gif"):
        nr.plots.animation(moving, tmp_path / "film.png")


def test_a_page_stands_alone_and_says_how_much_it_leaves_out(tmp_path):
    pytest.importorskip("plotly", reason="pages are drawn by plotly: pip install 'neurorec[interactive]'")
    many = shown({"h": np.random.default_rng(0).normal(size=(600, 200, 3)).cumsum(axis=0)})
    points = nr.dynamics.fixed_points(lambda x: np.tanh(2 * x), size=3)
    text = nr.plots.interactive(many, tmp_path / "page.html", points).read_text()
    assert "every 3 steps of the trajectories are drawn" in text  # 120,000 states, 50,000 at the most
    assert "27" not in text or "stable point" in text
    assert len(text) < 8_000_000 and 'src="http' not in text
    with pytest.raises(ValueRefused, match="must end in .html"):
        nr.plots.interactive(many, tmp_path / "page.png")


def test_choices_and_selectivity_are_drawn_as_they_were_measured():
    task = nr.task("context_integration", dt=0.05)
    seen = nr.simulate(nr.Network.for_task(task, units=6), task, n=60)
    curves = nr.dynamics.psychometric(seen, "motion", by="context")
    ax = nr.plots.choices(curves)
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert all(np.array_equal(line.get_ydata(), curves["choice"][:, k]) for k, line in enumerate(dots))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["context colour", "context motion"]
    axes = nr.dynamics.targeted_dimensions(seen, by=["choice", "motion", "colour"])
    dots = next(line for line in nr.plots.selectivity(axes, ["colour", "motion"]).lines if line.get_marker() == "o")
    strongest = np.linalg.norm(axes["coefficient"].sel(regressor="colour"), axis=1).argmax()
    assert np.array_equal(dots.get_xdata(), axes["coefficient"].sel(regressor="colour")[strongest])
    with pytest.raises(ValueRefused, match="two variables are needed"):
        nr.plots.selectivity(axes, ["colour", "sound"])
    with pytest.raises(ValueRefused, match="shows one network, got 2"):
        nr.plots.selectivity([axes, axes])


def test_pictures_that_cannot_be_made_say_why():
    moving = shown({"h": np.random.default_rng(0).normal(size=(5, 2, 3))})
    with pytest.raises(ValueRefused, match="ax has two dimensions"):
        nr.plots.state_space_3d(moving, ax=plt.subplots()[1])
    with pytest.raises(UnknownName, match="'side'"):
        nr.plots.state_space(moving, condition="side")
    with pytest.raises(ValueRefused, match="two different entries"):
        nr.dynamics.flow_field(nr.Network.random(0, 4, 1), units=[1, 1])
    with pytest.raises(ShapeError, match="two entries of the state"):
        nr.dynamics.flow_field(nr.Network.random(0, 4, 1), units=[1])
    with pytest.raises(ValueRefused, match="has one"):
        nr.dynamics.flow_field(nr.Network.random(0, 1, 1))
