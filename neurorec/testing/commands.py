"""Laws of a command."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from neurorec.discovery import load
from neurorec.testing._laws import documented, hold


def check_command(function: str | Callable[..., Any]) -> None:
    """Hold a command to its laws: its help says what it does, and what each argument means.

    Parameters
    ----------
    function : callable, or its name

    Raises
    ------
    AssertionError
        Saying which law does not hold.
    """
    run = load("commands", function) if isinstance(function, str) else function
    documented(run)
    meant = {name: each.annotation for name, each in inspect.signature(run, eval_str=True).parameters.items()}
    for name in meant:
        says = [each for each in getattr(meant.get(name), "__metadata__", ()) if getattr(each, "help", None)]
        hold(says, run, f"--help says what {name} means: Annotated[..., typer.Option(help=...)]", meant.get(name))
