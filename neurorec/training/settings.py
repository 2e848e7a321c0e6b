"""Everything that fixes a training, as plain values: stored with the run, and enough to go on with it."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurorec.arrays import number, only, positive, whole
from neurorec.discovery import name_of, resolve
from neurorec.errors import NeurorecError, RunFileError, ValueRefused
from neurorec.tasks.base.collection import Dataset
from neurorec.tasks.base.recommended import GENERAL
from neurorec.tasks.base.task import AbstractTask
from neurorec.tasks.base.trials import Trials
from neurorec.trust import Trusted, restored

PARTS = {"rule": "rules", "engine": "engines", "feedback": "feedbacks", "optimiser": "optimisers", "loss": "losses"}  # and their kinds
ANGLE_COLUMN = {"angle": ("degree", "angle between the rule's change and the exact gradient")}
COLUMNS = {
    "loss": ("1", "loss of the trial"),
    "alignment": ("1", "normalised overlap of the feedback with the readout's transpose"),
    "seconds": ("s", "training time so far"),
}


@dataclass(frozen=True)
class Plan:
    """The settings of `nr.train` that fix its numbers.

    Attributes
    ----------
    task, rule, engine, feedback, optimiser, loss : str
        Names as `neurorec.discovery.load` takes them.
    task_settings, rule_settings, engine_settings, feedback_settings, optimiser_settings, loss_settings : dict
        What they were made with; runs from before rules, feedbacks and losses could have settings have none.
    trials, batch : int
    update : str
        ``"step"``, ``"trial"`` or ``"batch"``.
    rate : float or dict
    clip : float or None
    weight_decay : float
    gradient_angle : int
        Every how many batches the angle is measured, 0 for never.
    stop_below : float or None
    seed : int
    start : str
        ``"initial"`` or ``"carried"``.
    anneal : float
        Share of the rate that is left after `trials`; runs from before it was there have 1.
    uneven : list of str
        Weights whose synapses have rates of their own, or of which only some are plastic; the file keeps a rate of every weight, and
        `rate` the largest.
    """

    task: str
    task_settings: dict[str, Any]
    rule: str
    engine: str
    engine_settings: dict[str, Any]
    feedback: str
    optimiser: str
    optimiser_settings: dict[str, float]
    loss: str
    trials: int
    batch: int
    update: str
    rate: float | dict[str, float]
    clip: float | None
    weight_decay: float
    gradient_angle: int
    stop_below: float | None
    seed: int
    start: str = "initial"
    anneal: float = 1.0
    rule_settings: dict[str, Any] = field(default_factory=dict)
    feedback_settings: dict[str, Any] = field(default_factory=dict)
    loss_settings: dict[str, Any] = field(default_factory=dict)
    uneven: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
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

    def rate_left(self, done: int) -> float:
        """Share of the rates that is left after so many trials."""
        return 1.0 - (1.0 - self.anneal) * min(done / self.trials, 1.0)

    @property
    def columns(self) -> dict[str, tuple[str, str]]:
        """Columns of the log, with unit and long name."""
        return COLUMNS | (ANGLE_COLUMN if self.gradient_angle else {})

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Plan:
        """The plan that `as_dict` described."""
        fields = dataclasses.fields(cls)
        only("setting of a run", values, [f.name for f in fields])
        if lacking := [f.name for f in fields if f.name not in values and f.default is f.default_factory is dataclasses.MISSING]:
            raise RunFileError(f"the file is damaged (its config lacks {', '.join(lacking)}); restore it from a copy")
        try:
            return cls(**values)
        except NeurorecError:
            raise
        except TypeError as error:
            raise RunFileError(
                f"the file is damaged (its config holds something else than a training's settings: {error}); restore it from a copy"
            ) from error


def describe_task(task: AbstractTask) -> tuple[str, dict[str, Any]]:
    """A task's name and the settings from which `remake_task` makes it again."""
    if isinstance(task, Dataset):
        return "neurorec.trials:Dataset", {"digest": digest(task.data)}
    fields = [f.name for f in dataclasses.fields(task) if f.init] if dataclasses.is_dataclass(task) else []
    return name_of(task), {name: plain(getattr(task, name)) for name in fields}


def ways_out(task: AbstractTask, plan: Plan) -> list[str]:
    """What to try where training became unstable, the best first.

    What the task is known to be learnt with; a clip, which shortens the few changes that are too large; a rate that is small
    enough for them, which slows all.
    """
    rate = max(plan.rate.values()) if isinstance(plan.rate, dict) else plan.rate
    known = {name: value for name in ("optimiser", "rate", "clip") if (value := task.recommended.training[name]) is not None}
    other = ", ".join(f"{name}={value!r}" for name, value in known.items() if value != getattr(plan, name))
    own = [f"{other} (with which {plan.task} is learnt)"] if other and task.recommended is not GENERAL else []
    return [*own, *([] if plan.clip else ["clip=1.0"]), f"rate={rate / 3:.2g}"]


def plain(value: Any) -> Any:
    """A setting as JSON has it: arrays and tuples become lists."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, tuple | list) else value


def remake_task(plan: Plan, given: AbstractTask | Trials | str | None, trust: Trusted = False) -> AbstractTask:
    """The task of a stored plan.

    Raises
    ------
    ValueRefused
        If the run was trained on arrays and they (or others) were not passed again.
    RunFileError
        If its class is not the library's own, not trusted, and no task was passed.
    """
    if given is not None:
        task = as_task(given)
        if (plan.task, plan.task_settings) not in (describe_task(task), _described_before(task)):
            raise ValueRefused(f"the run was trained on {plan.task} with {plan.task_settings}; the task given is another one")
        return task
    if "digest" in plan.task_settings:
        raise ValueRefused("the run was trained on arrays, which its file does not hold; pass the same nr.Trials as task=")
    return restored("tasks", plan.task, plan.task_settings, trust)


def as_task(given: AbstractTask | Trials | str) -> AbstractTask:
    """A task from a task, a name, or trials of the user's own."""
    return Dataset(given) if isinstance(given, Trials) else resolve("tasks", given)


def digest(trials: Trials) -> str:
    """What tells one set of trials from another: shapes, time step and numbers."""
    shapes = repr((trials.inputs.shape, trials.targets.shape, trials.dt)).encode()
    return hashlib.sha256(shapes + _numbers(trials)).hexdigest()[:32]


def _described_before(task: AbstractTask) -> tuple[str, dict[str, Any]] | None:
    """Arrays as runs describe them from before their shapes were told apart."""
    if not isinstance(task, Dataset):
        return None
    return describe_task(task)[0], {"digest": hashlib.sha256(_numbers(task.data)).hexdigest()[:16]}


def _numbers(trials: Trials) -> bytes:
    return b"".join(np.ascontiguousarray(each).tobytes() for each in (trials.inputs, trials.targets, trials.mask))
