"""Tables and picture of scaling.rst, from data/ranks.json and data/shared_trials.json: python docs/ranks.py."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from comparison import DATA, HERE, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FOUND, SHARED = DATA / "ranks.json", DATA / "shared_trials.json"
BATCHES = ("units", "trials", "divided", "ms a batch, one rank", "two ranks", "compute", "exchange", "wait", "model", "speed-up")
COLUMNS = ("units", "ranks", "ms a step", "compute", "gather", "wait", "model", "speed-up")
MODEL = ("machine (nobody measured it)", "units", "ranks", "weights change", "one rank, ms", "gather, ms", "ms a step", "speed-up")
WORKS = {"trial": "after the trial", "step": "at every step"}
PARTS = {"compute": "#0072B2", "gather": "#E69F00", "wait": "#BBBBBB"}
LOOKS = {"trial": ("o", "#0072B2"), "step": ("s", "#D55E00")}

Row = dict[str, Any]


def main() -> None:
    facts = json.loads(FOUND.read_text())
    (HERE / "_static" / "ranks.txt").write_text(text(facts))
    draw(facts["result"]["ranks"])
    (HERE / "_static" / "shared_trials.txt").write_text(text_of_batches(json.loads(SHARED.read_text())))


def text(facts: dict[str, Any]) -> str:
    rows = facts["result"]["ranks"]
    tables = [
        table(
            f"{title}, weights change {WORKS[work]}",
            COLUMNS,
            [_measured(row) for row in rows if row.get("scaling") == kind and row["work"] == work],
        )
        for kind, title in (("strong", "One size over more ranks"), ("weak", "N squared over ranks kept"))
        for work in WORKS
    ]
    model = [
        (row["model_of"], f"{row['units']:,}", row["ranks"], WORKS[row["work"]], *(f"{row[name]:.3g}" for name in ("one_rank_ms", "gather_ms", "ms")),
         f"{row['speed_up']:.3g}")
        for row in rows if "model_of" in row
    ]  # fmt: skip
    return _where(facts) + "\n".join(tables) + "\n" + table("By the model alone", MODEL, model)


def text_of_batches(facts: dict[str, Any]) -> str:
    rows = facts["result"]["shared_trials"]
    one = {(row["units"], row["divided"]): row for row in rows if row["ranks"] == 1}
    lines = [
        (f"{row['units']:,}", row["trials"], row["divided"], _spread(one[row["units"], row["divided"]]), _spread(row),
         *(f"{row[name]:.3g}" for name in ("compute", "exchange", "wait", "model")), f"{row['speed_up']:.2f}")
        for row in rows if row["ranks"] > 1
    ]  # fmt: skip
    return _where(facts) + table("Batches of trials of 100 steps, on two ranks", BATCHES, lines)


def _where(facts: dict[str, Any]) -> str:
    where = f"at commit ``{facts['commit'][:10]}``, {facts['date']}; {facts['machine']}, {facts['threads']} thread a rank"
    return f"``{facts['command']}``\n{where}, load average {facts['load'][0]}.\n\n"


def _spread(row: Row) -> str:
    return f"{row['ms']:.3g} ({row['low']:.3g} to {row['high']:.3g})"


def _measured(row: Row) -> tuple[Any, ...]:
    numbers = [f"{row[name]:.3g}" for name in ("compute", "gather", "wait", "model")]
    return (
        f"{row['units']:,}",
        row["ranks"],
        _spread(row),
        *numbers,
        f"{row['speed_up']:.2f}",
    )


def draw(rows: list[Row]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from neurorec.plots import panels

    figure, axes = panels(1, 2, width=3.4, height=2.9)
    _split(axes[0], [row for row in rows if row.get("scaling") == "strong"])
    _weak(axes[1], [row for row in rows if row.get("scaling") == "weak"])
    for ax, letter in zip(axes, "ab", strict=True):
        ax.annotate(letter, (0, 1), xytext=(-34, 8), xycoords="axes fraction", textcoords="offset points", fontweight="bold", fontsize=10)
    figure.savefig(HERE / "_static" / "ranks.png", dpi=200)


def _split(ax: Axes, rows: list[Row]) -> None:
    """Of the largest network, what a step is spent on, a bar for each number of ranks."""
    largest = [row for row in rows if row["units"] == max(each["units"] for each in rows)]
    places = [k + (0.7 if row["work"] == "step" else 0) for k, row in enumerate(sorted(largest, key=_order))]
    base = np.zeros(len(largest))
    for part, colour in PARTS.items():
        heights = np.array([row[part] for row in sorted(largest, key=_order)])
        ax.bar(places, heights, bottom=base, color=colour, width=0.75, label=part)
        base += heights
    ax.plot(places, [row["model"] for row in sorted(largest, key=_order)], "k_", ms=13, mew=1.4, label="model")
    ax.set_xticks(places, [str(row["ranks"]) for row in sorted(largest, key=_order)])
    for work in WORKS:
        own = [place for place, row in zip(places, sorted(largest, key=_order), strict=True) if row["work"] == work]
        ax.annotate(
            WORKS[work],
            (np.mean(own), 0),
            xytext=(0, -25),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            fontsize=8.5,
        )
    ax.set_xlabel("ranks, and when weights change", labelpad=16)
    ax.set_ylabel("time per step (ms)")
    ax.set_ylim(0, 1.35 * base.max())
    ax.set_title(f"$N$ = {largest[0]['units']:,}", fontsize=9)
    ax.legend(fontsize=8, frameon=False, ncols=2, loc="upper right")


def _order(row: Row) -> tuple[int, int]:
    return list(WORKS).index(row["work"]), row["ranks"]


def _weak(ax: Axes, rows: list[Row]) -> None:
    """Time of a step as network and ranks grow together."""
    for work, (marker, colour) in LOOKS.items():
        own = sorted((row for row in rows if row["work"] == work), key=_order)
        ranks, ms = [row["ranks"] for row in own], np.array([row["ms"] for row in own])
        spread = np.abs(np.array([[row["low"], row["high"]] for row in own]).T - ms)
        ax.errorbar(ranks, ms, spread, marker=marker, color=colour, ms=4.5, lw=1.2, capsize=2, label=f"weights change {WORKS[work]}")
        ax.plot(ranks, [row["model"] for row in own], color=colour, lw=1, ls=(0, (4, 3)))
    sizes = {row["ranks"]: row["units"] for row in rows}
    ax.set_xscale("log", base=2)
    ax.set_xticks(list(sizes), [f"{ranks}\n$N$ = {units:,}" for ranks, units in sizes.items()])
    ax.set_xlim(0.8, 1.25 * max(sizes))
    ax.minorticks_off()
    ax.set_xlabel("ranks (4 share two cores)")
    ax.set_ylabel("time per step (ms)")
    ax.set_ylim(0, 1.4 * max(row["high"] for row in rows))
    ax.set_title("$N^2$ / ranks kept; dashed: model", fontsize=9)
    ax.legend(fontsize=8, frameon=False, loc="upper left")


if __name__ == "__main__":
    main()
