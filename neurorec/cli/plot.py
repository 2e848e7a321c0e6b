"""``neurorec plot``: a picture of a run, or of several."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurorec.cli.settings import TRUST
from neurorec.errors import ValueRefused

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from neurorec.runs.run import Run


class Kind(StrEnum):
    """What is drawn."""

    overview = "overview"
    learning_curve = "learning-curve"
    alignment = "alignment"
    angle = "angle"
    angle_by_alignment = "angle-by-alignment"
    growth = "growth"
    outputs = "outputs"
    rates = "rates"


ONE_RUN = (Kind.outputs, Kind.rates)
MEASURED = (Kind.angle_by_alignment, Kind.growth)  # at the checkpoints, of the network as it was there


def command(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Run files; those that differ in more than the seed are told apart.")
    ],
    out: Annotated[Path | None, typer.Option(help="Picture: png, pdf, svg; else beside the first run. An older one is replaced.")] = None,
    kind: Annotated[Kind, typer.Option(help="What to draw.")] = Kind.overview,
    trust: Annotated[bool, TRUST] = False,
) -> None:
    """Draw a run, or several: seeds together, conditions apart."""
    import matplotlib.pyplot as plt

    path = out or runs[0].parent / f"{runs[0].stem}_{kind.name}.png"
    _expect_picture(path)
    plt.switch_backend("agg")  # a file, never a window
    with plt.rc_context({"pdf.fonttype": 42, "svg.fonttype": "none"}):  # text stays text, for who edits the picture
        figure = _figure(kind, runs, trust)
        _save(figure, path)
    plt.close(figure)
    print(path)


def _save(figure: Figure, path: Path) -> None:
    try:
        figure.savefig(path)
    except RuntimeError as error:  # such as pgf, which needs a TeX that is not here
        raise ValueRefused(f"cannot draw {path} ({error}); give it a name that ends in .png, .pdf or .svg") from error


def _expect_picture(path: Path) -> None:
    from matplotlib.backend_bases import FigureCanvasBase

    known = FigureCanvasBase.get_supported_filetypes()
    if path.suffix.removeprefix(".") not in known:
        raise ValueRefused(f"cannot draw {path}: its name must end in one of {', '.join('.' + each for each in sorted(known))}")


def _figure(kind: Kind, paths: list[Path], trust: bool) -> Figure:
    from neurorec import plots
    from neurorec.plots._conditions import conditions
    from neurorec.runs.run import open_run

    if kind in ONE_RUN and len(paths) > 1:
        raise ValueRefused(f"--kind {kind.value} shows a trial of one run, got {len(paths)}; name one, or choose another --kind")
    runs = [open_run(path, trust) for path in paths]
    if kind in MEASURED:
        return _measured(kind, conditions(runs))
    drawn = getattr(plots, kind.name)(runs[0] if kind in ONE_RUN else runs)
    return drawn if kind is Kind.overview else drawn.figure


def _measured(kind: Kind, groups: list[tuple[str | None, list[Run]]]) -> Any:
    from neurorec import dynamics, plots

    if kind is Kind.growth and len(groups) > 1:
        raise ValueRefused(f"--kind growth shows one condition, got {' and '.join(str(name) for name, _ in groups)}; draw one at a time")
    tables = [(name, [dynamics.alignment(run) for run in seeds]) for name, seeds in groups]
    if kind is Kind.growth:
        return plots.growth(tables[0][1]).figure
    ax = None
    for name, each in tables:
        ax = plots.angle_by_alignment(each, ax=ax, label=name)
    return ax.figure
