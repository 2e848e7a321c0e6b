"""Tables and picture of unroll.rst, from data/gradient_variants.json and data/unrolled.json: python docs/unroll.py."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
from comparison import DATA, HERE, command, run_of, table

EXACT = "exact"  # in the place of a number of sweeps
COLUMNS = (
    "sweeps K", "trained and used with K", "minus exact, same seed", "each seed", "trained with K, used exactly", "trained exactly, used with K",
)  # fmt: skip
LOOKS = {"trained and used with $K$": ("o", "#0072B2"), "trained exactly, used with $K$": ("s", "#D55E00")}

Facts = dict[str, Any]
Bits = dict[tuple[Any, Any], dict[int, float]]  # by (trained, used), of each seed


def main() -> None:
    facts = json.loads((DATA / "gradient_variants.json").read_text())
    results = [each for name, each in facts["results"].items() if name.startswith("text")]
    rates = dict.fromkeys(each["result"]["rate"] for each in results)
    bits = {rate: measured(each for each in results if each["result"]["rate"] == rate) for rate in rates}
    commands = ", ".join(f"``{command(each)}``" for each in results)
    tables = "\n".join(rows(f"bits per character of the test text, medians of seeds; rate {rate:g}", each) for rate, each in bits.items())
    (HERE / "_static" / "unroll.txt").write_text(f"{run_of(facts, results)}\n{commands}\n\n{tables}")
    draw(next(iter(bits.values())))
    times = json.loads((DATA / "unrolled.json").read_text())
    (HERE / "_static" / "unroll_times.txt").write_text(over_sequential(times))


def over_sequential(facts: Facts) -> str:
    """Times of sweeps over those of the sequential form."""
    ways = ("jacobi_1", "jacobi_2", "jacobi_4", "jacobi_8", "newton", "numba")
    columns = ("units", "trials", "steps", "sequential, ms", *(way.replace("_", " K=") for way in ways))
    lines = [
        (row["units"], row["trials"], row["steps"], f"{row['sequential_ms']:.3g}", *(_ratio(row, way) for way in ways))
        for row in facts["result"]["unrolled"]
    ]
    where = f"at commit ``{facts['commit'][:10]}``, {facts['date']}; {facts['machine']}, {facts['threads']} thread"
    return f"``{facts['command']}``\n{where}.\n\n{table('Time over that of the sequential form', columns, lines)}"


def _ratio(row: Facts, way: str) -> str:
    found = row.get(f"{way}_over_sequential")
    return "not run" if found is None else f"{found:.2g}"


def measured(results: Iterable[Facts]) -> Bits:
    """Bits per character of every way to train and to use, by seed."""
    bits: Bits = defaultdict(dict)
    for result in (each["result"] for each in results):
        trained = result["sweeps"] or EXACT
        for k, seed in enumerate(result["seeds"]):
            own = result["bits_per_character_each"][k]
            bits[trained, trained][seed] = own
            for name in result:
                if name.startswith("penalty_") and name.endswith("_each"):
                    word = name.split("_")[1]
                    bits[trained, EXACT if word == "sequential" else int(word)][seed] = own + result[name][k]
    return bits


def rows(title: str, bits: Bits) -> str:
    middle = {way: f"{np.median([*of.values()]):.3f}" for way, of in bits.items()}
    lines = [(k, middle.get((k, k), "not run"), *apart(bits, k), middle.get((k, EXACT), ""), middle[EXACT, k]) for k in used(bits)]
    of_all = "; ".join(f"{value:.3f}" for value in bits[EXACT, EXACT].values())
    last = (EXACT, middle[EXACT, EXACT], "", of_all, middle[EXACT, EXACT], middle[EXACT, EXACT])
    return table(title, COLUMNS, [*lines, last])


def apart(bits: Bits, sweeps: int) -> tuple[str, str]:
    """Bits by which a training with so many sweeps ends above the exact one of the same seed: median, each."""
    found = [value - bits[EXACT, EXACT][seed] for seed, value in bits[sweeps, sweeps].items()] if (sweeps, sweeps) in bits else []
    return (f"{np.median(found):+.3f}", "; ".join(f"{value:+.3f}" for value in found)) if found else ("", "")


def used(bits: Bits) -> list[int]:
    return sorted(how for trained, how in bits if trained == EXACT and how != EXACT)


def draw(bits: Bits) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from neurorec.plots import panels

    figure, axes = panels(1, 1, width=3.8, height=2.6)
    ax = axes.item()
    ways = [[(k, k) for k in used(bits) if (k, k) in bits], [(EXACT, k) for k in used(bits)]]
    for (label, (marker, colour)), shown in zip(LOOKS.items(), ways, strict=True):
        low, middle, high = np.transpose([np.quantile([*bits[way].values()], (0.25, 0.5, 0.75)) for way in shown])
        spread = (middle - low, high - middle)
        ax.errorbar([k for _, k in shown], middle, spread, marker=marker, markersize=4, color=colour, capsize=2, label=label)
    ax.axhline(np.median([*bits[EXACT, EXACT].values()]), color="0.5", linestyle="--", linewidth=0.8, label="trained and used exactly")
    ax.set_xscale("log", base=2)
    ax.set_xticks(used(bits), [str(k) for k in used(bits)])
    ax.minorticks_off()
    ax.set_xlabel("sweeps $K$")
    ax.set_ylabel("bits per character")
    ax.legend(fontsize=8, frameon=False)
    figure.savefig(HERE / "_static" / "unroll.png", dpi=200)


if __name__ == "__main__":
    main()
