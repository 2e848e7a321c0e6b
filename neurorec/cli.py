"""The command line: train, resume, look at runs, and at what is installed.

Exit status: 0 done; 1 the training or the check failed (it diverged, memory ran out); 2 the input was bad; 130 stopped by
Ctrl-C, 143 by a scheduler's SIGTERM. Whatever is not 0 comes with one line on standard error.

Only typer is imported at the top: ``neurorec --help`` must not wait for numpy.
"""

from __future__ import annotations

import ast
import json
import math
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurorec.errors import DivergenceError, NeurorecError, UnknownName, ValueRefused

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from neurorec.run import Run
    from neurorec.trials import AbstractTask

FAILED, BAD_INPUT, INTERRUPTED, TERMINATED = 1, 2, 130, 143
RECENT = 100  # trials whose mean is the final loss
KINDS = ("cells", "filters", "rules", "feedbacks", "losses", "optimisers", "engines", "tasks")

app = typer.Typer(
    help="Train recurrent networks under local plasticity, and look at what they learnt.",
    add_completion=False,
    rich_markup_mode=None,  # rich's help takes longer to import than all the rest
)


class _Stopped(Exception):
    """A signal ended a training; the text says how to go on."""

    def __init__(self, message: str, status: int):
        super().__init__(message)
        self.status = status


class Kind(StrEnum):
    """What `plot` draws."""

    overview = "overview"
    learning_curve = "learning-curve"
    alignment = "alignment"
    angle = "angle"
    outputs = "outputs"
    rates = "rates"


def main() -> None:
    """Run the command of ``sys.argv`` and end the process with its status."""
    sys.path.append(str(Path.cwd()))  # package.module:Class may lie here; last, so that it hides nothing
    sys.exit(_status(sys.argv[1:]))


def _status(arguments: list[str]) -> int:
    """Run a command; whatever ends it but success is told in one line."""
    usage_error: Any = typer.BadParameter.__base__  # of click or, in newer versions, of typer's own copy of it
    try:
        command = typer.main.get_command(app)
        with command.make_context("neurorec", arguments) as context:
            command.invoke(context)
        sys.stdout.flush()
    except typer.Exit as end:
        return end.exit_code
    except usage_error as error:
        return _tell(f"{error.format_message().rstrip('.')}; see {_asked(error)} --help", BAD_INPUT)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except NeurorecError as error:
        return _tell(_as_options(str(error)), FAILED if isinstance(error, DivergenceError) else BAD_INPUT)
    except OSError as error:
        return _tell(f"cannot use {error.filename} ({error.strerror}); choose a folder that exists and can be written", BAD_INPUT)
    except MemoryError as error:
        return _tell(f"out of memory ({error}); use fewer units, a smaller batch, or record less", FAILED)
    except _Stopped as stop:
        return _tell(stop, stop.status)
    except KeyboardInterrupt:
        return _tell("stopped", INTERRUPTED)
    return 0


def _tell(what: object, status: int) -> int:
    print("neurorec:", " ".join(str(what).split()), file=sys.stderr)
    return status


def _asked(error: Any) -> str:
    return error.ctx.command_path if error.ctx else "neurorec"


def _as_options(text: str) -> str:
    """The library's advice, such as clip=1.0, as it is typed here: --clip 1.0."""
    names = "|".join(_train.__annotations__)
    found = rf"(?<!\S)({names})=(?:'([\w-]+)'|(\d[\d.e+-]*)|True)(?=[\s,;)]|$)"
    return re.sub(found, lambda m: " ".join(filter(None, (f"--{m[1].replace('_', '-')}", m[2] or m[3]))), text)


# Training -------------------------------------------------------------------------------------------------------------


@app.command(name="train")
def _train(
    task: Annotated[str, typer.Argument(help="A task from 'neurorec list tasks', or package.module:Class of your own.")],
    rule: Annotated[str, typer.Option(help="Learning rule.")] = "rflo",
    engine: Annotated[str, typer.Option(help="What executes.")] = "numba",
    cell: Annotated[str, typer.Option(help="Model neuron.")] = "leaky_tanh",
    filter: Annotated[str | None, typer.Option(help="Input filter of the cell.")] = None,
    units: Annotated[int, typer.Option(help="Number of neurons.")] = 100,
    trials: Annotated[int, typer.Option(help="How many in all.")] = 1000,
    batch: Annotated[int, typer.Option(help="How many run side by side.")] = 1,
    update: Annotated[str, typer.Option(help="When weights change: step, trial or batch.")] = "trial",
    rate: Annotated[float, typer.Option(help="Learning rate.")] = 0.03,
    optimiser: Annotated[str, typer.Option(help="From 'neurorec list optimisers'.")] = "sgd",
    feedback: Annotated[str | None, typer.Option(help="How the error reaches the units; else the rule's own way.")] = None,
    clip: Annotated[float | None, typer.Option(help="Largest norm of a weight change.")] = None,
    weight_decay: Annotated[float, typer.Option(help="Weights shrink by rate x this at every update.")] = 0.0,
    gain: Annotated[float, typer.Option(help="Of the first recurrent weights; above 1 tanh units are chaotic.")] = 1.5,
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
    stop_below: Annotated[float | None, typer.Option(help="Stop when the mean loss of 100 trials is smaller.")] = None,
    gradient_angle: Annotated[int, typer.Option(help="Measure the angle to the gradient every so many batches; 0: never.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file at --out.")] = False,
    out: Annotated[Path | None, typer.Option(help="The run file; else runs/<task>_<rule>_<seed>.h5.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")] = False,
) -> None:
    """Train a network on a task."""
    from neurorec.network import Network
    from neurorec.record import Record
    from neurorec.training import train

    made = _task(task, {**_settings("--set", set), **({} if dt is None else {"dt": dt})})
    network = Network.random(
        made.n_inputs,
        units,
        made.n_outputs,
        cell,
        made.dt,
        _numbers(_settings("--parameter", parameter)),
        gain,
        seed,
        noise=noise,
        filter=filter,
    )
    record = None if every is None else Record((*network.formula.states[:1], "output", "target"), every=every)
    path = out or _default_path(task, rule, seed)
    with _resumable(path):
        run = train(
            network, made, rule, engine, trials, batch, update, rate, optimiser, None, record, path, seed, not quiet, feedback=feedback,
            clip=clip, weight_decay=weight_decay, gradient_angle=gradient_angle, stop_below=stop_below, overwrite=overwrite,
        )  # fmt: skip
    _show(_summary(run), as_json)


@app.command(name="resume")
def _resume(
    path: Annotated[Path, typer.Argument(metavar="RUN", help="A run file.")],
    trials: Annotated[int | None, typer.Option(help="In all, with those done; else as planned.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")] = False,
) -> None:
    """Go on with a training that was stopped, or make it longer."""
    from neurorec.training import resume

    with _resumable(path):
        run = resume(path, trials, progress=not quiet)
    _show(_summary(run), as_json)


def _task(name: str, settings: Mapping[str, Any]) -> AbstractTask:
    from neurorec.discovery import resolve
    from neurorec.tasks import task
    from neurorec.trials import AbstractTask

    try:
        made = task(name, **settings) if settings else resolve("tasks", name)
    except NeurorecError:
        raise
    except (TypeError, ValueError) as error:  # a setting of another type than the task can compute with
        raise ValueRefused(
            f"{name} cannot be made with these settings ({error}); give numbers as name=0.5, pairs as name=[0.3,1.5]"
        ) from error
    if not isinstance(made, AbstractTask):
        raise ValueRefused(f"{name} is no task; expected a class derived from nr.AbstractTask")
    return made


def _settings(option: str, pairs: Iterable[str] | None) -> dict[str, Any]:
    """Settings from texts such as period=2.0; lists become tuples, as tasks have them."""
    found = {}
    for pair in pairs or ():
        name, equals, text = pair.partition("=")
        if not (name and equals):
            raise ValueRefused(f"{option} {pair!r} is no setting; write name=value, such as tau=0.1")
        value = _json_or_text(text)
        found[name] = tuple(value) if isinstance(value, list) else value
    return found


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _numbers(parameters: dict[str, Any]) -> dict[str, Any]:
    """Parameters of a cell: a number, or one a unit."""
    for name, value in parameters.items():
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, bool) or not isinstance(each, int | float) or not math.isfinite(each):
                raise ValueRefused(f"--parameter {name} must be a number, or one a unit as [0.1,0.2], got {each!r}")
    return parameters


def _default_path(task: str, rule: str, seed: int) -> Path:
    path = Path("runs") / f"{task.rpartition(':')[2]}_{rule.rpartition(':')[2]}_{seed}.h5"
    path.parent.mkdir(exist_ok=True)
    return path


@contextmanager
def _resumable(path: Path) -> Iterator[None]:
    """Say how to go on from here where a signal ends the training."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit) as stop:
        where, _, _ = str(stop).partition(";")
        way = f"{where or 'stopped at once'}; go on with: neurorec resume {path}" if path.exists() else "stopped before the training began"
        raise _Stopped(way, INTERRUPTED if isinstance(stop, KeyboardInterrupt) else TERMINATED) from None


# Looking at runs ------------------------------------------------------------------------------------------------------


@app.command(name="info")
def _info(
    path: Annotated[Path, typer.Argument(metavar="RUN", help="A run file; it may be in training.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what a run is and how far it is."""
    from neurorec.run import open_run

    run = open_run(path)
    network = {
        "cell": run.network.cell,
        "units": run.network.units,
        "inputs": run.network.inputs,
        "outputs": run.network.outputs,
        "dt": run.network.dt,
    }
    about = {
        **_summary(run),
        "seed": run.config["seed"],
        "network": network,
        **_stored(path),
        "checkpoints": list(run.checkpoints),
        "config": run.config,
    }
    _show(about, as_json)


@app.command(name="plot")
def _plot(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run files; several are seeds of one condition.")],
    out: Annotated[Path | None, typer.Option(help="Picture: png, pdf, svg; else beside the first run. An older one is replaced.")] = None,
    kind: Annotated[Kind, typer.Option(help="What to draw.")] = Kind.overview,
) -> None:
    """Draw a run, or several seeds."""
    import matplotlib.pyplot as plt
    from matplotlib.backend_bases import FigureCanvasBase

    path = out or runs[0].parent / f"{runs[0].stem}_{kind.value.replace('-', '_')}.png"
    known = FigureCanvasBase.get_supported_filetypes()
    if path.suffix.removeprefix(".") not in known:
        raise ValueRefused(f"cannot draw {path}: its name must end in one of {', '.join('.' + each for each in sorted(known))}")
    plt.switch_backend("agg")  # a file, never a window
    with plt.rc_context({"pdf.fonttype": 42, "svg.fonttype": "none"}):  # text stays text, for who edits the picture
        figure = _figure(kind, runs)
        figure.savefig(path)
    plt.close(figure)
    print(path)


def _figure(kind: Kind, runs: list[Path]) -> Figure:
    from neurorec import plots

    draw = getattr(plots, kind.name)
    if kind in (Kind.outputs, Kind.rates):
        if len(runs) > 1:
            raise ValueRefused(f"--kind {kind.value} shows a trial of one run, got {len(runs)}; name one, or choose another --kind")
        return draw(runs[0]).figure
    drawn = draw(runs)
    return drawn if kind is Kind.overview else drawn.figure


def _summary(run: Run) -> dict[str, Any]:
    """What a training came to; numbers that there are not are None."""
    log, done = run.log, run.done
    last = lambda name, n: float(log[name].values[:done][-n:].mean()) if done else None  # noqa: E731 - one line, three times
    return {
        "task": run.config["task"], "rule": run.config["rule"], "engine": run.config["engine"], "done": done, "total": run.total,
        "final_loss": last("loss", RECENT), "alignment": last("alignment", 1), "seconds": last("seconds", 1), "path": str(run.path),
    }  # fmt: skip


def _stored(path: Path) -> dict[str, Any]:
    """Who wrote a run, when, and what was recorded: attributes and groups that the run file promises."""
    import h5py

    with h5py.File(path, "r", locking=False) as file:
        recorded = {
            name: dict(zip((d.label for d in data.dims), data.shape, strict=True))
            for name, data in file["trajectories"].items()
            if not data.is_scale
        }
        return {
            "created": str(file.attrs["created"]), "git_commit": str(file.attrs["git_commit"]), "format_version": int(file.attrs["format_version"]),
            "versions": json.loads(file.attrs["versions"]), "recorded": recorded,
        }  # fmt: skip


def _show(facts: Mapping[str, Any], as_json: bool) -> None:
    """One JSON object; or a table, which is plain lines where the output is no terminal."""
    if as_json:
        print(json.dumps(_finite(facts)))
    elif sys.stdout.isatty():
        _table(_lines(facts))
    else:
        rows = list(_lines(facts))
        width = max(len(name) for name, _ in rows)
        print("\n".join(f"{name:<{width}}  {value}".rstrip() for name, value in rows))


def _table(rows: Iterable[tuple[str, str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(Text(name), Text(value))
    Console().print(table)


def _lines(facts: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in facts.items():
        if isinstance(value, Mapping):
            yield from _lines(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _text(value)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(_text, value))
    return "-" if value in (None, "") else f"{value:.4g}" if isinstance(value, float) else str(value)


def _finite(value: Any) -> Any:
    """JSON has no NaN."""
    if isinstance(value, Mapping):
        return {name: _finite(each) for name, each in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


# What there is --------------------------------------------------------------------------------------------------------


@app.command(name="list")
def _list(kind: Annotated[str | None, typer.Argument(help=f"One of {', '.join(KINDS)}; else all.")] = None) -> None:
    """List what can be named: cells, rules, tasks ..."""
    from neurorec.discovery import names

    if kind is not None and kind not in KINDS:
        raise UnknownName.among("kind", kind, KINDS)
    for each in KINDS if kind is None else (kind,):
        if kind is None:
            print(f"{each}:")
        known = names(each)
        width = max(map(len, known), default=0)
        for name in known:
            print(f"{'' if kind else '  '}{name:<{width}}  {_first_line(each, name)}".rstrip())


def _first_line(kind: str, name: str) -> str:
    """First line of the docstring of the file's one public class, read without importing it: an engine may be slow or not runnable here."""
    folder = Path(__file__).parent / kind
    file = folder / name / "__init__.py" if (folder / name).is_dir() else folder / f"{name}.py"
    classes = [node for node in ast.parse(file.read_text()).body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    return next(((ast.get_docstring(node) or "").partition("\n")[0] for node in classes), "")


@app.command(name="doctor")
def _doctor(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Say what is installed, and check that a small training comes out right."""
    facts = {**_installed(), **_machine(), **_libraries(), "self_check": _self_check()}
    _show(facts, as_json)
    if facts["self_check"] != "ok":
        _tell(f"the self-check {facts['self_check']}", FAILED)
        raise typer.Exit(FAILED)


def _installed() -> dict[str, Any]:
    """Versions, from what pip wrote down: nothing is imported for it."""
    import platform
    from importlib.metadata import PackageNotFoundError, requires, version

    from neurorec import __version__

    found: dict[str, str] = {}
    for requirement in requires("neurorec") or ():
        if "extra ==" not in requirement:
            name = re.match(r"[\w.-]+", requirement).group()
            try:
                found[name] = version(name)
            except PackageNotFoundError:
                found[name] = "missing"
    return {"neurorec": __version__, "python": platform.python_version(), "platform": platform.platform(), "packages": found}


def _machine() -> dict[str, Any]:
    from neurorec.formula.cache import folder

    driver = Path("/proc/driver/nvidia/version").exists()
    return {
        "cpus": len(os.sched_getaffinity(0)),
        "cache": str(folder()),
        "cache_writable": _writable(folder()),
        "cuda": "NVIDIA driver found, not tested" if driver else "no NVIDIA driver found",
    }


def _libraries() -> dict[str, Any]:
    """What only the libraries themselves know; where one is missing, which."""
    try:
        import h5py
        import numba
        import scipy.linalg  # noqa: F401 - brings its BLAS, which Numba's products use
        from threadpoolctl import threadpool_info
    except ImportError as error:
        return {"libraries": f"not looked at: {error}"}
    blas = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    return {"numba_threads": numba.get_num_threads(), "blas_threads": max(blas, default=None), "hdf5": h5py.version.hdf5_version}


def _writable(folder: Path) -> bool:
    """Also true of a folder that does not exist yet but can be made."""
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    return there.is_dir() and os.access(there, os.W_OK)


def _self_check() -> str:
    """Train 20 trials by the compiled and by the reference engine: the weights must have changed alike."""
    try:
        ours, theirs = _change("numba"), _change("reference")
    except Exception as error:  # whatever is broken here is what the doctor is to report
        return f"failed: {type(error).__name__}: {' '.join(str(error).split())}"
    apart = float(abs(ours - theirs).max() / abs(theirs).max())
    return "ok" if apart < 1e-3 else f"failed: the weight changes of numba and reference differ by {apart:.1e} of the largest"


def _change(engine: str) -> Any:
    from neurorec.network import Network
    from neurorec.record import Record
    from neurorec.tasks import task
    from neurorec.training import train

    periodic = task("periodic_output", period=0.2)
    network = Network.random(periodic.n_inputs, 16, periodic.n_outputs)
    trained = train(network, periodic, engine=engine, trials=20, record=Record.nothing(), progress=False).network
    return trained.recurrent - network.recurrent


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


if __name__ == "__main__":
    main()
