"""What a training is made of, as objects; in a file they are names and settings."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neurorec.discovery import name_of, resolve
from neurorec.errors import NotOffered
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.learning.losses.base import AbstractLoss
from neurorec.learning.optimisers.base import AbstractOptimiser
from neurorec.learning.rules.base import AbstractRule
from neurorec.tasks.base.task import AbstractTask
from neurorec.tasks.base.trials import Trials
from neurorec.training.settings import PARTS, Plan, as_task, describe_task, plain, remake_task
from neurorec.trust import Trusted, restored

if TYPE_CHECKING:
    from neurorec.engines.base import AbstractEngine


@dataclass(frozen=True)
class Parts:
    """The objects of a training, resolved once."""

    task: AbstractTask
    rule: AbstractRule
    engine: AbstractEngine
    feedback: AbstractFeedback
    optimiser: AbstractOptimiser
    loss: AbstractLoss

    @classmethod
    def of(cls, task: Any, rule: Any, engine: Any, feedback: Any, optimiser: Any, loss: Any) -> Parts:
        """From what a caller passed: names, classes or instances; a feedback or loss of None is the rule's, or the task's, own."""
        made, law = as_task(task), resolve("rules", rule)
        return cls(
            made, law, resolve("engines", engine), resolve("feedbacks", feedback or law.feedback), resolve("optimisers", optimiser),
            resolve("losses", loss or made.loss),
        )  # fmt: skip

    @classmethod
    def remade(cls, plan: Plan, task: AbstractTask | Trials | str | None, trust: Trusted) -> Parts:
        """From what a file says.

        Raises
        ------
        RunFileError
            If a class is not the library's own and not trusted.
        """
        others = {name: restored(kind, getattr(plan, name), getattr(plan, f"{name}_settings"), trust) for name, kind in PARTS.items()}
        return cls(remake_task(plan, task, trust), **others)

    @property
    def made_of(self) -> tuple[type, ...]:
        """Their classes: who trained with them may read the file again."""
        return tuple(type(part) for part in vars(self).values())

    def described(self) -> dict[str, Any]:
        """Names and settings, as `neurorec.training.settings.Plan` has them."""
        found: dict[str, Any] = {}
        found["task"], found["task_settings"] = describe_task(self.task)
        for name in PARTS:
            part = getattr(self, name)
            found |= {name: name_of(part), f"{name}_settings": plain(part.settings) if part is self.engine else settings_of(part)}
        return found


def settings_of(part: Any) -> dict[str, Any]:
    """What a part was made with, JSON-able.

    Raises
    ------
    NotOffered
        If it holds what a file could not: then a resumed training would be another one.
    """
    if dataclasses.is_dataclass(part):
        return {f.name: plain(getattr(part, f.name)) for f in dataclasses.fields(part) if f.init}
    if own := vars(part):
        raise NotOffered(f"{type(part).__name__} holds {', '.join(own)}, which a run file cannot give back; make it a frozen dataclass")
    return {}
