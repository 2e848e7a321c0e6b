"""Settings that are typed as name=value, and the task that is made with them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import typer

from neurorec.errors import NeurorecError, ValueRefused

TRUST: Any = typer.Option("--trust", help="Import classes of your own that the file names: that runs their modules' code.")

if TYPE_CHECKING:
    from neurorec.tasks.base.task import AbstractTask


def settings(option: str, pairs: Iterable[str] | None) -> dict[str, Any]:
    """Settings from texts such as period=2.0; lists become tuples, as tasks have them."""
    found = {}
    for pair in pairs or ():
        name, equals, text = pair.partition("=")
        if not (name and equals):
            raise ValueRefused(f"{option} {pair!r} is no setting; write name=value, such as tau=0.1")
        value = _json_or_text(text)
        found[name] = tuple(value) if isinstance(value, list) else value
    return found


def task_of(name: str, chosen: Mapping[str, Any]) -> AbstractTask:
    """The task of that name, of ours or the user's own."""
    try:
        made = _made(name, chosen)
    except NeurorecError:
        raise
    except (TypeError, ValueError) as error:  # a setting of another type than the task can compute with
        raise ValueRefused(
            f"{name} cannot be made with these settings ({error}); give numbers as name=0.5, pairs as name=[0.3,1.5]"
        ) from error
    return made


def _made(name: str, chosen: Mapping[str, Any]) -> Any:
    """Without settings it may be an instance in a module of the user's."""
    from neurorec.discovery import resolve
    from neurorec.tasks import task

    return task(name, **chosen) if chosen else resolve("tasks", name)


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
