"""``neurorec train``: a network on a task."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurorec.cli.exits import resumable
from neurorec.cli.facts import show, summary
from neurorec.cli.score import scored
from neurorec.cli.settings import settings, task_of

if TYPE_CHECKING:
    from neurorec.networks.network import Network
    from neurorec.runs.record import Record

OWN = "[default: the task's own]"


def command(
    task: Annotated[str, typer.Argument(help="A task from 'neurorec list tasks', or package.module:Class of your own.")],
    rule: Annotated[str | None, typer.Option(help=f"Learning rule. {OWN}")] = None,
    engine: Annotated[str, typer.Option(help="What executes.")] = "numba",
    cell: Annotated[str | None, typer.Option(help=f"Model neuron. {OWN}")] = None,
    filter: Annotated[str | None, typer.Option(help="Input filter of the cell.")] = None,
    units: Annotated[int | None, typer.Option(help=f"Number of neurons. {OWN}")] = None,
    trials: Annotated[int | None, typer.Option(help=f"How many in all. {OWN}")] = None,
    batch: Annotated[int | None, typer.Option(help=f"How many run side by side. {OWN}")] = None,
    update: Annotated[str, typer.Option(help="When weights change: step, trial or batch.")] = "trial",
    rate: Annotated[float | None, typer.Option(help=f"Learning rate. {OWN}")] = None,
    optimiser: Annotated[str | None, typer.Option(help=f"From 'neurorec list optimisers'. {OWN}")] = None,
    feedback: Annotated[str | None, typer.Option(help="How the error reaches the units; else the rule's own way.")] = None,
    clip: Annotated[float | None, typer.Option(help=f"Largest norm of a weight change; 0: any. {OWN}")] = None,
    weight_decay: Annotated[float | None, typer.Option(help=f"Weights shrink by rate x this at every update. {OWN}")] = None,
    anneal: Annotated[float | None, typer.Option(help=f"Share of the rate that is left after all trials; 1: all of it. {OWN}")] = None,
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
    seed: Annotated[int, typer.Option(help="Fixes weights, trials and noise.")] = 0,
    every: Annotated[int | None, typer.Option(help="Record every so many trials; else 20 in all.")] = None,
    start: Annotated[
        str | None, typer.Option(help=f"State in which trials begin: initial, or carried from the trial before. {OWN}")
    ] = None,
    stop_below: Annotated[float | None, typer.Option(help="Stop when the mean loss of 100 trials is smaller.")] = None,
    gradient_angle: Annotated[int, typer.Option(help="Measure the angle to the gradient every so many batches; 0: never.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file at --out.")] = False,
    out: Annotated[Path | None, typer.Option(help="The run file; else runs/<task>_<rule>_<seed>.h5.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")] = False,
) -> None:
    """Train a network on a task, by the task's own settings where none are given ('neurorec list tasks' shows them)."""
    from neurorec.networks.network import Network
    from neurorec.training.train import train

    made = task_of(task, settings("--set", set) | ({} if dt is None else {"dt": dt}))
    how = made.recommended.but(
        rule=rule, cell=cell, units=units, gain=gain, trials=trials, batch=batch, optimiser=optimiser, rate=rate, clip=clip,
        weight_decay=weight_decay, anneal=anneal, start=start, parametrisation=parametrisation,
    )  # fmt: skip
    moving: Any = tuple(plastic) if plastic else None
    network = Network.random(
        made.n_inputs, outputs=made.n_outputs, dt=made.dt, parameters=settings("--parameter", parameter), seed=seed, noise=noise,
        filter=filter, spectral_radius=spectral_radius, sparsity=sparsity, plastic=moving, **how.network,
    )  # fmt: skip
    record, path = _record(network, every), out or _default_path(task, how.rule, seed)
    with resumable(path):
        if not (quiet or as_json):
            print(*([f"took {made.note}"] if made.note else []), f"{how}; 'neurorec train --help' has the options", sep="\n", flush=True)
        run = train(
            network, made, engine=engine, update=update, loss=loss, record=record, path=path, seed=seed, progress=not quiet, feedback=feedback,
            gradient_angle=gradient_angle, stop_below=stop_below, overwrite=overwrite, **how.training,
        )  # fmt: skip
    show({**summary(run), **scored(run, made, engine)}, as_json)


def _record(network: Network, every: int | None) -> Record | None:
    """What the library would record by itself, more or less often."""
    from neurorec.runs.record import Record

    return None if every is None else Record((*network.formula.states[:1], "output", "target"), every=every)


def _default_path(task: str, rule: str, seed: int) -> Path:
    path = Path("runs") / f"{task.rpartition(':')[2]}_{rule.rpartition(':')[2]}_{seed}.h5"
    path.parent.mkdir(exist_ok=True)
    return path
