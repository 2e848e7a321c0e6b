"""Figures: what they show is what the runs hold, on the axes that were given."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest

import neurorec as nr
from neurorec.errors import RunFileError, UnknownName, ValueRefused
from neurorec.plots import _over_trials

matplotlib.use("agg")
import matplotlib.pyplot as plt  # noqa: E402 - after the choice of what draws

SEEDS, TRIALS = 3, 30
CURVES = {"learning_curve": "loss", "alignment": "alignment", "angle": "angle"}


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """Three seeds of one training; every third batch measures the angle."""
    folder, task = tmp_path_factory.mktemp("runs"), nr.task("periodic_output", period=0.2)
    found = [folder / f"{seed}.h5" for seed in range(SEEDS)]
    for seed, path in enumerate(found):
        net = nr.Network.random(inputs=0, units=8, outputs=1, seed=seed)
        nr.train(
            net,
            task,
            trials=TRIALS,
            seed=seed,
            path=path,
            progress=False,
            gradient_angle=3,
            record=nr.Record(("h", "output", "target"), every=7),
        )
    return found


@pytest.fixture
def several_channels(tmp_path):
    """One run of a classification with three classes."""
    task = nr.task("delayed_match_to_sample", dt=0.05)
    net = nr.Network.random(inputs=task.n_inputs, units=8, outputs=3, dt=0.05, cell="leaky_softplus", gain=0.5)
    return nr.train(net, task, trials=4, progress=False)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize(
    ("name", "x", "y"),
    [
        ("learning_curve", "trial", "loss (half squared error)"),
        ("alignment", "trial", "feedback alignment (cosine)"),
        ("angle", "trial", "angle to the gradient (degrees)"),
        ("outputs", "time (s)", "output"),
        ("rates", "time (s)", "unit (by time of peak)"),
    ],
)
def test_axes_say_what_they_show_and_in_which_unit(name, x, y, paths):
    ax = getattr(nr.plots, name)(paths[0])
    assert (ax.get_xlabel(), ax.get_ylabel()) == (x, y)


@pytest.mark.parametrize("name", ["learning_curve", "alignment"])
def test_the_line_is_the_median_and_the_band_the_quartiles_over_seeds(name, paths):
    ax = getattr(nr.plots, name)(paths)
    logged = np.stack([nr.open_run(path).log[CURVES[name]].values for path in paths])
    single = slice(0, 8)  # the first windows hold one trial each
    line = next(line for line in ax.lines if line.get_gid() != "reference")
    assert np.allclose(line.get_xdata()[single], np.arange(1, 9))
    assert np.allclose(line.get_ydata()[single], np.median(logged, axis=0)[single])
    low, high = band(ax)
    assert np.allclose(low[single], np.quantile(logged, 0.25, axis=0)[single])
    assert np.allclose(high[single], np.quantile(logged, 0.75, axis=0)[single])


def band(ax):
    """Lower and upper edge of the filled band, from left to right."""
    corners = ax.collections[0].get_paths()[0].vertices
    xs = np.unique(corners[:, 0])
    return np.array([corners[corners[:, 0] == x, 1].min() for x in xs]), np.array([corners[corners[:, 0] == x, 1].max() for x in xs])


def test_a_single_run_has_a_line_and_no_band(paths):
    ax = nr.plots.learning_curve(paths[0])
    assert len(ax.lines) == 1 and len(ax.collections) == 0
    assert ax.get_legend() is None


def test_windows_tile_the_trials_and_average_them(paths):
    edges = _over_trials.edges(1000)
    assert edges[0] == 1 and edges[-1] == 1001 and (np.diff(edges) > 0).all()
    _, values = _over_trials.smoothed([nr.open_run(paths[0])], "loss")
    first, last = _over_trials.edges(TRIALS)[-2:]
    assert np.isclose(values[0, -1], nr.open_run(paths[0]).log["loss"].values[first - 1 : last - 1].mean())


def test_the_angle_leaves_out_what_was_not_measured(paths):
    line = next(line for line in nr.plots.angle(paths).lines if line.get_gid() != "reference")
    assert np.isfinite(line.get_ydata()).all()
    assert np.allclose(line.get_xdata()[:3], [1, 4, 7])


def test_groups_share_axes_a_legend_and_one_line_to_compare_with(paths):
    ax = nr.plots.alignment(paths[:2], label="two")
    nr.plots.alignment(paths[2], ax=ax, label="one")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["two", "one"]
    assert sum(line.get_gid() == "reference" for line in ax.lines) == 1
    assert len({line.get_color() for line in ax.lines}) == 3


@pytest.fixture(scope="module")
def faster(tmp_path_factory):
    """Two more seeds, at another rate."""
    folder, task = tmp_path_factory.mktemp("faster"), nr.task("periodic_output", period=0.2)
    for seed in range(2):
        net = nr.Network.random(inputs=0, units=8, outputs=1, seed=seed)
        nr.train(net, task, trials=TRIALS, seed=seed, rate=0.1, path=folder / f"{seed}.h5", progress=False, gradient_angle=3)
    return [folder / "0.h5", folder / "1.h5"]


@pytest.mark.parametrize("name", CURVES)
def test_runs_of_different_rates_are_conditions_and_not_seeds(name, paths, faster):
    """Each a median of its own seeds, called by what it differs in, in the order in which they came."""
    ax = getattr(nr.plots, name)([*faster[:1], *paths, *faster[1:]])
    curves = [line for line in ax.lines if line.get_gid() != "reference"]
    assert [line.get_label() for line in curves] == ["rate 0.1", "rate 0.03"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["rate 0.1", "rate 0.03"]
    for line, seeds in zip(curves, (faster, paths), strict=True):
        alone = next(line for line in getattr(nr.plots, name)(seeds).lines if line.get_gid() != "reference")
        assert np.array_equal(line.get_xydata(), alone.get_xydata())
    assert len(ax.collections) == 2


def test_a_condition_is_called_by_what_tells_it_from_the_others(paths, faster):
    """What all share is not said, nor the settings of parts that are not the same."""
    task = nr.task("periodic_output", period=0.2)
    other = nr.train(nr.Network.random(0, 8, 1, noise=0.1), task, trials=2, optimiser="adam", progress=False)
    longer = nr.train(nr.Network.random(0, 8, 1), nr.task("periodic_output", period=0.3), trials=2, progress=False)
    ax = nr.plots.learning_curve([paths[0], other, longer], label="mine")
    assert [line.get_label() for line in ax.lines] == [
        "mine, period 0.2, optimiser sgd, noise 0",
        "mine, period 0.2, optimiser adam, noise 0.1",
        "mine, period 0.3, optimiser sgd, noise 0",
    ]
    assert "c and d: the first run" in nr.plots.overview([paths[0], longer]).get_suptitle()
    assert "first run" not in nr.plots.overview(paths).get_suptitle()


def test_runs_and_paths_give_the_same_picture(paths):
    of_path, of_run = nr.plots.learning_curve(str(paths[0])), nr.plots.learning_curve([nr.open_run(paths[0])])
    assert np.array_equal(of_path.lines[0].get_xydata(), of_run.lines[0].get_xydata())


def test_trials_that_not_all_seeds_have_done_are_left_out(paths, tmp_path):
    net = nr.Network.random(inputs=0, units=8, outputs=1)
    short = nr.train(net, nr.task("periodic_output", period=0.2), trials=5, progress=False)
    assert nr.plots.learning_curve([paths[0], short]).lines[0].get_xdata().max() <= 5


def test_outputs_are_those_of_the_trial_asked_for(paths):
    run = nr.open_run(paths[0])
    ax = nr.plots.outputs(run, trial=8)
    target, output = ax.lines
    assert np.array_equal(output.get_ydata(), run.trajectories("output")["output"].sel(trial=8).values[:, 0])
    assert np.array_equal(target.get_ydata(), run.trajectories("target")["target"].sel(trial=8).values[:, 0])
    assert np.isclose(output.get_xdata()[-1], 0.2)


def test_the_title_tells_the_variance_explained(paths):
    run = nr.open_run(paths[0])
    data = run.trajectories("output", "target").isel(trial=-1)
    left = ((data["target"] - data["output"]) ** 2).mean() / data["target"].var()
    assert nr.plots.outputs(run).get_title(loc="left") == f"trial 29: {max(0.0, 1 - float(left)):.0%} of variance explained"


def test_each_channel_has_a_row_and_classes_are_probabilities(several_channels):
    ax = nr.plots.outputs(several_channels)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["0", "1", "2"]
    down = ax.get_yticks()
    shown = [line.get_ydata() for line in ax.lines[1:6:2]]
    assert np.allclose(sum(row - offset for row, offset in zip(shown, down, strict=True)), 1)
    assert "time steps right" in ax.get_title(loc="left")


def test_the_target_is_drawn_where_it_counts():
    task = nr.task("n_bit_flip_flop", dt=0.02)
    run = nr.train(nr.Network.random(inputs=3, units=8, outputs=3, dt=0.02), task, trials=3, progress=False)
    mask = task.trials(3).mask[:, 2]
    assert 0 < mask.sum() < len(mask)
    assert np.array_equal(np.isfinite(nr.plots.outputs(run).lines[0].get_ydata()), mask > 0)


@pytest.mark.parametrize(("name", "said"), [("adding_problem", "off by"), ("pixel_digits", "time steps right")])
def test_a_target_of_a_single_step_is_seen(name, said):
    task = nr.task(name)
    run = nr.train(nr.Network.random(task.n_inputs, units=8, outputs=task.n_outputs), task, trials=2, progress=False)
    ax = nr.plots.outputs(run)
    target = ax.lines[0]
    assert target.get_marker() == "s"
    assert target.get_markevery().tolist() == np.flatnonzero(np.isfinite(target.get_ydata())).tolist() == [task.trials(1).steps - 1]
    assert said in ax.get_title(loc="left")


def test_a_simulation_can_be_drawn(several_channels):
    task = nr.task("delayed_match_to_sample", dt=0.05)
    found = nr.simulate(several_channels.network, task, n=3)
    ax = nr.plots.outputs(found, trial=1)
    assert ax.get_title(loc="left").startswith("trial 1: ") and "time steps right" in ax.get_title(loc="left")
    target = np.where(found.trials.mask[:, 1] > 0, found.trials.targets[:, 1, 0], np.nan)
    assert np.allclose(ax.lines[0].get_ydata() - ax.get_yticks()[0], target, equal_nan=True)
    (image,) = nr.plots.rates(found).images
    shown, simulated = np.asarray(image.get_array()), found.states["h"][:, -1].T
    assert np.array_equal(shown[np.lexsort(shown.T)], simulated[np.lexsort(simulated.T)])
    with pytest.raises(ValueRefused, match="trial 3 was not simulated; there are 0 to 2"):
        nr.plots.outputs(found, trial=3)


def test_a_simulation_of_which_nothing_was_asked_has_no_target():
    found = nr.simulate(nr.Network.random(inputs=1, units=8, outputs=2), np.ones((30, 1)))
    ax = nr.plots.outputs(found)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["output"] and ax.get_title(loc="left") == "trial 0"
    assert np.allclose(ax.lines[0].get_ydata(), found.outputs[:, 0, 0])


def test_runs_on_arrays_can_be_drawn():
    time = np.arange(20)[:, None, None] * 0.01
    data = nr.Trials(inputs=np.ones((20, 2, 1)), targets=np.sin(20 * time) * np.ones((1, 2, 1)))
    run = nr.train(nr.Network.random(inputs=1, units=8, outputs=1), data, trials=3, progress=False)
    assert "variance explained" in nr.plots.outputs(run).get_title(loc="left")


def test_units_are_sorted_by_the_time_of_their_peak(paths):
    run = nr.open_run(paths[0])
    (image,) = nr.plots.rates(run, trial=-1).images
    shown = np.asarray(image.get_array())
    assert (np.diff(shown.argmax(axis=1)) >= 0).all()
    recorded = run.trajectories("h")["h"].isel(trial=-1).values.T
    assert np.array_equal(shown[np.lexsort(shown.T)], recorded[np.lexsort(recorded.T)])
    assert image.colorbar.ax.get_ylabel() == "rate"
    assert image.get_clim()[0] == -image.get_clim()[1]


def test_rates_that_are_never_negative_start_at_zero(several_channels):
    (image,) = nr.plots.rates(several_channels).images
    assert image.get_clim()[0] == 0


def test_the_overview_has_four_panels(paths):
    figure = nr.plots.overview(paths)
    labels = [ax.get_ylabel().split(" (")[0] for ax in figure.axes]
    assert labels[:4] == ["loss", "feedback alignment", "output", "unit"]
    figure.canvas.draw()


def test_the_overview_of_a_run_without_trajectories_says_so():
    net = nr.Network.random(inputs=0, units=8, outputs=1)
    run = nr.train(net, nr.task("periodic_output", period=0.2), trials=5, progress=False, record=nr.Record.nothing())
    texts = [text.get_text() for ax in nr.plots.overview(run).axes for text in ax.texts]
    assert "outputs were not recorded" in texts and "rates were not recorded" in texts


def test_what_cannot_be_drawn_is_refused_in_words(paths, several_channels, tmp_path):
    figures = plt.get_fignums()
    with pytest.raises(ValueRefused, match="no run to draw"):
        nr.plots.learning_curve([])
    with pytest.raises(RunFileError, match="there is no file"):
        nr.plots.learning_curve(tmp_path / "none.h5")
    for draw in (nr.plots.outputs, nr.plots.learning_curve):
        with pytest.raises(ValueRefused, match="^a Network is no run; pass one"):
            draw(several_channels.network)
    with pytest.raises(UnknownName, match="gradient_angle=10"):
        nr.plots.angle(several_channels)
    with pytest.raises(ValueRefused, match="different losses"):
        nr.plots.learning_curve([paths[0], several_channels])
    with pytest.raises(ValueRefused, match="trial 2 was not recorded; there are 1, 8, 15, 22, 29"):
        nr.plots.outputs(paths[0], trial=2)
    with pytest.raises(ValueRefused, match="trial -6 was not recorded"):
        nr.plots.rates(paths[0], trial=-6)
    assert plt.get_fignums() == figures, "an empty figure was left behind"


def test_a_trial_reduced_to_a_number_has_no_course():
    net = nr.Network.random(inputs=0, units=8, outputs=1)
    run = nr.train(net, nr.task("periodic_output", period=0.2), trials=2, progress=False, record=nr.Record("h", reduce="mean"))
    with pytest.raises(ValueRefused, match="without reduce"):
        nr.plots.rates(run)
