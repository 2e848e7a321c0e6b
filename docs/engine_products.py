"""Table of engines.rst, from data/engine_products.json: python docs/engine_products.py."""

from __future__ import annotations

import json
from typing import Any

from comparison import DATA, HERE, table

FOUND = DATA / "engine_products.json"
TABLE = HERE / "_static" / "engine_products.txt"
COLUMNS = (
    "units",
    "trials",
    "product, µs",
    "loop by columns, µs",
    "loop by rows, µs",
    "BLAS, µs",
    "better loop over product",
    "by columns over product",
)
TIMES = ("engine_and_packing_us", "loop_by_columns_us", "loop_by_rows_us", "blas_us")


def main() -> None:
    TABLE.write_text(text(json.loads(FOUND.read_text())))


def text(facts: dict[str, Any]) -> str:
    lines = [
        (row["units"], row["trials"], *(_short(row[name]) for name in TIMES), *(_spread(row, name) for name in ("gain", "over_columns")))
        for row in facts["result"]["engine_products"]
    ]
    where = f"at commit ``{facts['commit'][:10]}``, {facts['date']}; {facts['machine']}, {facts['threads']} thread"
    return (
        f"``{facts['command']}``\n{where}, load average {facts['load'][0]}.\n\n{table('The recurrent product of a step', COLUMNS, lines)}"
    )


def _spread(row: dict[str, Any], name: str) -> str:
    return f"{row[name]:.2f} ({row[f'{name}_low']:.2f} to {row[f'{name}_high']:.2f})"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.2g}"


if __name__ == "__main__":
    main()
