"""How a command ends.

Exit status: 0 done; 1 the training or the check failed (it diverged, memory ran out); 2 the input was bad; 130 stopped by
Ctrl-C, 143 by a scheduler's SIGTERM. Whatever is not 0 comes with one line on standard error.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from neurorec.display import escaped
from neurorec.errors import DivergenceError, NeurorecError, RankLost

FAILED, BAD_INPUT, INTERRUPTED, TERMINATED = 1, 2, 130, 143
USAGE: Any = typer.BadParameter.__base__  # of click or, in newer versions, of typer's own copy of it


def status_of(app: typer.Typer, arguments: list[str]) -> int:
    """Run a command; whatever ends it but success is told in one line, and so is every warning."""
    try:
        with typer.main.get_command(app).make_context("neurorec", arguments) as context, warnings.catch_warnings():
            warnings.showwarning = _warned
            context.command.invoke(context)
        sys.stdout.flush()
    except typer.Exit as end:
        return end.exit_code
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (USAGE, NeurorecError, OSError, MemoryError, OverflowError, KeyboardInterrupt) as error:
        return tell(*_explained(error))
    return 0


def tell(what: object, status: int = 0) -> int:
    """One line on standard error, whatever the text; the status is handed on."""
    print("neurorec:", escaped(" ".join(str(what).split())), file=sys.stderr)
    return status


@contextmanager
def resumable(path: Path) -> Iterator[None]:
    """Say how to go on from here where a signal ends the training."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit) as stop:
        where, _, _ = str(stop).partition(";")
        way = f"{where or 'stopped at once'}; go on with: neurorec resume {path}" if path.exists() else "stopped before the training began"
        raise typer.Exit(tell(way, INTERRUPTED if isinstance(stop, KeyboardInterrupt) else TERMINATED)) from None


def as_options(text: str) -> str:
    """The library's advice, such as clip=1.0 or nr.resume('run.h5'), as it is typed here: --clip 1.0, neurorec resume run.h5."""
    from neurorec.cli.commands.train import command  # which needs this module

    text = re.sub(r"nr\.resume\('([^']*)'\)", r"neurorec resume \1", text)
    names = "|".join(inspect.signature(command).parameters)
    found = rf"(?<!\S)({names})=(?:'([\w-]+)'|(\d[\d.e+-]*)|True)(?=[\s,;)]|$)"
    return re.sub(found, lambda m: " ".join(filter(None, (f"--{m[1].replace('_', '-')}", m[2] or m[3]))), text)


def _warned(message: Warning | str, *_: Any) -> None:
    tell(as_options(str(message)))


def _explained(error: BaseException) -> tuple[str, int]:
    """What to tell, and the status."""
    match error:
        case NeurorecError():
            return as_options(str(error)), FAILED if isinstance(error, DivergenceError | RankLost) else BAD_INPUT
        case OSError():
            return f"cannot use {error.filename} ({error.strerror}); choose a folder that exists and can be written", BAD_INPUT
        case MemoryError():
            return f"out of memory ({error}); use fewer units, a smaller batch, or record less", FAILED
        case OverflowError():
            return f"a number is too large ({error}); use a smaller one", BAD_INPUT
        case KeyboardInterrupt():
            return "stopped", INTERRUPTED
    return _misused(error), BAD_INPUT


def _misused(error: Any) -> str:
    asked = error.ctx.command_path if error.ctx else "neurorec"
    return f"{error.format_message().rstrip('.')}; see {asked} --help"
