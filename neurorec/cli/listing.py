"""``neurorec list``: what can be named."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Annotated

import typer

from neurorec.discovery import KINDS, folder_of
from neurorec.errors import UnknownName

if TYPE_CHECKING:
    from neurorec.tasks.base.recommended import Recommended


def command(kind: Annotated[str | None, typer.Argument(help=f"One of {', '.join(KINDS)}; else all.")] = None) -> None:
    """List what can be named: cells, rules, tasks ..."""
    if kind is None:
        for each in KINDS:
            print(f"{each}:")
            _print_names(each, indent="  ")
    elif kind in KINDS:
        _print_names(kind)
    else:
        raise UnknownName.among("kind", kind, tuple(KINDS))


def _print_names(kind: str, indent: str = "") -> None:
    from neurorec.discovery import names

    known = names(kind)
    width = max(map(len, known), default=0)
    for name in known:
        print(f"{indent}{name:<{width}}  {_first_line(kind, name)}".rstrip())
        if kind == "tasks":
            print(f"{indent}{'':<{width}}  learnt with {_recommended(name)}")


def _recommended(task: str) -> Recommended:
    from neurorec.discovery import load

    return load("tasks", task).recommended


def _first_line(kind: str, name: str) -> str:
    """First line of the docstring of the file's one public class, read without importing it: an engine may be slow or not runnable here."""
    folder = folder_of(kind)
    file = folder / name / "__init__.py" if (folder / name).is_dir() else folder / f"{name}.py"
    classes = [node for node in ast.parse(file.read_text()).body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    return next(((ast.get_docstring(node) or "").partition("\n")[0] for node in classes), "")
