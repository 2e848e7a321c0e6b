"""``neurorec fixed-points``: where a trained network stands still."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurorec.cli.facts import show
from neurorec.cli.runs import one_run
from neurorec.cli.settings import TRUST

if TYPE_CHECKING:
    import xarray


def command(
    path: Annotated[Path, typer.Argument(metavar="RUN", help="A run file; the network as it was last trained.")],
    inputs: Annotated[str, typer.Option("--input", help="Held constant, a number a channel: 0,1,0. Without: zeros.")] = "",
    seed: Annotated[int, typer.Option(help="Of the states in which searches begin.")] = 0,
    seconds: Annotated[float | None, typer.Option(help="Budget; what was found until then is shown.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
    trust: Annotated[bool, TRUST] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Find fixed points of a trained network under a constant input, and say which attract."""
    from neurorec.discovery import load

    run = one_run(path, trust)
    shown = sys.stderr.isatty() and not quiet  # most searches are over before ten lines of a log are
    points = load("dynamics", "fixed_points")(run, _numbers(inputs) if inputs else None, seed=seed, seconds=seconds, progress=shown)
    show(_facts(points) | {"points": _points(points)} if as_json else _facts(points) | _lines(points), as_json)


def _numbers(text: str) -> list[float]:
    from neurorec.errors import ValueRefused

    try:
        return [float(each) for each in text.split(",")]
    except ValueError:
        raise ValueRefused(f"--input must be numbers with commas between them, such as 0,1,0, got {text!r}") from None


def _facts(points: xarray.Dataset) -> dict[str, Any]:
    import numpy as np

    stability, status = (
        dict(zip(*map(np.ndarray.tolist, np.unique(points[name].values, return_counts=True)), strict=True))
        for name in ("stability", "status")
    )
    return {
        "found": points.sizes["point"],
        **stability,
        "starts": status,
        "slow points": points.sizes["slow_point"],
        "complete": not points.attrs["partial"],
    }


def _points(points: xarray.Dataset) -> list[dict[str, Any]]:
    rows = []
    for k in range(points.sizes["point"]):
        each = points.isel(point=k)
        rows.append({
            "stability": str(each["stability"].values), "n_unstable": int(each["n_unstable"]), "dimension": int(each["dimension"]),
            "time_constant": float(each["time_constant"].values[0]), "frequency": float(each["frequency"].values[0]),
            "speed": float(each["speed"]), "readout": each["readout"].values.tolist() if "readout" in each else [],
        })  # fmt: skip
    return rows


def _lines(points: xarray.Dataset) -> dict[str, str]:
    texts = {}
    for number, each in enumerate(_points(points), 1):
        shown = ", ".join(f"{value:.3g}" for value in each["readout"][:4])
        pace = f"slowest mode {each['time_constant']:.3g} s" + (f" at {each['frequency']:.3g} Hz" if each["frequency"] > 0 else "")
        texts[f"point {number}"] = f"{each['stability']:<9} {each['n_unstable']} unstable; {pace}; output {shown or 'none'}"
    return texts
