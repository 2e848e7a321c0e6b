"""Tables and pictures of benchmarks.rst, from data/benchmarks_cpu.json: python docs/benchmarks.py."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DATA = HERE.parent / "data" / "benchmarks_cpu.json"
TABLES = HERE / "_static" / "benchmarks.txt"
WORKS = {"forward": "Forward pass", "rflo": "RFLO", "bptt": "BPTT"}

Rows = list[dict[str, Any]]


def main() -> None:
    facts = json.loads(DATA.read_text())
    TABLES.write_text(tables(facts))
    sys.path.insert(0, str(HERE.parent / "benchmarks"))
    import picture_roofline
    import picture_scaling

    result = facts["result"]
    picture_scaling.draw(result["scaling"], result["step_updates"], HERE / "_static" / "scaling.png")
    picture_roofline.draw(result, HERE / "_static" / "roofline.png")


def tables(facts: dict[str, Any]) -> str:
    found = facts["result"]
    load = f"load average {facts['load'][0]} before and {facts['load_after'][0]} after"
    versions = ", ".join(f"{name} {value}" for name, value in facts["versions"].items())
    return "\n".join([
        f"``{facts['command']}``",
        f"at commit ``{facts['commit'][:10]}``; {facts['machine']}, {facts['threads']} thread, {load}; {versions}.\n",
        table("Against the matrix products alone", ("units", "trials", "work", "µs a step", "products", "of the ceiling"),
              [(*_size(row), row["work"], *_floor(row)) for row in found["updates"]]),
        *(_grid(f"{title}: percent of the ceiling", [row for row in found["scaling"] if row["work"] == work])
          for work, title in WORKS.items()),
        table("Weights that change at every step, one trial", ("units", "µs a step", "products", "of the ceiling", "over the products"),
              [(row["units"], *_floor(row), f"{1 / row['fraction']:.1f}") for row in found["step_updates"]]),
        table("Peers", ("peer", "theirs", "ours", "units", "trials", "theirs, µs a step", "ours, µs a step", "theirs over ours"),
              [(row["peer"], row.get("peer_rule", row["rule"]), row["rule"], *_size(row), *_times(row)) for row in _peers(found)]),
        table("Peak memory of one RFLO update, MB",
              ("steps", "units", "trials", "measured", "one array (time, trial, unit)", "measured over that", "a trace per synapse and trial"),
              [_memory(row) for row in found["memory"]]),
    ])  # fmt: skip


def table(title: str, columns: tuple[str, ...], rows: list[tuple]) -> str:
    lines = "\n".join("   " + ", ".join(f'"{value}"' for value in row) for row in (columns, *rows))
    return f".. csv-table:: {title}\n   :header-rows: 1\n\n{lines}\n"


def _grid(title: str, rows: Rows) -> str:
    """Units down, trials across."""
    share = {(row["units"], row["trials"]): f"{100 * row['fraction']:.0f}" for row in rows}
    units, trials = (sorted({size[k] for size in share}) for k in (0, 1))
    lines = [(n, *(share.get((n, b), "") for b in trials)) for n in units]
    return table(title, ("units", *(f"{b} trials" if b > 1 else "1 trial" for b in trials)), lines)


def _peers(found: dict[str, Rows]) -> Rows:
    return [row for name, rows in found.items() if name.startswith("peer_") or name == "copying" for row in rows if "times_ours" in row]


def _size(row: dict[str, Any]) -> tuple[int, int]:
    return row["units"], row["trials"]


def _floor(row: dict[str, Any]) -> tuple[str, ...]:
    return _short(row["us_per_step"]), _short(row["floor_us_per_step"]), f"{row['fraction']:.0%} ({row['low']:.0%} to {row['high']:.0%})"


def _times(row: dict[str, Any]) -> tuple[str, ...]:
    spread = f"{_short(row['times_ours'])} ({_short(row['low'])} to {_short(row['high'])})"
    return _short(row["us_per_step"]), _short(row["ours_us_per_step"]), spread


def _memory(row: dict[str, Any]) -> tuple[Any, ...]:
    peak, activity = row["peak_mb"], row["activity_mb"]
    return row.get("steps", 100), *_size(row), f"{peak:.3g}", f"{activity:.3g}", f"{peak / activity:.1f}", f"{row['trace_mb']:.3g}"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    main()
