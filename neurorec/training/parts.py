"""What a training is made of, as objects: resolved once, where a caller names them or a file does."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neurorec.discovery import name_of, resolve
from neurorec.errors import NotOffered, RunFileError, expect_known
from neurorec.learning.by_weight import ByWeight
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.learning.losses.base import AbstractLoss
from neurorec.learning.optimisers.base import AbstractOptimiser
from neurorec.learning.rules.base import AbstractRule
from neurorec.tasks.base.task import AbstractTask
from neurorec.tasks.base.trials import Trials
from neurorec.training.settings import TrainingSettings
from neurorec.training.task_of_run import as_task, describe_task, json_able, task_of_run
from neurorec.trust import Trusted, restored

if TYPE_CHECKING:
    from neurorec.engines.base import AbstractEngine

PARTS = {"rule": "rules", "engine": "engines", "feedback": "feedbacks", "optimiser": "optimisers", "loss": "losses"}  # and their kinds


@dataclass(frozen=True)
class Parts:
    """The objects of a training; in a file they are names and settings."""

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
            made, law, resolve("engines", engine), resolve("feedbacks", feedback or law.feedback), optimiser_of(optimiser),
            resolve("losses", loss or made.loss),
        )  # fmt: skip

    @classmethod
    def of_run(cls, config: Mapping[str, Any], task: AbstractTask | Trials | str | None, trust: Trusted) -> Parts:
        """From what a file says.

        Raises
        ------
        RunFileError
            If a class is not the library's own and not trusted.
        """
        said = described_in(config)
        others = {name: part_of_run(name, said, trust) for name in PARTS}
        return cls(task_of_run(config, task, trust), **others)

    @property
    def component_classes(self) -> tuple[type, ...]:
        """Their classes: who trained with them may read the file again."""
        parts = (*vars(self).values(), *self.optimiser.laws)
        return tuple(dict.fromkeys(type(part) for part in parts))

    def described(self) -> dict[str, Any]:
        """Names and settings, for JSON: ``rule``, ``rule_settings``, ``task``, ``task_settings`` ..."""
        found: dict[str, Any] = {}
        found["task"], found["task_settings"] = describe_task(self.task)
        for name in PARTS:
            part = getattr(self, name)
            found |= {name: named(part), f"{name}_settings": json_able(part.settings) if part is self.engine else settings_of(part)}
        return found


def optimiser_of(optimiser: Any) -> AbstractOptimiser:
    """From a name, class or object; or from a mapping of weights to such."""
    if isinstance(optimiser, Mapping):
        return ByWeight({str(name): resolve("optimisers", each) for name, each in optimiser.items()})
    return resolve("optimisers", optimiser)


def named(part: Any) -> Any:
    """The name of its class, as `part_of_run` takes it; of an optimiser for each weight a mapping of names."""
    return {name: name_of(each) for name, each in part.each.items()} if isinstance(part, ByWeight) else name_of(part)


def part_of_run(name: str, config: Mapping[str, Any], trust: Trusted) -> Any:
    """One of `PARTS` as a file describes it.

    Raises
    ------
    RunFileError
        If its class is not the library's own and not trusted.
    """
    said, settings = config[name], config.get(f"{name}_settings", {})
    if name == "optimiser" and isinstance(said, Mapping) and isinstance(settings, Mapping):
        return ByWeight({weight: restored(PARTS[name], each, settings.get(weight, {}), trust) for weight, each in said.items()})
    return restored(PARTS[name], said, settings, trust)


def described_in(config: Mapping[str, Any]) -> dict[str, Any]:
    """What `Parts.described` put into a file; runs from before rules, feedbacks and losses could have settings have none.

    Raises
    ------
    RunFileError, ValueRefused
        If some are missing, or there are settings that nothing has.
    """
    names = [each for name in ("task", *PARTS) for each in (name, f"{name}_settings")]
    expect_known("setting of a run", config, [*names, *(f.name for f in dataclasses.fields(TrainingSettings))])
    if lacking := [name for name in ("task", *PARTS, "task_settings", "engine_settings", "optimiser_settings") if name not in config]:
        raise RunFileError(f"the file is damaged (its config lacks {', '.join(lacking)}); restore it from a copy")
    return {name: config.get(name, {}) for name in names}


def settings_of(part: Any) -> dict[str, Any]:
    """What a part was made with, JSON-able.

    Raises
    ------
    NotOffered
        If it holds what a file could not: then a resumed training would be another one.
    """
    if isinstance(part, ByWeight):
        return {name: settings_of(each) for name, each in part.each.items()}
    if dataclasses.is_dataclass(part):
        return {f.name: json_able(getattr(part, f.name)) for f in dataclasses.fields(part) if f.init}
    if own := vars(part):
        raise NotOffered(f"{type(part).__name__} holds {', '.join(own)}, which a run file cannot give back; make it a frozen dataclass")
    return {}
