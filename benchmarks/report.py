"""How every benchmark is called, and how it prints: the machine, a table, and with --json one last line."""

from __future__ import annotations

import argparse
import datetime
import itertools
import json
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import one_thread
from numbers_file import one_row_a_line, rounded

from neurorec.timing.platforms import machine

Measure = Callable[[bool], list[dict[str, Any]]]


def main(measure: Measure, description: str) -> None:
    """Run a benchmark as a script."""
    settings = parser(description).parse_args()
    about = machine()
    print_machine(about)
    rows = measure(settings.quick)
    print_rows(rows)
    if settings.json:
        print(json.dumps({"machine": about, "rows": rows}))


def main_of_file(measure: Measure, description: str, name: str) -> None:
    """Run a benchmark whose numbers are kept in a file of their own."""
    made = parser(description)
    made.add_argument("--out", type=Path, help="file for the numbers")
    made.add_argument("--machine", default="", help="what the machine is, in words")
    settings, today = made.parse_args(), datetime.date.today().isoformat()
    about = {"command": shlex.join(["python", *sys.argv]), "date": today, **machine(), "machine": settings.machine}
    print_machine(about)
    rows = measure(settings.quick)
    print_rows(rows)
    facts = {**about, "result": rounded({name: rows})}
    if settings.out:
        settings.out.write_text(one_row_a_line(facts))
    if settings.json:
        print(json.dumps(facts))


def parser(description: str) -> argparse.ArgumentParser:
    """What every benchmark understands."""
    made = argparse.ArgumentParser(description=description.splitlines()[0])
    made.add_argument("--quick", action="store_true", help="small sizes, few repeats: a check that it runs")
    made.add_argument("--json", action="store_true", help="print a last line of JSON")
    return made


def print_machine(about: dict[str, Any]) -> None:
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    print("threads:", " ".join(f"{name}={os.environ.get(name, 'unset')}" for name in one_thread.VARIABLES), flush=True)


def print_rows(rows: list[dict[str, Any]]) -> None:
    """Tables with the rows' own names as columns; where those change, another table begins."""
    for names, each in itertools.groupby(rows, key=tuple):
        print_table([names, *([_text(value) for value in row.values()] for row in each)])
    sys.stdout.flush()


def print_table(lines: list[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    print()
    for line in lines:
        print("  ".join(f"{text:>{width}}" for text, width in zip(line, widths, strict=True)))


def _text(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
