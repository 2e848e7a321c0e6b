"""The table of the tasks' own settings in tasks.rst: settings from the classes, numbers from data/defaults.json. conf.py calls it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import neurorec as nr
from neurorec.discovery import load

HERE = Path(__file__).parent
COLUMNS = ("task", "settings", "score", "each seed", "silent")

Facts = dict[str, Any]


def main() -> None:
    (HERE / "_static" / "defaults.txt").write_text(table())


def table() -> str:
    """What stands in the manual; a task that was not measured has its settings only."""
    facts = json.loads((HERE.parent / "data" / "defaults.json").read_text())
    measured = {name: found for each in facts["results"] for name, found in each["result"]["tasks"].items()}
    commits = ", ".join(f"``{each}``" for each in dict.fromkeys(each["commit"][:10] for each in facts["results"]))
    versions = ", ".join(f"{name} {value}" for name, value in facts["versions"].items())
    rows = [COLUMNS, *((f"`{name}`", str(load("tasks", name).recommended), *numbers(measured.get(name))) for name in nr.names("tasks"))]
    return "\n".join([f"At {commits}; {facts['machine']}; {versions}.\n", *listed(rows)]) + "\n"


def numbers(found: Facts | None) -> tuple[str, ...]:
    if found is None:
        return ("",) * 3
    each = ", ".join(f"{score:.2f}" for score in found["score_each"])
    return f"{found['score']:.2f}", each, f"{found['silent']:.2f}"


def listed(rows: list[tuple[str, ...]]) -> list[str]:
    head = [".. list-table::", "   :header-rows: 1", "   :widths: 22 44 8 18 8", ""]
    return head + [f"   {'* -' if k == 0 else '  -'} {cell}".rstrip() for each in rows for k, cell in enumerate(each)]


if __name__ == "__main__":
    main()
