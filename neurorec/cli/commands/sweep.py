"""``neurorec sweep``: many trainings that differ in some settings."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurorec.cli.exits import FAILED, INTERRUPTED, tell
from neurorec.cli.facts import show_status
from neurorec.cli.settings import TRUST

if TYPE_CHECKING:
    from neurorec.sweeps.sweep import Sweep


def command(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A file such as rates.toml, or the folder of a sweep that was begun.")],
    workers: Annotated[int, typer.Option(help="Processes on this machine, of one thread each.")] = 1,
    scheduler: Annotated[str | None, typer.Option(help="Address of a dask scheduler, such as tcp://10.0.0.1:8786.")] = None,
    index: Annotated[int | None, typer.Option(help="Number of this task of an array of jobs, from 0.")] = None,
    of: Annotated[int | None, typer.Option(help="How many tasks the array has.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Try once more what has failed.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder of the runs; else that of the file's name.")] = None,
    trust: Annotated[bool, TRUST] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print how far it is as one JSON object.")] = False,
) -> None:
    """Train the points of a sweep that are not done; status 1 if some failed, 85 if a scheduler stopped it (run it again)."""
    from neurorec.sweeps.sweep import Sweep

    sweep = Sweep.open(path, trust, out)
    with _stopped(sweep), _client(scheduler) as client:
        found = sweep.run(workers, client, index=index, of=of, again=again, progress=not quiet)
    show_status(found, as_json)
    if found.failed:
        raise typer.Exit(FAILED)


@contextlib.contextmanager
def _stopped(sweep: Sweep) -> Iterator[None]:
    """Say how to go on."""
    from neurorec.sweeps.stopping import REQUEUE

    try:
        yield
    except (KeyboardInterrupt, SystemExit) as stop:
        status = INTERRUPTED if isinstance(stop, KeyboardInterrupt) else REQUEUE
        raise typer.Exit(tell(f"stopped; go on with: neurorec sweep {sweep.folder}", status)) from None


@contextlib.contextmanager
def _client(address: str | None) -> Iterator[Any]:
    """Of a dask scheduler."""
    from neurorec.errors import RunFileError

    if address is None:
        yield None
        return
    try:
        from distributed import Client  # pyright: ignore[reportMissingImports] - of the extra `scale`

        client = Client(address, timeout=30)
    except ImportError:
        raise RunFileError("--scheduler needs dask and distributed; install them with: pip install 'neurorec[scale]'") from None
    except (OSError, ValueError) as error:
        raise RunFileError(f"no scheduler answers at {address} ({' '.join(str(error).split())}); start one with: dask scheduler") from error
    with client:
        yield client
