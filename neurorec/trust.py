"""Which classes a file may name: the library's own, and those that the caller trusts; importing any other would run its code."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from neurorec.discovery import arguments, base_of, class_at, expect_class, load, name_of, word
from neurorec.errors import NeurorecError, RunFileError, ValueRefused, expect_known

Trust = bool | type | Iterable[type]  # as a caller passes it: all that a file names, nothing of it, or these classes
Trusted = bool | tuple[type, ...]


def trusted(trust: Trust) -> Trusted:
    """The argument `trust` of a caller, checked.

    Raises
    ------
    ValueRefused
        If it is neither a truth value nor classes.
    """
    if isinstance(trust, bool):
        return trust
    classes: list[Any] = [trust] if inspect.isclass(trust) or isinstance(trust, str) or not isinstance(trust, Iterable) else list(trust)
    if wrong := [each for each in classes if not inspect.isclass(each)]:
        raise ValueRefused(f"trust must be True, or the classes that the file may use, such as [MyCell]; got {wrong[0]!r}")
    return tuple(classes)


def class_named(kind: str, name: object, trust: Trusted) -> type:
    """The class that a file names.

    Parameters
    ----------
    kind : str
        From `neurorec.discovery.KINDS`.
    name : str
        As the file has it. Names of the library's own are looked up; ``"module:Class"`` is imported only where `trust` is True, and where
        it holds classes is one of those.
    trust : bool or tuple of type

    Raises
    ------
    RunFileError
        If the class is somebody's own and not trusted.
    UnknownName, NotOffered
        If there is no such class, or it is not of the kind; nothing of it has been called then.
    """
    if not isinstance(name, str):
        raise RunFileError(f"the file is damaged (it names no {word(base_of(kind))}); restore it from a copy")
    return trusted_class(name, base_of(kind), trust) if ":" in name else load(kind, name)


def trusted_class(name: str, base: type, trust: Trusted) -> type:
    """The class derived from `base` that a file names ``"module:Class"``.

    Raises
    ------
    RunFileError, UnknownName, NotOffered
        As `class_named`.
    """
    if trust is True:
        return class_at(name, base)
    for cls in trust or ():
        if name_of(cls) == name:
            return expect_class(base, cls, name)
    what, cls = word(base), name.rpartition(":")[2].rpartition(".")[2]
    raise RunFileError(
        f"the file names a class for its {what} that is not neurorec's own, {name!r}, and a file alone cannot have code run; if you know its maker, "
        f"pass the class, trust=[{cls if cls.isidentifier() else 'TheClass'}], or trust=True to import what the file names (--trust on the command line)"
    )


def restored(kind: str, name: object, settings: object, trust: Trusted) -> Any:
    """The object that a file describes by a class's name and settings, which are arguments of the class.

    Raises
    ------
    RunFileError, UnknownName, NotOffered, ValueRefused
        As `class_named`; and if the settings are not the class's.
    """
    return instance(class_named(kind, name, trust), settings)


def instance(cls: Any, settings: object) -> Any:
    """An instance of a checked class with settings from a file."""
    if not isinstance(settings, Mapping):
        raise RunFileError(f"the file is damaged (the settings of {cls.__name__} are no names and values); restore it from a copy")
    expect_known(f"setting of {cls.__name__}", settings, arguments(cls))
    try:
        return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()})
    except NeurorecError:
        raise
    except (TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise RunFileError(f"{cls.__name__} cannot be made with the settings in the file ({error}); restore it from a copy") from error
