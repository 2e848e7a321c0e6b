"""The command line: train, resume, look at runs, at what is installed, and how fast it is. One command a file, in ``commands``.

Only typer is imported at the top of these files: ``neurorec --help`` must not wait for numpy.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from neurorec.cli.exits import status_of
from neurorec.discovery import load, names

app = typer.Typer(
    help="Train recurrent networks under local plasticity, and look at what they learnt.",
    add_completion=False,
    rich_markup_mode=None,  # rich's help takes longer to import than all the rest
)
for _name in names("commands"):
    app.command(_name.replace("_", "-"))(load("commands", _name))


def main() -> None:
    """Run the command of ``sys.argv`` and end the process with its status."""
    sys.path.append(str(Path.cwd()))  # package.module:Class may lie here; last, so that it hides nothing
    sys.exit(status_of(app, sys.argv[1:]))


def _version(asked: bool) -> None:
    if asked:
        from neurorec import __version__

        print(f"neurorec {__version__}")
        raise typer.Exit


@app.callback()
def _neurorec(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Train recurrent networks under local plasticity, and look at what they learnt."""
    del version
