"""A file is its registration: a kind's folder holds one file for each of its members, found by the file's name.

A file of most kinds holds one class, derived from the one in the ``base.py`` beside it; a plot's, a dynamics function's or a
command's holds one function. Files whose names begin with an underscore are what members share.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable
from functools import cache, lru_cache
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from neurorec.display import short_repr
from neurorec.errors import NotOffered, UnknownName, expect_known

_HERE = Path(__file__).parent
KINDS = (
    "cells", "words", "filters", "surrogates", "rules", "feedbacks", "losses", "optimisers", "parametrisations", "engines", "tasks", "architectures", "presets",
    "unroll", "contexts", "plasticities", "dynamics", "plots", "commands",
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

    Examples
    --------
    >>> import neurorec as nr
    >>> nr.names("losses")
    ['cross_entropy', 'mse']
    """
    if kind not in KINDS:
        raise UnknownName.among("kind", kind, KINDS)
    found = (module.name for module in pkgutil.iter_modules([str(_folder(kind))]))
    return sorted(name for name in found if name != "base" and not name.startswith("_"))


def abstract() -> dict[str, str]:
    """What a user's own classes may derive from, ``AbstractCell`` ..., and the module of each; nothing is imported."""
    return {_abstract(kind): f"{place(kind)}.base" for kind in KINDS if _has_base(kind)}


@cache
def _folders() -> dict[str, Path]:
    """Every folder of the library by its name; of several of one name the outermost."""
    found = (path.parent for path in _HERE.rglob("__init__.py"))
    return {path.name: path for path in sorted(found, key=lambda path: len(path.parts), reverse=True)}


def _folder(kind: str) -> Path:
    return _folders()["unrolled" if kind == "unroll" else kind]  # an engine's, which evaluates by one of them


def _has_base(kind: str) -> bool:
    """Whether members are classes, derived from one in ``base``, a module or a folder; else they are functions."""
    return any((_folder(kind) / name).exists() for name in ("base.py", "base"))


@cache
def place(kind: str) -> str:
    """The package whose files are the members of a kind: ``neurorec.networks.cells``."""
    return ".".join(["neurorec", *_folder(kind).relative_to(_HERE).parts])


def outline(kind: str, name: str) -> Any:
    """What a file holds as its text says, an `ast` node: nothing is imported, as an engine may be slow to load, or not runnable here."""
    here = _folder(kind) / name
    file = here / "__init__.py" if here.is_dir() else here.with_suffix(".py")
    sort = ast.ClassDef if _has_base(kind) else ast.FunctionDef
    public = (node for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, sort) and not node.name.startswith("_"))
    if (found := next(public, None)) is None:
        raise NotOffered(f"{file} must define a public {'class' if sort is ast.ClassDef else 'function'}, it defines none")
    return found


def load(kind: str, name: str) -> Any:
    """The class of that name, or the function; nothing of other people's is imported.

    Parameters
    ----------
    kind : str
        As for `names`.
    name : str
        One of `names`, or ``"package.module:Class"`` where that module is imported already.

    Raises
    ------
    UnknownName
        With the nearest name there is.
    NotOffered
        If it is no class of the kind.
    """
    return expect_class(base_of(kind), _already_there(name), name) if ":" in name else _of_ours(kind, name)


def find(kind: str, name: str) -> Any:
    """What a caller names: as `load`, but ``"package.module:Class"`` is imported, and may be an instance.

    Never for a name that a file holds: to import is to run code (see `neurorec.trust`).
    """
    if ":" not in name:
        return _of_ours(kind, name)
    found, base = _imported(name), base_of(kind)
    return found if isinstance(found, base) else expect_class(base, found, name)


def resolve(kind: str, thing: object) -> Any:
    """An instance from what a caller passed: a name, a class or an instance.

    Raises
    ------
    UnknownName, NotOffered
        If there is no such thing, or it is none of the kind; nothing of it is called before that is known.
    """
    found, base = find(kind, thing) if isinstance(thing, str) else thing, base_of(kind)
    if inspect.isclass(found):
        return expect_class(base, found, name_of(found))()
    return found if isinstance(found, base) else _refuse(base, short_repr(found))


def shared(kind: str, thing: object) -> Any:
    """As `resolve`, but a name of ours stands for one object, made once: for those that nobody changes."""
    return _made_once(kind, thing) if isinstance(thing, str) and ":" not in thing else resolve(kind, thing)


@lru_cache(maxsize=256)
def _made_once(kind: str, name: str) -> Any:
    return resolve(kind, name)


def class_of(kind: str, thing: object) -> type:
    """The class of what a caller passed: a name, a class or an instance, as for `resolve`."""
    found = find(kind, thing) if isinstance(thing, str) else thing
    cls = found if inspect.isclass(found) else type(found)
    return expect_class(base_of(kind), cls, name_of(cls))


def made(kind: str, name: str, settings: dict[str, Any]) -> Any:
    """An instance of the class of that name, with the fields that a caller sets.

    Raises
    ------
    UnknownName, ValueRefused
        With the names there are.
    """
    cls = class_of(kind, name)
    expect_known(f"setting of {name}", settings, arguments(cls))
    return cls(**settings)


def arguments(cls: type) -> list[str]:
    """What a class is made with, by name."""
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [each.name for each in inspect.signature(cls).parameters.values() if each.kind in named]


def class_at(path: str, base: type) -> type:
    """Import ``"package.module:Class"``, for a caller; of a class derived from `base`."""
    return expect_class(base, _imported(path), path)


@lru_cache(maxsize=64)
def base_of(kind: str) -> type:
    """The abstract class from which all of a kind derive: ``AbstractCell`` in ``cells/base.py``."""
    return getattr(importlib.import_module(f"{place(kind)}.base"), _abstract(kind))


def _abstract(kind: str) -> str:
    return f"Abstract{singular(kind).capitalize()}"


def singular(kind: str) -> str:
    """One of a kind: "cell", "loss", "plasticity"."""
    if kind.endswith("ies"):
        return f"{kind.removesuffix('ies')}y"
    return kind if kind == "dynamics" else kind.removesuffix("es") if kind.endswith("sses") else kind.removesuffix("s")


def name_of(thing: object) -> str:
    """The text from which `load` finds the class of `thing` again."""
    cls = thing if inspect.isclass(thing) else type(thing)
    package, _, name = cls.__module__.rpartition(".")
    ours = package in {place(kind) for kind in KINDS} and name != "base"
    return name if ours else f"{cls.__module__}:{cls.__qualname__}"


@lru_cache(maxsize=256)
def _of_ours(kind: str, name: str) -> Any:
    if name not in names(kind):
        raise UnknownName.among(singular(kind), name, names(kind))
    sort = inspect.isclass if _has_base(kind) else inspect.isfunction
    return _only(sort, importlib.import_module(f"{place(kind)}.{name}"))


def _already_there(path: str) -> Any:
    """What a module that is imported holds under a name."""
    module, _, name = path.partition(":")
    if module not in sys.modules:
        raise UnknownName(f"{path!r} is in a module that is not imported; import {module} first, or pass the class itself")
    found: Any = sys.modules[module]
    for part in name.split("."):
        found = getattr(found, "__dict__", {}).get(part)  # not getattr, which may run code
    if found is None:
        raise UnknownName(f"there is no {path!r}; pass a class that stands at the top of its module")
    return found


def _imported(path: str) -> Any:
    module, _, name = path.partition(":")
    try:
        return attrgetter(name)(importlib.import_module(module))
    except Exception as error:  # a module of the user's may fail in any way
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise UnknownName(f"cannot import {path!r} ({said}); it must be 'package.module:Class' on the Python path") from error


def expect_class(base: type, found: Any, name: str) -> type:
    """The class, which is derived from `base` and lacks nothing: known before anything of it is called.

    Raises
    ------
    NotOffered
        If it is no such class.
    """
    if not (inspect.isclass(found) and issubclass(found, base)):
        _refuse(base, name)
    if lacking := sorted(getattr(found, "__abstractmethods__", ())):
        raise NotOffered(f"{name} is no whole {word(base)}; it lacks {', '.join(lacking)}, see {base.__module__}")
    return found


def _refuse(base: type, what: str) -> NoReturn:
    raise NotOffered(f"{what} is no {word(base)}; expected a class derived from {base.__module__}.{base.__qualname__}")


def word(base: type) -> str:
    """What a class derived from `base` is called: "cell"."""
    return base.__name__.removeprefix("Abstract").lower()


def _only(sort: Callable[[object], bool], module: ModuleType) -> Any:
    public = [each for name, each in vars(module).items() if sort(each) and each.__module__ == module.__name__ and not name.startswith("_")]
    if len(public) != 1:
        what = "class" if sort is inspect.isclass else "function"
        raise NotOffered(
            f"{module.__name__} must define exactly one public {what}, it defines {len(public)}; what is its own begins with _"
        )
    return public[0]
