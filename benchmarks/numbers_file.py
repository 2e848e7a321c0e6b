"""The file that the numbers of a run are kept in."""

from __future__ import annotations

import json
from typing import Any

DIGITS = 4  # more would be noise


def one_row_a_line(facts: dict[str, Any]) -> str:
    """JSON that a diff can show."""
    head = ",\n".join(f" {json.dumps(name)}: {json.dumps(value)}" for name, value in facts.items() if name != "result")
    tables = ",\n".join(
        f"  {json.dumps(name)}: [\n   " + ",\n   ".join(map(json.dumps, rows)) + "\n  ]" for name, rows in facts["result"].items()
    )
    return f'{{\n{head},\n "result": {{\n{tables}\n }}\n}}\n'


def rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
