"""Laws of a plot."""

from __future__ import annotations

import contextlib
import inspect
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from neurorec.discovery import load
from neurorec.testing._examples import call
from neurorec.testing._laws import documented, hold


def check_plot(function: str | Callable[..., Any]) -> None:
    """Hold a plot to its laws: it draws on the axes that it is given and returns them, and leaves pyplot's state as it was.

    Without axes it makes one new figure. It is called as the Examples of its docstring do, with ``ax``, which may speak of ``run``,
    ``runs``, ``net``, ``trials``, ``trajectories`` and ``task``; else with what its arguments are called: of a run, of ``runs``, or of what a
    function of `neurorec.dynamics` of that name measures. A plot that takes no ``ax`` makes a page of its own, and returns its figure; one that
    takes a ``path`` writes a file there, such as a film, leaves no figure, and returns the path. Axes are three-dimensional where ``ax`` is
    annotated as ``Axes3D``.

    Parameters
    ----------
    function : callable, or its name

    Raises
    ------
    AssertionError
        Saying which law does not hold.
    """
    import matplotlib
    import matplotlib.pyplot as plt

    draw = load("plots", function) if isinstance(function, str) else function
    documented(draw)
    plt.figure()  # loads what draws, which sets some of the settings
    there, settings = set(plt.get_fignums()), dict(matplotlib.rcParams)
    try:
        takes = inspect.signature(draw).parameters
        if "path" in takes:
            _check_file(draw)
        else:
            if "ax" in takes:
                _check_given(draw, "3d" if "Axes3D" in str(takes["ax"].annotation) else None)
            _check_own(draw)
        hold(dict(matplotlib.rcParams) == settings, draw, "matplotlib's settings stay as they were")
    finally:
        for number in {*plt.get_fignums()} - there | {max(there)}:
            plt.close(number)


def _check_file(draw: Callable[..., Any]) -> None:
    import matplotlib.pyplot as plt

    figures = plt.get_fignums()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        drawn = call(draw, path="drawn" + Path(str(inspect.signature(draw).parameters["path"].default)).suffix)
        hold(isinstance(drawn, Path), draw, "it returns the path that it wrote to", type(drawn).__name__)
        written = drawn.name.startswith("drawn.") and drawn.exists() and drawn.stat().st_size > 0
        hold(written, draw, "it writes to the path that it was given", str(drawn))
    hold(plt.get_fignums() == figures, draw, "it leaves no figure open", plt.get_fignums())


def _check_given(draw: Callable[..., Any], projection: str | None) -> None:
    import matplotlib.pyplot as plt

    _, given = plt.subplots(subplot_kw={"projection": projection})
    current = plt.figure()
    figures = plt.get_fignums()
    drawn = call(draw, ax=given)
    hold(drawn is given, draw, "it returns the axes that it was given", drawn)
    hold(given.has_data(), draw, "it draws on the axes that it was given")
    hold(plt.get_fignums() == figures, draw, "with axes given it makes no figure", plt.get_fignums())
    hold(plt.gcf() is current, draw, "with axes given the current figure stays the current one")


def _check_own(draw: Callable[..., Any]) -> None:
    import matplotlib.pyplot as plt

    figures = set(plt.get_fignums())
    drawn = call(draw, ax=None)
    figure = drawn[0] if isinstance(drawn, tuple) else drawn
    hold(hasattr(figure, "figure"), draw, "it returns axes, or its page", type(drawn).__name__)
    made = set(plt.get_fignums()) - figures
    hold(len(made) == 1, draw, "without axes it makes one figure", len(made))
    figure.figure.canvas.draw()  # what is wrong with a picture may show only then
