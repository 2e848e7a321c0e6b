"""Tables and picture of benchmarks.rst, from data/benchmarks_cpu.json: python docs/benchmarks.py."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DATA = HERE.parent / "data" / "benchmarks_cpu.json"
TABLES = HERE / "_static" / "benchmarks.txt"
PEERS = ("peer_numpy_trace", "peer_torch_autograd", "peer_torch_rnn", "peer_jax_scan", "peer_braintrace")


def main() -> None:
    facts = json.loads(DATA.read_text())
    TABLES.write_text(tables(facts))
    sys.path.insert(0, str(HERE.parent / "benchmarks"))
    import scaling

    scaling.draw(facts["result"]["scaling"], HERE / "_static" / "scaling.png")


def tables(facts: dict[str, Any]) -> str:
    found = facts["result"]
    load = f"load average {facts['load'][0]} before and {facts['load_after'][0]} after"
    versions = ", ".join(f"{name} {value}" for name, value in facts["versions"].items())
    return "\n".join([
        f"``{facts['command']}``",
        f"at commit ``{facts['commit'][:10]}``; {facts['machine']}, {facts['threads']} thread, {load}; {versions}.\n",
        table("Against the matrix products alone", ("units", "trials", "work", "µs a step", "products", "of the ceiling"),
              [(*_size(row), row["work"], *_floor(row)) for row in found["updates"]]),
        table("Weights that change at every step, one trial", ("units", "µs a step", "products", "of the ceiling"),
              [(row["units"], *_floor(row)) for row in found["step_updates"]]),
        table("Peers", ("peer", "our rule", "units", "trials", "theirs, µs a step", "ours", "theirs over ours"),
              [(row["peer"], row["rule"], *_size(row), *_times(row)) for peer in PEERS for row in found[peer] if "missing" not in row]),
        table("Peak memory of one RFLO update of 100 steps, MB",
              ("units", "trials", "measured", "one array (time, trial, unit)", "a trace per synapse and trial"),
              [(*_size(row), *(f"{row[name]:.3g}" for name in ("peak_mb", "activity_mb", "trace_mb"))) for row in found["memory"]]),
    ])  # fmt: skip


def table(title: str, columns: tuple[str, ...], rows: list[tuple]) -> str:
    lines = "\n".join("   " + ", ".join(f'"{value}"' for value in row) for row in (columns, *rows))
    return f".. csv-table:: {title}\n   :header-rows: 1\n\n{lines}\n"


def _size(row: dict[str, Any]) -> tuple[int, int]:
    return row["units"], row["trials"]


def _floor(row: dict[str, Any]) -> tuple[str, ...]:
    return _short(row["us_per_step"]), _short(row["floor_us_per_step"]), f"{row['fraction']:.0%} ({row['low']:.0%} to {row['high']:.0%})"


def _times(row: dict[str, Any]) -> tuple[str, ...]:
    spread = f"{_short(row['times_ours'])} ({_short(row['low'])} to {_short(row['high'])})"
    return _short(row["us_per_step"]), _short(row["ours_us_per_step"]), spread


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    main()
