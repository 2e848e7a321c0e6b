"""What there is of each kind, for the manual: how one is added, all names, and entries of the API page. conf.py calls it."""

from __future__ import annotations

import ast
from pathlib import Path

import neurorec as nr
from neurorec.discovery import KINDS, abstract, load, outline, place, singular

STATIC = Path(__file__).parent / "_static"
TASKS = "trial, score, trials, item"  # which every task has


def main() -> None:
    (STATIC / "kinds.txt").write_text(kinds())
    (STATIC / "names.txt").write_text(names())
    for kind in KINDS:
        (STATIC / f"api_{kind}.txt").write_text(entries(kind))


def kinds() -> str:
    """A row a kind: the file that adds one, what its class derives from, the check of its laws."""
    classes = {module.removesuffix(".base"): name for name, module in abstract().items()}
    rows = [
        (
            f"`{place(kind).replace('.', '/')}/<name>.py`",
            f"`nr.{classes[place(kind)]}`" if place(kind) in classes else "one function",
            check(kind),
        )
        for kind in KINDS
    ]
    return table(("one new file", "holds one class, derived from", "its laws, in `neurorec.testing`"), rows, "46 28 30")


def check(kind: str) -> str:
    return f"`check_{singular(kind)}`"


def names() -> str:
    """A row a member, with the first line of its docstring."""
    parts = []
    for kind in KINDS:
        rows = [(f"`{name}`", said(kind, name)) for name in nr.names(kind)]
        parts += [f".. rubric:: {kind}\n", table(("name", "what it is"), rows, "25 75")]
    return "\n".join(parts)


def said(kind: str, name: str) -> str:
    """The first paragraph, whole sentences of it."""
    return " ".join((ast.get_docstring(outline(kind, name)) or "").split("\n\n")[0].split())


def entries(kind: str) -> str:
    """Directives of the API page."""
    made = (
        [load(kind, name) for name in nr.names(kind)]
        if kind in ("tasks", "words", "plots", "dynamics", "unroll", "contexts", "plasticities")
        else []
    )
    return "\n".join(entry(kind, each) for each in made)


def entry(kind: str, each: type) -> str:
    if kind in ("plots", "dynamics"):
        return f".. autofunction:: neurorec.{kind}.{each.__name__}\n"
    shown = f"   :members:\n   :exclude-members: {TASKS}\n" if kind == "tasks" else "   :no-members:\n"
    return f".. autoclass:: {each.__module__}.{each.__qualname__}\n{shown}"


def table(head: tuple[str, ...], rows: list[tuple[str, ...]], widths: str) -> str:
    top = [".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", ""]
    return (
        "\n".join(top + [f"   {'* -' if k == 0 else '  -'} {cell}".rstrip() for each in (head, *rows) for k, cell in enumerate(each)])
        + "\n"
    )


if __name__ == "__main__":
    main()
