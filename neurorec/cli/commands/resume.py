"""``neurorec resume``: go on with a training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurorec.cli.exits import resumable
from neurorec.cli.facts import of_each, show, summary
from neurorec.cli.score import scored
from neurorec.cli.settings import TRUST

if TYPE_CHECKING:
    from neurorec.runs.run import Run


def command(
    path: Annotated[Path, typer.Argument(metavar="RUN", help="A run file.")],
    trials: Annotated[int | None, typer.Option(help="In all, with those done: more than planned, or fewer; else as planned.")] = None,
    trust: Annotated[bool, TRUST] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")] = False,
) -> None:
    """Go on with a training that was stopped, or make it longer."""
    from neurorec.training.parts import Parts
    from neurorec.training.train import resume

    with resumable(path):
        found = resume(path, trials, progress=not quiet, trust=trust)

    def facts(run: Run) -> dict[str, Any]:
        parts = Parts.of_run(run.config, None, found.trust)
        return {**summary(run), **scored(run, parts.task, parts.engine)}

    show(of_each(found, facts), as_json)
