"""A file is its registration: ``neurorec/<kind>/<name>.py`` holds one class, found by the file's name."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from neurorec.errors import NotOffered, UnknownName

_HERE = Path(__file__).parent
KINDS = (
    "cells", "filters", "rules", "feedbacks", "losses", "optimisers", "parametrisations", "engines", "tasks", "architectures", "presets",
    "unroll",
)  # fmt: skip


def names(kind: str) -> list[str]:
    """Everything there is of a kind, sorted, without importing any of it.

    Parameters
    ----------
    kind : str
        One of `KINDS`: ``"cells"``, ``"rules"``, ``"tasks"``, ``"engines"`` ...

    Returns
    -------
    list of str
        The names that `load` takes; empty where the folder has nothing in it yet.

    Raises
    ------
    UnknownName
        If there is no such kind.
    """
    if kind not in KINDS:
        raise UnknownName.among("kind", kind, KINDS)
    found = (module.name for module in pkgutil.iter_modules([str(_HERE / kind)]))
    return sorted(name for name in found if name != "base" and not name.startswith("_"))


def load(kind: str, name: str) -> type:
    """The one class that the file of that name defines.

    Parameters
    ----------
    kind : str
        As for `names`.
    name : str
        One of `names`, or ``"package.module:Class"`` for a class of your own.

    Raises
    ------
    UnknownName
        With the nearest name there is.
    """
    if ":" in name:
        return _of_users_own(name)
    return _of_ours(kind, name)


def resolve(kind: str, thing: object) -> Any:
    """An instance from a name, a class or an instance."""
    if isinstance(thing, str):
        thing = load(kind, thing)
    return thing() if inspect.isclass(thing) else thing


def name_of(thing: object) -> str:
    """The text from which `load` finds the class of `thing` again."""
    cls = thing if inspect.isclass(thing) else type(thing)
    module = cls.__module__.split(".")
    ours = module[0] == "neurorec" and len(module) > 2
    return module[2] if ours else f"{cls.__module__}:{cls.__qualname__}"


@lru_cache(maxsize=256)
def _of_ours(kind: str, name: str) -> type:
    if name not in names(kind):
        raise UnknownName.among(_singular(kind), name, names(kind))
    return _only_class(importlib.import_module(f"neurorec.{kind}.{name}"))


def _singular(kind: str) -> str:
    """One of `KINDS` as a sentence says it: a loss of the losses, a cell of the cells."""
    return kind.removesuffix("es") if kind.endswith("sses") else kind.removesuffix("s")


def _of_users_own(path: str) -> type:
    module, _, name = path.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UnknownName(f"cannot import {path!r} ({error}); it must be 'package.module:Class' on the Python path") from error


def _only_class(module: ModuleType) -> type:
    public = [
        cls for name, cls in vars(module).items() if inspect.isclass(cls) and cls.__module__ == module.__name__ and not name.startswith("_")
    ]
    if len(public) != 1:
        raise NotOffered(f"{module.__name__} must define exactly one public class, it defines {len(public)}")
    return public[0]
