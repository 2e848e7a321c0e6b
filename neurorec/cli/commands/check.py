"""``neurorec check``: whether a file is as it was written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurorec.cli.exits import BAD_INPUT, tell
from neurorec.cli.facts import show


def command(
    path: Annotated[Path, typer.Argument(metavar="RUN", help="A run file, also one in training; or a network, a loop, a simulation.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    seal: Annotated[
        bool, typer.Option("--seal", help="Accept what another program has added to it: write its checksum of structure anew.")
    ] = False,
) -> None:
    """Compare all checksums of a file, and say which parts are whole."""
    from neurorec.runs.check import DAMAGED, accept, check

    if seal:
        accept(path)
    parts = check(path)
    show({part.name: {"status": part.status, "note": part.note} if as_json else f"{part.status:<14}{part.note}" for part in parts}, as_json)
    if bad := [part.name for part in parts if part.status == DAMAGED]:
        raise typer.Exit(
            tell(f"{path} is damaged: {', '.join(bad)}; what is whole can still be read, restore the rest from a copy", BAD_INPUT)
        )
