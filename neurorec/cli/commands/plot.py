"""``neurorec plot``: a picture of a run, or of several."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurorec.cli.runs import all_runs, one_run
from neurorec.cli.settings import TRUST
from neurorec.discovery import load, names, outline
from neurorec.errors import ValueRefused

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from neurorec.runs.run import Run


def _arguments(plot: str) -> list[str]:
    """What it takes, read without loading it: first the ``run``, or ``runs``, or what a function of `neurorec.dynamics` measures of a run."""
    taken = outline("plots", plot).args
    return [each.arg for each in (*taken.args, *taken.kwonlyargs)]


def _of_a_run(measure: str) -> bool:
    """Whether a dynamics function needs a run, or its network, and nothing else."""
    taken = outline("dynamics", measure).args
    return len(taken.args) - len(taken.defaults) == 1 and None not in taken.kw_defaults


OF_RUNS = [name for name in names("plots") if _arguments(name)[0] in ("run", "runs", *filter(_of_a_run, names("dynamics")))]
if TYPE_CHECKING:
    Kind = StrEnum
else:
    Kind = StrEnum("Kind", {name: name.replace("_", "-") for name in OF_RUNS})
USUAL = Kind("overview")


def command(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Run files; those that differ in more than the seed are told apart.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="Picture: png, pdf, svg, or what the kind makes; else beside the first run. An older one is replaced."),
    ] = None,
    kind: Annotated[Kind, typer.Option(help="What to draw.")] = USUAL,
    trust: Annotated[bool, TRUST] = False,
) -> None:
    """Draw a run, or several: seeds together, conditions apart."""
    import matplotlib.pyplot as plt

    path = out or runs[0].parent / f"{runs[0].stem}_{kind.name}{_suffix(kind.name)}"
    plt.switch_backend("agg")  # a file, never a window
    if "path" in _arguments(kind.name):
        print(load("plots", kind.name)(_single(kind, runs, trust), path))
        return
    _expect_picture(path)
    with plt.rc_context({"pdf.fonttype": 42, "svg.fonttype": "none"}):  # text stays text, for who edits the picture
        figure = _figure(kind, runs, trust)
        _save(figure, path)
    plt.close(figure)
    print(path)


def _suffix(plot: str) -> str:
    """Of the file: that of the plot's own default, such as a film's; else a picture's."""
    taken = outline("plots", plot).args
    defaults = dict(zip([each.arg for each in taken.args][::-1], taken.defaults[::-1], strict=False))
    return Path(defaults["path"].value).suffix if "path" in defaults else ".png"


def _single(kind: Kind, paths: list[Path], trust: bool) -> Run:
    if len(paths) > 1:
        raise ValueRefused(f"--kind {kind.value} shows a trial of one run, got {len(paths)}; name one, or choose another --kind")
    return one_run(paths[0], trust)


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
    from neurorec.plots._conditions import conditions

    draw, (first, *_) = load("plots", kind.name), _arguments(kind.name)
    if first == "run":
        return draw(_single(kind, paths, trust)).figure
    runs = all_runs(paths, trust)
    if first == "runs":
        return draw(runs).figure
    return _measured(kind, conditions(runs), load("dynamics", first))


def _measured(kind: Kind, groups: list[tuple[str | None, list[Run]]], measure: Callable[[Run], Any]) -> Figure:
    draw, together = load("plots", kind.name), "label" in _arguments(kind.name)
    if len(groups) > 1 and not together:
        raise ValueRefused(
            f"--kind {kind.value} shows one condition, got {' and '.join(str(name) for name, _ in groups)}; draw one at a time"
        )
    ax = None
    for name, seeds in groups:
        ax = draw([measure(run) for run in seeds], ax=ax, **({"label": name} if together else {}))
    assert ax is not None, "runs without a condition"
    return ax.figure
