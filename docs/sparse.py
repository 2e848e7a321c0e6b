"""Tables of sparse.rst, from data/sparse.json: python docs/sparse.py."""

from __future__ import annotations

import json
from typing import Any

from comparison import DATA, HERE, table

FOUND = DATA / "sparse.json"
TABLE = HERE / "_static" / "sparse.txt"
COLUMNS = ("units", "synapses", "trials", "a step, ms", "step over scipy's product", "RFLO over forward", "BPTT over forward")
MEMORY = ("units", "synapses", "trials", "seconds", "at most, MB", "run file, MB", "as a matrix, MB")


def main() -> None:
    TABLE.write_text(text(json.loads(FOUND.read_text())))


def text(facts: dict[str, Any]) -> str:
    rows = facts["result"]["sparse"]
    times = [
        (*_sizes(row), f"{row['ms_per_step']:.2g}", f"{row['times_csr']:.2f} ({row['low']:.2f} to {row['high']:.2f})",
         f"{row['rflo_times_forward']:.1f}", f"{row['bptt_times_forward']:.1f}")
        for row in rows if "times_csr" in row
    ]  # fmt: skip
    memory = [
        (*_sizes(row), f"{row['seconds']:.0f}", *(f"{row[name]:,.0f}" for name in ("peak_mb", "file_mb", "dense_mb")))
        for row in rows if "peak_mb" in row
    ]  # fmt: skip
    online = "; ".join(
        f"{row['units']:,} units and {row['synapses']:,} synapses, {row['online_times_forward']:.1f} times the forward pass"
        for row in rows
        if "online_times_forward" in row
    )
    where = f"at commit ``{facts['commit'][:10]}``, {facts['date']}; {facts['machine']}, {facts['threads']} thread"
    return (
        f"``{facts['command']}``\n{where}, load average {facts['load'][0]}.\n\n{table('Sparse networks', COLUMNS, times)}\n"
        f"A trial whose weights change at every step takes, with {online}.\n\n"
        f"{table('Ten trials of RFLO in a process of its own', MEMORY, memory)}"
    )


def _sizes(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(f"{row[name]:,}" for name in ("units", "synapses", "trials"))


if __name__ == "__main__":
    main()
