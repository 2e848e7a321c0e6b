"""All sources that a piece of machine code depends on: Numba compares only the file the function stands in with what it has on disk."""

from __future__ import annotations

import ast
import hashlib
import inspect
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from neurorec.formula.once import once

OURS = "neurorec."
PLAIN = (bool, int, float, complex, str, bytes, tuple, frozenset, type(None), np.generic)


def sources_of(texts: Iterable[str]) -> str:
    """Sources of all of the library's own modules that some source text imports, and of those that they import."""
    sources: dict[str, str] = {}
    waiting = list(texts)
    while waiting:
        fresh = {name: _source(name) for name in _imported(waiting.pop()) if name not in sources}
        sources |= fresh
        waiting += fresh.values()
    return "\n".join(sources[name] for name in sorted(sources))


def _imported(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and not node.level:
            origin = str(node.module)
            yield from (name for name in (origin, *(f"{origin}.{alias.name}" for alias in node.names)) if name.startswith(OURS))
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith(OURS))


@once(256)
def _source(module: str) -> str:
    """Source of a module; empty where the name is one within a module."""
    parent = find_spec(module.rpartition(".")[0])
    spec = find_spec(module) if parent and parent.submodule_search_locations else None
    return Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""


def fingerprint(function: Callable) -> str:
    """A function's source and the values of all that it names, through other functions too: all that compiling it depends on."""
    texts: dict[Callable, str] = {}
    _add_source(function, texts)
    return "\n".join(texts.values())


def _add_source(function: Callable, texts: dict[Callable, str]) -> None:
    texts[function] = inspect.getsource(function)
    used = inspect.getclosurevars(function)
    for name, value in sorted({**used.globals, **used.nonlocals}.items()):
        named = getattr(value, "py_func", value)  # of what Numba has compiled
        if inspect.isfunction(named):
            if named not in texts:
                _add_source(named, texts)
        else:
            texts[function] += f"\n{name} = {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape} {hashlib.sha256(value.tobytes()).hexdigest()}"
    return repr(value) if isinstance(value, PLAIN) else getattr(value, "__qualname__", getattr(value, "__name__", type(value).__qualname__))
