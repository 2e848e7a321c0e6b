"""Tables and picture of comparison.rst, from data/comparison.json and data/gradient_variants.json: python docs/comparison.py."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DATA = HERE.parent / "data"
WITHIN = {"periodic_output": "variance explained", "delayed_match_to_sample": "trials right", "copying_memory": "symbols recalled"}

Facts = dict[str, Any]


def main() -> None:
    compared, variants = (json.loads((DATA / name).read_text()) for name in ("comparison.json", "gradient_variants.json"))
    (HERE / "_static" / "comparison.txt").write_text(
        "\n".join([run_of(compared, compared["results"]), *map(compared_table, compared["results"])])
    )
    (HERE / "_static" / "gradient_variants.txt").write_text(
        "\n".join([run_of(variants, [*variants["results"].values()]), *variant_tables(variants["results"])])
    )
    sys.path.insert(0, str(HERE.parent / "tasks"))
    import compare_rules

    compare_rules.draw([found["result"] for found in compared["results"]], HERE / "_static" / "comparison.png")


def run_of(facts: Facts, results: Sequence[Facts]) -> str:
    versions = ", ".join(f"{name} {value}" for name, value in facts["versions"].items())
    commits = ", ".join(f"``{each[:10]}``" for each in dict.fromkeys(found["commit"] for found in results))
    return f"At {commits}; {facts['machine']}; {versions}.\n"


def compared_table(found: Facts) -> str:
    result = found["result"]
    columns = ("method", "units", "parameters", "rate", "final loss", "each seed", WITHIN[result["task"]], "trials to criterion", "seconds")
    rows = [
        (
            method,
            each["units"],
            each["parameters"],
            f"{each['rate']:g}",
            said(each["loss"]),
            ", ".join(map(said, each["loss_each"])),
            f"{each['score']:.2f}",
            "not reached" if each["trials_to_criterion"] is None else f"{each['trials_to_criterion']:.0f}",
            f"{each['seconds']:.0f}",
        )
        for method, each in result["methods"].items()
    ]
    return f"``{found['command']}``\n\n" + table(result["task"].replace("_", " "), columns, rows)


def variant_tables(results: Facts) -> list[str]:
    copying = [found for found in results.values() if "loss_over_baseline" in found["result"]]
    adding = [found for found in results.values() if "mse" in found["result"]]
    texts = [f for f in results.values() if "bits_per_character" in f["result"] and not f["result"].get("sweeps")]  # those: unroll.py
    remainders = [found for found in results.values() if "pictures" in found["result"]]
    digits = [found for found in results.values() if "order" in found["result"]]
    return [
        table("copying memory", ("command", "parameters", "iterations", "loss / baseline", "each seed", "recalled"), [
            (command(found), *size(found), *spread(found, "loss_over_baseline"), f"{found['result']['recall']:.2f}") for found in copying
        ]),
        table("adding problem", ("command", "parameters", "iterations", "mean squared error", "each seed", "within 0.08"), [
            (command(found), *size(found), *spread(found, "mse"), f"{found['result']['right']:.2f}") for found in adding
        ]),
        *(table(f"pixel digits: test pictures right, {found['result']['epochs']} epochs; {command(found)}", ("network", "median", "each seed"), [
            (key.removeprefix("accuracy_"), *spread(found, key)) for key in found["result"]
            if key.startswith("accuracy_") and not key.endswith("_each")
        ]) for found in digits),
        *(table(f"digits by rows, disturbed while learning; {command(found)}", ("arm", "mean", "deviation", "each seed"), [
            (key.removeprefix("right_"), f"{each['mean']:.4f}", f"{deviation(each['each']):.4f}", ", ".join(f"{one:.3f}" for one in each["each"]))
            for key, each in found["result"].items() if key.startswith("right_")
        ]) for found in remainders),
        table("character text", ("command", "parameters", "iterations", "bits per character", "each seed", "foretold"), [
            (command(found), *size(found), *spread(found, "bits_per_character"), f"{found['result']['right']:.2f}") for found in texts
        ]),
    ]  # fmt: skip


def command(found: Facts) -> str:
    return found["command"].removeprefix("python tasks/").removesuffix(" --json")


def size(found: Facts) -> tuple[int, int]:
    return found["result"]["parameters"], found["result"]["iterations"]


def spread(found: Facts, name: str) -> tuple[str, str]:
    return said(found["result"][name]), ", ".join(map(said, found["result"][f"{name}_each"]))


def deviation(each: Sequence[float]) -> float:
    mean = sum(each) / len(each)
    return (sum((one - mean) ** 2 for one in each) / len(each)) ** 0.5


def said(value: float | None) -> str:
    return "diverged" if value is None else f"{value:.3g}"


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = "\n".join("   " + ", ".join(f'"{value}"' for value in row) for row in (columns, *rows))
    return f".. csv-table:: {title}\n   :header-rows: 1\n\n{lines}\n"


if __name__ == "__main__":
    main()
