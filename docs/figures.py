"""Tables of figures.rst, from data/figure_2.json and data/movement_sequence.json: python docs/figures.py."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DATA = HERE.parent / "data"
FORMS = ("literal", "clipped")
WAYS = {"loop": "loop", "direct": "in one piece", "orders": "new order", "chain": "eight, end state", "longer": "longer"}

Facts = dict[str, Any]


def main() -> None:
    waveform, sequence = (json.loads((DATA / f"{name}.json").read_text()) for name in ("figure_2", "movement_sequence"))
    conditions = merged(waveform, "conditions")
    (HERE / "_static" / "figure_2.txt").write_text(run_of(waveform) + waveform_table(conditions))
    (HERE / "_static" / "figure_4.txt").write_text(run_of(sequence) + sequence_table(sequence["results"]))


def merged(facts: Facts, what: str) -> Facts:
    return {name: each for entry in facts["results"].values() for name, each in entry["result"][what].items()}


def run_of(facts: Facts) -> str:
    commands = "\n".join(f"- ``{entry['command']}`` at ``{entry['commit'][:10]}``" for entry in facts["results"].values())
    versions = ", ".join(f"{name} {value}" for name, value in facts["versions"].items())
    return f"{commands}\n\n{facts['machine']}; {versions}.\n\n"


def waveform_table(found: Facts) -> str:
    columns = ("condition", *(f"{what}, {form}" for form in FORMS for what in ("rate", "final loss", "not learnt")))
    names = dict.fromkeys(name.rpartition("_")[0] for name in found)
    return table("Figure 2: final loss, median (quartiles)", columns, [
        (name.replace("_", " "), *(cell for form in FORMS for cell in waveform_cells(found.get(f"{name}_{form}")))) for name in names
    ])  # fmt: skip


def waveform_cells(each: Facts | None) -> tuple[str, str, str]:
    if each is None:
        return "", "", ""
    return f"{each['rate']:g}", spread(each["loss"]), f"{each['not_learnt']} of {len(each['loss_each'])}"


def sequence_table(results: Facts) -> str:
    columns = ("way", "condition", "rate", "transitions right, each", "distance, median (quartiles)", "distance, each")
    return table("Figure 4: distance of end-points, in lengths of a movement", columns, [
        (WAYS[way], name.replace("_", " "), each.get("rate", ""), right(each), spread(each["endpoint_error"]["quartiles"]),
         few(each["endpoint_error"]["each"]))
        for entry in results.values() for way, names in entry["result"]["ways"].items() for name, each in names.items()
    ])  # fmt: skip


def right(each: Facts) -> str:
    return few(each["transitions_correct"]["each"]) if "transitions_correct" in each else ""


def few(values: Sequence[float | None]) -> str:
    """Each, where a line holds them; else how many there are."""
    return ", ".join(map(said, values)) if len(values) < 10 else f"{len(values)} from {said(min(values))} to {said(max(values))}"


def spread(quartiles: Sequence[float | None]) -> str:
    low, median, high = map(said, quartiles)
    return f"{median} ({low} to {high})"


def said(value: float | None) -> str:
    return "diverged" if value is None else f"{value:.2g}"


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = "\n".join("   " + ", ".join(f'"{value}"' for value in row) for row in (columns, *rows))
    return f".. csv-table:: {title}\n   :header-rows: 1\n\n{lines}\n"


if __name__ == "__main__":
    main()
