"""``neurorec status``: how far a sweep is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurorec.cli.facts import show_status


def command(
    path: Annotated[Path, typer.Argument(metavar="FOLDER", help="Of a sweep; it may be running.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say how many points of a sweep are done, running, failed (and why) and left."""
    from neurorec.sweeps.sweep import Sweep

    show_status(Sweep.open(path).status(), as_json)
