"""The numbers and words that fix a training, each said once: for `nr.train`, the command line and the run file.

Loads nothing heavy: ``neurorec train --help`` is made of it.
"""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

from neurorec.errors import NeurorecError, RunFileError, ValueRefused

if TYPE_CHECKING:
    from neurorec.tasks.base.task import AbstractTask

ANGLE_COLUMN = {"angle": ("degree", "angle between the rule's change and the exact gradient")}
COLUMNS = {
    "loss": ("1", "loss of the trial"),
    "alignment": ("1", "normalised overlap of the feedback with the readout's transpose"),
    "seconds": ("s", "training time so far"),
}
# What every run file has; options that came later have the value there that changes nothing.
ALWAYS = ("trials", "batch", "update", "rate", "clip", "weight_decay", "gradient_angle", "stop_below", "seed")

Function = TypeVar("Function", bound=Callable)


def option(default: Any, kind: str, text: str, typed: type = str, of_task: bool = True) -> Any:
    """A setting with its documentation.

    Parameters
    ----------
    default
    kind : str
        Its type, as a docstring says it.
    text : str
        What it does; its first sentence is the help of the command line.
    typed : type
        As it is typed on the command line.
    of_task : bool
        Whether tasks recommend a value, which the command line takes where none is typed.
    """
    return field(default=default, metadata={"kind": kind, "text": text, "typed": typed, "of_task": of_task})


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """The options of `nr.train` that are numbers or words: a new one is a field here, a line of `Options`, and what it does."""

    trials: int = option(1000, "int", "How many in all.", int)
    batch: int = option(1, "int", "How many run side by side; their changes are averaged.", int)
    update: str = option(
        "trial", "str", "When weights change: step, trial or batch. ``\"step\"``: after every time step; ``\"trial\"``: at the end of the trial "
        "(or of the trials that run side by side); ``\"batch\"`` says the latter. A step's change has the weight that the step has in the "
        "trial's loss, so that a rate means the same in each: Murray's Eq 5 is ``rate`` times the number of steps.", of_task=False
    )  # fmt: skip
    rate: float | dict[str, float] = option(
        0.03, "float or mapping", "Learning rate. One number for all weights, or one each: "
        "``{\"recurrent\": 0.01, \"input\": 0.01, \"readout\": 0.03}``. With a parametrisation, its free parameters (``network.learnt``) "
        "are in the place of ``recurrent``. Instead of a number, an array shaped as the weight gives each synapse its own rate.", float
    )  # fmt: skip
    clip: float | None = option(None, "float, optional", "Largest norm of a change; on the command line 0 is any.", float)
    weight_decay: float = option(0.0, "float", "Weights shrink by rate * weight_decay at every update.", float)
    anneal: float = option(
        1.0, "float", "Share of the rate that is left after all trials; 1: all of it. On the way it falls along a straight line. A training "
        "that `nr.resume` makes longer goes on at the last rate.", float
    )  # fmt: skip
    gradient_angle: int = option(
        0, "int", "Log the angle between the rule's change and the exact gradient every so many batches; 0: never.", int, False
    )
    stop_below: float | None = option(None, "float, optional", "Stop when the mean loss of the last 100 trials is smaller.", float, False)
    start: str = option(
        "initial", "str", "State in which trials begin: initial, or carried from the trial before. ``\"initial\"``: the network's own; "
        "``\"carried\"``: that in which the last trial ended (in its place of the batch), so that movements are learnt as they will follow "
        "one another. What a weight did to the trials before is not counted: rules see each trial by itself."
    )  # fmt: skip
    seed: int = option(
        0,
        "int or None",
        "Fixes trials and noise, on the command line the first weights, too. None: a fresh one, stored with the run.",
        int,
        False,
    )
    uneven: list[str] = field(default_factory=list)  # weights whose synapses have rates of their own, of which `rate` is the largest

    def __post_init__(self) -> None:
        from neurorec.arrays import number, positive, whole

        whole("trials", self.trials)
        whole("batch", self.batch)
        whole("gradient_angle", self.gradient_angle, least=0)
        for name, value in (("clip", self.clip), ("stop_below", self.stop_below)):
            if value is not None:
                positive(name, value)
        number("weight_decay", self.weight_decay, 0)
        if not 0 < positive("anneal", self.anneal) <= 1:
            raise ValueRefused(f"anneal must be a share of the rate in (0, 1], got {self.anneal!r}; 1 keeps the rate as it is")
        if self.update not in ("step", "trial", "batch"):
            raise ValueRefused(f"update must be 'step', 'trial' or 'batch', got {self.update!r}")
        if self.start not in ("initial", "carried"):
            raise ValueRefused(f"start must be 'initial' or 'carried', got {self.start!r}")

    @property
    def schedule(self) -> str:
        """``"step"`` or ``"trial"``: the trials of a batch run side by side, so the end of one is the end of all."""
        return "step" if self.update == "step" else "trial"

    @property
    def columns(self) -> dict[str, tuple[str, str]]:
        """Columns of the log, with unit and long name."""
        return COLUMNS | (ANGLE_COLUMN if self.gradient_angle else {})

    def rate_left(self, done: int) -> float:
        """Share of the rates that is left after so many trials."""
        return 1.0 - (1.0 - self.anneal) * min(done / self.trials, 1.0)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def of_run(cls, config: Mapping[str, Any]) -> TrainingSettings:
        """Those among the settings that a run file holds.

        Raises
        ------
        RunFileError
            If some are missing, or are of another type.
        """
        if lacking := [name for name in ALWAYS if name not in config]:
            raise RunFileError(f"the file is damaged (its config lacks {', '.join(lacking)}); restore it from a copy")
        try:
            return cls(**{f.name: config[f.name] for f in dataclasses.fields(cls) if f.name in config})
        except NeurorecError:
            raise
        except TypeError as error:
            raise RunFileError(
                f"the file is damaged (its config holds something else than a training's settings: {error}); restore it from a copy"
            ) from error


class Options(TypedDict, total=False):
    """The fields of `TrainingSettings` as a caller may say them, sequences for many networks: for editors, which read no signature made while Python runs."""

    trials: int
    batch: int
    update: str
    rate: float | Mapping[str, Any] | Sequence[float | Mapping[str, Any]]
    clip: float | None | Sequence[float | None]
    weight_decay: float | Sequence[float]
    anneal: float | Sequence[float]
    gradient_angle: int
    stop_below: float | None | Sequence[float | None]
    start: str
    seed: int | None | Sequence[int | None]


def options() -> list[dataclasses.Field]:
    """Those fields that a caller may set, with their documentation in ``metadata``."""
    return [f for f in dataclasses.fields(TrainingSettings) if f.metadata]


def with_options(function: Function) -> Function:
    """Show the options in the signature and the docstring of a function that takes them as ``**options``."""
    signature = inspect.signature(function)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    theirs = [inspect.Parameter(f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=f.type) for f in options()]
    function.__signature__ = signature.replace(parameters=[*own, *theirs])
    entries = "\n".join(
        f"{f.name} : {f.metadata['kind']}\n{textwrap.indent(textwrap.fill(f.metadata['text'], 110), '    ')}" for f in options()
    )
    function.__doc__ = inspect.getdoc(function).replace("\n**options\n", f"\n{entries}\n")  # pyright: ignore[reportOptionalMemberAccess]
    return function


def expect_options(given: Mapping[str, Any]) -> None:
    """Refuse a keyword that is no option.

    Raises
    ------
    TypeError
        As Python says it, with the nearest name there is.
    """
    known = [f.name for f in options()]
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise TypeError(f"train() got an unexpected keyword argument {name!r}{f'; did you mean {near[0]!r}?' if near else ''}")


def ways_out(task: AbstractTask, name: str, settings: TrainingSettings, optimiser: Any) -> list[str]:
    """What to try where training became unstable, the best first.

    What the task, of that name, is known to be learnt with; a clip, which shortens the few changes that are too large; a rate that is
    small enough for them, which slows all.
    """
    rate = max(settings.rate.values()) if isinstance(settings.rate, dict) else settings.rate
    present = {"optimiser": optimiser, "rate": settings.rate, "clip": settings.clip}
    known = {each: value for each in present if (value := task.recommended.training[each]) is not None}
    other = ", ".join(f"{each}={value!r}" for each, value in known.items() if value != present[each])
    own = [f"{other} (with which {name} is learnt)"] if other and not task.recommended.general else []
    return [*own, *([] if settings.clip else ["clip=1.0"]), f"rate={rate / 3:.2g}"]
