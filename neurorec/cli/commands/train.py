"""``neurorec train``: a network on a task."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurorec.cli.exits import resumable
from neurorec.cli.facts import of_each, show, summary
from neurorec.cli.score import scored
from neurorec.cli.settings import settings, task_of
from neurorec.process.rank import rank_here
from neurorec.training.settings import options as training_options

if TYPE_CHECKING:
    from neurorec.networks.network import Network
    from neurorec.runs.record import Record
    from neurorec.tasks.base.recommended import Recommended
    from neurorec.tasks.base.task import AbstractTask

OWN = "[default: the task's own]"


def _typed(f: dataclasses.Field) -> inspect.Parameter:
    """An option of `nr.train` as typer takes it: the first sentence of its documentation is its help."""
    own = f.metadata["of_task"]
    text = f"{f.metadata['text'].partition('. ')[0].removesuffix('.')}.{f' {OWN}' if own else ''}"
    kind = f.metadata["typed"]
    annotation = Annotated[kind | None if own or f.default is None else kind, typer.Option(help=text)]
    return inspect.Parameter(f.name, inspect.Parameter.KEYWORD_ONLY, default=None if own else f.default, annotation=annotation)


def _with_options(command: Callable) -> Callable:
    """Show every option of `nr.train` to typer, in the place of ``**options``."""
    signature = inspect.signature(command, eval_str=True)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    command.__signature__ = signature.replace(parameters=[*own, *map(_typed, training_options())])
    return command


@_with_options
def command(
    task: Annotated[str, typer.Argument(help="A task from 'neurorec list tasks', or package.module:Class of your own.")],
    *,
    rule: Annotated[str | None, typer.Option(help=f"Learning rule. {OWN}")] = None,
    engine: Annotated[str, typer.Option(help="What executes.")] = "numba",
    cell: Annotated[str | None, typer.Option(help=f"Model neuron. {OWN}")] = None,
    filter: Annotated[str | None, typer.Option(help="Input filter of the cell.")] = None,
    units: Annotated[int | None, typer.Option(help=f"Number of neurons. {OWN}")] = None,
    optimiser: Annotated[str | None, typer.Option(help=f"From 'neurorec list optimisers'. {OWN}")] = None,
    feedback: Annotated[str | None, typer.Option(help="How the error reaches the units; else the rule's own way.")] = None,
    gain: Annotated[float | None, typer.Option(help=f"Of the first recurrent weights; above 1 tanh units are chaotic. {OWN}")] = None,
    spectral_radius: Annotated[float | None, typer.Option(help="Of the first recurrent weights, in the place of --gain.")] = None,
    sparsity: Annotated[
        float, typer.Option(help="Share of recurrent connections absent at first; with --parametrisation sparse they stay absent.")
    ] = 0.0,
    parametrisation: Annotated[
        str | None, typer.Option(help=f"What the recurrent weights are made by, from 'neurorec list parametrisations'. {OWN}")
    ] = None,
    plastic: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A weight that changes, such as readout; repeatable; else all usual ones.")
    ] = None,
    loss: Annotated[str | None, typer.Option(help="From 'neurorec list losses'; else the task's own.")] = None,
    dt: Annotated[float | None, typer.Option(help="Time step in seconds; else the task's own.")] = None,
    parameter: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Of the cell, such as tau=0.1 (seconds); repeatable.")
    ] = None,
    noise: Annotated[float, typer.Option(help="White noise on every unit's drive, times sqrt(s).")] = 0.0,
    set: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Of the task, such as period=2.0; JSON or text; repeatable.")
    ] = None,
    networks: Annotated[int, typer.Option(min=1, help="How many train side by side, of the seeds from --seed on.")] = 1,
    every: Annotated[int | None, typer.Option(help="Record every so many trials; else 20 in all.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file at --out.")] = False,
    out: Annotated[Path | None, typer.Option(help="The run file; else runs/<task>_<rule>_<seed>.h5.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")] = False,
    **options: Any,
) -> None:
    """Train a network on a task, by the task's own settings where none are given ('neurorec list tasks' shows them)."""
    from neurorec.training.train import train

    made, seed = task_of(task, settings("--set", set) | ({} if dt is None else {"dt": dt})), options["seed"]
    free = {f.name: options.pop(f.name) for f in training_options() if not f.metadata["of_task"]}
    how = made.recommended.but(
        rule=rule, cell=cell, units=units, gain=gain, optimiser=optimiser, parametrisation=parametrisation, **options
    )
    seeds = [seed + k for k in range(networks)]
    several = [
        _network(
            made, seed=each, parameters=settings("--parameter", parameter), noise=noise, filter=filter, spectral_radius=spectral_radius,
            sparsity=sparsity, plastic=tuple(plastic) if plastic else None, **how.network,
        )
        for each in seeds
    ]  # fmt: skip
    record, path = _record(several[0], every), out or _default_path(task, how.rule, seeds)
    with resumable(path):
        if not (quiet or as_json or rank_here()):
            _announce(made, how)
        found = train(
            _one_or_all(several), made, engine=engine, loss=loss, record=record, path=path, progress=not quiet, feedback=feedback,
            overwrite=overwrite, **how.training, **{**free, "seed": _one_or_all(seeds)},
        )  # fmt: skip
    show(of_each(found, lambda run: {**summary(run), **scored(run, made, engine)}), as_json)


def _one_or_all(several: list[Any]) -> Any:
    return several if len(several) > 1 else several[0]


def _network(task: AbstractTask, **made: Any) -> Network:
    from neurorec.networks.network import Network

    return Network.random(task.n_inputs, outputs=task.n_outputs, dt=task.dt, **made)


def _announce(task: AbstractTask, how: Recommended) -> None:
    """What is going to be trained, and with what."""
    print(*([f"took {task.note}"] if task.note else []), f"{how}; 'neurorec train --help' has the options", sep="\n", flush=True)


def _record(network: Network, every: int | None) -> Record | None:
    """What the library would record by itself, more or less often."""
    from neurorec.runs.record import default_record

    return None if every is None else default_record(network, "output", "target", every=every)


def _default_path(task: str, rule: str, seeds: Sequence[int]) -> Path:
    seed = "-".join(str(each) for each in dict.fromkeys((seeds[0], seeds[-1])))
    path = Path("runs") / f"{task.rpartition(':')[2]}_{rule.rpartition(':')[2]}_{seed}.h5"
    path.parent.mkdir(exist_ok=True)
    return path
