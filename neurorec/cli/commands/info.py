"""``neurorec info``: what a run is, and how far."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurorec.cli.facts import of_each, show, summary
from neurorec.cli.settings import TRUST

if TYPE_CHECKING:
    from neurorec.runs.run import Run

NETWORK = ("cell", "architecture", "units", "inputs", "outputs", "dt")


def command(
    path: Annotated[Path, typer.Argument(metavar="RUN", help="A run file; it may be in training.")],
    trust: Annotated[bool, TRUST] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what a run is, or those of many networks in one file, and how far they are."""
    from neurorec.runs.open_run import open_run

    show(of_each(open_run(path, trust), _facts), as_json)


def _facts(run: Run) -> dict[str, Any]:
    about = run.about
    seed, network = about.pop("seed_entropy"), {name: getattr(run.network, name) for name in NETWORK if hasattr(run.network, name)}
    return {**summary(run), "seed": seed, "network": network, **about, "checkpoints": list(run.checkpoints), "config": run.config}
