"""``neurorec list``: what can be named."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Annotated

import typer

from neurorec.discovery import KINDS, names, outline
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
    return (ast.get_docstring(outline(kind, name)) or "").partition("\n")[0]
