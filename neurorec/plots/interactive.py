"""State space as a page to turn about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.errors import NotOffered, ValueRefused
from neurorec.plots._look import COLOURS, GREY
from neurorec.plots._runs import AnyTrials
from neurorec.plots._space import Space
from neurorec.plots._stability import LOOKS

if TYPE_CHECKING:
    import xarray

MOST = 50_000  # points of trajectories on a page: browsers turn more of them slowly
SYMBOLS = {"stable": "circle", "saddle": "circle-open", "unstable": "x", "marginal": "square"}


def interactive(
    run: AnyTrials, path: str | Path = "state_space.html", points: xarray.Dataset | None = None, condition: str | None = None
) -> Path:
    """State space in three dimensions, as one HTML file that needs nothing else: to turn, to enlarge, with conditions to hide and to show.

    Of more than 50,000 states every second, third ... step is drawn, and the page says so. The file has about 5 MB, most of it plotly itself.

    Parameters
    ----------
    run, points, condition
        As for `state_space`.
    path : str or Path
        Where the page goes; it must end in .html. An older one is replaced.

    Returns
    -------
    Path

    Raises
    ------
    NotOffered
        If plotly is not installed.
    RunFileError, ValueRefused, UnknownName
        As for `state_space`.

    Examples
    --------
    >>> import neurorec as nr
    >>> page = nr.plots.interactive(nr.open_run("run.h5"), "page.html")
    """
    try:
        from plotly import graph_objects  # pyright: ignore[reportMissingImports]  # an optional package
    except ImportError as error:
        raise NotOffered("interactive pages are drawn by plotly, which is not installed: pip install 'neurorec[interactive]'") from error
    path = Path(path)
    if path.suffix != ".html":
        raise ValueRefused(f"cannot write {path}: its name must end in .html")
    space = Space.of(run, points, condition, 3)
    stride = -(-space.path.shape[0] * space.path.shape[1] // MOST)
    drawn: list[Any] = [_trajectories(graph_objects, space, stride, number) for number in range(len(space.groups))]
    page = graph_objects.Figure([*drawn, *_points(graph_objects, space)])
    axes = {f"{name}axis": {"title": {"text": space.label(number)}} for number, name in enumerate("xyz")}
    title = f"every {stride} steps of the trajectories are drawn" if stride > 1 else None
    page.update_layout(template="plotly_white", scene=axes, title=title, legend={"itemsizing": "constant"})
    page.write_html(path, include_plotlyjs=True, full_html=True, div_id="state-space")
    return path


vars(interactive)["needs"] = ("plotly",)  # modules of optional packages, as a task declares them: tests without them leave it out


def _trajectories(graph_objects: Any, space: Space, stride: int, number: int) -> Any:
    """All trials of a group as one line, with gaps between them."""
    label, trials = space.groups[number]
    gap = np.full((1, 3), np.nan)
    line = np.concatenate([part for trial in trials for part in (space.path[::stride, trial], gap)]).astype(np.float32)
    colour = GREY if label is None else COLOURS[number % len(COLOURS)]
    return _scatter(graph_objects, line, mode="lines", name=label or "trajectories", line={"color": colour, "width": 2}, opacity=0.6)


def _points(graph_objects: Any, space: Space) -> list[Any]:
    """Fixed points by stability, with what is known of each where the mouse is; and their unstable modes."""
    if space.points is None:
        return []
    places, kinds = space.place(space.points["state"].values), space.points["stability"].values
    drawn = []
    for kind, style in LOOKS.items():
        if (there := np.flatnonzero(kinds == kind)).size:
            marker = {"size": 5, "symbol": SYMBOLS[kind], "color": style["color"]}
            text = [f"point {k}, {kind}, {int(space.points['n_unstable'][k])} unstable directions" for k in there]
            drawn.append(
                _scatter(graph_objects, places[there], mode="markers", name=f"{kind} point", marker=marker, text=text, hoverinfo="text")
            )
    if modes := space.modes(places):
        line = np.concatenate([part for ends in modes for part in (ends, np.full((1, 3), np.nan))])
        drawn.append(_scatter(graph_objects, line, mode="lines", name="unstable modes", line={"color": COLOURS[1], "width": 4}))
    return drawn


def _scatter(graph_objects: Any, places: np.ndarray, **style: Any) -> Any:
    x, y, z = places.T
    return graph_objects.Scatter3d(x=x, y=y, z=z, **style)
